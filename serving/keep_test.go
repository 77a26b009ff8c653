package serving

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// shelf keeps all answers.
type shelf struct {
	mu   sync.Mutex
	kept map[Key]Kept
}

func (s *shelf) Get(k Key) (Kept, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.kept[k]
	return kept, ok
}

func (s *shelf) Put(k Key, kept Kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept == nil {
		s.kept = map[Key]Kept{}
	}
	s.kept[k] = kept
}

func keeping(texts ...string) Request {
	r := user(texts...)
	r.Keep = new(true)
	return r
}

func TestKept(t *testing.T) {
	w := newWorld(t, Options{Answers: &shelf{}})
	w.model = says("Аялдар ", "58 жаштан [1].")
	first, again := w.ask(t.Context(), keeping(question)), w.ask(t.Context(), keeping(question))
	if again.err != nil || again.text != first.text || again.order != first.order || !again.plan.Cached || first.plan.Cached {
		t.Fatalf("%+v then %+v", first, again)
	}
	if !reflect.DeepEqual(again.done.Citations, first.done.Citations) || again.done.Usage != first.done.Usage || again.done.Finish != "stop" || !again.done.Plan.Cached {
		t.Errorf("%+v then %+v", first.done, again.done)
	}
	if len(w.prompts) != 1 {
		t.Errorf("the model was asked %d times", len(w.prompts))
	}
	x := w.records[len(w.records)-1]
	if !x.Plan.Cached || x.Usage != (Usage{}) || x.Chars != 21 || x.Citations != 1 || x.First == 0 || x.Err != nil {
		t.Errorf("record %+v", x)
	}
}

// TestNotKept asks twice what must be asked of the model twice.
func TestNotKept(t *testing.T) {
	length := says("Аялдар 58")
	length.end.Finish = "length"
	for _, tt := range []struct {
		name    string
		model   Model
		request func(*Request)
		prepare func(*world)
		kept    bool
	}{
		{"wished for", says("58."), func(r *Request) { r.Keep = new(true) }, nil, true},
		{"at temperature 0", says("58."), func(r *Request) { r.Params.Temperature = new(0.0) }, nil, true},
		{"ended by max_bytes", says("Аялдар 58 жаштан чыгат. ", "Эркектер 63 жаштан чыгат."), func(r *Request) { r.Keep, r.MaxBytes = new(true), 50 }, nil, true},
		{"no word of it", says("58."), func(*Request) {}, nil, false},
		{"at temperature 0, not wished for", says("58."), func(r *Request) { r.Params.Temperature, r.Keep = new(0.0), new(false) }, nil, false},
		{"warmer", says("58."), func(r *Request) { r.Params.Temperature = new(0.1) }, nil, false},
		{"broken off", length, func(r *Request) { r.Keep = new(true) }, nil, false},
		{"failed", fails(errors.New("gone"), "Аялдар"), func(r *Request) { r.Keep = new(true) }, nil, false},
		{"lost", fails(errors.New("gone")), func(r *Request) { r.Keep = new(true) }, nil, false},
		{"no model", nil, func(r *Request) { r.Keep = new(true) }, nil, false},
		{"nothing found", says("58."), func(r *Request) { r.Keep = new(true) }, func(w *world) {
			w.find = func(rag.Query) ([]rag.Passage, error) { return nil, nil }
		}, false},
		{"the store is down", says("58."), func(r *Request) { r.Keep = new(true) }, func(w *world) {
			w.find = func(rag.Query) ([]rag.Passage, error) { return nil, errors.New("disk") }
		}, false},
		{"tried again", says("58."), func(r *Request) { r.Keep = new(true) }, func(w *world) {
			good := false
			w.judge = func(string) error {
				if good = !good; good {
					return &Miss{What: "language", Got: Language{Tag: "ru"}}
				}
				return nil
			}
		}, false},
		{"a citation of nothing", says("58 [9]."), func(r *Request) { r.Keep = new(true) }, func(w *world) { w.report.Dropped = 1 }, false},
		{"a term missed", says("58."), func(r *Request) { r.Keep = new(true) }, func(w *world) { w.report.MissedTerms = 1 }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answers := &shelf{}
			w := newWorld(t, Options{Answers: answers})
			w.model = tt.model
			if tt.prepare != nil {
				tt.prepare(w)
			}
			r := user(question)
			tt.request(&r)
			w.ask(t.Context(), r)
			if again := w.ask(t.Context(), r); again.plan.Cached != tt.kept || (len(answers.kept) > 0) != tt.kept {
				t.Errorf("kept %v, want %v: %+v", again.plan.Cached, tt.kept, again)
			}
		})
	}
}

