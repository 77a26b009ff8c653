// Package pool decides which model answers, and which of several model servers
// asks it.
//
// A server that holds the model, is well and has little to do is chosen
// (choose.go), at another site only while those nearer are busy or down
// (site.go); on Ollama one that has the model in memory, and for the next
// turn of a conversation the one that had the last (affinity.go). What fails
// before the first piece of an answer is tried on another server, within a
// budget (retry.go), and a server that keeps failing is left alone for a while
// (breaker.go) and asked for one token before it is used again (health.go).
// When nobody holds the model, the configured fallback answers, and behind it
// the extractive model, which is always there.
//
// Before changing anything, know that whoever leaves, asks nonsense or is
// impatient must never make a server look ill.
package pool

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/serving"
)

// A Server is a model server: it chats, and serves plain models.
type Server interface {
	serving.Model
	serving.Upstream
	// Ready lists the models that can chat now.
	Ready(ctx context.Context) ([]serving.Held, error)
	// Canary has the server make one token, by model unless it has reason to
	// ask another, and returns nil when it does. It loads nothing.
	Canary(ctx context.Context, model string) error
}

// A Backend is a model server as it is configured.
type Backend struct {
	Name     string // unique
	Server   Server
	Site     string            // where it stands; empty says nothing
	Peer     bool              // it is another Tilgate, with servers of its own
	Slots    int               // requests that it answers at once, before others wait; 0 says nothing
	Model    string            // for adapters that name none; empty means its first
	Models   []string          // that are used of it; none means all
	Surfaces []serving.Surface // that it speaks itself; none means OpenAI's
	// Enter waits for room at the server, for a request that asks a model, and
	// returns what gives it back. An error while ctx lasts sends the request to
	// another server. nil lets all in at once.
	Enter func(ctx context.Context, model string) (leave func(), err error)
	// Swaps is set for a server that has one adapter in memory at a time and
	// takes long to change it, as Ollama.
	Swaps bool
	// Version changes whenever the configuration of this backend does: Swap
	// keeps those whose version it knows.
	Version string
}

// Names are what may be asked for beside the models that are held.
type Names struct {
	Fallback string            // model that answers when the right one cannot be reached; empty means none
	Aliases  map[string]string // names that callers may say, and the models that they mean
}

// Options of a Pool. The zero value works.
type Options struct {
	Model    string        // for adapters that name none; empty means that of the first backend
	Recheck  time.Duration // how old a look at a server may be; 0 means 3 s
	Patience time.Duration // for a look; 0 means 2 s
	// Allowed returns nil if a request may go to a backend, else why not. nil
	// allows all.
	Allowed func(ctx context.Context, b Backend) error
}

// A Pool is the model servers and what stands in for them. It is safe for
// concurrent use.
type Pool struct {
	fallback serving.Choice
	opts     Options
	inForce  atomic.Pointer[setting]
	watched  atomic.Bool // Watch runs: nobody looks at servers while a request waits
	budget   budget

	choosing sync.Mutex // held from choosing a replica to counting it as loaded
	turn     int        // among equals
}

// New returns a pool. There may be no backends; fallback answers when none can.
func New(backends []Backend, fallback serving.Choice, o Options) *Pool {
	o.Recheck = cmp.Or(o.Recheck, 3*time.Second)
	o.Patience = cmp.Or(o.Patience, 2*time.Second)
	p := &Pool{fallback: fallback, opts: o, budget: budget{left: budgetMost}}
	p.Swap(backends, Names{})
	return p
}

// A setting is what Swap puts in place.
type setting struct {
	replicas []*replica
	names    Names
}

// Swap puts other backends and names in the place of those there are. Backends
// that are gone answer what they have begun, and are then closed if they can
// be.
func (p *Pool) Swap(backends []Backend, names Names) {
	p.choosing.Lock()
	old := p.all()
	next := make([]*replica, 0, len(backends))
	for _, b := range backends {
		i := slices.IndexFunc(old, func(r *replica) bool { return r.Name == b.Name && r.Version == b.Version })
		if i < 0 {
			next = append(next, newReplica(b))
			continue
		}
		next = append(next, old[i])
		if old[i].Server != b.Server {
			closeServer(b.Server)
		}
	}
	p.inForce.Store(&setting{next, names})
	p.choosing.Unlock()
	for _, r := range old {
		if !slices.Contains(next, r) {
			r.retire()
		}
	}
}

func (p *Pool) all() []*replica {
	if s := p.inForce.Load(); s != nil {
		return s.replicas
	}
	return nil
}

func (p *Pool) names() Names { return p.inForce.Load().names }

// named returns the model that a name means.
func (p *Pool) named(name string) string {
	if model, ok := p.names().Aliases[name]; ok {
		return model
	}
	return name
}

// Pick returns model under the adapter's prompt if one is named. Otherwise it
// is the adapter's own weights where a server holds them and the gate admits
// them, else their base, or the default model of a server; the configured
// fallback if no server holds it, and what needs no server if none holds that.
func (p *Pool) Pick(ctx context.Context, a *adapters.Adapter, model string) serving.Choice {
	up := p.up(ctx)
	if model != "" {
		return p.offer(up, p.named(model), "")
	}
	var why string
	for _, r := range up {
		name, not := weights(r.holds(), a)
		if name != "" {
			return choice(p, up, name, a)
		}
		why = cmp.Or(why, not)
		if why == NotHeld && not != "" {
			why = not // that the gate keeps them back says more
		}
	}
	base := a.Model
	if a.Kind == adapters.FullModel {
		base = "" // its model is what may not answer
	}
	return p.offer(up, cmp.Or(base, p.opts.Model, defaultModel(up)), why)
}

