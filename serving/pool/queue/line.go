package queue

import (
	"time"

	"tilgate/internal/fault"
)

// A line decides who is next. It is told the time, and never waits.
type line struct {
	opts     Options
	models   map[string]*model // that have requests, or have been asked lately
	order    []*model          // the same, in the order in which they came
	running  int
	waiting  int
	perKey   map[string]int // that wait
	switches int
	turns    int // given so far
	service  average
	change   average
}

// A model that requests are for. Where models take no turns there is one for
// all.
type model struct {
	name     string
	running  int
	waiting  fair
	resident bool
	since    time.Time // of its turn, which begins when others wait
	lastTurn int       // the number of its last turn; 0 if it had none
	fresh    bool      // loaded, and not answered yet
}

// A waiter is a request.
type waiter struct {
	ticket   Ticket
	model    *model
	joined   time.Time
	granted  time.Time // zero while it waits
	loads    bool      // it is the first after a switch
	released bool
	ready    chan struct{} // closed when granted
}

func newLine(o Options) line {
	return line{opts: o, models: map[string]*model{}, perKey: map[string]int{}}
}

// modelOf returns the model that a ticket waits for.
func (l *line) modelOf(t Ticket) *model {
	name := t.Model
	if l.opts.Resident == 0 {
		name = ""
	}
	m := l.models[name]
	if m == nil {
		m = &model{name: name}
		l.models[name] = m
		l.order = append(l.order, m)
	}
	return m
}

// enter grants a request at once if there is room and nobody waits for its
// model: then there is no need to queue.
func (l *line) enter(w *waiter, now time.Time) bool {
	m := l.modelOf(w.ticket)
	if m.waiting.size > 0 || m.running >= l.opts.Slots || l.opts.Resident > 0 && (!m.resident || l.turnOver(m, now)) {
		return false
	}
	w.model = m
	l.grant(w, now)
	return true
}

func (l *line) grant(w *waiter, now time.Time) {
	w.granted, w.loads = now, w.model.fresh
	w.model.fresh = false
	w.model.running++
	l.running++
}

// join lets a request wait, unless it would be in vain.
func (l *line) join(w *waiter, now time.Time, patience time.Duration) error {
	t, m := w.ticket, l.modelOf(w.ticket)
	wait := l.estimate(m, t.Key, now)
	again := min(max(wait, time.Second), time.Minute)
	switch {
	case l.waiting >= l.opts.Depth:
		return fault.Unavailable.After(again, "the model server is busy: %d requests wait for it, and no more may", l.waiting)
	case l.perKey[t.Key] >= l.opts.PerKey:
		return fault.Limited.After(again, "%d requests of this key wait for the model server, and no more of one key may", l.perKey[t.Key])
	case wait > patience:
		return fault.Unavailable.After(again, "the model server is busy: the wait of about %v is longer than the request can", wait.Round(time.Second))
	}
	w.model, w.ready = m, make(chan struct{})
	if l.waiting == 0 || m.waiting.size == 0 {
		l.beginTurns(m, now)
	}
	m.waiting.push(w)
	l.waiting++
	l.perKey[t.Key]++
	return nil
}

// beginTurns begins the turns of the other models that are resident: until now
// nobody waited for another.
func (l *line) beginTurns(newcomer *model, now time.Time) {
	if l.opts.Resident == 0 || newcomer.resident {
		return
	}
	for _, m := range l.order {
		if m.resident && !l.othersWait(m) {
			m.since = now
		}
	}
}

// othersWait reports whether a request waits for a model that is not resident.
func (l *line) othersWait(m *model) bool {
	for _, other := range l.order {
		if other != m && !other.resident && other.waiting.size > 0 {
			return true
		}
	}
	return false
}

// leave takes back a request that waits.
func (l *line) leave(w *waiter) {
	if w.model.waiting.remove(w) {
		l.waiting--
		l.left(w.ticket.Key)
	}
}

func (l *line) left(key string) {
	if l.perKey[key]--; l.perKey[key] <= 0 {
		delete(l.perKey, key)
	}
}

// release ends a request. Only one that was answered says how long that takes.
func (l *line) release(w *waiter, now time.Time, answered bool) {
	if w.released {
		return
	}
	w.released = true
	w.model.running--
	l.running--
	if !answered {
		return
	}
	took := now.Sub(w.granted)
	if !w.loads {
		l.service.add(took)
	} else if usual := l.service.value; usual > 0 {
		l.change.add(max(0, took-usual))
	}
}

