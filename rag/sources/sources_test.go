package sources

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/engine/enginetest"
	"tilgate/rag/ingest"
	"tilgate/rag/qdrant"
	"tilgate/rag/read"
	"tilgate/rag/read/readtest"
)

// A world is a knowledge base, its sources, and all that a sync needs.
type world struct {
	t      *testing.T
	folder string // of sources
	data   string
	x      *qdrant.Index
	m      Manifest
	reader *readtest.Lines
	all    bool
}

func newWorld(t *testing.T) *world {
	_, client := enginetest.Open(t)
	w := &world{t: t, folder: t.TempDir(), data: t.TempDir(), x: qdrant.New(client, qdrant.Options{}).For("")}
	w.m = Manifest{Name: "desk", Sources: []Source{{Path: "docs", Lang: "ky"}}, folder: w.folder}
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.folder, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour) // as files in folders are
	if err := os.Chtimes(path, old, old); err != nil {
		w.t.Fatal(err)
	}
}

// sync brings the knowledge base up to date, and checks what it holds.
func (w *world) sync(want ...string) ingest.Report {
	w.t.Helper()
	report, err := w.try()
	if err != nil {
		w.t.Fatal(err)
	}
	w.holds(want...)
	return report
}

func (w *world) try() (ingest.Report, error) {
	w.t.Helper()
	state, err := OpenState(w.data, "", "desk")
	if err != nil {
		w.t.Fatal(err)
	}
	defer state.Close()
	if err := w.x.Create(w.t.Context(), "desk", []lang.Tag{"ky"}); err != nil {
		w.t.Fatal(err)
	}
	stored, err := w.x.Stored(w.t.Context(), "desk")
	if err != nil {
		w.t.Fatal(err)
	}
	w.reader = &readtest.Lines{}
	set := Open(w.m, Options{State: state, Stored: stored, All: w.all, Ahead: 1,
		Reader: func(Source) read.Readers { return read.Readers{".lines": w.reader} }})
	return ingest.Run(w.t.Context(), w.x, set.Items(w.t.Context()), ingest.Options{KB: "desk", Stored: stored, Sync: true, Settled: set.Settled})
}

func (w *world) holds(want ...string) {
	w.t.Helper()
	stored, err := w.x.Stored(w.t.Context(), "desk")
	if err != nil {
		w.t.Fatal(err)
	}
	var got []string
	for key, d := range stored {
		if !d.Whole {
			w.t.Errorf("%s is not whole", key.Doc)
		}
		got = append(got, d.Origin+" "+key.Doc)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.t.Errorf("stored is %q, want %q", got, want)
	}
}

func (w *world) read(want ...string) {
	w.t.Helper()
	files := slices.Sorted(slices.Values(w.reader.Files()))
	if !slices.Equal(files, want) {
		w.t.Errorf("read were %q, want %q", files, want)
	}
}

func (w *world) counts(r ingest.Report, added, changed, removed, unchanged int) {
	w.t.Helper()
	if r.Added != added || r.Changed != changed || r.Removed != removed || r.Unchanged != unchanged {
		w.t.Errorf("%d added, %d changed, %d removed, %d unchanged; want %d, %d, %d, %d",
			r.Added, r.Changed, r.Removed, r.Unchanged, added, changed, removed, unchanged)
	}
}

func TestSync(t *testing.T) {
	w := newWorld(t)
	w.write("docs/a.lines", "бир: Суу таза болсун.\nэки: Баасы кырк танга.\n")
	w.write("docs/sub/b.lines", "үч: Каттоо акысыз.\n")
	w.write("docs/.hidden/c.lines", "жок: Бул окулбайт.\n")
	w.write("docs/~$a.lines", "жок: Бул да окулбайт.\n")
	w.write("docs/picture.png", "PNG")
	a1, a2, b3 := "docs/a.lines бир", "docs/a.lines эки", "docs/sub/b.lines үч"
	w.counts(w.sync(a1, a2, b3), 3, 0, 0, 0)
	w.read("docs/a.lines", "docs/sub/b.lines")

	w.counts(w.sync(a1, a2, b3), 0, 0, 0, 3)
	w.read()

	w.write("docs/a.lines", "бир: Суу таза болсун.\nэки: Баасы элүү танга.\n")
	w.counts(w.sync(a1, a2, b3), 0, 1, 0, 2)
	w.read("docs/a.lines")

	w.write("docs/a.lines", "бир: Суу таза болсун.\n")
	w.counts(w.sync(a1, b3), 0, 0, 1, 2)

	if err := os.Remove(filepath.Join(w.folder, "docs", "sub", "b.lines")); err != nil {
		t.Fatal(err)
	}
	w.write("docs/new.lines", "төрт: Жаңы сөз.\n")
	w.counts(w.sync(a1, "docs/new.lines төрт"), 1, 0, 1, 1)

	if err := os.Chtimes(filepath.Join(w.folder, "docs", "a.lines"), time.Now(), time.Now()); err != nil { // touched, not changed
		t.Fatal(err)
	}
	w.counts(w.sync(a1, "docs/new.lines төрт"), 0, 0, 0, 2)
	w.read("docs/a.lines") // it is small

	w.all = true
	w.counts(w.sync(a1, "docs/new.lines төрт"), 0, 0, 0, 2)
	w.read("docs/a.lines", "docs/new.lines")
}

