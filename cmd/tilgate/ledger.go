package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"tilgate/rag"
	"tilgate/serving/ledger"
)

// ledgerFlags are those of commands about what a tenant has in the ledger.
type ledgerFlags struct {
	config, tenant string
	json           bool
}

// add adds the flags; what says what the command is about.
func (f *ledgerFlags) add(p *program, what string, cmd *cobra.Command) *cobra.Command {
	p.configFlag(cmd, &f.config)
	cmd.Flags().StringVar(&f.tenant, "tenant", rag.TenantOf(""), "whose "+what+"; what others have is not seen")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

// onLedger runs do with the ledger that the flags name, open for reading.
func (p *program) onLedger(ctx context.Context, f ledgerFlags, do func(r *ledger.Reader) error) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	r, err := readLedger(ctx, c)
	if err != nil {
		return err
	}
	defer r.Close()
	return do(r)
}

// saidByNobody returns those of some texts that do not stand in what is left:
// what somebody else says too is not gone.
func saidByNobody(texts []string, left any) ([]string, error) {
	others, err := json.Marshal(left)
	if err != nil {
		return nil, fmt.Errorf("what is left: %w", err)
	}
	var list []string
	for _, text := range texts {
		if text != "" && !bytes.Contains(others, []byte(text)) {
			list = append(list, text)
		}
	}
	return list, nil
}

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
