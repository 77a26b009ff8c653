package serving

import (
	"context"
	"time"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// A Lack is what a service that answers has to do without for now. The zero
// value is nothing.
type Lack struct {
	What string // as in Plan.Degraded
	Why  string // for callers
}

// storeTime is how long a store that is shared may take to show that it is
// there: those who ask whether we are ready wait for few seconds.
const storeTime = 2 * time.Second

// Ready returns what the answers lack. An error means that nothing can be
// answered well here, and elsewhere perhaps it can: nothing may be answered
// now, or our own store of passages is broken. A shared store that is down is
// no such reason; plain models go on, and so do answers without sources.
func (s *Service) Ready(ctx context.Context) (Lack, error) {
	if err := s.opts.Refuse(); err != nil {
		return Lack{}, err
	}
	if s.opts.SharedStore {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, storeTime)
		defer cancel()
	}
	_, err := s.parts.Retriever.Retrieve(ctx, rag.Query{Text: "ready", Lang: "en", K: 1})
	if err == nil || !s.opts.SharedStore {
		return Lack{}, err
	}
	why, _ := fault.Public(err)
	return Lack{NoStore, why}, nil
}
