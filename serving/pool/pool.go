// Package pool decides which model answers.
//
// There is one model server, and behind it the extractive model, which is
// always there. Whether the server answers and what it holds is asked again
// when the last look is a few seconds old, so a server that is started or
// stopped is noticed without a restart.
package pool

import (
	"cmp"
	"context"
	"iter"
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
}

// Options of a Pool. The zero value works.
type Options struct {
	Model    string        // of the server, for adapters that name none; empty means its first
	Recheck  time.Duration // how old a look at the server may be; 0 means 3 s
	Patience time.Duration // for a look; 0 means 2 s
}

// A Pool is a model server and what stands in for it. It is safe for
// concurrent use.
type Pool struct {
	server   Server // nil if none is configured
	fallback serving.Choice
	opts     Options

	turn   chan struct{} // held while looking, so that one look serves all
	looked time.Time
	models []serving.Held
}

// New returns a pool. server may be nil; fallback answers when it cannot.
func New(server Server, fallback serving.Choice, o Options) *Pool {
	o.Recheck = cmp.Or(o.Recheck, 3*time.Second)
	o.Patience = cmp.Or(o.Patience, 2*time.Second)
	return &Pool{server: server, fallback: fallback, opts: o, turn: make(chan struct{}, 1)}
}

// Pick returns model under the adapter's prompt if one is named. Otherwise it
// is the adapter's own weights if the server holds them and the gate admits
// them, else their base, the configured model, or the server's first; the
// fallback if the server does not answer or holds none of these.
func (p *Pool) Pick(ctx context.Context, a *adapters.Adapter, model string) serving.Choice {
	held := p.look(ctx)
	if len(held) == 0 {
		return p.Fallback()
	}
	if model != "" {
		return p.choose(held, model, "")
	}
	name, why := weights(held, a)
	if name != "" {
		return p.choose(held, name, "")
	}
	base := a.Model
	if a.Kind == adapters.FullModel {
		base = "" // its model is what may not answer
	}
	return p.choose(held, cmp.Or(base, p.opts.Model, first(held)), why)
}

// first returns the server's first model that is nobody's weights.
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

// choose returns a model of the server, or the fallback if it holds none of
// this name.
func (p *Pool) choose(held []serving.Held, name, why string) serving.Choice {
	h, ok := find(held, name)
	if !ok {
		c := p.Fallback()
		c.Weights = why
		return c
	}
	return serving.Choice{Name: name, Digest: h.Digest, Model: named{p.server, name}, Weights: why}
}

// find finds a model by name. Without a tag, as servers do, "latest" is meant.
func find(held []serving.Held, name string) (serving.Held, bool) {
	for _, h := range held {
		if h.Name == name || h.Name == name+":latest" {
			return h, true
		}
	}
	return serving.Held{}, false
}

// Fallback returns the model that needs no server.
func (p *Pool) Fallback() serving.Choice {
	c := p.fallback
	c.Degraded, c.Own = serving.NoModel, true
	return c
}

// look returns the models that the server holds, none if it does not answer.
func (p *Pool) look(ctx context.Context) []serving.Held {
	if p.server == nil {
		return nil
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done(): // who left need not wait for a server that hangs
		return nil
	}
	if time.Since(p.looked) < p.opts.Recheck {
		return p.models
	}
	// Not the caller's cancellation: what is learned serves the others too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.opts.Patience)
	defer cancel()
	models, err := p.server.Ready(ctx)
	if err != nil {
		models = nil
	}
	p.models, p.looked = models, time.Now()
	return models
}

// Models lists the plain models; none when the server does not answer.
func (p *Pool) Models(ctx context.Context) ([]serving.ModelInfo, error) {
	if len(p.look(ctx)) == 0 {
		return nil, nil
	}
	return p.server.Models(ctx)
}

// Forward sends a request for a plain model to the server.
func (p *Pool) Forward(ctx context.Context, r serving.Raw) (serving.Reply, error) {
	if len(p.look(ctx)) == 0 {
		return serving.Reply{}, fault.NotFound.Field("model", `there is no model %q: no model server answers; "auto" needs none`, r.Model)
	}
	return p.server.Forward(ctx, r)
}

// named is a server with the model chosen.
type named struct {
	Server
	model string
}

func (n named) Chat(ctx context.Context, p serving.Prompt) iter.Seq2[serving.Chunk, error] {
	p.Model = n.model
	return n.Server.Chat(ctx, p)
}
