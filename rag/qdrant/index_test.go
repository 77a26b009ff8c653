package qdrant

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/engine"
	"tilgate/rag/engine/enginetest"
)

// open returns an index over an embedded engine of its own.
func open(t testing.TB) (*Index, *engine.Engine) {
	t.Helper()
	e, client := enginetest.Open(t)
	return New(client, Options{}).For(rag.DefaultTenant), e
}

func create(t testing.TB, x *Index, kb string, langs ...lang.Tag) {
	t.Helper()
	if err := x.Create(t.Context(), kb, langs); err != nil {
		t.Fatal(err)
	}
}

// doc is a document whose passages are texts.
func doc(tag lang.Tag, id, hash string, texts ...string) []rag.Passage {
	var out []rag.Passage
	for i, text := range texts {
		out = append(out, rag.Passage{Doc: id, N: i, Title: "Title of " + id, Text: text, Lang: tag, Hash: hash,
			Source: "https://desk.namuna.example/" + id, Date: "2026-02-10", Sector: "civil"})
	}
	return out
}

func upsert(t testing.TB, x *Index, kb string, docs ...[]rag.Passage) {
	t.Helper()
	if err := x.Upsert(t.Context(), kb, docs); err != nil {
		t.Fatal(err)
	}
}

func search(t testing.TB, x *Index, kb string, tag lang.Tag, text string) rag.Hits {
	t.Helper()
	h, err := x.Search(t.Context(), rag.Probe{KB: kb, Lang: tag, Lexical: rag.AnalyzerFor(tag).Question(tag, text), K: 10})
	if err != nil {
		t.Fatal(err)
	}
	for i := range h.Passages {
		h.Passages[i].Version = 0 // which TestSearchedVersion is about
	}
	return h
}

func stored(t testing.TB, x *Index, kb string) map[rag.Key]rag.Stored {
	t.Helper()
	s, err := x.Stored(t.Context(), kb)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	pension = doc("ky", "pension", "p1", "Аялдар 58 жашында пенсияга чыгышат.", "Арызды Социалдык фондго бериңиз.")
	water   = doc("ky", "water", "w1", "Сугат суусунун баасы 40 танга.")
)

func TestSearch(t *testing.T) {
	x, _ := open(t)
	create(t, x, "desk", "ky", "ur", "km")
	upsert(t, x, "desk", pension, water,
		doc("ur", "water", "u1", "آبپاشی کے پانی کی قیمت ۴۰ تنگہ ہے۔"),
		doc("km", "water", "k1", "ទឹកស្រោចស្រពមានតម្លៃ ៤០ តង់ហ្គា។"),
		[]rag.Passage{{Doc: "signs", Lang: "ky", Text: "…", Hash: "s1"}}) // no terms: kept, but not counted
	for _, tt := range []struct {
		tag       lang.Tag
		question  string
		doc, text string
		n         int
	}{
		{"ky", "Канча жашта пенсияга чыгам?", "pension", "Аялдар 58 жашында пенсияга чыгышат.", 3},
		{"ky", "сугат суусу канча турат", "water", "Сугат суусунун баасы 40 танга.", 3},
		{"ur", "پانی کی قیمت", "water", "آبپاشی کے پانی کی قیمت ۴۰ تنگہ ہے۔", 1},
		{"km", "តម្លៃទឹក", "water", "ទឹកស្រោចស្រពមានតម្លៃ ៤០ តង់ហ្គា។", 1},
	} {
		h := search(t, x, "desk", tt.tag, tt.question)
		if len(h.Passages) == 0 || h.N != tt.n {
			t.Errorf("%q found %d passages of %d, want some of %d", tt.question, len(h.Passages), h.N, tt.n)
			continue
		}
		p := h.Passages[0]
		want := rag.Passage{KB: "desk", Doc: tt.doc, N: p.N, Title: "Title of " + tt.doc, Text: tt.text, Lang: tt.tag, Hash: p.Hash,
			Source: "https://desk.namuna.example/" + tt.doc, Date: "2026-02-10", Sector: "civil", Score: p.Score}
		if !reflect.DeepEqual(p, want) || p.Score <= 0 {
			t.Errorf("%q found %+v, want %+v", tt.question, p, want)
		}
		if !slices.IsSortedFunc(h.Passages, func(a, b rag.Passage) int { return int(b.Score*1e6) - int(a.Score*1e6) }) {
			t.Errorf("%q: not best first: %+v", tt.question, h.Passages)
		}
	}
	for what, h := range map[string]rag.Hits{
		"a question of signs":                search(t, x, "desk", "ky", "?!"),
		"a language with no passages":        search(t, x, "desk", "en", "water"),
		"words that stand nowhere":           {Passages: search(t, x, "desk", "km", "កាំភ្លើងធំ").Passages},
		"a language that was never provided": search(t, x, "desk", "sw", "maji"),
	} {
		if len(h.Passages) != 0 || h.N != 0 {
			t.Errorf("%s found %+v", what, h)
		}
	}
	if _, err := x.Search(t.Context(), rag.Probe{KB: "nowhere", Lang: "ky", Lexical: pension[0].Vector(), K: 3}); !fault.NotFound.Is(err) {
		t.Errorf("searching an unknown knowledge base: %v, want NotFound", err)
	}
	sizes, err := x.Sizes(t.Context(), "desk")
	if want := []Size{{"km", 1, 1}, {"ky", 3, 4}, {"ur", 1, 1}}; err != nil || !slices.Equal(sizes, want) {
		t.Errorf("Sizes = %v, %v, want %v", sizes, err, want)
	}
}

