package rag_test

import (
	"cmp"
	"context"
	"hash/fnv"
	"io"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/embed"
	"tilgate/rag/engine"
	"tilgate/rag/engine/enginetest"
	"tilgate/rag/ingest"
	"tilgate/rag/qdrant"
	"tilgate/rag/read"
)

// A meaning is an embedder that knows a few words in three languages, and
// hashes the others.
type meaning struct {
	fails error
}

var concepts = map[string]int{
	"пенсия": 0, "пенсию": 0, "pension": 0, "карылык": 0, "бала": 1, "ребёнок": 1, "child": 1,
	"паспорт": 2, "passport": 2, "жер": 3, "земля": 3, "land": 3,
}

func (m meaning) Embed(_ context.Context, texts []string) ([][]float32, error) {
	var out [][]float32
	for _, t := range texts {
		v := make([]float32, 32)
		for _, w := range strings.Fields(strings.ToLower(strings.Trim(t, ".?!"))) {
			if axis, known := concepts[w]; known {
				v[axis] += 3
				continue
			}
			h := fnv.New32a()
			io.WriteString(h, w)
			v[4+h.Sum32()%28] += 0.5
		}
		out = append(out, v)
	}
	return out, m.fails
}

var desk = []rag.Document{
	{ID: "pension", Lang: "ky", Text: "Карылык жөлөкпулу алтымыш эки жаштан берилет."},
	{ID: "child", Lang: "ky", Text: "Бала төрөлгөндө күбөлүк берилет."},
	{ID: "passport", Lang: "ky", Text: "Паспорт он жылга берилет."},
	{ID: "pension", Lang: "ru", Text: "Пенсия назначается по достижении возраста."},
	{ID: "child", Lang: "ru", Text: "Ребёнок получает свидетельство."},
	{ID: "pension", Lang: "en", Text: "A pension is granted at sixty two."},
	{ID: "land", Lang: "en", Text: "Land is registered at the office."},
}

// store ingests documents into an engine of its own.
func store(t *testing.T, model *embed.Model, docs []rag.Document) *qdrant.Index {
	t.Helper()
	_, client := enginetest.Open(t)
	s := qdrant.New(client, qdrant.Options{})
	fill(t, s, model, docs)
	return s.For(rag.DefaultTenant)
}

