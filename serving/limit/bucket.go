package limit

import (
	"math"
	"time"

	"tilgate/serving"
)

// A bucket holds what may be used in a minute, and fills again as time goes
// by. It is the time, in nanoseconds of Unix, at which it will be full: one
// number, which knows all (the generic cell rate algorithm).
type bucket int64

// wait returns how long it takes until so much can be taken; 0 is now. More
// than a full bucket can be taken from one that is full, as a debt.
func (b bucket) wait(limit, cost int64, now time.Time) time.Duration {
	if limit <= 0 {
		return 0
	}
	return time.Duration(max(0, max(int64(b), now.UnixNano())+takes(limit, min(cost, limit))-now.UnixNano()-int64(time.Minute)))
}

// maxDebt is the longest that anybody waits for a bucket.
const maxDebt = 24 * time.Hour

func (b *bucket) charge(limit, cost int64, now time.Time) {
	if limit > 0 {
		at := now.UnixNano()
		*b = bucket(min(max(int64(*b), at)+takes(limit, cost), at+int64(maxDebt)))
	}
}

// left returns how much is in it.
func (b bucket) left(limit int64, now time.Time) int64 {
	empty := float64(max(0, int64(b)-now.UnixNano())) / float64(time.Minute)
	return max(0, limit-int64(math.Ceil(empty*float64(limit)-1e-6))) // a request takes a whole number, less what rounding took
}

// takes returns how long it takes to fill in what a cost took out.
func takes(limit, cost int64) int64 { return cost * int64(time.Minute) / limit }

// A period is a day or a month, in UTC, and what was used in it.
type period struct {
	end  time.Time
	used serving.Quota
}

// turn begins the day and the month of now.
func (u *usage) turn(now time.Time) {
	if now.Before(u.day.end) {
		return
	}
	y, m, d := now.UTC().Date()
	u.day = period{end: time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC)}
	if !now.Before(u.month.end) {
		u.month = period{end: time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC)}
	}
}

// over returns which part of a quota a cost is over, by its place; -1 for none.
func (p *period) over(q, cost serving.Quota) int {
	switch {
	case q.Requests > 0 && p.used.Requests+cost.Requests > q.Requests:
		return requests
	case q.Chars > 0 && p.used.Chars+cost.Chars > q.Chars:
		return chars
	case q.Tokens > 0 && p.used.Tokens+cost.Tokens > q.Tokens:
		return tokens
	}
	return -1
}

func (p *period) charge(cost serving.Quota) {
	p.used.Requests += cost.Requests
	p.used.Chars += cost.Chars
	p.used.Tokens += cost.Tokens
}