// TestSyncIndexLost: what is remembered is not believed when the index holds
// something else.
func TestSyncIndexLost(t *testing.T) {
	w := newWorld(t)
	w.write("docs/a.lines", "бир: Суу таза болсун.\nэки: Баасы кырк танга.\n")
	a1, a2 := "docs/a.lines бир", "docs/a.lines эки"
	w.sync(a1, a2)
	if err := w.x.Forget(t.Context(), "desk", rag.Key{Lang: "ky", Doc: "эки"}, ""); err != nil {
		t.Fatal(err)
	}
	w.counts(w.sync(a1, a2), 1, 0, 0, 1)
	w.m.Sources[0].Sector = "suu" // read otherwise than before
	w.counts(w.sync(a1, a2), 0, 2, 0, 0)
	if err := RemoveState(w.data, "", "desk"); err != nil {
		t.Fatal(err)
	}
	w.counts(w.sync(a1, a2), 0, 0, 0, 2)
	w.read("docs/a.lines")
}

// TestSyncUnreadable: nothing is removed because it cannot be read just now.
func TestSyncUnreadable(t *testing.T) {
	w := newWorld(t)
	w.write("docs/a.lines", "бир: Суу таза болсун.\nэки: Баасы кырк танга.\n")
	w.write("docs/sub/b.lines", "үч: Каттоо акысыз.\n")
	a1, a2, b3 := "docs/a.lines бир", "docs/a.lines эки", "docs/sub/b.lines үч"
	w.sync(a1, a2, b3)
	w.write("docs/a.lines", "бир: Суу таза болсун.\nэки: broken\n")
	if r := w.sync(a1, a2, b3); len(r.Faults) != 1 || r.Kept != 1 {
		t.Errorf("%+v", r)
	}
	w.write("docs/a.lines", "бир: Суу таза болсун.\n")
	sub := filepath.Join(w.folder, "docs", "sub")
	if err := os.Rename(sub, filepath.Join(w.folder, "away")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc", sub); err != nil {
		t.Fatal(err)
	}
	if r := w.sync(a1, b3); len(r.Faults) != 1 || !strings.HasPrefix(r.Faults[0].Error(), "docs/sub: ") || r.Kept != 1 {
		t.Errorf("%+v", r)
	}
	if err := os.RemoveAll(filepath.Join(w.folder, "docs")); err != nil {
		t.Fatal(err)
	}
	if r := w.sync(a1, b3); len(r.Faults) != 1 || r.Kept != 2 || r.Removed != 0 {
		t.Errorf("%+v", r)
	}
}

