package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"tilgate/rag/qdrant"
	"tilgate/rag/sources"
)

// followKnowledge keeps knowledge bases up to date while Tilgate serves: at the
// start, and then as often as their manifests say; and it forgets what goes on
// the list of what shall be forgotten, answers that quote it included. One
// thing at a time.
func followKnowledge(ctx context.Context, c Config, store *qdrant.Store, clear func(), noted *syncMetrics, log *slog.Logger) error {
	for _, file := range c.Knowledge {
		m, err := sources.ReadManifest(file)
		if err != nil {
			return err
		}
		noted.expect(file, m)
	}
	open := openForgetter // which asks no embedding model
	if len(c.Knowledge) > 0 {
		open = openKeeper
	}
	k, err := open(ctx, c, store, io.Discard)
	if err != nil {
		return err
	}
	if err := k.replay(ctx); err != nil {
		k.close()
		return fmt.Errorf("forgetting what was forgotten before: %w", err)
	}
	turn := make(chan struct{}, 1)
	alone := func(do func()) {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
			do()
		case <-ctx.Done():
		}
	}
	go func() {
		defer k.close()
		for _, file := range c.Knowledge {
			alone(func() { k.logged(ctx, file, noted, log) })
		}
		_ = timetable(ctx, c.Knowledge, func(file string) { alone(func() { k.logged(ctx, file, noted, log) }) })
	}()
	if k.forgotten != nil {
		go k.followForgotten(ctx, alone, clear, log)
	}
	return nil
}

// logged syncs a manifest, and writes what it did to the log and the metrics.
func (k *keeper) logged(ctx context.Context, file string, noted *syncMetrics, log *slog.Logger) {
	m, err := sources.ReadManifest(file)
	if err != nil {
		noted.unreadable(file)
		log.Error("a knowledge base is not kept up to date", "manifest", file, "err", err)
		return
	}
	j := k.of(m)
	j.Sync = true
	o, err := j.Run(ctx)
	if errors.Is(err, context.Canceled) {
		return
	}
	noted.note(file, m, o, err)
	r := o.Report
	for _, fault := range r.Faults {
		log.Warn("a document cannot be read", "kb", m.Name, "err", fault)
	}
	if err != nil {
		log.Error("a knowledge base is not up to date", "kb", m.Name, "err", err)
		return
	}
	log.Info("a knowledge base is up to date", "kb", m.Name, "version", o.Version, "added", r.Added, "changed", r.Changed,
		"removed", r.Removed, "unchanged", r.Unchanged, "kept", r.Kept, "faults", len(r.Faults), "report", o.Kept.HTML)
}

// followForgotten forgets what another process puts on the list.
func (k *keeper) followForgotten(ctx context.Context, alone func(func()), clear func(), log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(followEvery):
		}
		changed, err := k.forgotten.Refresh()
		if err != nil {
			log.Error("what shall be forgotten cannot be read", "err", err)
			continue
		}
		if changed {
			alone(func() { k.forgetListed(ctx, log); clear() })
		}
	}
}

func (k *keeper) forgetListed(ctx context.Context, log *slog.Logger) {
	for _, tenant := range k.forgotten.Tenants() {
		passages := 0
		proof, err := k.erase(ctx, tenant, func(x *qdrant.Index) (texts []string, err error) {
			texts, err = k.forgotten.Replay(ctx, tenant, x)
			passages = len(texts)
			return texts, err
		})
		switch {
		case err != nil:
			log.Error("a document could not be forgotten", "tenant", tenant, "err", err)
		case proof != nil:
			log.Info("documents are forgotten", "tenant", tenant, "passages", passages, "proof", proof.String(), "left", proof.Left)
		case passages > 0:
			log.Info("documents are forgotten", "tenant", tenant, "passages", passages)
		}
	}
}
