package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/rag"
	"tilgate/rag/engine/enginetest"
	"tilgate/rag/qdrant"
	"tilgate/rag/read"
)

// openIndex returns an index over an embedded engine of its own.
func openIndex(t testing.TB) *qdrant.Index {
	t.Helper()
	_, client := enginetest.Open(t)
	return qdrant.New(client, qdrant.Options{}).For(rag.DefaultTenant)
}

// items yields documents as if each were read from a file of its own.
func items(docs ...rag.Document) iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		for i, d := range docs {
			if !yield(read.Item{Document: d, Where: fmt.Sprintf("%s/%s.md", d.Lang, d.ID), Read: int64(i + 1)}, nil) {
				return
			}
		}
	}
}

// long is a document of n passages or so.
func long(tag lang.Tag, id string, n int) rag.Document {
	sentence := "Баланын төрөлүшүн отуз күндүн ичинде каттатыңыз. "
	text := sentence
	for len(rag.Split(rag.Document{Lang: tag, Text: text})) < n {
		text += strings.Repeat(sentence, 5)
	}
	return rag.Document{ID: id, Lang: tag, Text: text + "Бул " + id + ".", Title: id}
}

func runAll(t *testing.T, w Writer, o Options, docs ...rag.Document) Report {
	t.Helper()
	report, err := Run(t.Context(), w, items(docs...), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// checkHolds reports whether an index holds exactly these documents, whole.
func checkHolds(t *testing.T, x *qdrant.Index, kb string, docs ...rag.Document) {
	t.Helper()
	got, err := x.Stored(t.Context(), kb)
	if err != nil {
		t.Fatal(err)
	}
	want := map[rag.Key]rag.Stored{}
	for _, d := range docs {
		want[rag.Key{Lang: d.Lang, Doc: d.ID}] = rag.Stored{Hash: Hash(d), Passages: len(rag.Split(d)), Whole: true}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("%s holds %v, which nobody stored", kb, key)
		}
	}
	for key, w := range want {
		if got[key] != w {
			t.Errorf("%s holds %v as %+v, want %+v", kb, key, got[key], w)
		}
	}
}

func TestRun(t *testing.T) {
	x := openIndex(t)
	a, b, c := long("ky", "a", 3), long("ky", "b", 1), long("ur", "a", 2)
	for _, tt := range []struct {
		what string
		docs []rag.Document
		want Report // less Passages
		held []rag.Document
	}{
		{"first", []rag.Document{a, b, c}, Report{Added: 3}, []rag.Document{a, b, c}},
		{"again", []rag.Document{a, b, c}, Report{Unchanged: 3}, []rag.Document{a, b, c}},
		{"one is left out", []rag.Document{b}, Report{Unchanged: 1}, []rag.Document{a, b, c}}, // what is not read is not removed
		{"one is shorter", []rag.Document{long("ky", "a", 1), b}, Report{Changed: 1, Unchanged: 1}, []rag.Document{long("ky", "a", 1), b, c}},
		{"one is longer", []rag.Document{long("ky", "a", 5), b, c}, Report{Changed: 1, Unchanged: 2}, []rag.Document{long("ky", "a", 5), b, c}},
		{"its date changes", []rag.Document{dated(b)}, Report{Changed: 1}, []rag.Document{long("ky", "a", 5), dated(b), c}},
		{"nothing", nil, Report{}, []rag.Document{long("ky", "a", 5), dated(b), c}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			got := runAll(t, x, Options{KB: "desk"}, tt.docs...)
			if got.Added != tt.want.Added || got.Changed != tt.want.Changed || got.Unchanged != tt.want.Unchanged || len(got.Faults) != 0 {
				t.Errorf("report %+v, want %+v", got, tt.want)
			}
			checkHolds(t, x, "desk", tt.held...)
		})
	}
}

func dated(d rag.Document) rag.Document {
	d.Date = "2026-11-01"
	return d
}

