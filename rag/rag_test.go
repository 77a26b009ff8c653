package rag

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// TestAnalyzerFor: languages on one line share an analyzer, with no other.
func TestAnalyzerFor(t *testing.T) {
	lineOf := map[string]string{}
	for _, tags := range []string{
		"ky kk uz uz-Cyrl tr en sw vi hi bn ta und",
		"ar fa ur ur-PK ps sd ug ckb he",
		"am ti am-ET",
		"th lo km my bo dz km-KH",
		"zh ja yue zh-TW",
	} {
		for tag := range strings.FieldsSeq(tags) {
			name := AnalyzerFor(lang.Tag(tag)).Name
			if line, ok := lineOf[name]; ok && line != tags {
				t.Errorf("%s is analyzed by %s, as are %s", tag, name, line)
			}
			lineOf[name] = tags
		}
	}
	if len(lineOf) != 5 {
		t.Errorf("%d analyzers, want one a line: %v", len(lineOf), lineOf)
	}
}

// checkVector reports what is wrong with any vector.
func checkVector(t *testing.T, what string, v Vector) {
	t.Helper()
	if len(v.Indices) != len(v.Values) {
		t.Fatalf("%s has %d indices and %d values", what, len(v.Indices), len(v.Values))
	}
	for i, x := range v.Values {
		if i > 0 && v.Indices[i] <= v.Indices[i-1] {
			t.Errorf("the indices of %s are not ascending and unique at %d", what, i)
		}
		if !(x > 0) || math.IsInf(float64(x), 0) {
			t.Errorf("%s has the value %v", what, x)
		}
	}
}

func dot(a, b Vector) float64 {
	sum := 0.0
	for i, index := range a.Indices {
		if j, ok := slices.BinarySearch(b.Indices, index); ok {
			sum += float64(a.Values[i]) * float64(b.Values[j])
		}
	}
	return sum
}

// TestSameWord: the same text typed two ways has one vector.
func TestSameWord(t *testing.T) {
	for _, tt := range []struct {
		tag  lang.Tag
		a, b string
	}{
		{"ky", "Төрөлүштү каттоо акысыз", "торолушту каттоо акысыз"},
		{"uz", "Oʻzbekiston fuqarosi", "O'zbekiston fuqarosi"},
		{"ar", "شَهَادَةُ المِيلَاد", "شهاده الميلاد"},
		{"ur", "شناختی کارڈ ۵۰۰ روپے", "شناختي كارڈ 500 روپي"},
		{"am", "የኃይል ዋጋ", "የሀይል ዋጋ"},
		{"hi", "ज़मीन का काग़ज़", "जमीन का कागज"},
		{"km", "ការ\u200Bចុះឈ្មោះ ១២៦", "ការចុះឈ្មោះ 126"},
		{"tr", "İSTANBUL", "istanbul"},
	} {
		a := AnalyzerFor(tt.tag)
		for name, f := range map[string]func(lang.Tag, string) Vector{"Passage": a.Passage, "Question": a.Question} {
			v, w := f(tt.tag, tt.a), f(tt.tag, tt.b)
			checkVector(t, tt.a, v)
			if len(v.Indices) == 0 || !slices.Equal(v.Indices, w.Indices) || !slices.Equal(v.Values, w.Values) {
				t.Errorf("%s: %q and %q differ", name, tt.a, tt.b)
			}
		}
	}
}

// TestNearer: which of two passages a question is nearer to.
func TestNearer(t *testing.T) {
	for _, tt := range []struct {
		tag                 lang.Tag
		question, near, far string
	}{
		{"ky", "Пенсияга канча жашта чыгат?", "Аялдар 58 жашында пенсияга чыгышат.", "Баланын төрөлүшүн каттатыңыз."},
		{"ky", "окуучуларга китеп", "Окуучулар китептерди акысыз алышат.", "Окуу жылы сентябрда башталат."}, // other endings
		{"km", "ការចុះឈ្មោះកំណើត", "សូមចុះឈ្មោះកំណើតកូនក្នុងរយៈពេលសាមសិបថ្ងៃ។", "ទឹកសម្រាប់ស្រោចស្រពមានតម្លៃថោក។"},
		{"zh", "孩子出生登记", "请在三十天内登记孩子的出生。", "灌溉用水的价格。"},
		{"am", "የልደት ምዝገባ", "ልደትን ማስመዝገብ በነጻ ነው።", "የመስኖ ውሃ ዋጋ።"},
		{"ar", "تسجيل الولادة", "سجل ولادة الطفل خلال ثلاثين يوما، والتسجيل مجاني.", "سعر ماء الري."},
	} {
		a := AnalyzerFor(tt.tag)
		q := a.Question(tt.tag, tt.question)
		near, far := dot(q, a.Passage(tt.tag, tt.near)), dot(q, a.Passage(tt.tag, tt.far))
		if near <= far {
			t.Errorf("%q: %q scores %.2f, %q %.2f", tt.question, tt.near, near, tt.far, far)
		}
	}
}

