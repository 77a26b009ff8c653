package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/serving/ledger"
)

// backupFormat is the version of what a backup holds.
const backupFormat = 1

// An aboutBackup says what a backup is of.
type aboutBackup struct {
	Format  int         `json:"format"`
	Tilgate string      `json:"tilgate"` // that made it
	Made    time.Time   `json:"made"`
	Host    string      `json:"host"`
	Data    string      `json:"data"`
	Store   string      `json:"store"` // "embedded", or address of a Qdrant server
	Ledger  aboutLedger `json:"ledger"`
	Audit   aboutAudit  `json:"audit"`
}

type aboutLedger struct {
	Database string `json:"database,omitempty"` // "sqlite" or "postgres"
	ledger.Dumped
	Pending int `json:"pending"` // batches that were not in the database yet
}

type aboutAudit struct {
	Records int    `json:"records"`
	Head    string `json:"head,omitempty"`
	Broken  string `json:"broken,omitempty"` // why the chain was not whole
}

func newAboutBackup(c Config) *aboutBackup {
	host, _ := os.Hostname()
	a := &aboutBackup{Format: backupFormat, Tilgate: buildVersion().String(), Host: cmp.Or(host, "this machine"), Data: c.Data, Store: cmp.Or(c.Qdrant.Address, "embedded")}
	if ledgerFolder(c) != "" {
		a.Ledger.Database = "sqlite"
		if c.Ledger.Address != "" {
			a.Ledger.Database = "postgres"
		}
	}
	return a
}

// readAbout reads what a backup is of, and refuses one that is newer than this
// program.
func readAbout(ctx context.Context, b *bundle.Bundle) (a aboutBackup, err error) {
	r, err := b.Unpack(ctx, bundle.Part{Kind: bundle.State, Name: areaAbout, File: aboutFile})
	if err != nil {
		return a, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(text, &a); err != nil || a.Format < 1 {
		return a, fault.Invalid.Errorf("what the backup says about itself cannot be read")
	}
	if a.Format > backupFormat {
		return a, fault.Unsupported.Errorf("this backup is of format %d, made by %s; this program reads %d: restore it with that one, or a newer one", a.Format, a.Tilgate, backupFormat)
	}
	return a, nil
}

func (a aboutBackup) lines() (list []string) {
	if a.Ledger.Schema > 0 {
		list = append(list, fmt.Sprintf("  ledger: %d rows of usage, %d of feedback, %d batches that waited", a.Ledger.Tables["usage"], a.Ledger.Tables["feedback"], a.Ledger.Pending))
	}
	if a.Audit.Records > 0 {
		list = append(list, fmt.Sprintf("  audit: %d records, head %s", a.Audit.Records, a.Audit.Head))
	}
	return list
}
