package pool

import (
	"context"
	"slices"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/serving"
)

// A want is what a server is chosen for.
type want struct {
	model   string
	adapter *adapters.Adapter // whose weights model is: its gate must admit them where they are asked
	chat    bool              // in Tilgate's own words; otherwise a request goes on as it came
	surface serving.Surface   // that it is in then
	path    string
	key     uint64 // of the conversation; 0 has none
	tried   []*replica
}

// choose returns the server to ask, and counts the request as waiting there.
func (p *Pool) choose(ctx context.Context, w want) (*visit, error) {
	p.look(ctx)
	p.choosing.Lock()
	defer p.choosing.Unlock()
	able, err := p.able(ctx, w)
	if err != nil {
		return nil, err
	}
	for len(able) > 0 {
		r := p.best(able, w)
		if ok, trial := r.breaker.enter(); ok {
			r.waiting.Add(1)
			return &visit{pool: p, replica: r, trial: trial}, nil
		}
		able = slices.DeleteFunc(able, func(other *replica) bool { return other == r })
	}
	return nil, errNone
}

// able returns the servers that can be asked at all; none if all that could
// have been tried, or are left alone.
func (p *Pool) able(ctx context.Context, w want) ([]*replica, error) {
	var up, able []*replica
	var denied error
	for _, r := range p.all() {
		if !r.up() || slices.Contains(w.tried, r) {
			continue
		}
		if err := p.allowed(ctx, r); err != nil {
			denied = err
			continue
		}
		up = append(up, r)
		if w.fits(r) {
			able = append(able, r)
		}
	}
	switch {
	case len(able) > 0:
		return prefer(able, func(r *replica) bool { return r.breaker.state() == closed }), nil
	case len(w.tried) > 0 || w.adapter != nil:
		return nil, errNone
	case len(up) == 0 && denied != nil && !p.missed(ctx, w.model):
		return nil, denied
	case p.missed(ctx, w.model):
		return nil, fault.Unavailable.After(p.opts.Recheck, "a model server that may have %q does not answer now; \"auto\" needs none", w.model)
	case len(up) == 0:
		return nil, fault.NotFound.Field("model", `there is no model %q: no model server answers; "auto" needs none`, w.model)
	}
	// Nobody is known to hold it. What is known is seconds old, and a server
	// says best what it misses.
	up = slices.DeleteFunc(up, func(r *replica) bool { return len(r.Models) > 0 && !r.uses(w.model) })
	if len(up) == 0 {
		return nil, fault.NotFound.Field("model", "there is no model %q; GET /v1/models lists what there is", w.model)
	}
	return prefer(up, w.speaks), nil
}

// missed reports whether a server that the request may go to is down that may
// hold the model.
func (p *Pool) missed(ctx context.Context, model string) bool {
	return slices.ContainsFunc(p.all(), func(r *replica) bool { return r.misses(model) && p.allowed(ctx, r) == nil })
}

// fits reports whether a server can do what is wanted.
func (w want) fits(r *replica) bool {
	switch {
	case w.adapter != nil:
		name, _ := weights(r.holds(), w.adapter)
		return name != "" && same(name, w.model) || name != "" && same(w.model, name)
	case w.chat:
		return r.chats(w.model)
	}
	return r.has(w.model) && w.speaks(r)
}

// speaks reports whether a server takes a request as it came, or in words that
// its client can put it in.
func (w want) speaks(r *replica) bool {
	surface := w.surface
	if surface == "" {
		surface = serving.OpenAI
	}
	if len(r.Surfaces) == 0 {
		return surface == serving.OpenAI
	}
	return slices.Contains(r.Surfaces, surface) || slices.Contains(translated, w.path)
}

// translated are the paths of OpenAI's that the client of Ollama puts in its
// words.
var translated = []string{"/v1/chat/completions", "/v1/completions", "/v1/embeddings"}

// prefer returns those that are good, or all if none is.
func prefer(list []*replica, good func(*replica) bool) []*replica {
	n := 0
	for _, r := range list {
		if good(r) {
			n++
		}
	}
	if n == 0 || n == len(list) { // mostly, and then nothing is copied
		return list
	}
	kept := make([]*replica, 0, n)
	for _, r := range list {
		if good(r) {
			kept = append(kept, r)
		}
	}
	if len(kept) == 0 { // they have changed since
		return list
	}
	return kept
}

// best returns the one to ask: of those that did not just fail, at the sites
// where a request waits least, and that have not clearly more to do than the
// others, the one with the model in memory, then the one that the conversation
// belongs to, then the one with the least to do. They are never none.
func (p *Pool) best(able []*replica, w want) *replica {
	if len(able) == 1 {
		return able[0]
	}
	able = prefer(able, func(r *replica) bool { return !r.breaker.failing() })
	able = nearest(able)
	able = prefer(able, within(able))
	if able[0].Swaps {
		able = prefer(able, func(r *replica) bool { return r.inMemory(w.model) })
	}
	if w.key != 0 {
		return slices.MaxFunc(able, func(a, b *replica) int { return compareWeight(w.key, a, b) })
	}
	p.turn++
	least := able[p.turn%len(able)]
	for _, r := range able {
		if r.load() < least.load() {
			least = r
		}
	}
	return least
}

// within returns what says whether a server has not more than a quarter above
// the mean of what all have to do, and one request.
func within(all []*replica) func(*replica) bool {
	sum := int64(0)
	for _, r := range all {
		sum += r.load()
	}
	most := 1.25*float64(sum)/float64(len(all)) + 1
	return func(r *replica) bool { return float64(r.load()) < most }
}