// TestWeights: BM25 by hand.
func TestWeights(t *testing.T) {
	words := Analyzer{Words: true}
	for _, n := range []float64{1, 3, 10, 400} {
		text := strings.Repeat("суу ", int(n))
		want := n * (k1 + 1) / (n + k1*(1-b+b*n/avgWords))
		if got := words.Passage("ky", text).Values; len(got) != 1 || math.Abs(float64(got[0])-want) > 1e-5 {
			t.Errorf("%v times суу weighs %v, want %v", n, got, want)
		}
		if got := words.Question("ky", text).Values; len(got) != 1 || float64(got[0]) != n {
			t.Errorf("in a question, %v times суу weighs %v", n, got)
		}
	}
	// Terms: the word, and each four characters of it between spaces.
	for _, tt := range []struct {
		a    Analyzer
		tag  lang.Tag
		text string
		want int
	}{
		{alphabetic, "ky", "суу", 3},          // суу, _суу, суу_
		{alphabetic, "ky", "а", 2},            // а, _а_
		{alphabetic, "ky", "катталуу", 1 + 7}, // _кат катт атта ттал талу алуу луу_
		{consonant, "ar", "كتاب", 1 + 4 + 3},  // _كت كتا تاب اب_ and _كتا كتاب تاب_
		{unspaced, "th", "จด", 2 + 1},         // no word; _จด จด_ and the whole
		{han, "zh", "登记", 2 + 1},              // two, and both
		{alphabetic, "ky", "  .,! ", 0},
		{alphabetic, "ky", "", 0},
		{alphabetic, "ky", "\xff\xfe", 0},
	} {
		v := tt.a.Passage(tt.tag, tt.text)
		checkVector(t, tt.text, v)
		if len(v.Indices) != tt.want {
			t.Errorf("%s of %q has %d terms, want %d", tt.a.Name, tt.text, len(v.Indices), tt.want)
		}
	}
}

// TestTitle: a passage is found by its title too.
func TestTitle(t *testing.T) {
	q := alphabetic.Question("ky", "пенсия")
	with := Passage{Lang: "ky", Title: "Пенсия", Text: "Арыз бериңиз."}
	without := Passage{Lang: "ky", Text: "Арыз бериңиз."}
	if dot(q, with.Vector()) == 0 || dot(q, without.Vector()) != 0 {
		t.Error("a title is not searched")
	}
}

func FuzzVector(f *testing.F) {
	f.Add("ky", "Өкмөт", "суу")
	f.Add("am", "", "ሐኪም \xff")
	f.Add("zh", "登", strings.Repeat("登", 200))
	f.Add("th", "\u200d", "น\u0e4d\u0e32")
	f.Fuzz(func(t *testing.T, tag, title, text string) {
		p := Passage{Lang: lang.Tag(tag), Title: title, Text: text}
		v := p.Vector()
		checkVector(t, "a passage", v)
		q := AnalyzerFor(p.Lang).Question(p.Lang, title+"\n"+text)
		checkVector(t, "a question", q)
		if title != "" && !slices.Equal(q.Indices, v.Indices) {
			t.Errorf("the terms of %q differ as passage and as question", title+"\n"+text)
		}
	})
}

// The first paragraphs of three articles, with what a search would score.
var kyHits = []Passage{
	{Doc: "pension", Lang: "ky", Score: 22, Title: "Карылык пенсиясы", Text: "Эркектер 63 жашында, аялдар 58 жашында пенсияга чыга алышат. Кеминде он жыл төлөнгөн стаж керек. Арызды Социалдык фонддун райондук бөлүмүнө бериңиз."},
	{Doc: "birth", Lang: "ky", Score: 4, Title: "Төрөлүштү каттоо", Text: "Баланын төрөлүшүн 30 күндүн ичинде каттатыңыз. Төрөлүштү каттоо акысыз. Күбөлүк ошол эле күнү берилет."},
	{Doc: "water", Lang: "ky", Score: 3, Title: "Сугат суусу", Text: "Сугат суусунун баасы ар бир миң куб метрге 40 танга. Төлөмдү эки бөлүп төлөсө болот."},
}

