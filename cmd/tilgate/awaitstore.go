package main

import (
	"context"
	"log/slog"
	"time"

	"tilgate/rag/qdrant"
)

// An awaitedStore is the store of passages of a service that runs. A Qdrant
// server need not be there when it starts: until it is, all that is asked of
// the store fails as it does when the server goes away later. The embedded
// engine is there, or the service does not start.
type awaitedStore struct {
	*qdrant.Store
	door    *qdrant.Door // nil before the embedded engine
	address string
	ready   chan struct{} // closed when questions may come to it
	log     *slog.Logger
}

// awaitStore opens the store of passages. Nobody's question comes to it before
// settle.
func awaitStore(ctx context.Context, c Config, log *slog.Logger) (s *awaitedStore, closeStore func(), err error) {
	s = &awaitedStore{address: c.Qdrant.Address, ready: make(chan struct{}), log: log}
	if c.Qdrant.Address == "" {
		s.Store, closeStore, err = openStore(ctx, c, log)
		return s, closeStore, err
	}
	if s.door, err = qdrant.Await(c.Qdrant.server()); err != nil {
		return nil, nil, err
	}
	s.Store = qdrant.New(s.door.Client, c.storeOptions())
	return s, func() { s.door.Client.Close() }, nil
}

// settle makes the store ready, by prepare in the end, and lets questions in.
// If the server is not there, that goes on beside until it is or ctx ends; what
// is wrong otherwise is an error.
func (s *awaitedStore) settle(ctx context.Context, prepare func(context.Context) error) error {
	err := s.attempt(ctx, prepare)
	if s.door == nil || !qdrant.Away(err) {
		return err
	}
	s.log.Warn("the knowledge bases cannot be reached; the service starts without them, and tries again", "address", s.address, "err", err)
	go s.persist(ctx, prepare, err)
	return nil
}

func (s *awaitedStore) attempt(ctx context.Context, prepare func(context.Context) error) error {
	if s.door == nil {
		if err := prepare(ctx); err != nil {
			return err
		}
		close(s.ready)
		return nil
	}
	err := s.door.Ready(ctx, func(ctx context.Context) error {
		if err := upgradeStore(ctx, s.Store, s.log); err != nil {
			return err
		}
		return prepare(ctx)
	})
	if err == nil {
		close(s.ready)
	}
	return err
}

// lookAgain is how long after one look for a server the next one is taken.
const lookAgain = 2 * time.Second

// persist tries until the store is ready. Of what goes wrong it logs what is
// new: a server that comes back may refuse the key.
func (s *awaitedStore) persist(ctx context.Context, prepare func(context.Context) error, before error) {
	since := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgain):
		}
		err := s.attempt(ctx, prepare)
		switch {
		case err == nil:
			s.log.Info("the knowledge bases can be reached now", "address", s.address, "after", time.Since(since).Round(time.Second).String())
			return
		case ctx.Err() == nil && err.Error() != before.Error():
			s.log.Warn("the knowledge bases still cannot be used", "address", s.address, "err", err)
		}
		before = err
	}
}

// wait returns when the store is ready; false if ctx has ended before.
func (s *awaitedStore) wait(ctx context.Context) bool {
	select {
	case <-s.ready:
		return true
	case <-ctx.Done():
		return false
	}
}
