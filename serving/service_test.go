package serving

import (
	"context"
	"errors"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

func TestLanguage(t *testing.T) {
	for _, tt := range []struct {
		name     string
		request  Request
		fallback lang.Tag // of the configuration
		detect   map[string]Language
		tag      lang.Tag
		adapter  lang.Tag
		kind     fault.Kind // 0 is an answer
	}{
		{"detected", user("Канча?"), "", map[string]Language{"Канча?": {Tag: "ky", Confidence: 0.8}}, "ky", "ky", 0},
		{"with its script", user("Kancha?"), "", map[string]Language{"Kancha?": {Tag: "ky-Latn", Confidence: 0.8}}, "ky-Latn", "ky", 0},
		{"named", named("km", "Passport?"), "", nil, "km", "km", 0},
		{"named, whatever is detected", named("km", "Канча?"), "", map[string]Language{"Канча?": {Tag: "ky", Confidence: 1}}, "km", "km", 0},
		{"named with region", named("sw-TZ", "?"), "", nil, "sw-TZ", "sw", 0},
		{"named and not served", named("is", "Passport?"), "en", nil, "", "", fault.Unsupported},
		{"clearly another", user("Combien ?"), "en", map[string]Language{"Combien ?": {Tag: "is", Confidence: 0.95}}, "", "", fault.Unsupported},
		{"perhaps another", user("Combien ?"), "en", map[string]Language{"Combien ?": {Tag: "is", Confidence: 0.6}}, "und", "en", 0},
		{"from the conversation", user("Пенсия канча?", "58?"), "", map[string]Language{"Пенсия канча?": {Tag: "ky", Confidence: 0.9}}, "ky", "ky", 0},
		{"the configured one", user("58?"), "km", nil, "und", "km", 0},
		{"none", user("58?"), "", nil, "", "", fault.Unsupported},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{Language: tt.fallback})
			w.detect = tt.detect
			a := w.ask(t.Context(), tt.request)
			if tt.kind != 0 {
				if !tt.kind.Is(a.err) || a.order != "error" {
					t.Fatalf("%s, %v, want %v", a.order, a.err, tt.kind)
				}
				if _, param := fault.Public(a.err); param != "tilgate.language" {
					t.Errorf("the error is about %q", param)
				}
				return
			}
			if a.err != nil || a.plan.Language.Tag != tt.tag || a.plan.Adapter != tt.adapter {
				t.Errorf("%v, language %s, adapter %s, want %s, %s", a.err, a.plan.Language.Tag, a.plan.Adapter, tt.tag, tt.adapter)
			}
		})
	}
}

func named(tag lang.Tag, text string) Request {
	r := user(text)
	r.Language = tag
	return r
}

// What is answered when parts are down, and what the reader sees of it.
func TestDegraded(t *testing.T) {
	down := fault.Unavailable.Errorf("the model server is not answering")
	stored := func(rag.Query) ([]rag.Passage, error) { return passages, nil }
	nothing := func(rag.Query) ([]rag.Passage, error) { return nil, nil }
	broken := func(rag.Query) ([]rag.Passage, error) { return nil, errors.New("disk") }
	const notFound = "Билим базасынан бул тууралуу эч нерсе табылган жок, ошондуктан жооп бере албайм."
	for _, tt := range []struct {
		name     string
		model    Model
		find     func(rag.Query) ([]rag.Passage, error)
		order    string
		text     string
		by       string
		degraded string
		kind     fault.Kind
	}{
		{"all is well", says("58 ", "жаштан [1]."), stored, "plan delta delta done", "58 жаштан [1].", "tiny", "", -1},
		{"no model", nil, stored, "plan delta done", "Үзүндү [1].", "quoting", NoModel, -1},
		{"nothing found", says("Ойдон."), nothing, "plan delta done", notFound, "none", NotFound, -1},
		{"nothing found, no model", nil, nothing, "plan delta done", notFound, "none", NotFound, -1},
		{"no store", says("Баарынан билем."), broken, "plan delta done", "Баарынан билем.", "tiny", NoStore, -1},
		{"no store, no model", nil, broken, "error", "", "", "", fault.Unavailable},
		{"model fails at once", fails(down), stored, "plan delta done", "Үзүндү [1].", "quoting", ModelLost, -1},
		{"model says nothing at all", scripted{}, stored, "plan delta done", "Үзүндү [1].", "quoting", ModelLost, -1},
		{"model ends without a word", says(" ", "\n"), stored, "plan delta done", "Үзүндү [1].", "quoting", ModelLost, -1},
		{"model fails at once, no store", fails(down), broken, "plan error", "", "", "", fault.Unavailable},
		{"model fails after its first word", fails(down, "58 "), stored, "plan delta error", "58 ", "", "", fault.Unavailable},
		{"model breaks off", scripted{words: []string{"58 "}}, stored, "plan delta error", "58 ", "", "", fault.Unavailable},
		{"model refuses the parameters", fails(fault.Invalid.Errorf("seed")), stored, "plan error", "", "", "", fault.Invalid},
		{"no such knowledge base", says("58"), func(rag.Query) ([]rag.Passage, error) {
			return nil, fault.NotFound.Field("tilgate.knowledge", "no such")
		}, "error", "", "", "", fault.NotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			w.model, w.find = tt.model, tt.find
			a := w.ask(t.Context(), user(question))
			if a.order != tt.order || a.text != tt.text {
				t.Fatalf("%s: %q (%v), want %s: %q", a.order, a.text, a.err, tt.order, tt.text)
			}
			if len(w.records) != 1 {
				t.Fatalf("%d records", len(w.records))
			}
			x := w.records[0]
			if tt.kind >= 0 {
				if !tt.kind.Is(a.err) || !errors.Is(x.Err, a.err) {
					t.Errorf("%v, recorded as %v, want %v", a.err, x.Err, tt.kind)
				}
				return
			}
			p := a.done.Plan
			if a.err != nil || x.Err != nil || p.Model != tt.by || p.Degraded != tt.degraded || p.Grounded != (len(p.Passages) > 0) {
				t.Errorf("%v, %+v, want %s, degraded %q", a.err, p, tt.by, tt.degraded)
			}
			if x.Plan.Model != tt.by || x.Chars != len([]rune(tt.text)) || x.Citations != strings.Count(tt.text, "[1]") || x.First <= 0 || x.Total < x.First {
				t.Errorf("recorded: %+v", x)
			}
		})
	}
}

