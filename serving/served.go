package serving

import (
	"context"
	"errors"
	"time"

	"tilgate/internal/outbound"
)

// Served says what answered.
type Served struct {
	Backend string        // name of the model server in the configuration
	Model   string        // that answered; may differ from the one asked for by alias or fallback
	Queued  time.Duration // before the model server was asked
}

// ErrBusy is in the chain of the error of a model server that is well and has
// no room: another may have.
var ErrBusy = errors.New("busy")

type callerKey struct{}

// WithCaller returns a context that says on whose behalf things are done. What
// is done in it goes to no site that the caller may not use.
func WithCaller(ctx context.Context, c Caller) context.Context {
	if c.Scope != nil {
		ctx = outbound.WithSites(ctx, c.Scope.Sites)
	}
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerOf returns on whose behalf things are done; the zero Caller if nobody
// said so.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
