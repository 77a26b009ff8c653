package audit

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/internal/fault"
)

// days writes a record on each of the days of a month.
func days(t *testing.T, folder string, o Options, list ...int) {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	l := &Log{opts: o, folder: folder}
	for _, day := range list {
		if err := l.write([]job{{entry: Entry{Kind: "answer"}}}, time.Date(2026, 3, day, 12, 0, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.closeFiles(); err != nil {
		t.Fatal(err)
	}
}

// A clock that goes back, and a start while it is wrong, leave the chain whole.
func TestClockGoesBack(t *testing.T) {
	folder := t.TempDir()
	days(t, folder, Options{}, 5, 3, 6, 1)
	if c := verified(t, folder); c.Files != 2 || c.Records != 4 {
		t.Errorf("%+v", c)
	}
	later := filepath.Join(folder, filePart+"2999-01-01"+fileEnd)
	if err := os.Rename(filepath.Join(folder, filePart+"2026-03-06"+fileEnd), later); err != nil {
		t.Fatal(err)
	}
	open(t, folder, Options{}).Close() // 2026 by the clock
	if c := verified(t, folder); c.Files != 2 || c.Records != 5 {
		t.Errorf("started with a clock that is behind: %+v", c)
	}
}

// Files may go for their age, and not otherwise.
func TestFrontIsGone(t *testing.T) {
	folder := t.TempDir()
	days(t, folder, Options{Days: 3}, 1, 2, 3, 4, 5, 6)
	if c := verified(t, folder); c.First != 3 || c.Files != 4 {
		t.Errorf("%+v", c)
	}
	files, _ := Files(folder)
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(folder); err == nil || !strings.Contains(err.Error(), "the records before number 4 are gone") {
		t.Errorf("%v", err)
	}
}

// A log that was written anew while nobody wrote is not taken for the old one.
func TestReplaced(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	l.Record(Entry{Kind: "answer", Caller: "desk"})
	l.Close()
	files, _ := Files(folder)
	var at place
	var text []byte
	for _, who := range []string{"", "nobody", "nobody"} {
		text, _ = at.append(text, Entry{Kind: "answer", Caller: who})
	}
	if err := os.WriteFile(files[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(folder); err == nil || !strings.Contains(err.Error(), "line 2: it is not the record that was the head") {
		t.Errorf("%v", err)
	}
	open(t, folder, Options{}).Close()
	if c := verified(t, folder); len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "replaced: the head was record 2") {
		t.Errorf("%q", c.Notes)
	}
	if err := os.Remove(filepath.Join(folder, headFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(folder); err == nil || !strings.Contains(err.Error(), "the head in") {
		t.Errorf("without a head: %v", err)
	}
	open(t, folder, Options{}).Close()
	if c := verified(t, folder); len(c.Notes) != 2 || !strings.Contains(c.Notes[1], "there was no head") {
		t.Errorf("%q", c.Notes)
	}
}

// What a process that was killed had written but not noted is no harm.
func TestHeadIsBehind(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	l.Close()
	head, err := os.ReadFile(filepath.Join(folder, headFile))
	if err != nil {
		t.Fatal(err)
	}
	open(t, folder, Options{}).Close()
	if err := os.WriteFile(filepath.Join(folder, headFile), head, 0o600); err != nil {
		t.Fatal(err)
	}
	if c := verified(t, folder); len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "the last 1 records came after") {
		t.Errorf("%q", c.Notes)
	}
	open(t, folder, Options{}).Close()
	if c := verified(t, folder); len(c.Notes) != 0 || c.Records != 3 {
		t.Errorf("%+v", c)
	}
}

// A caller cannot make the log unreadable with a long name of a model.
func TestLongNames(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{})
	long := exchange
	long.Model = strings.Repeat("ж", 4<<20)
	l.Keep(long)
	l.Close()
	verified(t, folder)
	if text := read(t, folder); len(text) > 4096 || !strings.Contains(text, `жжж…"`) {
		t.Errorf("%d bytes", len(text))
	}
}

// An answer that ends after the log was closed is lost, not a panic.
func TestAfterClose(t *testing.T) {
	for _, durable := range []bool{false, true} {
		l := open(t, t.TempDir(), Options{Durable: durable})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 200 {
					l.Keep(exchange)
				}
			})
		}
		l.Close()
		wg.Wait()
		if err := l.Keep(exchange); durable != fault.Unavailable.Is(err) || !durable && err != nil {
			t.Errorf("durable %v: %v", durable, err)
		}
		if l.Lost() == 0 {
			t.Errorf("durable %v: nothing was lost", durable)
		}
	}
}

// In durable mode nobody is answered while nothing can be written, so that
// nobody but the log itself would try again.
func TestRecoversByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := filepath.Join(t.TempDir(), "audit")
		l := open(t, folder, Options{Durable: true})
		defer l.Close()
		if err := os.Rename(folder, folder+"-away"); err != nil {
			t.Fatal(err)
		}
		l.file.Close()
		if err := l.Keep(exchange); !fault.Unavailable.Is(err) || !fault.Unavailable.Is(l.Refuse()) {
			t.Fatalf("kept: %v, refuses: %v", err, l.Refuse())
		}
		time.Sleep(5 * retryEvery)
		if l.Refuse() == nil {
			t.Error("it is written to nowhere")
		}
		if err := os.Rename(folder+"-away", folder); err != nil {
			t.Fatal(err)
		}
		time.Sleep(retryEvery + time.Millisecond)
		synctest.Wait()
		if err := l.Refuse(); err != nil {
			t.Errorf("it still refuses: %v", err)
		}
		if c := verified(t, folder); len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "lost: 1 records could not be written") {
			t.Errorf("%q", c.Notes)
		}
	})
}