// A model that failed before its first word may have moved the plan; the
// first one is as it was promised.
func TestPlanAtTheEnd(t *testing.T) {
	w := newWorld(t, Options{})
	w.model = fails(errors.New("gone"))
	a := w.ask(t.Context(), user(question))
	if a.plan.Degraded != "" || a.plan.Model != "tiny" || a.done == nil || a.done.Plan.Degraded != ModelLost {
		t.Errorf("first %+v, at the end %+v", a.plan, a.done)
	}
}

func TestUsage(t *testing.T) {
	w := newWorld(t, Options{})
	w.model = says("58")
	if u := w.ask(t.Context(), user(question)).done.Usage; u != (Usage{PromptTokens: 7, CompletionTokens: 3}) {
		t.Errorf("counted: %+v", u)
	}
	w.model = scripted{words: []string{"58"}, end: Chunk{Finish: "length"}}
	if a := w.ask(t.Context(), user(question)); !a.done.Usage.Estimated || a.done.Usage.CompletionTokens < 1 || a.done.Finish != "length" {
		t.Errorf("estimated: %+v", a.done)
	}
}

// "And for a man?" is asked again together with what was asked before.
func TestFollowUp(t *testing.T) {
	w := newWorld(t, Options{Language: "ky"})
	w.find = func(q rag.Query) ([]rag.Passage, error) {
		if strings.Contains(q.Text, "пенсияга") {
			return passages, nil
		}
		return nil, nil
	}
	w.model = says("63 [1].")
	a := w.ask(t.Context(), user(question, "А эркектерчи?"))
	if !a.plan.Grounded || len(w.queries) != 3 || w.queries[2].Text != question+"\nА эркектерчи?" {
		t.Errorf("%+v after %+v", a.plan, w.queries)
	}
	if w.queries = nil; w.ask(t.Context(), user("Эмне?")).plan.Degraded != NotFound || len(w.queries) != 2 {
		t.Errorf("a first question was asked as %+v", w.queries)
	}
	if w.queries[0].Lang != "ky" {
		t.Errorf("asked in %s", w.queries[0].Lang)
	}
}

func TestNoQuestion(t *testing.T) {
	for name, messages := range map[string][]Message{
		"nothing":              nil,
		"an empty one":         {{"user", " \n\t"}},
		"the assistant's":      {{"user", question}, {"assistant", "58."}},
		"instructions, no one": {{"system", "Be brief."}},
	} {
		w := newWorld(t, Options{Language: "ky"})
		a := w.ask(t.Context(), Request{Messages: messages})
		if _, param := fault.Public(a.err); !fault.Invalid.Is(a.err) || param != "messages" || len(w.records) != 1 {
			t.Errorf("%s: %v about %q, %d records", name, a.err, param, len(w.records))
		}
	}
}

// However an exchange ends, it is recorded once.
func TestRecordedOnce(t *testing.T) {
	for after := range 4 { // events, then the reader stops reading
		w := newWorld(t, Options{})
		w.model = says("58 ", "жаштан.")
		seen := 0
		for range w.Answer(t.Context(), user(question)) {
			if seen++; seen > after {
				break
			}
		}
		if len(w.records) != 1 || !fault.Canceled.Is(w.records[0].Err) {
			t.Errorf("left after %d events: %+v", after+1, w.records)
		}
	}
	w := newWorld(t, Options{})
	w.model = says("58")
	ctx, cancel := context.WithCancelCause(t.Context())
	left := errors.New("the connection broke")
	cancel(left)
	if a := w.ask(ctx, user(question)); a.err == nil || len(w.records) != 1 || w.records[0].Err == nil {
		t.Errorf("canceled before: %v, %+v", a.err, w.records)
	}
}