// TestLeaverKeepsNothing leaves in the middle of an answer.
func TestLeaverKeepsNothing(t *testing.T) {
	answers := &shelf{}
	w := newWorld(t, Options{Answers: answers})
	w.model = says("58 ", "жаштан.")
	for event := range w.Answer(t.Context(), keeping(question)) {
		if _, ok := event.(Delta); ok {
			break
		}
	}
	if len(answers.kept) > 0 {
		t.Errorf("kept %v", answers.kept)
	}
}

// state is all that an answer can depend on.
type state struct {
	opts     Options
	request  Request
	found    found
	passages []rag.Passage
	choice   Choice
}

func newState() state {
	ky := &adapters.Adapter{Tag: "ky", Digest: "d1", Model: "base"}
	en := &adapters.Adapter{Tag: "en", Digest: "d2"}
	r := user("Биринчи?", question)
	r.Caller.Tenant, r.Knowledge, r.Model = "moh", []string{"health", "civil"}, "qwen3"
	r.Params = Params{Temperature: new(0.5), TopP: new(0.9), MaxTokens: new(100), Seed: new(1), Stop: []string{"a", "b"}}
	r.MaxBytes = 300
	return state{
		opts:    Options{PromptTokens: 6000, Policy: "p1", Cost: func(string, lang.Tag) float64 { return 0.5 }},
		request: r, passages: slices.Clone(passages),
		found:  found{question: question, language: Language{Tag: "ky", Script: "Cyrl"}, why: Own, chain: []*adapters.Adapter{ky, en}},
		choice: Choice{Name: "qwen3", Digest: "m1", Weights: "not_held"},
	}
}

func (s state) key(t *testing.T) Key {
	t.Helper()
	k := New(Parts{}, s.opts).key(s.request, s.found, s.passages, s.choice)
	if k == nil {
		t.Fatal("there is no key")
	}
	return *k
}

// TestKey changes one thing at a time: each is another key. What is not here
// is not in the key.
func TestKey(t *testing.T) {
	other := func(a adapters.Adapter, digest string) *adapters.Adapter { a.Digest = digest; return &a }
	for name, change := range map[string]func(*state){
		"tenant":                   func(s *state) { s.request.Caller.Tenant = "moe" },
		"no tenant":                func(s *state) { s.request.Caller.Tenant = "" },
		"sites":                    func(s *state) { s.request.Caller.Scope = &Scope{Sites: []string{"kg"}} },
		"knowledge of the key":     func(s *state) { s.request.Caller.Scope = &Scope{Knowledge: []string{"kg"}} },
		"page":                     func(s *state) { s.request.Caller.Scope = &Scope{Page: true} },
		"policy":                   func(s *state) { s.opts.Policy = "p2" },
		"size of prompts":          func(s *state) { s.opts.PromptTokens = 3000 },
		"cost of tokens":           func(s *state) { s.opts.Cost = func(string, lang.Tag) float64 { return 0.6 } },
		"knowledge":                func(s *state) { s.request.Knowledge = []string{"health"} },
		"knowledge, joined":        func(s *state) { s.request.Knowledge = []string{"healthcivil"} },
		"all knowledge":            func(s *state) { s.request.Knowledge = nil },
		"language":                 func(s *state) { s.found.language.Tag = "kk" },
		"script":                   func(s *state) { s.found.language.Script = "Latn" },
		"why":                      func(s *state) { s.found.why = Fallback },
		"adapter":                  func(s *state) { s.found.chain = s.found.chain[1:] },
		"file of the adapter":      func(s *state) { s.found.chain = []*adapters.Adapter{other(*s.found.chain[0], "d3"), s.found.chain[1]} },
		"file of the fallback":     func(s *state) { s.found.chain = []*adapters.Adapter{s.found.chain[0], other(*s.found.chain[1], "d3")} },
		"order of the chain":       func(s *state) { s.found.chain = []*adapters.Adapter{s.found.chain[1], s.found.chain[0]} },
		"model":                    func(s *state) { s.choice.Name = "qwen2" },
		"content of the model":     func(s *state) { s.choice.Digest = "m2" },
		"why not its own weights":  func(s *state) { s.choice.Weights = "" },
		"no knowledge":             func(s *state) { s.request.Bare = true },
		"weights on trial":         func(s *state) { s.request.Weights = TryBase },
		"model asked for":          func(s *state) { s.request.Model = "" },
		"question":                 func(s *state) { s.found.question += "?" },
		"earlier question":         func(s *state) { s.request.Messages[0].Content = "Башка?" },
		"earlier answer":           func(s *state) { s.request.Messages[1].Content = "Жок." },
		"who said it":              func(s *state) { s.request.Messages[0].Role = "system" },
		"one turn less":            func(s *state) { s.request.Messages = s.request.Messages[1:] },
		"temperature":              func(s *state) { s.request.Params.Temperature = new(0.0) },
		"no temperature":           func(s *state) { s.request.Params.Temperature = nil },
		"top_p":                    func(s *state) { s.request.Params.TopP = nil },
		"max_tokens":               func(s *state) { s.request.Params.MaxTokens = nil },
		"max_tokens 0":             func(s *state) { s.request.Params.MaxTokens = new(0) },
		"seed":                     func(s *state) { s.request.Params.Seed = new(2) },
		"stop":                     func(s *state) { s.request.Params.Stop = []string{"ab"} },
		"stop, in two other parts": func(s *state) { s.request.Params.Stop = []string{"", "ab"} },
		"max_bytes":                func(s *state) { s.request.MaxBytes = 0 },
		"fewer passages":           func(s *state) { s.passages = s.passages[:1] },
		"order of passages":        func(s *state) { slices.Reverse(s.passages) },
		"knowledge base":           func(s *state) { s.passages[0].KB = "x" },
		"document":                 func(s *state) { s.passages[0].Doc = "x" },
		"place in the document":    func(s *state) { s.passages[0].N = 7 },
		"title":                    func(s *state) { s.passages[0].Title = "x" },
		"text":                     func(s *state) { s.passages[0].Text += "x" },
		"language of the text":     func(s *state) { s.passages[0].Lang = "ru" },
		"source":                   func(s *state) { s.passages[0].Source = "x" },
		"date":                     func(s *state) { s.passages[0].Date = "x" },
		"edition":                  func(s *state) { s.passages[0].Edition = "x" },
		"out of force":             func(s *state) { s.passages[0].SupersededBy = &rag.Successor{} },
		"superseded":               func(s *state) { s.passages[0].SupersededBy = &rag.Successor{Doc: "x"} },
		"sector":                   func(s *state) { s.passages[0].Sector = "x" },
		"state of the document":    func(s *state) { s.passages[0].Hash = "x" },
	} {
		changed := newState()
		if change(&changed); changed.key(t) == newState().key(t) {
			t.Errorf("the key does not know the %s", name)
		}
	}
}