// TestRunManyLanguages: a language that turns up late gets its room while
// earlier documents are being stored.
func TestRunManyLanguages(t *testing.T) {
	x := openIndex(t)
	var docs []rag.Document
	for i := range 600 {
		tag := []lang.Tag{"ky", "ur", "am", "km", "bn", "sw", "uz-Cyrl", "kk"}[i/75]
		docs = append(docs, rag.Document{ID: fmt.Sprint("doc-", i), Lang: tag, Text: "Суу таза болсун."})
	}
	report := runAll(t, x, Options{KB: "desk"}, docs...)
	if report.Added != len(docs) || report.Passages != len(docs) || len(report.Faults) != 0 {
		t.Errorf("report %+v, want %d added", report, len(docs))
	}
	checkHolds(t, x, "desk", docs...)
}

func TestRunDuplicates(t *testing.T) {
	x := openIndex(t)
	first, second := long("ky", "a", 1), dated(long("ky", "a", 1))
	report := runAll(t, x, Options{KB: "desk"}, first, second, long("ur", "a", 1), long("ky", "b", 1))
	if report.Added != 3 || len(report.Faults) != 1 || report.Err() == nil ||
		!strings.Contains(report.Err().Error(), `ky/a.md: document "a" in ky was already read at ky/a.md`) {
		t.Errorf("report %+v, want the second document a in Kyrgyz named", report)
	}
	checkHolds(t, x, "desk", first, long("ur", "a", 1), long("ky", "b", 1))
}

func TestRunProgress(t *testing.T) {
	x := openIndex(t)
	var docs []rag.Document
	for i := range 400 {
		docs = append(docs, rag.Document{ID: fmt.Sprint(i), Lang: "ky", Text: "Суу таза болсун."})
	}
	var last Report
	times := 0
	report, err := Run(t.Context(), x, items(docs...), Options{KB: "desk", Progress: func(_ int64, r Report) { last, times = r, times+1 }})
	if err != nil || times < 3 || last.Passages != report.Passages || report.Passages != 400 {
		t.Errorf("after %d calls Progress heard of %d passages of %d, %v", times, last.Passages, report.Passages, err)
	}
}

// A brittle writer fails, or has the run stopped, at its n-th call; before it
// fails an Upsert, it stores a part of what it was given.
type brittle struct {
	*qdrant.Index
	mu     sync.Mutex
	calls  int
	at     int
	failed bool
	stop   func() // instead of failing
}

var errDown = fault.Unavailable.Errorf("the disk is gone")

func (b *brittle) turn() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if b.calls == b.at {
		b.failed = true
		if b.stop != nil {
			b.stop()
			return false
		}
	}
	return b.calls == b.at
}

func (b *brittle) Create(ctx context.Context, kb string, langs []lang.Tag) error {
	if b.turn() {
		return errDown
	}
	return b.Index.Create(ctx, kb, langs)
}

func (b *brittle) Upsert(ctx context.Context, kb string, docs [][]rag.Passage) error {
	if b.turn() {
		half := docs[:len(docs)/2]
		return errors.Join(errDown, b.Index.Upsert(context.Background(), kb, half))
	}
	return b.Index.Upsert(ctx, kb, docs)
}

func (b *brittle) Forget(ctx context.Context, kb string, key rag.Key, keep string) error {
	if b.turn() {
		return errDown
	}
	return b.Index.Forget(ctx, kb, key, keep)
}

