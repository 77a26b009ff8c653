package upkeep

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/engine/enginetest"
	"tilgate/rag/forget"
	"tilgate/rag/ingest"
	"tilgate/rag/qdrant"
	"tilgate/rag/read"
	"tilgate/rag/read/readtest"
	"tilgate/rag/sources"
)

// world is a knowledge base of articles about water, school and much else.
type world struct {
	t      *testing.T
	folder string
	store  *qdrant.Store
	job    Job
}

func newWorld(t *testing.T, more string) *world {
	t.Helper()
	_, client := enginetest.Open(t)
	w := &world{t: t, folder: t.TempDir(), store: qdrant.New(client, qdrant.Options{Site: "kg"})}
	w.write("desk.toml", "name = \"desk\"\nsite = \"kg\"\n"+more+"\n[[source]]\npath = \"docs\"\nlang = \"ky\"\n")
	w.write("questions.jsonl", `{"question": "Сугат суусунун баасы канча?", "lang": "ky", "doc": "суу"}
{"question": "Мектепке канча жаштан кабыл алышат?", "lang": "ky", "doc": "мектеп"}
`)
	w.write("docs/a.lines", "суу: Сугат суусунун баасы бир гектарга кырк танга.\nмектеп: Мектепке жети жаштан кабыл алышат.\n")
	w.write("docs/b.lines", "пенсия: Аялдар элүү сегиз жашында пенсияга чыгат.\nпаспорт: Паспорт он күндө даяр болот.\n")
	w.job = Job{Index: w.store.For(""), Langs: []lang.Tag{"ky"}, Data: t.TempDir(), Reader: func(sources.Source) read.Readers { return read.Readers{".lines": &readtest.Lines{}} },
		Retriever: func(x *qdrant.Index) *rag.Retriever { return rag.NewRetriever(x, rag.Options{}) }}
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
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) run(set func(*Job)) (Outcome, error) {
	w.t.Helper()
	m, err := sources.ReadManifest(filepath.Join(w.folder, "desk.toml"))
	if err != nil {
		w.t.Fatal(err)
	}
	j := w.job
	j.Manifest, j.Sync = m, true
	if set != nil {
		set(&j)
	}
	return j.Run(w.t.Context())
}

func (w *world) good(set func(*Job)) Outcome {
	w.t.Helper()
	o, err := w.run(set)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) ids() []string {
	w.t.Helper()
	stored, err := w.job.Index.Stored(w.t.Context(), "desk")
	if err != nil && !fault.NotFound.Is(err) {
		w.t.Fatal(err)
	}
	ids := []string{}
	for key := range stored {
		ids = append(ids, key.Doc)
	}
	slices.Sort(ids)
	return ids
}

func rebuild(j *Job) { j.Rebuild, j.All = true, true }

const questions = "[check]\nquestions = \"questions.jsonl\""

func TestSync(t *testing.T) {
	w := newWorld(t, "")
	o := w.good(nil)
	if o.Report.Added != 4 || o.Version != 1 || o.Quality.Documents != 4 || o.Quality.Changes.Added != 4 || o.Slower != nil {
		t.Errorf("%+v", o)
	}
	for _, file := range []string{o.Kept.JSON, o.Kept.HTML} {
		if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), "desk") {
			t.Errorf("%s: %v", file, err)
		}
	}
	w.write("docs/c.lines", "суу2: Таза суу түтүк менен келет.\n")
	var changes []string
	dry := w.good(func(j *Job) {
		j.Dry = true
		j.Changes = func(c ingest.Change) { changes = append(changes, string(c.What)+" "+c.Key.Doc) }
	})
	if dry.Report.Added != 1 || !slices.Equal(changes, []string{"add суу2"}) || len(w.ids()) != 4 || dry.Kept.HTML != "" {
		t.Errorf("%+v, changes %q, stored %q", dry, changes, w.ids())
	}
	if o := w.good(nil); o.Report.Added != 1 || o.Report.Unchanged != 4 {
		t.Errorf("%+v", o.Report)
	}
}

// TestDryFirst: a dry run needs no knowledge base, and makes none.
func TestDryFirst(t *testing.T) {
	w := newWorld(t, "")
	o := w.good(func(j *Job) { j.Dry = true })
	if o.Report.Added != 4 || o.Version != 0 {
		t.Errorf("%+v", o)
	}
	if kbs, err := w.job.Index.KBs(t.Context()); err != nil || len(kbs) != 0 {
		t.Errorf("%q, %v", kbs, err)
	}
}

func TestRebuild(t *testing.T) {
	w := newWorld(t, questions)
	o := w.good(rebuild)
	if o.Version != 1 || o.Check == nil || o.Check.Found != 4 || o.Check.NDCG.After != 100 || o.Check.NDCG.Before != -1 {
		t.Errorf("the first version: %+v, %+v", o, o.Check)
	}
	w.write("docs/a.lines", "суу: Сугат суусунун баасы бир гектарга элүү танга.\nмектеп: Мектепке жети жаштан кабыл алышат.\n")
	o = w.good(rebuild)
	if o.Version != 2 || o.Report.Added != 4 || o.Check.Documents != (Pair{4, 4}) || o.Check.NDCG.Before != 100 || len(o.Check.Against) != 0 {
		t.Errorf("the second version: %+v, %+v", o, o.Check)
	}
	if _, err := w.job.Index.Rollback(t.Context(), "desk", 0); err != nil {
		t.Error(err)
	}
}