// TestSameKey changes what an answer does not depend on.
func TestSameKey(t *testing.T) {
	for name, change := range map[string]func(*state){
		"who of the tenant":  func(s *state) { s.request.Caller.Name = "other" },
		"id":                 func(s *state) { s.request.ID = "2" },
		"stream":             func(s *state) { s.request.Stream = true },
		"order of knowledge": func(s *state) { s.request.Knowledge = []string{"civil", "health", "civil"} },
		"space":              func(s *state) { s.found.question = " " + strings.ReplaceAll(question, " ", "\n  ") },
		"version":            func(s *state) { s.passages[0].Version = 3 }, // the passages themselves tell what changed
		"scores":             func(s *state) { s.passages[0].Score = 3 },
	} {
		changed := newState()
		if change(&changed); changed.key(t) != newState().key(t) {
			t.Errorf("the key changes with the %s", name)
		}
	}
	a, b := newState(), newState()
	a.request.Messages[0].Content, b.request.Messages[0].Content = "Кайда\u0438\u0306", "Кайда\u0439"
	if a.key(t) != b.key(t) {
		t.Error("the key changes with how letters are composed")
	}
	a = newState()
	a.found.chain[0].Digest = ""
	if New(Parts{}, a.opts).key(a.request, a.found, a.passages, a.choice) != nil {
		t.Error("there is a key without the digest of an adapter")
	}
}