// TestRunInterrupted: a run that breaks off anywhere is made good by the next.
func TestRunInterrupted(t *testing.T) {
	var before, after []rag.Document
	for i := range 90 {
		id, tag := fmt.Sprint("doc-", i), lang.Tag("ky")
		if i >= 85 {
			tag = "ur"
		}
		old := rag.Document{ID: id, Lang: tag, Text: "Суу таза болсун. " + id}
		now := old
		switch {
		case i < 5: // becomes shorter
			old = long(tag, id, 3)
		case i < 10: // longer
			now = long(tag, id, 3)
		case i < 20:
			now.Text = "Суунун баасы өзгөрдү. " + id
		}
		if after = append(after, now); i < 40 { // the rest are new
			before = append(before, old)
		}
	}
	for _, stopped := range []bool{false, true} {
		for at := 1; ; at += 1 + at/2 {
			x := openIndex(t)
			runAll(t, x, Options{KB: "desk"}, before...)
			ctx, cancel := context.WithCancel(t.Context())
			b := &brittle{Index: x, at: at}
			if stopped {
				b.stop = cancel
			}
			_, err := Run(ctx, b, items(after...), Options{KB: "desk"})
			cancel()
			if !b.failed { // the run has fewer calls
				if err != nil || at < 17 {
					t.Errorf("the run made %d calls and ended with %v", b.calls, err)
				}
				break
			}
			want := fault.Unavailable
			if stopped {
				want = fault.Canceled
			}
			if !want.Is(err) {
				t.Errorf("broken off at call %d: %v (%v), want %v", at, err, fault.Of(err), want)
			}
			got, err := x.Stored(t.Context(), "desk")
			for _, d := range before {
				if got[rag.Key{Lang: d.Lang, Doc: d.ID}].Passages == 0 || err != nil {
					t.Errorf("broken off at call %d, document %s is lost, %v", at, d.ID, err)
				}
			}
			report := runAll(t, x, Options{KB: "desk"}, after...)
			if report.Added+report.Changed+report.Unchanged != len(after) {
				t.Errorf("after the break at call %d: %+v", at, report)
			}
			checkHolds(t, x, "desk", after...)
		}
	}
}

// TestRunCreateFails: no room for a language is no fault of the document that
// brought it up.
func TestRunCreateFails(t *testing.T) {
	x := openIndex(t)
	b := &brittle{Index: x, at: 2} // the second Create
	report, err := Run(t.Context(), b, items(long("ky", "a", 1), long("ur", "b", 1)), Options{KB: "desk"})
	if !fault.Unavailable.Is(err) || len(report.Faults) != 0 {
		t.Errorf("%v, faults %v, want the run stopped", err, report.Faults)
	}
}

func TestHash(t *testing.T) {
	d := rag.Document{ID: "a", Title: "b", Text: "c", Lang: "ky", Source: "d", Date: "e", Sector: "f"}
	same := d
	same.ID = "other" // the key says it already
	if Hash(same) != Hash(d) {
		t.Error("the id changes the hash")
	}
	seen := map[string]string{Hash(d): "itself"}
	for name, change := range map[string]func(*rag.Document){
		"title": func(d *rag.Document) { d.Title = "x" }, "text": func(d *rag.Document) { d.Text = "x" }, "lang": func(d *rag.Document) { d.Lang = "kk" },
		"source": func(d *rag.Document) { d.Source = "x" }, "date": func(d *rag.Document) { d.Date = "x" }, "sector": func(d *rag.Document) { d.Sector = "x" },
		"a border": func(d *rag.Document) { d.Title, d.Text = "bc", "" }, "another border": func(d *rag.Document) { d.Title, d.Text = "", "bc" },
	} {
		changed := d
		change(&changed)
		if was, ok := seen[Hash(changed)]; ok {
			t.Errorf("a change of %s has the hash of %s", name, was)
		}
		seen[Hash(changed)] = name
	}
}

// TestLanguages: what the author says counts first, then the operator, the
// words, and the format; what is too short to tell is in the language of the
// others.
func TestLanguages(t *testing.T) {
	kyrgyz, russian := "Баланын төрөлүшүн отуз күндүн ичинде каттатыңыз, каттоо акысыз.", "Рождение ребёнка регистрируют в течение тридцати дней, бесплатно."
	for _, tt := range []struct {
		what         string
		said, hint   lang.Tag
		fallback     lang.Tag
		text         string
		want, others lang.Tag
	}{
		{"the author", "ru", "en", "kk", kyrgyz, "ru", ""},
		{"the operator", "", "en", "kk", kyrgyz, "kk", ""},
		{"the words", "", "en", "", kyrgyz, "ky", ""},
		{"the words", "", "", "", russian, "ru", ""},
		{"the words, in another script", "", "", "", "Bolalar yetti yoshdan maktabga qabul qilinadi, hujjatlar avgust oyida topshiriladi.", "uz", ""},
		{"the words, in another script", "", "", "", "Болалар етти ёшдан мактабга қабул қилинади, ҳужжатлар август ойида топширилади.", "uz-Cyrl", ""},
		{"the format", "", "ky", "", "500", "ky", ""},
		{"nobody", "", "", "", "500", "", ""},
		{"the others", "", "", "", "Паспорт 500 танга турат.", "ky", "ky"},
		{"the others", "", "", "", "500", "ky", "ky"},
		{"the others, in another script", "", "", "", "500", "", "und"},
	} {
		l := Languages{Default: tt.fallback, Detector: lid.Default()}
		item := read.Item{Document: rag.Document{ID: "a", Lang: tt.said, Text: tt.text}, Hint: tt.hint}
		found, err := l.find(item)
		if err != nil && tt.others == "ky" {
			found, err = l.among(item, []lang.Tag{"ky"})
		}
		if found.Lang != tt.want && err == nil || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q is in %s, %v, want %q", tt.what, tt.text, found.Lang, err, tt.want)
		}
	}
}

