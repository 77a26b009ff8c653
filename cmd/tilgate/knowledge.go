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
// thing at a time, and none before the store is ready.
func followKnowledge(ctx context.Context, c Config, store *awaitedStore, clear func(), noted *syncMetrics, log *slog.Logger) error {
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
	k, err := open(ctx, c, store.Store, io.Discard)
	if err != nil {
		return err
	}
	if err := store.settle(ctx, k.replayed); err != nil {
		k.close()
		return err
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
		if !store.wait(ctx) {
			return
		}
		times := table{}
		sync := func(file string) (err error) {
			alone(func() { err = k.logged(ctx, file, noted, log) })
			return err
		}
		for _, file := range c.Knowledge {
			times.note(file, sync(file))
		}
		_ = times.keep(ctx, c.Knowledge, sync)
	}()
	if k.forgotten != nil {
		go func() {
			if store.wait(ctx) {
				k.followForgotten(ctx, alone, clear, log)
			}
		}()
	}
	return nil
}

// replayed takes out again what was forgotten, which the list as it is now says:
// it may have become longer while nobody could do so.
func (k *keeper) replayed(ctx context.Context) error {
	var err error
	if k.forgotten != nil {
		_, err = k.forgotten.Refresh()
	}
	if err == nil {
		err = k.replay(ctx)
	}
	if err != nil {
		return fmt.Errorf("forgetting what was forgotten before: %w", err)
	}
	return nil
}

// logged syncs a manifest, and writes what it did to the log and the metrics.
// It returns why not all of it could be read now.
func (k *keeper) logged(ctx context.Context, file string, noted *syncMetrics, log *slog.Logger) error {
	m, err := sources.ReadManifest(file)
	if err != nil {
		noted.unreadable(file)
		log.Error("a knowledge base is not kept up to date", "manifest", file, "err", err)
		return err
	}
	j := k.of(m)
	j.Sync = true
	o, err := j.Run(ctx)
	if errors.Is(err, context.Canceled) {
		return err
	}
	noted.note(file, m, o, err)
	r := o.Report
	for _, fault := range r.Faults {
		log.Warn("a document cannot be read", "kb", m.Name, "err", fault)
	}
	if err != nil {
		log.Error("a knowledge base is not up to date", "kb", m.Name, "err", err)
		return err
	}
	log.Info("a knowledge base is up to date", "kb", m.Name, "version", o.Version, "added", r.Added, "changed", r.Changed,
		"removed", r.Removed, "unchanged", r.Unchanged, "kept", r.Kept, "faults", len(r.Faults), "report", o.Kept.HTML)
	return passing(r)
}

// followForgotten forgets what another process puts on the list; what cannot be
// forgotten now, while the store is away, say, as soon as it can.
func (k *keeper) followForgotten(ctx context.Context, alone func(func()), clear func(), log *slog.Logger) {
	var owed error // why not all of the list is forgotten
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
		if !changed && owed == nil {
			continue
		}
		alone(func() {
			before := owed
			if owed = k.forgetListed(ctx, log); owed != nil && (changed || before == nil || owed.Error() != before.Error()) {
				log.Error("a document could not be forgotten; it is tried again", "err", owed)
			}
			if changed || owed == nil {
				clear()
			}
		})
	}
}

// forgetListed takes out of the store what is on the list. Its error is the first
// of those that kept something in.
func (k *keeper) forgetListed(ctx context.Context, log *slog.Logger) (failed error) {
	for _, tenant := range k.forgotten.Tenants() {
		passages := 0
		proof, err := k.erase(ctx, tenant, func(x *qdrant.Index) (texts []string, err error) {
			texts, err = k.forgotten.Replay(ctx, tenant, x)
			passages = len(texts)
			return texts, err
		})
		switch {
		case err != nil && failed == nil:
			failed = fmt.Errorf("tenant %s: %w", tenant, err)
		case err != nil:
		case proof != nil:
			log.Info("documents are forgotten", "tenant", tenant, "passages", passages, "proof", proof.String(), "left", proof.Left)
		case passages > 0:
			log.Info("documents are forgotten", "tenant", tenant, "passages", passages)
		}
	}
	return failed
}
