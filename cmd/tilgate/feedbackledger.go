package main

import (
	"context"
	"log/slog"

	"tilgate/serving/ledger"
)

// readLedger opens the ledger to read it, beside a service that writes it.
func readLedger(ctx context.Context, c Config) (*ledger.Reader, error) {
	o, ok := c.ledger()
	if !ok {
		return nil, errNoLedger
	}
	return ledger.Read(ctx, o)
}

// openLedger opens the ledger to write it; nil if the configuration keeps none.
func openLedger(ctx context.Context, c Config, log *slog.Logger) (*ledger.Ledger, func(), error) {
	o, ok := c.ledger()
	if !ok {
		return nil, func() {}, nil
	}
	o.Log = log
	l, err := ledger.Open(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	return l, func() {
		if err := l.Close(); err != nil {
			log.Error("closing the ledger", "err", err)
		}
	}, nil
}

// writeLedger opens the ledger for a command that changes it.
func writeLedger(ctx context.Context, c Config) (*ledger.Ledger, error) {
	l, _, err := openLedger(ctx, c, quietLog())
	if err == nil && l == nil {
		err = errNoLedger
	}
	return l, err
}