func fill(t *testing.T, s *qdrant.Store, model *embed.Model, docs []rag.Document) ingest.Report {
	t.Helper()
	o := ingest.Options{KB: "desk", Langs: []lang.Tag{"ky", "ru", "en"}}
	if model != nil {
		o.Embedder = model
		if n, err := model.Dimension(t.Context()); err == nil {
			s.UseModel(qdrant.Model{Name: model.Name(), Dimension: n})
		}
	}
	report, err := ingest.Run(t.Context(), s.For(rag.DefaultTenant), func(yield func(read.Item, error) bool) {
		for _, d := range docs {
			if !yield(read.Item{Document: d, Where: d.ID}, nil) {
				return
			}
		}
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func newModel(e rag.Embedder) *embed.Model { return embed.New(e, embed.Options{Name: "words"}) }

func name(p rag.Passage) string { return string(p.Lang) + "/" + p.Doc }

func names(passages []rag.Passage) string {
	var out []string
	for _, p := range passages {
		out = append(out, name(p))
	}
	return strings.Join(out, " ")
}

// What Find returns is what adding up reciprocal ranks by hand gives.
func TestHybridIsRRF(t *testing.T) {
	model := newModel(meaning{})
	index := store(t, model, desk)
	q := rag.Query{Text: "Пенсия канча жаштан берилет?", Lang: "ky", Also: []lang.Tag{"ru", "en"}}
	found, err := rag.NewRetriever(index, rag.Options{Dense: &rag.Dense{Index: index, Encoder: model}}).Find(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	words, err := rag.NewRetriever(index, rag.Options{}).Find(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	vector, err := model.Question(t.Context(), q.Text)
	if err != nil {
		t.Fatal(err)
	}
	near, err := index.Nearest(t.Context(), rag.DenseProbe{KB: "desk", Langs: []lang.Tag{"ky", "ru", "en"}, Model: "words", Vector: vector, K: 30})
	if err != nil || len(near) != len(desk) {
		t.Fatalf("%d near, %v", len(near), err)
	}
	want := map[string]float64{}
	for rank, p := range words.Passages {
		want[name(p)] += 1 / (60 + float64(rank) + 1)
	}
	for rank, p := range near {
		want[name(p)] += 1 / (60 + float64(rank) + 1)
	}
	if len(found.Passages) != len(want) {
		t.Errorf("found %s", names(found.Passages))
	}
	for _, p := range found.Passages {
		if math.Abs(p.Fused-want[name(p)]) > 1e-12 {
			t.Errorf("%s: fused %v, want %v", name(p), p.Fused, want[name(p)])
		}
	}
	if !slices.IsSortedFunc(found.Passages, func(a, b rag.Passage) int { return cmp.Compare(b.Fused, a.Fused) }) {
		t.Errorf("not in the order of ranks: %s", names(found.Passages))
	}
	if found.Relevance != words.Relevance {
		t.Errorf("relevance %v, want that of words, %v", found.Relevance, words.Relevance)
	}
}

// A question in Kyrgyz finds what means the same in the languages that help,
// and in no other; only the threshold on cosines makes that "found".
func TestMeaningOnly(t *testing.T) {
	model := newModel(meaning{})
	index := store(t, model, desk)
	for _, tt := range []struct {
		name      string
		also      []lang.Tag
		threshold float64
		want      string
	}{
		{"no threshold", []lang.Tag{"ru", "en"}, 0, ""},
		{"no other language", nil, 0.8, "ky/pension"},
		{"Russian helps", []lang.Tag{"ru"}, 0.8, "ru/pension ky/pension"},
		{"English too", []lang.Tag{"ru", "en"}, 0.8, "en/pension ru/pension ky/pension"},
		{"nothing is so near", []lang.Tag{"ru", "en"}, 0.999, ""},
	} {
		// A threshold that no relevance reaches leaves only cosines to decide.
		r := rag.NewRetriever(index, rag.Options{Threshold: 2, Dense: &rag.Dense{Index: index, Encoder: model, Threshold: tt.threshold}})
		got, err := r.Retrieve(t.Context(), rag.Query{Text: "pension", Lang: "ky", Also: tt.also})
		if err != nil {
			t.Fatal(err)
		}
		a, b := strings.Fields(names(got)), strings.Fields(tt.want)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s: found %q, want %q", tt.name, names(got), tt.want)
		}
	}
}

type slowModel struct{ *embed.Model }

func (s slowModel) Question(ctx context.Context, _ string) ([]float32, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Whatever happens to the model, words go on, and what was left out is named.
func TestWordsGoOn(t *testing.T) {
	good, down := newModel(meaning{}), newModel(meaning{fails: fault.Unavailable.Errorf("the model server is not answering")})
	withVectors, without := store(t, good, desk), store(t, nil, desk)
	q := rag.Query{Text: "Паспорт канча жылга берилет?", Lang: "ky"}
	plain, err := rag.NewRetriever(without, rag.Options{}).Find(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		index   *qdrant.Index
		encoder rag.QuestionEncoder
		skipped string
	}{
		{"server down", withVectors, down, "not answering"},
		{"server slow", withVectors, slowModel{good}, "deadline"},
		{"a base without vectors", without, good, ""},
		{"a base of another model", withVectors, embed.New(meaning{}, embed.Options{Name: "another"}), ""},
	} {
		d := &rag.Dense{Index: tt.index, Encoder: tt.encoder, Threshold: 0.5, Timeout: 30 * time.Millisecond}
		if tt.skipped == "not answering" {
			d.Timeout = time.Second
		}
		found, err := rag.NewRetriever(tt.index, rag.Options{Dense: d}).Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if names(found.Passages) != names(plain.Passages) || found.Relevance != plain.Relevance {
			t.Errorf("%s: found %s, want %s", tt.name, names(found.Passages), names(plain.Passages))
		}
		if tt.skipped == "" && len(found.Skipped) > 0 || tt.skipped != "" && (len(found.Skipped) != 1 || !strings.Contains(found.Skipped[0].Error(), tt.skipped)) {
			t.Errorf("%s: left out %v, want %q", tt.name, found.Skipped, tt.skipped)
		}
	}
}

// Ingesting again gives vectors to what was stored without, and another model
// makes another version.
func TestVectorsCatchUp(t *testing.T) {
	e, err := engine.Open(t.TempDir(), engine.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	client, err := e.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); e.Close() })
	s := qdrant.New(client, qdrant.Options{})
	index := s.For(rag.DefaultTenant)
	for _, tt := range []struct {
		name      string
		model     *embed.Model
		stored    int // passages
		wordsOnly int
		want      qdrant.Model
	}{
		{"none", nil, 7, 0, qdrant.Model{}},
		{"first", newModel(meaning{}), 7, 0, qdrant.Model{Name: "words", Dimension: 32}},
		{"the same again", newModel(meaning{}), 0, 0, qdrant.Model{Name: "words", Dimension: 32}},
		{"another", embed.New(meaning{}, embed.Options{Name: "other"}), 7, 0, qdrant.Model{Name: "other", Dimension: 32}},
		{"that is down", embed.New(meaning{fails: fault.Unavailable.Errorf("down")}, embed.Options{Name: "third", Dimension: 16, Pause: 1}), 7, 7, qdrant.Model{Name: "third", Dimension: 16}},
	} {
		report := fill(t, s, tt.model, desk)
		if report.Passages != tt.stored || report.WordsOnly != tt.wordsOnly {
			t.Errorf("%s: %+v, want %d passages stored, %d without vectors", tt.name, report, tt.stored, tt.wordsOnly)
		}
		if got, err := index.Model(t.Context(), "desk"); err != nil || got != tt.want {
			t.Errorf("%s: model %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

type reranker func(texts []string) ([]rag.Reranked, error)

func (r reranker) Rerank(_ context.Context, _ string, texts []string) ([]rag.Reranked, error) {
	return r(texts)
}

func TestRerank(t *testing.T) {
	index := store(t, nil, desk)
	q := rag.Query{Text: "берилет", Lang: "ky"}
	plain, err := rag.NewRetriever(index, rag.Options{}).Find(t.Context(), q)
	if err != nil || len(plain.Passages) != 3 {
		t.Fatalf("%d found, %v", len(plain.Passages), err)
	}
	a, b, c := name(plain.Passages[0]), name(plain.Passages[1]), name(plain.Passages[2])
	for _, tt := range []struct {
		name    string
		answer  []rag.Reranked
		err     error
		want    string
		skipped int
	}{
		{"turned round", []rag.Reranked{{Index: 2}, {Index: 1}, {Index: 0}}, nil, c + " " + b + " " + a, 0},
		{"only one named", []rag.Reranked{{Index: 1}}, nil, b + " " + a + " " + c, 0},
		{"failed", nil, fault.Unavailable.Errorf("down"), a + " " + b + " " + c, 1},
		{"out of range", []rag.Reranked{{Index: 3}}, nil, a + " " + b + " " + c, 1},
		{"twice", []rag.Reranked{{Index: 2}, {Index: 2}}, nil, a + " " + b + " " + c, 1},
	} {
		found, err := rag.NewRetriever(index, rag.Options{Reranker: reranker(func([]string) ([]rag.Reranked, error) { return tt.answer, tt.err })}).Find(t.Context(), q)
		if err != nil || names(found.Passages) != tt.want || len(found.Skipped) != tt.skipped {
			t.Errorf("%s: %s, left out %v, %v, want %s", tt.name, names(found.Passages), found.Skipped, err, tt.want)
		}
	}
}

// fixed is an index of passages that every search finds.
type fixed []rag.Passage

func (f fixed) KBs(context.Context) ([]string, error) { return []string{"desk"}, nil }

func (f fixed) Search(context.Context, rag.Probe) (rag.Hits, error) {
	return rag.Hits{Passages: slices.Clone(f), N: len(f)}, nil
}

func TestAfterwards(t *testing.T) {
	p := func(doc string, n int, score float64, text string) rag.Passage {
		return rag.Passage{KB: "desk", Lang: "ky", Doc: doc, N: n, Score: score, Text: text}
	}
	index := fixed{p("a", 2, 9, "үчүнчү бөлүк пенсия"), p("b", 0, 8, "пенсия жөнүндө"), p("c", 5, 7, "пенсия жөнүндө"),
		p("a", 0, 6, "биринчи бөлүк"), p("a", 1, 5, "экинчи бөлүк")}
	for _, tt := range []struct {
		o    rag.Options
		want string
	}{
		{rag.Options{}, "үчүнчү бөлүк пенсия | пенсия жөнүндө | биринчи бөлүк | экинчи бөлүк"},
		{rag.Options{Join: true}, "биринчи бөлүк\nэкинчи бөлүк\nүчүнчү бөлүк пенсия | пенсия жөнүндө"},
		{rag.Options{Diversity: 0.9}, "үчүнчү бөлүк пенсия | биринчи бөлүк | пенсия жөнүндө | экинчи бөлүк"},
	} {
		tt.o.Threshold = -1
		got, err := rag.NewRetriever(index, tt.o).Retrieve(t.Context(), rag.Query{Text: "пенсия", Lang: "ky"})
		var texts []string
		for _, p := range got {
			texts = append(texts, p.Text)
		}
		if s := strings.Join(texts, " | "); err != nil || s != tt.want {
			t.Errorf("%+v: %q, %v, want %q", tt.o, s, err, tt.want)
		}
	}
}

// Without vectors, a question that somebody translated finds passages by the
// words of their own language.
func TestTranslated(t *testing.T) {
	r := rag.NewRetriever(store(t, nil, desk), rag.Options{})
	q := rag.Query{Text: "Улгайган кишиге акча качан төлөнөт?", Lang: "ky", Also: []lang.Tag{"ru"}}
	if got, err := r.Retrieve(t.Context(), q); err != nil || len(got) > 0 {
		t.Errorf("as it was put, it found %q, %v", names(got), err)
	}
	q.In = map[lang.Tag]string{"ru": "По достижении какого возраста назначается пенсия?"}
	got, err := r.Retrieve(t.Context(), q)
	if err != nil || len(got) == 0 || got[0].Lang != "ru" || got[0].Doc != "pension" {
		t.Errorf("translated, it found %q, %v, want ru/pension first", names(got), err)
	}
}