// TestSearchScript: a document whose tag names a script is in its language.
func TestSearchScript(t *testing.T) {
	x, _ := open(t)
	create(t, x, "desk", "uz-Cyrl")
	upsert(t, x, "desk", doc("uz-Cyrl", "birth", "b", "Боланинг туғилишини ўттиз кун ичида қайд эттиринг."))
	if h := search(t, x, "desk", "uz", "туғилишни қайд этиш"); len(h.Passages) != 1 || h.N != 1 {
		t.Errorf("a search in uz among passages in uz-Cyrl found %d of %d", len(h.Passages), h.N)
	}
	if h := search(t, x, "desk", "uz-Cyrl", "туғилишни қайд этиш"); len(h.Passages) != 1 || h.N != 1 {
		t.Errorf("a search in uz-Cyrl found %d of %d", len(h.Passages), h.N)
	}
}

func TestCreateNames(t *testing.T) {
	x, _ := open(t)
	for _, name := range []string{"", "Health", "здоровье", "a b", "a/b", "../a", "-a", "a@1", strings.Repeat("a", 64)} {
		err := x.Create(t.Context(), name, []lang.Tag{"ky"})
		if public, _ := fault.Public(err); !fault.Invalid.Is(err) || !strings.Contains(public, "small letters") {
			t.Errorf("Create(%q): %v", name, err)
		}
	}
	for _, name := range []string{"health", "7", "a-b_c", strings.Repeat("a", 63)} {
		create(t, x, name, "ky")
	}
	got, err := x.KBs(t.Context())
	if want := []string{"7", "a-b_c", strings.Repeat("a", 63), "health"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("KBs = %q, %v, want %q", got, err, want)
	}
}

