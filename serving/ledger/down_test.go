package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/feedback"
)

// lockFile keeps everybody else from writing to a SQLite file.
func lockFile(t *testing.T, l *Ledger) (unlock func()) {
	t.Helper()
	tx, err := l.db.BeginTx(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return func() { tx.Rollback() }
}

// A database that does not let anyone write holds nobody up, and has everything
// in the end, also what comes from a process that ended meanwhile.
func TestSlow(t *testing.T) {
	o := options(t)
	first := open(t, o)
	settled(t, first)
	unlock := lockFile(t, first)
	other, err := Open(t.Context(), o) // which has to wait for the schema, and does without
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for i := range 1000 {
		other.Record(t.Context(), changed(func(x *serving.Exchange) { x.Caller.Name = fmt.Sprint(i % 3) }))
	}
	if took := time.Since(start); took > 500*time.Millisecond {
		t.Errorf("recording took %v", took)
	}
	time.Sleep(200 * time.Millisecond) // so that all is in the spill
	other.Close()
	if left, _ := filepath.Glob(filepath.Join(o.Folder, spillFolder, "*"+spillEnd)); len(left) != 2 {
		t.Errorf("the spill has %v", left)
	}
	unlock()
	third := open(t, o)
	settled(t, third)
	if got := requests(t, third.Reader); got["0"]+got["1"]+got["2"] != 1000 {
		t.Errorf("there are %v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(o.Folder, spillFolder, "*"+spillEnd)); len(left) != 2 {
		t.Errorf("the spill of the dead is not removed: %v", left)
	}
}

// TestDown stops Postgres, at the start and in the middle, and lets it come
// back.
func TestDown(t *testing.T) {
	server := newPostgres(t)
	t.Cleanup(func() { server.stop(); os.RemoveAll(server.dir) })
	o := options(t)
	o.Address = server.database(t)
	server.stop()
	l := open(t, o)
	kept := 0
	record := func() {
		for range 100 {
			l.Record(t.Context(), answered())
			kept++
		}
	}
	record()
	if err := l.PutFeedback(t.Context(), feedback.Feedback{ID: "while down", Tenant: "moh", Time: noon}); err != nil {
		t.Errorf("feedback while it is down: %v", err)
	}
	if _, err := l.Usage(t.Context(), UsageQuery{}); !fault.Unavailable.Is(err) {
		t.Errorf("usage while it is down: %v", err)
	}
	if _, err := l.EraseFeedback(t.Context(), "moh", feedback.Whose{Person: "p"}); !fault.Unavailable.Is(err) {
		t.Errorf("erased while it is down: %v", err)
	}
	for range 2 {
		server.start(t)
		record()
		settled(t, l)
		server.stop()
		record()
		time.Sleep(150 * time.Millisecond)
	}
	server.start(t)
	settled(t, l)
	if got := requests(t, l.Reader)["registry"]; got != int64(kept) || l.Dropped() != 0 || l.Spilled() == 0 {
		t.Errorf("%d of %d, %d spilled, %d lost", got, kept, l.Spilled(), l.Dropped())
	}
	if _, err := l.Feedback(t.Context(), "moh", "while down"); err != nil {
		t.Errorf("feedback from before: %v", err)
	}
}

// A spill that is full loses what comes then, counts it, and says so to who
// waits; chat goes on.
func TestFull(t *testing.T) {
	o := options(t)
	settled(t, open(t, o)) // makes the schema
	o.SpillBytes = 2000
	unlock := lockFile(t, open(t, o))
	l := open(t, o)
	for range 10 {
		l.Record(t.Context(), answered())
		time.Sleep(2 * linger)
	}
	if err := l.PutFeedback(t.Context(), feedback.Feedback{ID: "f", Tenant: "moh", Comment: string(make([]byte, 2000))}); !fault.Unavailable.Is(err) {
		t.Errorf("feedback that nothing can keep: %v", err)
	}
	unlock()
	lost := l.Dropped()
	settled(t, l)
	if got := requests(t, l.Reader)["registry"]; lost == 0 || got == 0 || got+lost != 11 {
		t.Errorf("%d are there, %d are lost", got, lost)
	}
}

// While the spill cannot be written, the database takes what comes.
func TestNoSpill(t *testing.T) {
	o := options(t)
	l := open(t, o)
	settled(t, l)
	l.spill.mu.Lock()
	l.spill.limit = 0
	l.spill.mu.Unlock()
	l.Record(t.Context(), answered())
	if err := l.PutFeedback(t.Context(), feedback.Feedback{ID: "f", Tenant: "moh"}); err != nil {
		t.Error(err)
	}
	if got := requests(t, l.Reader)["registry"]; got != 1 || l.Dropped() != 0 {
		t.Errorf("%d are there, %d are lost", got, l.Dropped())
	}
}

// A batch counts once, however often it is read; what is cut off counts not at
// all, and keeps nothing from being read.
func TestReadAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		settled(t, open(t, o))
		var lines []byte
		for i := range 3 {
			b := batch{Writer: "w", Seq: int64(i + 1), Usage: []usageRow{{Labels: Labels{Day: "2026-11-28", Key: "k"}, Counts: Counts{Requests: 1}, Total: sparse{50: 1}}}}
			line, err := b.line()
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, line...)
			lines = append(lines, line[:len(line)/2+i]...) // as a kill leaves it
			lines = append(lines, '\n')
		}
		for range 3 {
			path := filepath.Join(o.Folder, spillFolder, "w"+spillEnd)
			if err := os.WriteFile(path, lines, 0o600); err != nil {
				t.Fatal(err)
			}
			l := open(t, o)
			settled(t, l)
			if got := requests(t, l.Reader)["k"]; got != 3 {
				t.Errorf("there are %d", got)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("the spill is not removed")
			}
			l.Close()
		}
	})
}

// What the database will never take is lost alone.
func TestRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		settled(t, l)
		list := []batch{{Writer: "w", Seq: 1, Usage: []usageRow{{Labels: Labels{Key: "well"}, Counts: Counts{Requests: 1}}}},
			{Writer: "w", Seq: 2, Usage: []usageRow{{Labels: Labels{Key: "well"}, Counts: Counts{Requests: 1}}}}}
		query := `CREATE TRIGGER no BEFORE UPDATE ON usage BEGIN SELECT RAISE(ABORT, 'no'); END`
		if o.Address != "" {
			query = `ALTER TABLE usage ADD CONSTRAINT no CHECK (requests < 2)`
		}
		if _, err := l.db.Exec(query); err != nil {
			t.Fatal(err)
		}
		if err := l.bring(list[:1], false); err != nil {
			t.Fatal(err)
		}
		if err := l.bring(list[1:], false); err != nil || l.Dropped() != 1 {
			t.Errorf("%v, %d lost", err, l.Dropped())
		}
		if got := requests(t, l.Reader)["well"]; got != 1 {
			t.Errorf("%d are there", got)
		}
		if isRefusal(sql.ErrConnDone) {
			t.Error("a connection that is gone is a refusal")
		}
	})
}

func FuzzParseLine(f *testing.F) {
	line, _ := batch{Writer: "w", Seq: 1, Usage: []usageRow{{Labels: Labels{Day: "2026-11-28"}, Total: sparse{0: 1}}}}.line()
	f.Add(line)
	f.Add([]byte(`{"crc":"00000000","batch":}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		b, err := parseLine(line)
		if err != nil {
			return
		}
		again, err := b.line()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseLine(again); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}