// What a full disk took half of does not stay, even where it cannot be cut off
// at once.
func TestHalfWritten(t *testing.T) {
	folder := t.TempDir()
	l := &Log{opts: Options{Log: slog.New(slog.DiscardHandler)}, folder: folder}
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	write := func(at time.Time) error { return l.write([]job{{entry: Entry{Kind: "answer"}}}, at) }
	if err := write(day); err != nil {
		t.Fatal(err)
	}
	for _, next := range []time.Time{day, day.AddDate(0, 0, 1)} {
		half, err := os.OpenFile(l.path(l.day), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		half.WriteString("half of many records, longer than the next one" + strings.Repeat("x", 999))
		half.Close()
		l.file.Close()
		if err := write(day); err == nil {
			t.Fatal("a file that is closed was written to")
		}
		if err := write(next); err != nil {
			t.Fatal(err)
		}
	}
	l.closeFiles()
	if c := verified(t, folder); c.Records != 3 || c.Files != 2 {
		t.Errorf("%+v", c)
	}
}

// A log can be verified while it is written.
func TestVerifyAlive(t *testing.T) {
	folder := t.TempDir()
	l := open(t, folder, Options{Durable: true})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				l.Keep(exchange)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for verifying := true; verifying; {
		select {
		case <-done:
			verifying = false
		default:
		}
		if _, err := Verify(folder); err != nil {
			t.Error(err)
			break
		}
	}
	<-done
	if c := verified(t, folder); c.Records != 401 {
		t.Errorf("%d records", c.Records)
	}
}

// The end of a large file is found without reading all of it, wherever it was
// torn.
func TestTail(t *testing.T) {
	folder := t.TempDir()
	var at place
	var text []byte
	var ends []int
	for len(text) < 1<<20 {
		text, _ = at.append(text, entryOf(exchange))
		ends = append(ends, len(text))
	}
	path := filepath.Join(folder, filePart+"2026-03-01"+fileEnd)
	for _, cut := range []int{len(text), len(text) - 1, ends[len(ends)-2], ends[len(ends)-2] - 1, ends[0] + 1, ends[0], ends[0] - 1, 1, 0} {
		if err := os.WriteFile(path, text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		whole, found := slices.BinarySearch(ends, cut)
		if found {
			whole++
		}
		torn, end, err := tail(path)
		want := cut
		if whole > 0 {
			want = cut - ends[whole-1]
		}
		if err != nil || end.n != whole || torn != want {
			t.Errorf("cut at %d: %d torn of %d, record %d of %d, %v", cut, torn, want, end.n, whole, err)
		}
	}
	// As after a power cut: a file as long as it should be, and nothing in its end.
	if err := os.WriteFile(path, append(slices.Clone(text), make([]byte, 1<<20)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if torn, end, err := tail(path); torn != 1<<20 || end.n != len(ends) || err != nil {
		t.Errorf("%d torn, record %d, %v", torn, end.n, err)
	}
}
