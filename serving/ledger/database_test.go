package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// Closed, a ledger has everything, nothing runs on, and no file waits.
func TestClose(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	o := options(t)
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		l.Record(t.Context(), answered())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l.Record(t.Context(), answered())
	if err := l.Close(); err != nil || l.Dropped() != 1 {
		t.Errorf("closed twice: %v, %d lost", err, l.Dropped())
	}
	if left, _ := os.ReadDir(filepath.Join(o.Folder, spillFolder)); len(left) > 0 {
		t.Errorf("there is left %v", left)
	}
	r, err := Read(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got := requests(t, r)["registry"]; got != 1000 {
		t.Errorf("%d requests", got)
	}
}

// Two processes write and read at once.
func TestTwoAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		var wg sync.WaitGroup
		for _, l := range openBoth(t, o) {
			for range 4 {
				wg.Go(func() {
					for i := range 500 {
						l.Record(t.Context(), changed(func(x *serving.Exchange) { x.Caller.Name = fmt.Sprint(i % 7) }))
						if i%100 == 0 {
							time.Sleep(20 * time.Millisecond)
						}
					}
				})
			}
			defer settled(t, l)
		}
		wg.Wait()
		l := open(t, o)
		for range 200 {
			var n int64
			for _, of := range requests(t, l.Reader) {
				n += of
			}
			if n == 4000 {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("there are %v", requests(t, l.Reader))
	})
}

// openBoth opens two ledgers at the same moment, on an empty database.
func openBoth(t *testing.T, o Options) (both [2]*Ledger) {
	var wg sync.WaitGroup
	for i := range both {
		wg.Go(func() {
			l, err := Open(context.Background(), o)
			if err != nil {
				t.Error(err)
				return
			}
			both[i] = l
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	t.Cleanup(func() { both[0].Close(); both[1].Close() })
	return both
}

func TestNewerSchema(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		if _, err := l.db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, $1)`, true); err != nil {
			t.Fatal(err)
		}
		l.Close()
		for name, open := range map[string]func() error{
			"Open": func() error { _, err := Open(t.Context(), o); return err },
			"Read": func() error { _, err := Read(t.Context(), o); return err },
		} {
			err := open()
			if !errors.Is(err, errNewer) || !strings.Contains(err.Error(), "a newer Tilgate has written it; run that one again, or") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// What cannot be a database is an error at once, and is left as it is.
func TestNotADatabase(t *testing.T) {
	o := options(t)
	garbage := bytes.Repeat([]byte("no database "), 1000)
	if err := os.WriteFile(o.file(), garbage, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "not a database") {
		t.Errorf("%v", err)
	}
	if got, _ := os.ReadFile(o.file()); !bytes.Equal(got, garbage) {
		t.Error("it was changed")
	}
	if _, err := Read(t.Context(), Options{Folder: t.TempDir()}); !fault.NotFound.Is(err) {
		t.Errorf("reading what is not there: %v", err)
	}
}

func TestHead(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		if _, ok, err := l.Head(t.Context(), "a"); ok || err != nil {
			t.Errorf("a head of nothing: %v %v", ok, err)
		}
		for _, h := range []Head{{"a", 3, "h3", noon}, {"b", 1, "h1", noon}, {"a", 7, "h7", noon}, {"a", 5, "h5", noon}} {
			l.NoteHead(h)
			settled(t, l)
		}
		if h, ok, err := l.Head(t.Context(), "a"); err != nil || !ok || h != (Head{"a", 7, "h7", noon}) {
			t.Errorf("%+v %v %v", h, ok, err)
		}
	})
}