// offer returns the model, or what stands in for it.
func (p *Pool) offer(up []*replica, model, why string) serving.Choice {
	holds := func(name string) bool {
		return slices.ContainsFunc(up, func(r *replica) bool { return name != "" && r.chats(name) && r.breaker.state() != open })
	}
	c := p.Fallback()
	switch {
	case holds(model):
		c = choice(p, up, model, nil)
	case holds(p.names().Fallback):
		c = choice(p, up, p.names().Fallback, nil)
		c.Degraded = serving.OtherModel
	}
	c.Weights = why
	return c
}

func choice(p *Pool, up []*replica, model string, a *adapters.Adapter) serving.Choice {
	return serving.Choice{Name: model, Digest: digest(up, model), Model: route{p, model, a}}
}

// digest stands for the weights that may answer to a name: while servers hold
// different ones, for all of them.
func digest(up []*replica, model string) string {
	var all []string
	for _, r := range up {
		if h, ok := find(r.holds(), model); ok {
			all = append(all, h.Digest)
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

// defaultModel returns the default of the first server that has one.
func defaultModel(up []*replica) string {
	for _, r := range up {
		if name := cmp.Or(r.Model, first(r.holds())); name != "" && r.chats(name) {
			return name
		}
	}
	return ""
}

// first returns the first model that is nobody's weights.
func first(held []serving.Held) string {
	for _, h := range held {
		if !adapters.IsServedName(h.Name) {
			return h.Name
		}
	}
	return ""
}

// weights returns the name under which an adapter's own weights answer, or why
// they do not.
func weights(held []serving.Held, a *adapters.Adapter) (name, why string) {
	name = a.ServedName()
	if name == "" {
		return "", ""
	}
	base, based := find(held, a.Model) // of a full model, the model itself
	if _, ok := find(held, name); !ok || !based {
		return "", NotHeld
	}
	if why, ok := a.Admits(base.Digest); !ok {
		return "", why
	}
	return name, ""
}

// NotHeld is why weights do not answer that are not on the server.
const NotHeld = "not_held"

// find finds a model by name. Without a tag, as servers do, "latest" is meant.
func find(held []serving.Held, name string) (serving.Held, bool) {
	for _, h := range held {
		if same(h.Name, name) {
			return h, true
		}
	}
	return serving.Held{}, false
}

func same(held, name string) bool { return held == name || held == name+":latest" }

// Fallback returns the model that needs no server.
func (p *Pool) Fallback() serving.Choice {
	c := p.fallback
	c.Degraded, c.Own = serving.NoModel, true
	return c
}

// Models lists the plain models and the aliases of some, of the servers that
// are well. What several servers hold stands there once.
func (p *Pool) Models(ctx context.Context) ([]serving.ModelInfo, error) {
	var list []serving.ModelInfo
	seen := map[string]bool{}
	for _, r := range p.up(ctx) {
		if r.breaker.state() != closed {
			continue
		}
		for _, m := range r.lists() {
			if !seen[m.Name] && r.uses(m.Name) {
				seen[m.Name] = true
				list = append(list, m)
			}
		}
	}
	aliases := p.names().Aliases
	for _, alias := range slices.Sorted(maps.Keys(aliases)) {
		if model := aliases[alias]; !seen[alias] && (seen[model] || seen[model+":latest"]) {
			list = append(list, serving.ModelInfo{Name: alias, Owner: "tilgate"})
		}
	}
	return list, nil
}

// Ready returns nil when a model server answers.
func (p *Pool) Ready(ctx context.Context) error {
	if len(p.up(ctx)) == 0 {
		return fault.Unavailable.Errorf("no model server answers")
	}
	return nil
}

// up returns the servers that answered when they were last looked at, in the
// order of the configuration.
func (p *Pool) up(ctx context.Context) []*replica {
	p.look(ctx)
	var up []*replica
	for _, r := range p.all() {
		if r.up() && p.allowed(ctx, r) == nil {
			up = append(up, r)
		}
	}
	return up
}

func (p *Pool) allowed(ctx context.Context, r *replica) error {
	if p.opts.Allowed == nil {
		return nil
	}
	return p.opts.Allowed(ctx, r.Backend)
}

// A route is the way to a model, on whichever server holds it when asked.
type route struct {
	pool    *Pool
	model   string
	adapter *adapters.Adapter // whose weights the model is; nil if it is none
}

// Chat asks one server after another until one has begun to answer, and then
// the fallback in the same way.
func (r route) Chat(ctx context.Context, prompt serving.Prompt) iter.Seq2[serving.Chunk, error] {
	return func(yield func(serving.Chunk, error) bool) {
		prompt.Model = r.model
		t := r.pool.tries(ctx, want{model: r.model, adapter: r.adapter, chat: true, key: ofPrompt(ctx, prompt)})
		begun, err := t.chat(prompt, yield)
		if instead := r.pool.names().Fallback; err != nil && !begun && instead != "" && instead != r.model && fault.Unavailable.Is(err) && ctx.Err() == nil {
			prompt.Model = instead
			t = r.pool.tries(ctx, want{model: instead, chat: true, key: ofPrompt(ctx, prompt)})
			_, err = t.chat(prompt, yield)
		}
		if err != nil {
			yield(serving.Chunk{}, err)
		}
	}
}