// advance grants what can be granted now.
func (l *line) advance(now time.Time) {
	for l.waiting > 0 {
		m := l.next(now)
		if m == nil {
			return
		}
		w := m.waiting.pop()
		l.waiting--
		l.left(w.ticket.Key)
		l.grant(w, now)
		close(w.ready)
	}
}

// next returns the model whose request is next, or nil if all must wait.
func (l *line) next(now time.Time) *model {
	if l.opts.Resident == 0 {
		m := l.order[0]
		if m.running < l.opts.Slots && m.waiting.size > 0 {
			return m
		}
		return nil
	}
	var best *model
	residents := 0
	for _, m := range l.order {
		if !m.resident {
			continue
		}
		residents++
		if m.waiting.size > 0 && m.running < l.opts.Slots && !l.turnOver(m, now) && (best == nil || m.running < best.running) {
			best = m
		}
	}
	if best != nil {
		return best
	}
	return l.load(residents, now)
}

// turnOver reports whether a resident model may take no more requests.
func (l *line) turnOver(m *model, now time.Time) bool {
	return l.othersWait(m) && now.Sub(m.since) >= l.opts.Turn
}

// load makes another model resident, in the place of one that is idle if need
// be, and returns it: the one that had no turn for the longest.
func (l *line) load(residents int, now time.Time) *model {
	var next *model
	for _, m := range l.order {
		if !m.resident && m.waiting.size > 0 && (next == nil || m.lastTurn < next.lastTurn) {
			next = m
		}
	}
	if next == nil {
		return nil
	}
	if residents >= l.opts.Resident {
		var out *model
		for _, m := range l.order {
			if m.resident && m.running == 0 && (m.waiting.size == 0 || l.turnOver(m, now)) && (out == nil || m.lastTurn < out.lastTurn) {
				out = m
			}
		}
		if out == nil {
			return nil
		}
		out.resident = false
		l.switches++
	}
	l.turns++
	next.resident, next.since, next.lastTurn, next.fresh = true, now, l.turns, true
	l.forget()
	return next
}

// mostModels is how many models are remembered that nobody waits for.
const mostModels = 256

// forget drops models that are idle, once there are many: callers may name
// what they like.
func (l *line) forget() {
	if len(l.order) <= mostModels {
		return
	}
	kept := l.order[:0]
	for _, m := range l.order {
		if m.resident || m.running > 0 || m.waiting.size > 0 {
			kept = append(kept, m)
		} else {
			delete(l.models, m.name)
		}
	}
	clear(l.order[len(kept):])
	l.order = kept
}

// estimate is how long a request of key for m would wait. It is 0 as long as
// nothing is known of how long requests take.
func (l *line) estimate(m *model, key string, now time.Time) time.Duration {
	ahead := m.waiting.ahead(key)
	if ahead == 0 && m.running < l.opts.Slots && (l.opts.Resident == 0 || m.resident && !l.turnOver(m, now)) {
		return 0
	}
	wait := time.Duration(ahead+1) * l.service.value / time.Duration(l.opts.Slots)
	if l.opts.Resident == 0 || m.resident && !l.turnOver(m, now) {
		return wait
	}
	for _, other := range l.order {
		switch {
		case other == m:
		case other.resident:
			wait += max(0, min(l.opts.Turn-now.Sub(other.since), l.work(other))) + l.change.value
		case other.waiting.size > 0:
			wait += min(l.opts.Turn, l.work(other)) + l.change.value
		}
	}
	return wait
}

// work is how long the requests of a model take.
func (l *line) work(m *model) time.Duration {
	return time.Duration(m.waiting.size+m.running) * l.service.value / time.Duration(l.opts.Slots)
}

func (l *line) snapshot() Snapshot {
	s := Snapshot{Running: l.running, Waiting: l.waiting, Switches: l.switches, Service: l.service.value, Switch: l.change.value, Models: map[string]int{}}
	for _, m := range l.order {
		if m.waiting.size > 0 && m.name != "" {
			s.Models[m.name] = m.waiting.size
		}
	}
	return s
}

// An average follows what was measured lately.
type average struct{ value time.Duration }

func (a *average) add(d time.Duration) {
	if a.value == 0 {
		a.value = d
		return
	}
	a.value += (d - a.value) / 8
}
