package feedback

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
	"unsafe"

	"tilgate/rag"
	"tilgate/serving"
)

// A Memory holds the exchanges of the last while, so that feedback need not
// rest on what clients say they were answered. It is bounded by age, and by
// bytes for each tenant; nothing of it is ever written down. The words of an
// exchange are in it only where the key's policy lets them be kept; what
// answered, and from which passages, always is.
type Memory struct {
	bytes int
	age   time.Duration

	mu     sync.Mutex
	byID   map[string]*exchange
	order  map[string][]*exchange // of each tenant, the oldest first
	used   map[string]int         // bytes, by tenant
	open   map[string]*exchange   // being answered
	waking bool                   // a sweep is on its way
}

// The bounds of a Memory that is told none.
const (
	defaultBytes = 32 << 20
	defaultAge   = 2 * time.Hour
)

// NewMemory returns a Memory of so many bytes for each tenant, and of so long.
// 0 means 32 MiB, and two hours.
func NewMemory(bytes int, age time.Duration) *Memory {
	return &Memory{bytes: cmp.Or(bytes, defaultBytes), age: cmp.Or(age, defaultAge),
		byID: map[string]*exchange{}, order: map[string][]*exchange{}, used: map[string]int{}, open: map[string]*exchange{}}
}

// An exchange is what is remembered of one.
type exchange struct {
	id, tenant, caller string
	ended              time.Time
	words              bool      // question and answer are here
	followUp           bool      // something was said before
	before             []Message // that, or as much of its end as is kept
	question, answer   string
	plan               serving.Plan
	digests            serving.Digests
	passages           []Passage
}

// Watch returns the events of an answer as they are, and remembers the
// exchange when they end.
func (m *Memory) Watch(r serving.Request, events iter.Seq2[serving.Event, error]) iter.Seq2[serving.Event, error] {
	return func(yield func(serving.Event, error) bool) {
		x := &exchange{id: r.ID, tenant: tenantOf(r.Caller), caller: r.Caller.Name, words: r.Caller.Policy().LogText}
		x.asked(r.Messages)
		m.begin(x)
		var text strings.Builder
		said := false
		defer func() {
			x.answer = text.String()
			m.end(x, said)
		}()
		for event, err := range events {
			if delta, ok := event.(serving.Delta); ok && delta.Text != "" {
				said = true
				if x.words {
					text.WriteString(delta.Text)
				}
			}
			x.saw(event)
			if !yield(event, err) {
				return
			}
		}
	}
}

// mostBefore is how many bytes are kept of what was said before a question.
const mostBefore = 32 << 10

// asked notes the question, and what came before it.
func (x *exchange) asked(messages []serving.Message) {
	last := len(messages) - 1
	x.followUp = last > 0
	if last < 0 || !x.words {
		return
	}
	x.question = messages[last].Content
	room, from := mostBefore, last
	for from > 0 && len(messages[from-1].Content) <= room {
		from--
		room -= len(messages[from].Content)
	}
	for _, m := range messages[from:last] {
		x.before = append(x.before, Message(m))
	}
}

// saw notes what an event says of the exchange.
func (x *exchange) saw(event serving.Event) {
	switch e := event.(type) {
	case serving.Plan:
		x.plan, x.passages = e, passagesOf(e.Passages)
	case serving.Done:
		x.plan, x.passages = e.Plan, passagesOf(e.Plan.Passages)
		for _, c := range e.Citations {
			if c.N >= 1 && c.N <= len(x.passages) {
				x.passages[c.N-1].Cited = true
			}
		}
	}
	x.plan.Passages = nil // their words are not ours to hold
}

func passagesOf(list []rag.Passage) []Passage {
	out := make([]Passage, len(list))
	for i, p := range list {
		out[i] = Passage{KB: p.KB, Document: p.Doc, ID: p.ID, Hash: p.Hash}
	}
	return out
}

// Record takes over the digests of what answered, which no event tells.
func (m *Memory) Record(_ context.Context, x serving.Exchange) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.open[x.ID]; known != nil {
		known.digests = x.Digests
	}
}

func (m *Memory) begin(x *exchange) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open[x.id] = x
}

// end remembers an exchange in which something was said.
func (m *Memory) end(x *exchange, said bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, x.id)
	size := x.size()
	if !said || size > m.bytes || m.byID[x.id] != nil {
		return
	}
	x.ended = time.Now()
	m.byID[x.id] = x
	m.order[x.tenant] = append(m.order[x.tenant], x)
	m.used[x.tenant] += size
	m.drop(x.tenant)
	m.wake()
}

// size is about how much memory x takes.
func (x *exchange) size() int {
	n := int(unsafe.Sizeof(*x)) + 128 + len(x.question) + len(x.answer)
	for _, m := range x.before {
		n += int(unsafe.Sizeof(m)) + len(m.Content)
	}
	for _, p := range x.passages {
		n += int(unsafe.Sizeof(p)) + len(p.KB) + len(p.Document) + len(p.ID) + len(p.Hash)
	}
	return n
}

// drop forgets what is too old or too much of a tenant.
func (m *Memory) drop(tenant string) {
	list, before := m.order[tenant], time.Now().Add(-m.age)
	for len(list) > 0 && (m.used[tenant] > m.bytes || !list[0].ended.After(before)) {
		delete(m.byID, list[0].id)
		m.used[tenant] -= list[0].size()
		list[0], list = nil, list[1:]
	}
	if m.order[tenant] = list; len(list) == 0 {
		delete(m.order, tenant)
		delete(m.used, tenant)
	}
}

// wake has what grows too old forgotten even if nothing happens.
func (m *Memory) wake() {
	if m.waking || len(m.byID) == 0 {
		return
	}
	m.waking = true
	time.AfterFunc(m.age/8+time.Second, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		for tenant := range m.order {
			m.drop(tenant)
		}
		m.waking = false
		m.wake()
	})
}

// recall returns an exchange; nil if it is not known.
func (m *Memory) recall(id string) *exchange {
	m.mu.Lock()
	defer m.mu.Unlock()
	if x := m.byID[id]; x != nil && time.Since(x.ended) < m.age {
		return x
	}
	return nil
}

func tenantOf(c serving.Caller) string { return rag.TenantOf(c.Tenant) }

// Seen is an exchange as the Memory has it.
type Seen struct {
	ID       string
	Ended    time.Time
	Key      string // name of the caller's
	Before   []Message
	Question string
	Answer   string
	Plan     serving.Plan // without passages
	Passages []Passage
}

// Recent returns the last exchanges of a tenant whose words may be kept, the
// latest first; at most so many.
func (m *Memory) Recent(tenant string, most int) (list []Seen) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range slices.Backward(m.order[tenant]) {
		if len(list) == most {
			break
		}
		if x.words && time.Since(x.ended) < m.age {
			list = append(list, Seen{x.id, x.ended, x.caller, x.before, x.question, x.answer, x.plan, x.passages})
		}
	}
	return list
}
