package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tilgate/internal/lang"
	"tilgate/serving"
	"tilgate/serving/audit"
	"tilgate/serving/ledger"
)

// fillLedger records a few answers: fill-ledger FOLDER
func fillLedger(ts *testscript.TestScript, _ bool, args []string) {
	l, err := ledger.Open(context.Background(), ledger.Options{Folder: ts.MkAbs(args[0]), Log: quietLog()})
	ts.Check(err)
	for i, tag := range []lang.Tag{"ky", "ky", "km", "am", "ky"} {
		x := serving.Exchange{ID: fmt.Sprint("chatcmpl-", i), Start: time.Date(2026, 11, 1+i/2, 9, 0, 0, 0, time.UTC), Auto: true,
			Caller: serving.Caller{Name: []string{"registry office", "school"}[i%2], Tenant: "moh"},
			Plan:   serving.Plan{Language: serving.Language{Tag: tag}, Adapter: tag, Model: []string{"qwen3:8b", "extract"}[i/4]},
			First:  400 * time.Millisecond, Total: 3 * time.Second, Chars: 100 + i, Usage: serving.Usage{PromptTokens: 700, CompletionTokens: 50}}
		l.Record(context.Background(), x)
	}
	ts.Check(l.Close())
}

// newerLedger makes a ledger one of a Tilgate to come: newer-ledger FOLDER
func newerLedger(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", filepath.Join(ts.MkAbs(args[0]), "ledger.db"))
	ts.Check(err)
	_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	ts.Check(err)
	ts.Check(db.Close())
}

// A durable ledger counts what the audit log could not keep as a failure, and
// its own error ends an answer.
func TestCountIn(t *testing.T) {
	l, err := ledger.Open(t.Context(), ledger.Options{Folder: t.TempDir(), Durable: true, Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	refuses := fmt.Errorf("the disk is full")
	b := besides{keep: func(serving.Exchange) error { return refuses }}
	b.countIn(l, true)
	if err := b.keep(serving.Exchange{Auto: true, Chars: 5}); err != refuses || len(b.recorders) != 0 {
		t.Errorf("%v, %d recorders", err, len(b.recorders))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	refuses = nil
	if err := b.keep(serving.Exchange{}); err == nil {
		t.Error("a ledger that keeps nothing lets an answer end")
	}
}

// TestNoteHeads replaces an audit log as a whole, the head beside it too. The
// ledger knows that it was another.
func TestNoteHeads(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "audit")
	l, err := ledger.Open(t.Context(), ledger.Options{Folder: t.TempDir(), Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var said output
	log := newLog(&said)
	for round, want := range []bool{false, false, true} {
		if round == 2 {
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
		}
		noted := noteHeads(t.Context(), l, folder, log)
		if got := strings.Contains(said.String(), "cut off or replaced"); got != want {
			t.Errorf("round %d: said %q", round, said.String())
		}
		writeAudit(t, folder)
		noted()
		waitForHead(t, l, folder)
	}
}

func writeAudit(t *testing.T, folder string) {
	t.Helper()
	trail, err := audit.Open(folder, audit.Options{Log: quietLog()})
	if err != nil {
		t.Fatal(err)
	}
	if err := trail.Keep(serving.Exchange{ID: "chatcmpl-1", Start: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := trail.Close(); err != nil {
		t.Fatal(err)
	}
}

// waitForHead waits until the ledger has some head.
func waitForHead(t *testing.T, l *ledger.Ledger, folder string) {
	t.Helper()
	for range 200 {
		if _, ok, err := l.Head(t.Context(), chainOf(folder)); ok && err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the head does not come")
}