// TestKeyFields stops who adds a field and does not think of the key.
func TestKeyFields(t *testing.T) {
	for _, tt := range []struct {
		of    any
		known string
	}{
		{Caller{}, "Name Tenant Language Scope From"},                                            // the language decides about the question's, which is in the key
		{Scope{}, "Models Languages Knowledge Sites Admin Eval Policy Limits Each Page Origins"}, // models and languages are refused before there is a key
		{Request{}, "ID Caller Messages Language Model Knowledge Weights Bare Params Trace Stream MaxBytes Keep"},
		{Params{}, "Temperature TopP MaxTokens Seed Stop"},
		{Message{}, "Role Content"},
		{Choice{}, "Name Digest Model Degraded Weights Own"},
		{found{}, "question written language chain why searched also asked"},
		{rag.Passage{}, "KB Doc ID N Title Head Text Lang Source Date Sector Origin Hash Edition Replaces ReplacedBy SupersededBy Version Score Cosine Fused Dense parts"},
		{rag.Successor{}, "Doc Lang Title Source Date Edition"},
		{Options{}, "Language PromptTokens Hold Patience Translate Cost Answers Policy Refuse Keep SharedStore Log"},
	} {
		typ, fields := reflect.TypeOf(tt.of), []string{}
		for i := range typ.NumField() {
			fields = append(fields, typ.Field(i).Name)
		}
		if got := strings.Join(fields, " "); got != tt.known {
			t.Errorf("%s has the fields %s, not %s: does the key of an answer need one of them?", typ, got, tt.known)
		}
	}
}

// TestTenantsApart has tenants ask the same of knowledge that is the same, many
// times at once. Each has its answer from a model that was asked for it.
func TestTenantsApart(t *testing.T) {
	w := newWorld(t, Options{Answers: &shelf{}})
	w.model = says("58.")
	for _, tenant := range []string{"moh", "moe", ""} {
		r := keeping(question)
		r.Caller.Tenant = tenant
		if a := w.ask(t.Context(), r); a.plan.Cached || a.err != nil {
			t.Errorf("%q has an answer of another's: %+v", tenant, a)
		}
		if a := w.ask(t.Context(), r); !a.plan.Cached {
			t.Errorf("%q has not its own: %+v", tenant, a)
		}
	}
	keys := map[Key]string{}
	for i := range 1000 { // names that run into what stands beside them
		s := newState()
		s.request.Caller.Tenant = strings.Repeat("a", i%40+1)
		s.opts.Policy = strings.Repeat("a", 40-i%40)
		k := s.key(t)
		if of, ok := keys[k]; ok && of != s.request.Caller.Tenant {
			t.Fatalf("%q and %q share a key", of, s.request.Caller.Tenant)
		}
		keys[k] = s.request.Caller.Tenant
	}
}

// TestKeptTranslations has a question translated once for each tenant and
// model; for who wants nothing kept, each time.
func TestKeptTranslations(t *testing.T) {
	answers := &shelf{}
	w := newWorld(t, Options{Answers: answers, Translate: true})
	w.model = says("58.")
	also, asked := 0, 0
	for _, tt := range []struct {
		tenant, model string
		keep          bool
		again         bool // nothing is asked of a model
	}{
		{"moh", "", true, false}, {"moh", "", true, true}, {"moe", "", true, false}, {"moe", "", true, true},
		{"moe", "other", true, false}, {"moe", "", false, false}, {"moe", "", false, false},
	} {
		r := keeping(question)
		r.Caller.Tenant, r.Model, r.Keep = tt.tenant, tt.model, &tt.keep
		a := w.ask(t.Context(), r)
		if also = len(w.prompts) - asked - 1; tt.again {
			also++
		}
		set := w.parts.Adapters()
		ky, _ := set.For("ky")
		if want := len(ky.Retrieve.Also); a.plan.Cached != tt.again || tt.again && also != 0 || !tt.again && also != want {
			t.Errorf("%+v: %d translations of %d, cached %v", tt, also, want, a.plan.Cached)
		}
		asked = len(w.prompts)
	}
	a, b := newState(), newState()
	service := New(Parts{}, Options{Answers: answers})
	base := service.translationKey(keeping(question), a.choice, a.found.chain[0], "ru", question)
	b.choice.Digest = "m2"
	for name, k := range map[string]*Key{
		"to":       service.translationKey(keeping(question), a.choice, a.found.chain[0], "kk", question),
		"from":     service.translationKey(keeping(question), a.choice, a.found.chain[1], "ru", question),
		"digest":   service.translationKey(keeping(question), b.choice, a.found.chain[0], "ru", question),
		"question": service.translationKey(keeping(question), a.choice, a.found.chain[0], "ru", "Эмне?"),
	} {
		if k == nil || *k == *base {
			t.Errorf("the key of a translation does not know %s", name)
		}
	}
}

func BenchmarkKey(b *testing.B) {
	s := newState()
	p := passages[0]
	p.Text = strings.Repeat("Аялдар 58 жаштан пенсияга чыгат. ", 20)
	s.passages = slices.Repeat([]rag.Passage{p}, 8)
	service := New(Parts{}, s.opts)
	b.ReportAllocs()
	for b.Loop() {
		service.key(s.request, s.found, s.passages, s.choice)
	}
}
