package pool

import (
	"sync/atomic"
	"time"
)

// Servers of one site are equally near: what their answers to looks differ by
// is how busy they are, which is known better. So first the site is chosen, by
// how long a request waits there: the way there and back, and the queue.

const (
	// nearly is by how much waits of two sites differ at most that are as good as
	// each other: within one town, and no more than measuring errs by.
	nearly = 10 * time.Millisecond
	// roomUnsaid is how many requests a server takes at once that says nothing
	// of slots: about what fills a batch on one GPU.
	roomUnsaid = 32
	// holdUnknown is how long a request stays before the first has come back.
	holdUnknown = time.Second
)

// nearest returns the servers of the sites where a request waits least.
func nearest(able []*replica) []*replica {
	if oneSite(able) {
		return able
	}
	least := siteWait(able, able[0].Site)
	for _, r := range able[1:] {
		least = min(least, siteWait(able, r.Site))
	}
	return prefer(able, func(r *replica) bool { return siteWait(able, r.Site) <= least+nearly })
}

func oneSite(list []*replica) bool {
	for _, r := range list[1:] {
		if r.Site != list[0].Site {
			return false
		}
	}
	return true
}

// siteWait is how long a request waits at a site before its server begins with
// it.
func siteWait(able []*replica, site string) time.Duration {
	const never = time.Duration(1<<63 - 1)
	trip, queue := never, never
	for _, r := range able {
		if r.Site == site {
			trip, queue = min(trip, r.trip.value()), min(queue, r.queue())
		}
	}
	return trip + queue
}

// queue is how long one more request waits for room at the server.
func (r *replica) queue() time.Duration {
	room := int64(r.Slots)
	if room == 0 {
		room = roomUnsaid
	}
	over := r.load() - room + 1
	if over <= 0 {
		return 0
	}
	hold := r.hold.value()
	if hold == 0 {
		hold = holdUnknown
	}
	return time.Duration(over) * hold / time.Duration(room)
}

// An average of times, of which the later count more; 0 while there is none.
// Of two that come at once one may be lost.
type average struct{ nanos atomic.Int64 }

func (a *average) value() time.Duration { return time.Duration(a.nanos.Load()) }

// add takes one more time into the average.
func (a *average) add(d time.Duration) {
	if old := a.nanos.Load(); old != 0 {
		d = time.Duration(old) + (d-time.Duration(old))/8
	}
	a.nanos.Store(max(int64(d), 1))
}

// least takes one more time into what is rather the least of them: one that is
// shorter counts whole. A server that is busy answers late, and is no farther
// away for it.
func (a *average) least(d time.Duration) {
	if old := a.value(); old == 0 || d < old {
		a.nanos.Store(max(int64(d), 1))
		return
	}
	a.add(d)
}
