package pool

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/serving"
)

// A replica is a backend and what is known of it.
type replica struct {
	Backend
	breaker  breaker
	running  atomic.Int64 // requests at the server
	waiting  atomic.Int64 // requests for room at the server
	switches atomic.Int64 // of the model in memory, as far as we caused them
	retired  atomic.Bool  // by Swap
	closed   sync.Once
	asking   atomic.Bool // it for a token
	trip     average     // there and back, as looks find it
	hold     average     // that a request is there
	missed   atomic.Int32
	line     atomic.Pointer[line] // of a peer, while it is there
	watching atomic.Bool          // Watch is at it

	turn chan struct{} // held while looking, so that one look serves all

	mu       sync.Mutex
	looked   time.Time
	held     []serving.Held
	had      []serving.Held // when it last answered
	infos    []serving.ModelInfo
	resident string    // the model that was asked last
	heard    time.Time // from the server, when it last did well
}

func newReplica(b Backend) *replica {
	r := &replica{Backend: b, turn: make(chan struct{}, 1)}
	if b.Peer {
		r.line.Store(newLine())
	}
	return r
}

// look looks at the server if the last look is older than age.
func (r *replica) look(ctx context.Context, age, patience time.Duration) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done(): // who left need not wait for a server that hangs
		return
	}
	r.mu.Lock()
	recent := !r.looked.IsZero() && time.Since(r.looked) < age
	r.mu.Unlock()
	if recent {
		return
	}
	// Not the caller's cancellation: what is learned serves the others too.
	ctx, cancel := context.WithTimeout(outbound.Unrestricted(context.WithoutCancel(ctx)), patience)
	defer cancel()
	held, err := r.Server.Ready(ctx)
	var infos []serving.ModelInfo
	if err == nil {
		began := time.Now() // on a connection that is open now
		if infos, err = r.Server.Models(ctx); err == nil {
			r.trip.least(time.Since(began))
		}
	}
	if err != nil {
		held, infos = nil, nil
	}
	r.answers(err == nil)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held, r.infos, r.looked = held, infos, time.Now()
	if len(held) > 0 {
		r.had = held
	}
}

// misses reports whether the server does not answer now and held a model when
// it did, or was never heard of.
func (r *replica) misses(model string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.held) > 0 {
		return false
	}
	_, had := find(r.had, model)
	return had || len(r.had) == 0
}

func (r *replica) known() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.looked.IsZero()
}

func (r *replica) holds() []serving.Held {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held
}

func (r *replica) lists() []serving.ModelInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.infos
}

// up reports whether the server answers and has a model.
func (r *replica) up() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.held) > 0 || len(r.infos) > 0
}

// uses reports whether the configuration lets a model of the server be used.
func (r *replica) uses(name string) bool {
	return len(r.Models) == 0 || slices.ContainsFunc(r.Models, func(m string) bool { return same(name, m) || same(m, name) })
}

// chats reports whether the server can chat with a model.
func (r *replica) chats(name string) bool {
	_, ok := find(r.holds(), name)
	return ok && r.uses(name)
}

// has reports whether the server has a model, be it for chats or not.
func (r *replica) has(name string) bool {
	return r.chats(name) || r.uses(name) && slices.ContainsFunc(r.lists(), func(m serving.ModelInfo) bool { return same(m.Name, name) })
}

func (r *replica) load() int64 { return r.running.Load() + r.waiting.Load() }

// asks notes which model the server has in memory next.
func (r *replica) asks(model string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.resident != "" && !same(r.resident, model) && !same(model, r.resident) {
		r.switches.Add(1)
	}
	r.resident = model
}

func (r *replica) inMemory(model string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return same(r.resident, model) || same(model, r.resident)
}

// hears notes that the server does its work.
func (r *replica) hears() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = time.Now()
}

func (r *replica) silent(longest time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Since(r.heard) >= longest
}

// retire takes no more requests, and closes the server after the last.
func (r *replica) retire() {
	r.retired.Store(true)
	r.closeIfDone()
}

func (r *replica) closeIfDone() {
	if r.retired.Load() && r.load() == 0 {
		r.closed.Do(func() { closeServer(r.Server) })
	}
}

func closeServer(s Server) {
	if c, ok := s.(interface{ Close() }); ok {
		c.Close()
	}
}

// errNone ends a request when all servers that hold its model have failed.
var errNone = fault.Unavailable.Errorf("no model server that is well holds the model; try again soon")