// TestGrow: a new language moves the knowledge base to its next version, with
// all that it held.
func TestGrow(t *testing.T) {
	x, _ := open(t)
	create(t, x, "desk", "ky")
	var docs [][]rag.Passage
	for i := range 300 { // more than a page
		docs = append(docs, doc("ky", fmt.Sprintf("article-%03d", i), "h", fmt.Sprintf("Макала номери %d. Суу, жер, мал.", i), "Экинчи бөлүк."))
	}
	upsert(t, x, "desk", docs...)
	before, hits := stored(t, x, "desk"), search(t, x, "desk", "ky", "макала 123")
	for _, tt := range []struct {
		langs      []lang.Tag
		collection string
	}{
		{[]lang.Tag{"ky"}, "desk@1"},
		{nil, "desk@1"},
		{[]lang.Tag{"ky", "ur"}, "desk@2"},
		{[]lang.Tag{"ur"}, "desk@2"}, // it forgets none
		{[]lang.Tag{"ur-PK", "ky-KG"}, "desk@2"},
		{[]lang.Tag{"uz-Cyrl", "uz"}, "desk@3"},
		{[]lang.Tag{"uz-Latn"}, "desk@3"},
	} {
		create(t, x, "desk", tt.langs...)
		if got, err := x.collection(t.Context(), "desk"); err != nil || got != tt.collection {
			t.Fatalf("after Create with %v the alias is on %q, %v, want %q", tt.langs, got, err, tt.collection)
		}
		after := stored(t, x, "desk")
		if len(after) != len(before) {
			t.Fatalf("%d documents became %d", len(before), len(after))
		}
		for key, s := range before {
			if after[key] != s || !s.Whole {
				t.Fatalf("%v was %+v and is %+v", key, s, after[key])
			}
		}
		if again := search(t, x, "desk", "ky", "макала 123"); !reflect.DeepEqual(again.Passages[:2], hits.Passages[:2]) || again.N != hits.N {
			t.Errorf("after Create with %v a search finds\n%+v, before\n%+v", tt.langs, again.Passages[:2], hits.Passages[:2])
		}
	}
	collections, err := x.client.ListCollections(t.Context())
	if err != nil || !slices.Equal(collections, []string{"desk@2", "desk@3"}) {
		t.Errorf("collections %q, %v: want the last two versions", collections, err)
	}
	upsert(t, x, "desk", doc("ur", "pani", "h", "پانی کی قیمت"))
	if h := search(t, x, "desk", "ur", "پانی"); h.N != 1 || len(h.Passages) != 1 {
		t.Errorf("the new language holds %d passages", h.N)
	}
}

// TestGrowCutOff: what a run left behind that was cut off while copying or
// before it named its collection does no harm.
func TestGrowCutOff(t *testing.T) {
	x, _ := open(t)
	if err := x.createCollection(t.Context(), "desk@1", []lang.Tag{"ky"}, Model{}); err != nil { // no alias yet
		t.Fatal(err)
	}
	create(t, x, "desk", "ky")
	upsert(t, x, "desk", pension, water)
	if err := x.createCollection(t.Context(), "desk@2", []lang.Tag{"ky"}, Model{}); err != nil {
		t.Fatal(err)
	}
	if err := x.put(t.Context(), "desk@2", []*qdrant.PointStruct{x.point("desk", doc("ky", "half", "h", "жарым")[0], 1)}); err != nil {
		t.Fatal(err)
	}
	create(t, x, "desk", "en")
	got := stored(t, x, "desk")
	if len(got) != 2 || got[rag.Key{Lang: "ky", Doc: "pension"}].Passages != 2 || got[rag.Key{Lang: "ky", Doc: "water"}].Passages != 1 {
		t.Errorf("stored %v, want the pension and the water", got)
	}
}