func TestQuotes(t *testing.T) {
	for _, tt := range []struct {
		question string
		passage  int
		want     string
	}{
		{"Аялдар канча жашында пенсияга чыгат?", 0, "Эркектер 63 жашында, аялдар 58 жашында пенсияга чыга алышат."},
		{"Пенсияга арызды кайсы фондго берем?", 0, "Арызды Социалдык фонддун райондук бөлүмүнө бериңиз."},
	} {
		quotes := Quotes(Query{Text: tt.question, Lang: "ky"}, kyHits, 3)
		if len(quotes) != 3 {
			t.Fatalf("%d quotes, want 3", len(quotes))
		}
		if quotes[0].Text != tt.want || quotes[0].Passage != tt.passage {
			t.Errorf("%q is answered by %q of passage %d, want %q", tt.question, quotes[0].Text, quotes[0].Passage, tt.want)
		}
		for i, q := range quotes {
			if i > 0 && q.Score > quotes[i-1].Score {
				t.Errorf("%q: the quotes are not best first", tt.question)
			}
			sentences := slices.Collect(lang.Sentences("ky", kyHits[q.Passage].Text))
			if q.Sentence >= len(sentences) || sentences[q.Sentence] != q.Text {
				t.Errorf("quote %q is not sentence %d of passage %d", q.Text, q.Sentence, q.Passage)
			}
		}
	}
	q := Query{Text: "пенсия", Lang: "ky"}
	for _, tt := range []struct {
		passages []Passage
		n, want  int
	}{{nil, 2, 0}, {kyHits, 0, 0}, {kyHits, 100, 8}, {[]Passage{{Lang: "ky"}}, 2, 0}, {[]Passage{{Lang: "ky", Text: "…"}}, 2, 1}} {
		if got := Quotes(q, tt.passages, tt.n); len(got) != tt.want {
			t.Errorf("%d quotes of %d passages, want %d", len(got), len(tt.passages), tt.want)
		}
	}
	if got := Quotes(Query{Text: "?!", Lang: "ky"}, kyHits, 2); len(got) != 2 || got[0].Passage != 0 {
		t.Errorf("a question of signs alone is quoted from %+v, want the best passage", got)
	}
}

func TestRelevance(t *testing.T) {
	const n = 60
	at := func(question string, passages ...Passage) float64 {
		t.Helper()
		r := Relevance(Query{Text: question, Lang: "ky"}, Hits{Passages: passages, N: n})
		if !(r >= 0 && r <= 1) {
			t.Errorf("the relevance to %q is %v", question, r)
		}
		return r
	}
	asked := "Аялдар канча жашында пенсияга чыгат?"
	right := at(asked, kyHits...)
	for _, tt := range []struct {
		why  string
		less float64
	}{
		{"the hits are about something else", at(asked, kyHits[1:]...)},
		{"the question has words that no hit has", at("Бразилияда футболчулар канча жашында карьерасын бүтүрөт?", kyHits...)},
		{"the best hit does not stand out", at(asked, kyHits[0], withScore(kyHits[1], 21.9), withScore(kyHits[2], 21.8))},
		{"all scores are a tenth", at(asked, withScore(kyHits[0], 2.2), withScore(kyHits[1], 0.4), withScore(kyHits[2], 0.3))},
	} {
		if tt.less >= right {
			t.Errorf("%.3f although %s, %.3f otherwise", tt.less, tt.why, right)
		}
	}
	for name, got := range map[string]float64{
		"no hits": at(asked), "a score of zero": at(asked, withScore(kyHits[0], 0)), "a negative score": at(asked, withScore(kyHits[0], -1)),
	} {
		if got != 0 {
			t.Errorf("with %s the relevance is %v, want 0", name, got)
		}
	}
	at("", kyHits...) // no terms: a number all the same
	at("?!", Passage{Lang: "ky", Score: 1})
	at(asked, kyHits[0]) // one hit
	if got := Relevance(Query{Text: asked, Lang: "ky"}, Hits{Passages: kyHits}); !(got >= 0 && got <= 1) {
		t.Errorf("with an unknown N the relevance is %v", got)
	}
}

func withScore(p Passage, score float64) Passage {
	p.Score = score
	return p
}

// A shelf is an index of a few passages by knowledge base.
type shelf struct {
	passages map[string][]Passage
	probes   []Probe
	err      error
}

