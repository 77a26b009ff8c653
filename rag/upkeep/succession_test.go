package upkeep

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tilgate/rag"
	"tilgate/rag/qdrant"
	"tilgate/rag/quality"
	"tilgate/rag/read"
	"tilgate/rag/read/plain"
	"tilgate/rag/sources"
)

// newLaws is a knowledge base of Markdown files, of which some replace others.
func newLaws(t *testing.T, more string) *world {
	w := newWorld(t, more)
	w.job.Reader = func(sources.Source) read.Readers { return read.Readers{".md": plain.Markdown()} }
	w.write("docs/law-2019.md", "---\ntitle: Салык 2019\nedition: 1-басылышы\n---\nЖер салыгы он сом болот.")
	return w
}

// law writes one that is due in a year, with more lines of front matter.
func (w *world) law(year, sum, more string) {
	w.write("docs/law-"+year+".md", fmt.Sprintf("---\ntitle: Салык %s\ndate: %s-01-01\n%s\n---\nЖер салыгы %s сом болот.", year, year, more, sum))
}

// holding lists what is superseded, and by what.
func (w *world) holding(x *qdrant.Index) string {
	w.t.Helper()
	list, err := x.Standings(w.t.Context(), "desk")
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for _, s := range list {
		if s.Mixed {
			w.t.Errorf("%s is marked in part", s.ID)
		}
		if s.SupersededBy != nil {
			lines = append(lines, s.ID+" < "+s.SupersededBy.Name())
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func (w *world) checkHolding(want string) {
	w.t.Helper()
	if got := w.holding(w.job.Index); got != want {
		w.t.Errorf("superseded is %q, want %q", got, want)
	}
}

// TestSuperseded: documents are superseded while what replaces them is there,
// and nobody touches their files.
func TestSuperseded(t *testing.T) {
	w := newLaws(t, "")
	o := w.good(nil)
	if w.checkHolding(""); o.Quality.Superseded != nil {
		t.Errorf("%+v", o.Quality.Superseded)
	}
	w.law("2022", "он эки", "replaces: law-2019")
	o = w.good(nil)
	w.checkHolding("law-2019 < Салык 2022")
	if o.Report.Added != 1 || o.Report.Unchanged != 1 || o.Report.Changed != 0 {
		t.Errorf("%+v", o.Report)
	}
	if s := o.Quality.Superseded; s == nil || s.Documents != 1 || s.Examples[0].ID != "law-2019" || s.Examples[0].Text != "Салык 2022" {
		t.Errorf("%+v", o.Quality.Superseded)
	}
	w.law("2025", "он беш", "replaces: [law-2022, law-1990]")
	o = w.good(nil)
	w.checkHolding("law-2019 < Салык 2025; law-2022 < Салык 2025")
	if s := o.Quality.Superseded; s.Missing != 1 || s.Names[0].Name != "law-1990" || s.Names[0].ID != "law-2025" {
		t.Errorf("%+v", s)
	}
	if o := w.good(nil); o.Report.Unchanged != 3 || o.Quality.Superseded.Documents != 2 { // from what is stored
		t.Errorf("%+v", o)
	}

	// What is changed keeps its mark; what is searched tells it.
	w.law("2022", "он үч", "replaces: law-2019")
	w.good(nil)
	found, err := w.job.Retriever(w.job.Index).Find(t.Context(), rag.Query{Text: "Жер салыгы он үч сомбу?", Lang: "ky"})
	if err != nil || len(found.Passages) != 3 || found.Passages[0].Doc != "law-2025" || found.Passages[1].SupersededBy == nil || found.Passages[1].Version != 1 {
		t.Errorf("%+v, %v", found.Passages, err)
	}
	if p := found.Passages[1]; p.Doc != "law-2022" || p.SupersededBy.Date != "2025-01-01" || p.SupersededBy.Doc != "law-2025" || p.SupersededBy.Lang != "ky" {
		t.Errorf("%+v", p)
	}

	// A new version is marked before anybody sees it.
	if o := w.good(rebuild); o.Version != 2 {
		t.Errorf("%+v", o)
	}
	w.checkHolding("law-2019 < Салык 2025; law-2022 < Салык 2025")

	// What took its place goes.
	if err := os.Remove(filepath.Join(w.folder, "docs/law-2025.md")); err != nil {
		t.Fatal(err)
	}
	if o := w.good(nil); o.Report.Removed != 1 {
		t.Errorf("%+v", o.Report)
	}
	w.checkHolding("law-2019 < Салык 2022")
	w.law("2022", "он үч", "")
	w.good(nil)
	w.checkHolding("")
	if o := w.good(nil); o.Quality.Superseded != nil {
		t.Errorf("%+v", o.Quality.Superseded)
	}
}

// TestSupersededInManifest: the keeper's word takes effect without a file being
// read, and loses it likewise.
func TestSupersededInManifest(t *testing.T) {
	w := newLaws(t, "")
	w.law("2022", "он эки", "")
	w.write("docs/old/a.md", "Эски эреже.")
	w.write("docs/old/b.md", "Дагы бир эски эреже.")
	w.good(nil)
	plain := readFile(t, filepath.Join(w.folder, "desk.toml"))
	w.write("desk.toml", plain+"[[superseded]]\ndocuments = [\"docs/old/**\"]\n[[superseded]]\ndocuments = [\"law-2019\"]\nby = \"docs/law-2022.md\"\n")
	o := w.good(nil)
	w.checkHolding("law-2019 < Салык 2022; old/a < ; old/b < ")
	if o.Report.Unchanged != 4 {
		t.Errorf("%+v", o.Report)
	}
	if got := texts(o.Quality.Findings); !strings.Contains(got, "3 documents are superseded.") {
		t.Errorf("%s", got)
	}
	w.write("desk.toml", plain)
	w.good(nil)
	w.checkHolding("")
}

// TestCircle: documents that are said to replace each other are reported.
func TestCircle(t *testing.T) {
	w := newLaws(t, "")
	w.write("docs/a.md", "---\nreplaces: b\n---\nБиринчи.")
	w.write("docs/b.md", "---\nreplaces: a\n---\nЭкинчи.")
	o := w.good(nil)
	w.checkHolding("")
	if s := o.Quality.Superseded; s == nil || len(s.Circles) != 1 || len(s.Circles[0].Documents) != 2 || !strings.Contains(texts(o.Quality.Findings), "In 1 case, documents are said to replace each other") {
		t.Errorf("%+v", o.Quality)
	}
	var page strings.Builder
	if err := o.Quality.HTML(&page); err != nil || !strings.Contains(page.String(), "Said to replace each other") {
		t.Errorf("%v: %s", err, page.String())
	}
}

// TestMarkedInPart: what a run that was cut off has left is put right by the
// next.
func TestMarkedInPart(t *testing.T) {
	w := newLaws(t, "")
	w.law("2022", "он эки", "replaces: law-2019")
	w.write("docs/law-2019.md", strings.Repeat("Жер салыгы он сом болот, ал эми суу үчүн өзүнчө төлөнөт. ", 60))
	w.good(nil)
	x, key := w.job.Index, rag.Key{Lang: "ky", Doc: "law-2019"}
	passages, err := x.PassagesOf(t.Context(), "desk", key)
	if err != nil || len(passages) < 2 {
		t.Fatal(len(passages), err)
	}
	for i := range passages {
		if passages[i].KB = ""; passages[i].N == 0 {
			passages[i].SupersededBy = nil
		}
	}
	if err := x.Upsert(t.Context(), "desk", [][]rag.Passage{passages}); err != nil {
		t.Fatal(err)
	}
	w.good(nil)
	w.checkHolding("law-2019 < Салык 2022")
}

func texts(findings []quality.Finding) string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Text)
	}
	return strings.Join(all, "\n")
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