// TestGrowWhileWriting: documents that are stored while a language is added
// are not lost.
func TestGrowWhileWriting(t *testing.T) {
	x, _ := open(t)
	create(t, x, "desk", "ky")
	const writers, each = 4, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if err := x.Upsert(t.Context(), "desk", [][]rag.Passage{doc("ky", fmt.Sprintf("%d-%d", w, i), "h", "Суу таза.")}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for _, tag := range []lang.Tag{"ur", "am", "km", "bn", "sw", "en", "uz", "kk"} {
			if err := x.Create(t.Context(), "desk", []lang.Tag{tag}); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	if got := len(stored(t, x, "desk")); got != writers*each {
		t.Errorf("%d documents of %d are stored", got, writers*each)
	}
}

func TestStored(t *testing.T) {
	x, _ := open(t)
	create(t, x, "desk", "ky")
	key := rag.Key{Lang: "ky", Doc: "pension"}
	check := func(what string, want rag.Stored) {
		t.Helper()
		if got := stored(t, x, "desk")[key]; got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	check("nothing stored", rag.Stored{})
	upsert(t, x, "desk", pension, water)
	check("whole", rag.Stored{Hash: "p1", Passages: 2, Whole: true})
	upsert(t, x, "desk", pension)
	check("stored twice", rag.Stored{Hash: "p1", Passages: 2, Whole: true})

	shorter := doc("ky", "pension", "p2", "Пенсия курагы өзгөрдү.")
	upsert(t, x, "desk", shorter)
	check("a shorter state beside the old", rag.Stored{Passages: 2})
	if err := x.Forget(t.Context(), "desk", key, "p2"); err != nil {
		t.Fatal(err)
	}
	check("the old state forgotten", rag.Stored{Hash: "p2", Passages: 1, Whole: true})
	if h := search(t, x, "desk", "ky", "Арызды Социалдык фондго"); slices.ContainsFunc(h.Passages, func(p rag.Passage) bool { return p.Text == pension[1].Text }) {
		t.Errorf("a passage of the old state is still found: %+v", h)
	}

	// Cut off after the first passage of three.
	three := doc("ky", "pension", "p3", "бир", "эки", "үч")
	if err := x.Forget(t.Context(), "desk", key, ""); err != nil {
		t.Fatal(err)
	}
	check("all forgotten", rag.Stored{})
	if err := x.put(t.Context(), "desk", []*qdrant.PointStruct{x.point("desk", three[0], 3)}); err != nil {
		t.Fatal(err)
	}
	check("one passage of three", rag.Stored{Hash: "p3", Passages: 1})
	upsert(t, x, "desk", three)
	check("stored again", rag.Stored{Hash: "p3", Passages: 3, Whole: true})

	other := stored(t, x, "desk")[rag.Key{Lang: "ky", Doc: "water"}]
	if other != (rag.Stored{Hash: "w1", Passages: 1, Whole: true}) {
		t.Errorf("the other document is %+v", other)
	}
	if _, err := x.Stored(t.Context(), "nowhere"); !fault.NotFound.Is(err) {
		t.Errorf("Stored of an unknown knowledge base: %v, want NotFound", err)
	}
}

// TestPointID: ids must never change, or ingesting again would double what
// is stored.
func TestPointID(t *testing.T) {
	p := rag.Passage{Doc: "birth-registration", Lang: "ky", N: 2}
	if got, want := pointID("desk", p).GetUuid(), "74e9527f-1125-56d5-9d80-2e3d37906d8d"; got != want {
		t.Errorf("pointID = %s, want %s", got, want)
	}
	ids := map[string]bool{}
	for _, kb := range []string{"a", "ab"} {
		for _, p := range []rag.Passage{{Doc: "bc", Lang: "ky"}, {Doc: "c", Lang: "ky"}, {Doc: "bc", Lang: "kk"}, {Doc: "bc", Lang: "ky", N: 1}, {Doc: "bc", Lang: "ky", N: 11}} {
			ids[pointID(kb, p).GetUuid()] = true
		}
	}
	if len(ids) != 10 {
		t.Errorf("ten passages have %d ids", len(ids))
	}
}

// TestCounts: what is remembered of sizes and names goes with each write
// through this index, and after five seconds for those of others.
func TestCounts(t *testing.T) {
	x, e := open(t)
	create(t, x, "desk", "ky")
	upsert(t, x, "desk", pension)
	if h := search(t, x, "desk", "ky", "пенсия"); h.N != 2 {
		t.Fatalf("N = %d, want 2", h.N)
	}
	upsert(t, x, "desk", water)
	if h := search(t, x, "desk", "ky", "пенсия"); h.N != 3 {
		t.Errorf("after Upsert N = %d, want 3", h.N)
	}
	if err := x.Forget(t.Context(), "desk", rag.Key{Lang: "ky", Doc: "water"}, ""); err != nil {
		t.Fatal(err)
	}
	if h := search(t, x, "desk", "ky", "пенсия"); h.N != 2 {
		t.Errorf("after Forget N = %d, want 2", h.N)
	}

	client, err := e.Client()
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	other := New(client, Options{}).For(rag.DefaultTenant)
	if _, err := x.KBs(t.Context()); err != nil {
		t.Fatal(err)
	}
	create(t, other, "more", "ky")
	upsert(t, other, "desk", water)
	age := func(by time.Duration) {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.listed = x.listed.Add(-by)
		for key, c := range x.counts {
			x.counts[key] = count{c.n, c.at.Add(-by)}
		}
	}
	for _, tt := range []struct {
		age time.Duration
		n   int
		kbs []string
	}{{0, 2, []string{"desk"}}, {remember, 3, []string{"desk", "more"}}} {
		age(tt.age)
		h := search(t, x, "desk", "ky", "пенсия")
		kbs, err := x.KBs(t.Context())
		if h.N != tt.n || err != nil || !slices.Equal(kbs, tt.kbs) {
			t.Errorf("%v later: %d passages, knowledge bases %q, %v, want %d and %q", tt.age, h.N, kbs, err, tt.n, tt.kbs)
		}
	}
	kbs, _ := x.KBs(t.Context())
	kbs[0] = "spoiled"
	if again, _ := x.KBs(t.Context()); again[0] != "desk" {
		t.Error("a caller can change the list that KBs remembers")
	}
}

// calls are all that an index can be asked.
func calls(ctx context.Context, x *Index) map[string]error {
	errs := map[string]error{}
	errs["Create"] = x.Create(ctx, "desk", []lang.Tag{"ky"})
	errs["Upsert"] = x.Upsert(ctx, "desk", [][]rag.Passage{pension})
	_, errs["Stored"] = x.Stored(ctx, "desk")
	_, errs["Sizes"] = x.Sizes(ctx, "desk")
	_, errs["Search"] = x.Search(ctx, rag.Probe{KB: "desk", Lang: "ky", Lexical: pension[0].Vector(), K: 3})
	_, errs["KBs"] = x.KBs(ctx)
	errs["Forget"] = x.Forget(ctx, "desk", rag.Key{Lang: "ky", Doc: "pension"}, "")
	return errs
}

func TestClosed(t *testing.T) {
	x, e := open(t)
	create(t, x, "desk", "ky")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for name, err := range calls(t.Context(), x) {
		public, _ := fault.Public(err)
		if !fault.Unavailable.Is(err) || public != "the knowledge base cannot be reached" {
			t.Errorf("%s on a closed engine: %v (%v)", name, err, fault.Of(err))
		}
	}
}

func TestCanceled(t *testing.T) {
	x, _ := open(t)
	create(t, x, "desk", "ky")
	upsert(t, x, "desk", pension)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range calls(ctx, x) {
		if !fault.Canceled.Is(err) {
			t.Errorf("%s after the caller left: %v (%v)", name, err, fault.Of(err))
		}
	}
	ctx, cancel = context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for name, err := range calls(ctx, x) {
		if !fault.Timeout.Is(err) {
			t.Errorf("%s after the deadline: %v (%v)", name, err, fault.Of(err))
		}
	}
	if got := stored(t, x, "desk"); len(got) != 1 {
		t.Errorf("a call that was canceled changed what is stored: %v", got)
	}
}

// TestDial: the error says what to change.
func TestDial(t *testing.T) {
	rest := httptest.NewServer(http.NotFoundHandler())
	defer rest.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	closed.Close()
	for _, tt := range []struct {
		address string
		tls     bool
		want    []string
	}{
		{"localhost", false, []string{`"localhost"`, "host:port", "6334"}},
		{"", false, []string{"host:port"}},
		{"localhost:grpc", false, []string{"host:port"}},
		{"http://localhost:6334", false, []string{"host:port"}},
		{rest.Listener.Addr().String(), false, []string{rest.Listener.Addr().String(), "does not answer over gRPC", "6334 gRPC"}},
		{nobody, false, []string{nobody, "does not answer over gRPC"}},
		{rest.Listener.Addr().String(), true, []string{"does not answer over gRPC"}},
	} {
		_, err := Dial(t.Context(), Server{Address: tt.address, TLS: tt.tls})
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("Dial(%q): %v, want it to say %q", tt.address, err, want)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Dial(ctx, Server{Address: nobody}); err == nil {
		t.Error("Dial worked after the caller left")
	}
}
