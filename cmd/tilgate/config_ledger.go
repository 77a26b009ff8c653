package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/serving"
	"tilgate/serving/audit"
	"tilgate/serving/ledger"
)

// LedgerConfig says where usage and feedback are kept; without an address in
// SQLite's file in the data folder.
type LedgerConfig struct {
	PlaceConfig
	Address   string `toml:"address,omitempty"`   // postgres://user@host:port/name
	Durable   bool   `toml:"durable,omitempty"`   // an answer is finished once its usage is on disk
	Megabytes int    `toml:"megabytes,omitempty"` // that may wait on disk while the database is down; 0 is 64
	Off       bool   `toml:"off,omitempty"`       // nothing is kept

	Password string `toml:"-"` // from TILGATE_LEDGER_PASSWORD
}

func (c LedgerConfig) check(fault func(format string, args ...any)) {
	if c.Address != "" {
		if err := ledger.CheckAddress(c.Address); err != nil {
			fault("ledger.address: not an address such as postgres://tilgate@127.0.0.1:5432/tilgate: %w", err)
		}
	}
	if c.Megabytes < 0 {
		fault("ledger.megabytes: %d is below 0", c.Megabytes)
	}
	if c.Off && (c.Address != "" || c.Durable) {
		fault("ledger.off: a ledger that is off has neither address nor durable")
	}
}

var errNoLedger = fault.Invalid.Errorf("the configuration keeps no ledger, and so neither usage nor feedback: it says ledger.off, or names no data folder")

// ledgerFolder is where the ledger lies in the data folder; empty if there is none.
func ledgerFolder(c Config) string {
	if c.Data == "" || c.Ledger.Off {
		return ""
	}
	return filepath.Join(c.Data, "ledger")
}

// ledger returns the options of the ledger; ok is false if none is kept.
func (c Config) ledger() (o ledger.Options, ok bool) {
	l := c.Ledger
	way := outbound.Way{What: "ledger's database", Site: l.Site, Public: l.Public}
	folder := ledgerFolder(c)
	return ledger.Options{Folder: folder, Address: l.Address, Password: l.Password, Way: way, Durable: l.Durable, SpillBytes: int64(l.Megabytes) << 20, KeepCases: c.Handover.keep()}, folder != ""
}

// countIn has the ledger count exchanges: in durable mode before they end.
func (b *besides) countIn(l *ledger.Ledger, durable bool) {
	if !durable {
		b.recorders = append(b.recorders, l)
		return
	}
	keep := b.keep
	b.keep = func(x serving.Exchange) (err error) {
		if keep != nil {
			err = keep(x)
		}
		x.Err = cmp.Or(x.Err, err)
		return cmp.Or(err, l.Keep(x))
	}
}

// ledgerRows counts what the ledger could not bring into its database at once.
func ledgerRows(l *ledger.Ledger) []prometheus.Collector {
	counter := func(name, help string, value func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "tilgate_ledger_" + name + "_total", Help: help}, func() float64 { return float64(value()) })
	}
	return []prometheus.Collector{
		counter("spilled", "Rows that had to wait on disk because the ledger's database was down.", l.Spilled),
		counter("dropped", "Rows of the ledger that are lost.", l.Dropped),
	}
}

// noteEvery is how often the ledger notes how far the audit log has come.
const noteEvery = 5 * time.Second

// noteHeads has the ledger note how far an audit log has come, so that an end
// that is cut off is seen even if the head beside it is changed too. It first
// looks whether that has happened. noted ends it, and is called when the audit
// log is closed.
func noteHeads(ctx context.Context, l *ledger.Ledger, folder string, log *slog.Logger) (noted func()) {
	chain := chainOf(folder)
	h, ok, err := l.Head(ctx, chain)
	if err != nil {
		log.Warn("whether the audit log was cut off cannot be checked against the ledger", "err", err)
	}
	if ok && !holdsHead(folder, h.Hash) {
		log.Error("the audit log was cut off or replaced: the ledger knows a record that it does not hold", "folder", folder, "record", h.N, "hash", h.Hash, "noted", h.At)
	}
	ctx, cancel := context.WithCancel(ctx)
	note := func() {
		if n, hash, ok := audit.Head(folder); ok && n > 0 {
			l.NoteHead(ledger.Head{Chain: chain, N: int64(n), Hash: hash.String(), At: time.Now()})
		}
	}
	go func() {
		for tick := time.Tick(noteEvery); ; {
			select {
			case <-tick:
				note()
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		note()
	}
}

// chainOf names an audit log among those of all machines.
func chainOf(folder string) string {
	host, _ := os.Hostname()
	if abs, err := filepath.Abs(folder); err == nil {
		folder = abs
	}
	return host + ":" + folder
}

func holdsHead(folder, hash string) bool {
	h, err := audit.ParseHash(hash)
	if err != nil {
		return false
	}
	ok, err := audit.Holds(folder, h)
	return ok && err == nil
}