// TestSyncMostGone: a folder that is empty all of a sudden empties nothing.
func TestSyncMostGone(t *testing.T) {
	w := newWorld(t)
	var all []string
	for i := range 40 {
		w.write(fmt.Sprintf("docs/%d.lines", i), fmt.Sprintf("%d: Суу таза болсун.\n", i))
		all = append(all, fmt.Sprintf("docs/%d.lines %d", i, i))
	}
	w.sync(all...)
	for i := range 20 {
		if err := os.Remove(filepath.Join(w.folder, "docs", fmt.Sprintf("%d.lines", i))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.try(); err == nil || !strings.Contains(err.Error(), "20 of the 40 documents") {
		t.Errorf("half of it is gone: %v", err)
	}
	w.holds(all...)
	for i := range 10 { // few at a time are nothing unusual
		w.write(fmt.Sprintf("docs/%d.lines", i), fmt.Sprintf("%d: Суу таза болсун.\n", i))
	}
	if r, err := w.try(); err != nil || r.Removed != 10 {
		t.Errorf("ten are gone: %+v, %v", r, err)
	}
}

// TestSyncWhileWritten: a file that changes while it is read is named, and
// read again by the next sync.
func TestSyncWhileWritten(t *testing.T) {
	w := newWorld(t)
	w.write("docs/a.lines", "бир: Суу таза болсун.\n")
	state, err := OpenState(w.data, "", "desk")
	if err != nil {
		t.Fatal(err)
	}
	meddling := read.ReaderFunc(func(_ context.Context, f read.File, _ *read.Content) (read.Item, error) {
		w.write("docs/a.lines", "бир: Суу таза болсун, дагы.\n")
		item := f.Item()
		item.Text = "жарымы"
		return item, nil
	})
	set := Open(w.m, Options{State: state, Reader: func(Source) read.Readers { return read.Readers{".lines": meddling} }})
	r, err := ingest.Run(t.Context(), w.x, set.Items(t.Context()), ingest.Options{KB: "desk", Settled: set.Settled})
	if err != nil || len(r.Faults) != 1 || !strings.Contains(r.Faults[0].Error(), "docs/a.lines: it changed while it was read") {
		t.Errorf("%+v, %v", r, err)
	}
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	w.counts(w.sync("docs/a.lines бир"), 1, 0, 1, 0)
}

// TestNames: names in any script are as good as others, and those that are not
// UTF-8 are named.
func TestNames(t *testing.T) {
	w := newWorld(t)
	w.write("docs/буйрук №5 (көчүрмө).lines", "бир: Суу.\n")
	w.write("docs/فرمان.lines", "үч: Суу.\n")
	if err := os.WriteFile(filepath.Join(w.folder, "docs", "\xe1\xf3\xe9.lines"), []byte("эки: Суу.\n"), 0o644); err != nil {
		t.Skip("this file system takes UTF-8 only:", err)
	}
	r := w.sync("docs/буйрук №5 (көчүрмө).lines бир", "docs/فرمان.lines үч")
	if len(r.Faults) != 1 || !strings.Contains(r.Faults[0].Error(), "its name is not UTF-8") {
		t.Errorf("%v", r.Faults)
	}
}

func TestWanted(t *testing.T) {
	for _, tt := range []struct {
		include, exclude []string
		name             string
		want             bool
	}{
		{nil, nil, "a/b.pdf", true},
		{[]string{"**/*.pdf"}, nil, "a/b/c.pdf", true},
		{[]string{"**/*.pdf"}, nil, "c.pdf", true},
		{[]string{"*.pdf"}, nil, "a/b/c.pdf", true}, // a pattern without a folder is about names
		{[]string{"a/*.pdf"}, nil, "a/b/c.pdf", false},
		{[]string{"a/**"}, nil, "a/b/c.pdf", true},
		{[]string{"a/**/c.pdf"}, nil, "a/c.pdf", true},
		{nil, []string{"old/**"}, "old/x.pdf", false},
		{nil, []string{"~*"}, "x/~y.docx", false},
		{[]string{"мыйзам*"}, nil, "мыйзам 5.docx", true},
	} {
		s := Source{Include: tt.include, Exclude: tt.exclude}
		if got := s.wanted(tt.name); got != tt.want {
			t.Errorf("%q with %q, without %q: %v, want %v", tt.name, tt.include, tt.exclude, got, tt.want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("**/*.pdf", "a/b/c.pdf")
	f.Add("**/**/**/**/**/*x", strings.Repeat("a/", 200))
	f.Fuzz(func(t *testing.T, pattern, name string) {
		got := matchAny([]string{pattern}, name)
		if pattern == name && !strings.ContainsAny(name, `\[*?`) && !got {
			t.Errorf("%q does not match itself", name)
		}
	})
}

// TestStops: whoever takes no more documents gets none, whatever comes next.
func TestStops(t *testing.T) {
	w := newWorld(t)
	for i := range 20 {
		w.write(fmt.Sprintf("docs/%02d.lines", i), fmt.Sprintf("%d: Суу.\nx%d: Жер.\n", i, i))
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(w.folder, "docs", "00")); err != nil { // a fault comes first
		t.Fatal(err)
	}
	for stop := range 8 {
		n := 0
		set := Open(w.m, Options{Reader: func(Source) read.Readers { return read.Readers{".lines": &readtest.Lines{}} }, Ahead: 1 + stop%3})
		for range set.Items(t.Context()) {
			if n++; n > stop {
				break
			}
		}
		if n != stop+1 {
			t.Errorf("%d came, want %d", n, stop+1)
		}
	}
}

// TestTouched: a large file that was touched is known by its hash.
func TestTouched(t *testing.T) {
	w := newWorld(t)
	w.write("docs/a.lines", "бир: "+strings.Repeat("Суу таза болсун. ", 2000)+"\n")
	w.sync("docs/a.lines бир")
	if err := os.Chtimes(filepath.Join(w.folder, "docs", "a.lines"), time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.counts(w.sync("docs/a.lines бир"), 0, 0, 0, 1)
		w.read()
	}
}