// TestRebuildWorse: a version that answers worse, or has lost most of what was
// there, is not searched unless its keeper insists.
func TestRebuildWorse(t *testing.T) {
	w := newWorld(t, questions)
	w.good(rebuild)
	w.write("docs/a.lines", "суу: Бул барак азыр иштебейт.\nмектеп: Бул барак азыр иштебейт деп жазылган.\n")
	o, err := w.run(rebuild)
	if !fault.Invalid.Is(err) || !strings.Contains(err.Error(), "nDCG@10 of 2 questions fell from 100.0 to") || o.Check == nil {
		t.Errorf("%v, %+v", err, o.Check)
	}
	if err := os.RemoveAll(filepath.Join(w.folder, "docs", "b.lines")); err != nil {
		t.Fatal(err)
	}
	w.write("docs/a.lines", "суу: Сугат суусунун баасы бир гектарга элүү танга.\n")
	if _, err = w.run(rebuild); err == nil || !strings.Contains(err.Error(), "it holds 1 documents and the version before 4") {
		t.Errorf("%v", err)
	}
	if got := w.ids(); len(got) != 4 {
		t.Errorf("searched is %q", got)
	}
	if o := w.good(func(j *Job) { rebuild(j); j.Unsafe = true }); o.Version < 2 || len(w.ids()) != 1 {
		t.Errorf("%+v, searched is %q", o, w.ids())
	}
}

// TestRebuildCutOff: a rebuild that is stopped anywhere leaves the version
// before in force, and the next goes on with what was stored.
func TestRebuildCutOff(t *testing.T) {
	w := newWorld(t, questions)
	w.good(rebuild)
	for i := range 400 {
		w.write(fmt.Sprintf("docs/%d.lines", i), fmt.Sprintf("%d: Бул %d-документ болот.\n", i, i))
	}
	ctx, cancel := context.WithCancel(t.Context())
	m, err := sources.ReadManifest(filepath.Join(w.folder, "desk.toml"))
	if err != nil {
		t.Fatal(err)
	}
	j := w.job
	j.Manifest, j.Rebuild = m, true
	j.Progress = func(_, _ int64, r ingest.Report) {
		if r.Passages > 100 {
			cancel()
		}
	}
	if _, err := j.Run(ctx); err == nil || len(w.ids()) != 4 {
		t.Errorf("%v, searched is %q", err, w.ids())
	}
	o := w.good(rebuild)
	if o.Report.Unchanged < 100 || o.Report.Added+o.Report.Unchanged != 404 || len(w.ids()) != 404 {
		t.Errorf("%+v, searched are %d", o.Report, len(w.ids()))
	}
}

func TestPlace(t *testing.T) {
	w := newWorld(t, "")
	w.job.Index = qdrant.New(nil, qdrant.Options{Site: "de"}).For("")
	if _, err := w.run(nil); !fault.Forbidden.Is(err) || !strings.Contains(err.Error(), "at kg only, and the store is at de") {
		t.Errorf("%v", err)
	}
}

// TestForgotten: what was forgotten does not come back by a sync or a rebuild,
// also under another name.
func TestForgotten(t *testing.T) {
	w := newWorld(t, "")
	w.good(nil)
	list, err := forget.Open(w.job.Data)
	if err != nil {
		t.Fatal(err)
	}
	w.job.Forgotten = list
	e := forget.Entry{Tenant: rag.DefaultTenant, KB: "desk", Time: time.Now()}
	if _, err := list.Forget(t.Context(), w.job.Index, e, rag.Key{Lang: "ky", Doc: "пенсия"}); err != nil {
		t.Fatal(err)
	}
	w.write("docs/copy.lines", "көчүрмө: Аялдар элүү сегиз жашында пенсияга чыгат.\n")
	for what, set := range map[string]func(*Job){"sync": nil, "rebuild": rebuild} {
		if o := w.good(set); o.Report.Refused != 2 || !slices.Equal(w.ids(), []string{"мектеп", "паспорт", "суу"}) {
			t.Errorf("%s: %+v, stored %q", what, o.Report, w.ids())
		}
	}
}

func TestPrune(t *testing.T) {
	w := newWorld(t, "")
	for range keptReports + 5 {
		w.good(nil)
	}
	found, err := filepath.Glob(filepath.Join(ReportFolder(w.job.Data, "", "desk"), "*"))
	if err != nil || len(found) != 2*keptReports {
		t.Errorf("%d files, %v", len(found), err)
	}
}

func FuzzQuestions(f *testing.F) {
	f.Add([]byte(`{"question": "Ким?", "lang": "ky", "doc": "a"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseQuestions("q.jsonl", data)
		for _, q := range list {
			if err == nil && (q.Text == "" || q.Doc == "" || q.Lang == "") {
				t.Errorf("%+v", q)
			}
		}
	})
}