// TestUnsure: documents that are too short wait for the others.
func TestUnsure(t *testing.T) {
	x := openIndex(t)
	short := rag.Document{ID: "price", Text: "500 танга."}
	report := runAll(t, x, Options{KB: "desk", Languages: Languages{Detector: lid.Default()}}, short, rag.Document{ID: "long",
		Text: "Баланын төрөлүшүн отуз күндүн ичинде каттатыңыз, каттоо акысыз."})
	if report.Added != 2 || len(report.Faults) != 0 {
		t.Errorf("%+v", report)
	}
	if report = runAll(t, openIndex(t), Options{KB: "desk"}, short); len(report.Faults) != 1 || !strings.Contains(report.Err().Error(), "its language is not known") {
		t.Errorf("%+v", report)
	}
}

// TestSyncRemoves: a sync removes what did not come, in this knowledge base and
// no other, and not in a dry run.
func TestSyncRemoves(t *testing.T) {
	x := openIndex(t)
	a, b := long("ky", "a", 2), long("ky", "b", 1)
	runAll(t, x, Options{KB: "desk"}, a, b)
	runAll(t, x, Options{KB: "other"}, b)
	if r := runAll(t, x, Options{KB: "desk"}, a); r.Removed != 0 {
		t.Errorf("without Sync: %+v", r)
	}
	var changes []Change
	note := func(c Change) { changes = append(changes, c) }
	if r := runAll(t, x, Options{KB: "desk", Sync: true, Dry: true, Changes: note}, a); r.Removed != 1 || len(changes) != 1 || changes[0].Key.Doc != "b" {
		t.Errorf("%+v, %+v", r, changes)
	}
	checkHolds(t, x, "desk", a, b)
	if r := runAll(t, x, Options{KB: "desk", Sync: true}, a); r.Removed != 1 || r.Unchanged != 1 {
		t.Errorf("%+v", r)
	}
	checkHolds(t, x, "desk", a)
	checkHolds(t, x, "other", b)
}

func TestUntitle(t *testing.T) {
	var b rag.Builder
	b.Heading(1, "Сугат суусу")
	b.Paragraph("Баасы кырк танга.")
	b.Row("Бак", "25")
	var d rag.Document
	b.Put(&d)
	d.Title = "Сугат суусу"
	untitle(&d)
	if d.Text != "Баасы кырк танга.\n\nБак | 25" || len(d.Marks) != 1 || d.Text[d.Marks[0].At:d.Marks[0].End] != "Бак | 25" {
		t.Errorf("%q, %+v", d.Text, d.Marks)
	}
	for _, keep := range []rag.Document{
		{Title: "Башка", Text: "Суу\n\nТаза.", Marks: []rag.Mark{{Kind: rag.Heading, Level: 1, End: len("Суу")}}},
		{Title: "Суу", Text: "Суу", Marks: []rag.Mark{{Kind: rag.Heading, Level: 1, End: len("Суу")}}},
		{Title: "Суу", Text: "Суу таза."},
	} {
		got := keep
		untitle(&got)
		if got.Text != keep.Text || len(got.Marks) != len(keep.Marks) {
			t.Errorf("%q became %q", keep.Text, got.Text)
		}
	}
}