// A canceled answer is not answered by another model.
func TestCanceledIsNotLost(t *testing.T) {
	w := newWorld(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.model = scripted{words: []string{"58"}}
	w.find = func(rag.Query) ([]rag.Passage, error) { return passages, nil }
	var last error
	for event, err := range w.Answer(ctx, user(question)) {
		if _, isPlan := event.(Plan); isPlan {
			cancel()
		}
		last = err
	}
	if !fault.Canceled.Is(last) || len(w.prompts) != 1 {
		t.Errorf("%v, %d models were asked", last, len(w.prompts))
	}
}

func TestForwardRecorded(t *testing.T) {
	lost := fault.Unavailable.Errorf("gone")
	for _, tt := range []struct {
		name   string
		pieces []string
		err    error
		read   int // pieces, then the reader leaves
		kind   fault.Kind
	}{
		{"well", []string{"a", "b"}, nil, 9, -1},
		{"refused", nil, lost, 9, fault.Unavailable},
		{"lost", []string{"a"}, lost, 9, fault.Unavailable},
		{"left", []string{"a", "b"}, nil, 1, fault.Canceled},
	} {
		w := newWorld(t, Options{})
		w.upstream.pieces, w.upstream.err = tt.pieces, tt.err
		n := 0
		reply, err := w.Forward(t.Context(), Caller{Name: "desk"}, Raw{ID: "1", Model: "tiny", Stream: true})
		if err != nil {
			t.Fatal(err)
		}
		for range reply.Stream {
			if n++; n >= tt.read {
				break
			}
		}
		if len(w.records) != 1 {
			t.Fatalf("%s: %d records", tt.name, len(w.records))
		}
		x := w.records[0]
		if (tt.kind < 0 && x.Err != nil) || (tt.kind >= 0 && !tt.kind.Is(x.Err)) {
			t.Errorf("%s: recorded with %v", tt.name, x.Err)
		}
		if x.Auto || x.Model != "tiny" || x.Caller.Name != "desk" || !x.Stream || (x.First > 0) != (len(tt.pieces) > 0) {
			t.Errorf("%s: recorded %+v", tt.name, x)
		}
	}
}

func TestRoute(t *testing.T) {
	w := newWorld(t, Options{})
	w.upstream.models = []ModelInfo{{Name: "tiny:latest"}, {Name: "auto:km"}, {Name: "sw"}}
	for _, tt := range []struct {
		model string
		want  Route
	}{
		{"auto", Route{Auto: true}},
		{"auto:ky", Route{Auto: true, Language: "ky"}},
		{"auto:ky-latn", Route{Auto: true, Language: "ky-Latn"}},
		{"auto:is", Route{Auto: true, Language: "is"}}, // refused later, with what is served
		{"ky", Route{Auto: true, Language: "ky"}},
		{"auto:km", Route{}}, // a plain model has this very name
		{"sw", Route{}},
		{"is", Route{}},
		{"tiny:ky", Route{Auto: true, Language: "ky", Model: "tiny"}},
		{"tiny:latest:ky", Route{Auto: true, Language: "ky", Model: "tiny:latest"}},
		{"gone:ky", Route{}},
		{"tiny:latest", Route{}},
		{"auto:", Route{}},
		{"auto:!!", Route{}},
		{"", Route{}},
		{"AUTO", Route{}},
	} {
		if got := w.Route(t.Context(), tt.model); got != tt.want {
			t.Errorf("Route(%q) = %+v, want %+v", tt.model, got, tt.want)
		}
	}
	list, err := w.Models(t.Context(), Caller{})
	if err != nil || list[0].Name != Auto || list[len(list)-1].Name != "sw" || len(list) != 1+len(w.parts.Adapters().Tags())+3 {
		t.Errorf("Models = %+v, %v", list, err)
	}
	w.upstream.models, w.upstream.err = nil, errors.New("down")
	if list, err := w.Models(t.Context(), Caller{}); err != nil || len(list) != 1+len(w.parts.Adapters().Tags()) {
		t.Errorf("without a server: %+v, %v", list, err)
	}
}

// TestReady: a store of our own that is broken makes us unready; one that all
// share does not, and is not waited for.
func TestReady(t *testing.T) {
	broken := func(rag.Query) ([]rag.Passage, error) { return nil, errors.New("disk") }
	w := newWorld(t, Options{})
	if lack, err := w.Ready(t.Context()); err != nil || lack != (Lack{}) {
		t.Errorf("%+v, %v", lack, err)
	}
	w.find = broken
	if _, err := w.Ready(t.Context()); err == nil {
		t.Error("ready without its own store")
	}
	w = newWorld(t, Options{SharedStore: true})
	if lack, err := w.Ready(t.Context()); err != nil || lack != (Lack{}) {
		t.Errorf("shared: %+v, %v", lack, err)
	}
	w.find = broken
	if lack, err := w.Ready(t.Context()); err != nil || lack != (Lack{NoStore, "internal error"}) {
		t.Errorf("without the shared store: %+v, %v", lack, err)
	}
	w = newWorld(t, Options{SharedStore: true, Refuse: func() error { return errors.New("the disk is full") }})
	if _, err := w.Ready(t.Context()); err == nil {
		t.Error("ready though nothing may be answered")
	}
}
