package main

import (
	"context"
	"log/slog"

	"tilgate/rag/qdrant"
)

// openStore opens the store of passages, which then holds what this release
// reads.
func openStore(ctx context.Context, c Config, log *slog.Logger) (store *qdrant.Store, closeStore func(), err error) {
	store, closeStore, err = dialStore(ctx, c, log)
	if err != nil {
		return nil, nil, err
	}
	changed, err := store.Upgrade(ctx)
	for _, name := range changed {
		log.Info("a knowledge base of an earlier release was brought up to date", "version", name)
	}
	if err != nil {
		closeStore()
		return nil, nil, err
	}
	return store, closeStore, nil
}
