// Package pool decides which model answers.
//
// There is one model server, Ollama, and behind it the extractive model, which
// is always there. Whether the server answers and what it holds is asked again
// when the last look is a few seconds old, so a server that is started or
// stopped is noticed without a restart.
package pool

import (
	"cmp"
	"context"
	"iter"
	"slices"
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
	Ready(ctx context.Context) ([]string, error)
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
	models []string
}

// New returns a pool. server may be nil; fallback answers when it cannot.
func New(server Server, fallback serving.Choice, o Options) *Pool {
	o.Recheck = cmp.Or(o.Recheck, 3*time.Second)
	o.Patience = cmp.Or(o.Patience, 2*time.Second)
	return &Pool{server: server, fallback: fallback, opts: o, turn: make(chan struct{}, 1)}
}

// Pick returns the adapter's model, the configured one, or the server's
// first; the fallback if the server does not answer or holds no model.
func (p *Pool) Pick(ctx context.Context, a *adapters.Adapter) serving.Choice {
	models := p.look(ctx)
	if len(models) == 0 {
		return p.Fallback()
	}
	name := cmp.Or(a.Model, p.opts.Model, models[0])
	if !slices.Contains(models, name) && !slices.Contains(models, name+":latest") {
		return p.Fallback()
	}
	return serving.Choice{Name: name, Model: named{p.server, name}}
}

// Fallback returns the model that needs no server.
func (p *Pool) Fallback() serving.Choice {
	c := p.fallback
	c.Degraded = serving.NoModel
	return c
}

// look returns the models that the server holds, none if it does not answer.
func (p *Pool) look(ctx context.Context) []string {
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
func (p *Pool) Forward(ctx context.Context, r serving.Raw) iter.Seq2[[]byte, error] {
	if len(p.look(ctx)) == 0 {
		return func(yield func([]byte, error) bool) {
			yield(nil, fault.NotFound.Field("model", `there is no model %q: no model server answers; "auto" needs none`, r.Model))
		}
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