func (s *shelf) KBs(context.Context) ([]string, error) {
	var names []string
	for name := range s.passages {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

func (s *shelf) Search(_ context.Context, p Probe) (Hits, error) {
	s.probes = append(s.probes, p)
	if s.err != nil {
		return Hits{}, s.err
	}
	var h Hits
	for _, passage := range s.passages[p.KB] {
		if passage.Lang != p.Lang {
			continue
		}
		h.N++
		if len(h.Passages) < p.K {
			h.Passages = append(h.Passages, passage)
		}
	}
	return h, nil
}

func TestRetriever(t *testing.T) {
	kk := Passage{Doc: "zeinet", Lang: "kk", Score: 15, Title: "Зейнетақы", Text: "Әйелдер 61 жасында зейнетке шығады, аялдар 58 жашында пенсияга."}
	s := &shelf{passages: map[string][]Passage{
		"social": {kyHits[0], kyHits[2]}, "civil": {kyHits[1]}, "kazakh": {kk}, "empty": nil,
	}}
	asked := Query{Text: "Аялдар канча жашында пенсияга чыгат?", Lang: "ky"}
	r := NewRetriever(s, Options{Threshold: -1})
	for _, tt := range []struct {
		name string
		also []lang.Tag
		kbs  []string
		k    int
		want string
		n    int
	}{
		{"everywhere", nil, nil, 0, "pension birth water", 3},
		{"one knowledge base", nil, []string{"civil"}, 0, "birth", 1},
		{"two", nil, []string{"social", "civil"}, 0, "pension birth water", 3},
		{"none inside", nil, []string{"empty"}, 0, "", 0},
		{"another language", []lang.Tag{"kk"}, nil, 0, "pension zeinet birth water", 4},
		{"its own language again", []lang.Tag{"ky", "kk", "kk"}, nil, 0, "pension zeinet birth water", 4},
		{"fewer than judged", nil, nil, 1, "pension birth water", 3}, // Find shows all that it judged by
	} {
		q := asked
		q.Also, q.KBs, q.K = tt.also, tt.kbs, tt.k
		found, err := r.Find(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		var docs []string
		for _, p := range found.Passages {
			docs = append(docs, p.Doc)
		}
		if got := strings.Join(docs, " "); got != tt.want || found.N != tt.n {
			t.Errorf("%s: found %q of %d, want %q of %d", tt.name, got, found.N, tt.want, tt.n)
		}
	}

	if found, err := r.Retrieve(context.Background(), asked); err != nil || len(found) != 1 || found[0].Doc != "pension" {
		t.Errorf("Retrieve = %v, %v, want the pension alone: the others are noise beside it", found, err)
	}
	found, err := r.Find(context.Background(), asked)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		threshold float64
		want      int
	}{{found.Relevance - 0.01, 1}, {found.Relevance + 0.01, 0}, {1, 0}, {-1, 1}} {
		got, err := NewRetriever(s, Options{Threshold: tt.threshold}).Retrieve(context.Background(), asked)
		if err != nil || len(got) != tt.want {
			t.Errorf("at threshold %.2f, a relevance of %.2f gives %d passages, %v, want %d", tt.threshold, found.Relevance, len(got), err, tt.want)
		}
	}

	q := asked
	q.KBs = []string{"social", "nowhere"}
	_, err = r.Retrieve(context.Background(), q)
	if public, param := fault.Public(err); !fault.NotFound.Is(err) || !strings.Contains(public, `"nowhere"`) || param != "tilgate.knowledge" {
		t.Errorf("an unknown knowledge base: %v (%v, field %q)", err, fault.Of(err), param)
	}
	s.err = fault.Unavailable.Wrap(errors.New("refused"), "the knowledge base cannot be reached")
	if _, err := r.Retrieve(context.Background(), asked); !fault.Unavailable.Is(err) || !strings.Contains(fmt.Sprint(err), "civil") {
		t.Errorf("an index that is down: %v, want it Unavailable and named", err)
	}
}

// TestProbe: each language is searched with its own analyzer.
func TestProbe(t *testing.T) {
	s := &shelf{passages: map[string][]Passage{"kb": nil}}
	q := Query{Text: "ចុះឈ្មោះ birth", Lang: "km-KH", Also: []lang.Tag{"en"}, K: 50}
	if _, err := NewRetriever(s, Options{}).Find(context.Background(), q); err != nil {
		t.Fatal(err)
	}
	if len(s.probes) != 2 || s.probes[0].Lang != "km" || s.probes[1].Lang != "en" || s.probes[0].K != 50 {
		t.Fatalf("probes %+v", s.probes)
	}
	for _, p := range s.probes {
		want := AnalyzerFor(p.Lang).Question(p.Lang, q.Text)
		if !slices.Equal(p.Lexical.Indices, want.Indices) {
			t.Errorf("the probe in %s was not made by %s", p.Lang, AnalyzerFor(p.Lang).Name)
		}
	}
}

func TestBest(t *testing.T) {
	scores := func(list ...float64) (h Hits) {
		for _, s := range list {
			h.Passages = append(h.Passages, Passage{Score: s})
		}
		return h
	}
	for _, tt := range []struct {
		h       Hits
		k, want int
	}{{scores(), 5, 0}, {scores(10, 9, 8), 5, 3}, {scores(10, 9, 8), 2, 2}, {scores(10, 4, 3.9, 3), 5, 2}, {scores(10, 1), 0, 0}} {
		if got := len(tt.h.Best(tt.k)); got != tt.want {
			t.Errorf("Best(%d) of %v gives %d, want %d", tt.k, tt.h.Passages, got, tt.want)
		}
	}
}
