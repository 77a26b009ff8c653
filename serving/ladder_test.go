package serving

import (
	"context"
	"io/fs"
	"iter"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// chained is a set of two languages, of which Kyrgyz falls back to Russian.
func chained(t *testing.T, only ...lang.Tag) func() *adapters.Set {
	t.Helper()
	bundled := adapters.BundledFiles()
	files := fstest.MapFS{}
	for _, name := range []string{"ky.toml", "en.toml"} {
		data, err := fs.ReadFile(bundled, name)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if name == "ky.toml" {
			lines := strings.Split(text, "\n")
			for i, line := range lines {
				if strings.HasPrefix(line, "fallback") {
					lines[i] = `fallback = ["en"]`
				}
			}
			text = strings.Join(lines, "\n")
		}
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	set, err := adapters.Load(adapters.Options{Only: only}, files)
	if err != nil {
		t.Fatal(err)
	}
	return func() *adapters.Set { return set }
}

// inTurn is a model that answers each time with the next of its models.
type inTurn struct {
	models []Model
	asked  int
}

func (m *inTurn) Chat(ctx context.Context, p Prompt) iter.Seq2[Chunk, error] {
	m.asked++
	return m.models[min(m.asked, len(m.models))-1].Chat(ctx, p)
}

// noRussian is a judge that knows Russian by one word.
func noRussian(text string) error {
	if strings.Contains(text, "лет") {
		return &Miss{What: "language", Got: Language{Tag: "ru", Script: "Cyrl"}}
	}
	return nil
}

func TestLadder(t *testing.T) {
	russian, kyrgyz, english := says("58 лет."), says("58 жаш [1]."), says("At 58 [1].")
	ky, _ := chained(t)().For("ky")
	for _, tt := range []struct {
		name     string
		models   []Model
		order    string
		text     string
		steps    string
		adapter  lang.Tag
		degraded string
		kind     fault.Kind
	}{
		{"at once", []Model{kyrgyz}, "plan delta done", "58 жаш [1].", "", "ky", "", -1},
		{"at the second try", []Model{russian, kyrgyz}, "plan delta done", "58 жаш [1].", "retry", "ky", "", -1},
		{"in the next language", []Model{russian, russian, english}, "plan delta done", "At 58 [1].", "retry fallback", "en", OtherLanguage, -1},
		{"not at all", []Model{russian}, "plan delta done", ky.Say.Unable, "retry fallback refuse", "ky", Unable, -1},
		{"the second try fails", []Model{russian, fails(fault.Unavailable.Errorf("down"))}, "plan delta done", "Үзүндү [1].", "retry", "ky", ModelLost, -1},
		{"after it began", []Model{says("58 жаш. ", "58 лет.")}, "plan delta error", "58 жаш. ", "stop", "ky", "", fault.Blocked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{})
			model := &inTurn{models: tt.models}
			w.parts.Adapters, w.model, w.judge = chained(t), model, noRussian
			a := w.ask(t.Context(), user(question))
			if a.order != tt.order || a.text != tt.text {
				t.Fatalf("%s: %q (%v), want %s: %q", a.order, a.text, a.err, tt.order, tt.text)
			}
			x := w.records[0]
			var steps []string
			for _, s := range x.Steps {
				steps = append(steps, s.Did)
				if s.Got != "ru" || s.In != "Cyrl" {
					t.Errorf("the record says %s in %s", s.Got, s.In)
				}
			}
			if got := strings.Join(steps, " "); got != tt.steps {
				t.Errorf("recorded %q, want %q", got, tt.steps)
			}
			if tt.kind >= 0 {
				if !tt.kind.Is(a.err) {
					t.Errorf("%v, want %v", a.err, tt.kind)
				}
				return
			}
			if p := a.done.Plan; p.Adapter != tt.adapter || p.Degraded != tt.degraded {
				t.Errorf("answered by %s, degraded %q, want %s, %q", p.Adapter, p.Degraded, tt.adapter, tt.degraded)
			}
		})
	}
}

// The second try is colder and says in the language which one it is to be.
func TestInsist(t *testing.T) {
	w := newWorld(t, Options{})
	w.model, w.judge = &inTurn{models: []Model{says("58 лет."), says("58 жаш.")}}, noRussian
	warm := 0.9
	r := user(question)
	r.Params.Temperature = &warm
	w.ask(t.Context(), r)
	if len(w.prompts) != 2 {
		t.Fatalf("%d prompts", len(w.prompts))
	}
	first, second := w.prompts[0], w.prompts[1]
	insist := first.Adapter.Insist
	if strings.Contains(first.Messages[0].Content, insist) || !strings.HasSuffix(second.Messages[0].Content, insist) ||
		!strings.HasSuffix(second.Messages[len(second.Messages)-1].Content, insist) {
		t.Errorf("the second try says %q", second.Messages)
	}
	if *first.Params.Temperature != 0.9 || *second.Params.Temperature != 0 {
		t.Errorf("temperatures %v, %v", *first.Params.Temperature, *second.Params.Temperature)
	}
}

// A model that is slow is not asked again and again.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{Patience: 10 * time.Second})
		slow := &inTurn{models: []Model{slowly{20 * time.Second, says("58 лет.")}}}
		w.parts.Adapters, w.model, w.judge = chained(t), slow, noRussian
		a := w.ask(t.Context(), user(question))
		if slow.asked != 1 || a.done == nil || a.done.Plan.Degraded != Unable {
			t.Errorf("asked %d times, %+v, %v", slow.asked, a.done, a.err)
		}
	})
}

// slowly is a model that takes its time.
type slowly struct {
	time.Duration
	Model
}

func (s slowly) Chat(ctx context.Context, p Prompt) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		select {
		case <-time.After(s.Duration):
			s.Model.Chat(ctx, p)(yield)
		case <-ctx.Done():
			yield(Chunk{}, ctx.Err())
		}
	}
}

// holding holds everything until it is told to release.
type holding struct{ held string }

func (h *holding) Add(text string) (string, error) { h.held += text; return "", nil }
func (h *holding) Release() (string, error)        { s := h.held; h.held = ""; return s, nil }
func (h *holding) End() (string, error)            { return h.Release() }
func (h *holding) Holding() bool                   { return h.held != "" }
func (h *holding) Report() Report                  { return Report{Dropped: 1} }

// What the guard holds is shown after Options.Hold, though the model says
// nothing more for a long time.
func TestHoldTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{})
		w.parts.Guard = holder{w}
		w.model = &pausing{says("58 жаш", " [1]."), time.Minute}
		a := w.ask(t.Context(), user(question))
		x := w.records[0]
		if a.order != "plan delta delta done" || a.text != "58 жаш [1]." || x.First != 1500*time.Millisecond || x.Guard.Dropped != 1 {
			t.Errorf("%s: %q, first text after %v, %+v", a.order, a.text, x.First, x.Guard)
		}
	})
}

type holder struct{ *world }

func (holder) Filter(Rule) Filter { return &holding{} }

// pausing is a model that waits after each word.
type pausing struct {
	scripted
	wait time.Duration
}

func (p *pausing) Chat(ctx context.Context, prompt Prompt) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		for c, err := range p.scripted.Chat(ctx, prompt) {
			if !yield(c, err) {
				return
			}
			time.Sleep(p.wait)
		}
	}
}

// A language that is not served is answered in the next one of its chain.
func TestFallbackChain(t *testing.T) {
	w := newWorld(t, Options{})
	w.parts.Adapters, w.model = chained(t, "en"), says("At 58 [1].")
	a := w.ask(t.Context(), user(question)) // detected in no set: Kyrgyz is not served
	if a.err != nil || a.plan.Adapter != "en" || a.plan.Why != Fallback || a.plan.Language.Tag != "ky" {
		t.Fatalf("%v, %+v", a.err, a.plan)
	}
	if q := w.queries[0]; q.Lang != "ky" || len(q.Also) == 0 || q.Also[0] != "en" {
		t.Errorf("searched in %s and %v, want ky and en", q.Lang, q.Also)
	}
	if a := w.ask(t.Context(), named("km", question)); !fault.Unsupported.Is(a.err) {
		t.Errorf("a language without a file: %v", a.err)
	}
}

// The key's language and the conversation make a language likelier, and stand
// in where the question says nothing.
func TestPriors(t *testing.T) {
	w := newWorld(t, Options{Language: "en"})
	r := user("58?")
	r.Caller.Language = "km"
	if p := w.ask(t.Context(), r).plan; p.Adapter != "km" || p.Language.By != ByKey || p.Language.Tag != lang.Und {
		t.Errorf("by the key: %+v", p)
	}
	if p := w.ask(t.Context(), user("58?")).plan; p.Adapter != "en" || p.Language.By != ByDefault {
		t.Errorf("by the configuration: %+v", p)
	}
	w.detect["Канча?"] = Language{Tag: "ky", Confidence: 0.9}
	r = user("Канча?", "58?")
	r.Caller.Language = "km"
	if p := w.ask(t.Context(), r).plan; p.Adapter != "ky" || p.Language.By != ByConversation {
		t.Errorf("by the conversation: %+v", p)
	}
	got := priors(Language{Tag: "ky-Latn"}, "km")
	if len(got) != 2 || got["ky"] <= got["km"] || got["km"] <= 1 {
		t.Errorf("priors %v", got)
	}
}

// Personal data never reaches a model or a store.
func TestMask(t *testing.T) {
	w := newWorld(t, Options{})
	w.model = says("Ооба [1].")
	w.mask = func(text string) (string, int) {
		return strings.ReplaceAll(text, "0555123456", "[phone]"), strings.Count(text, "0555123456")
	}
	w.detect["Номерим [phone], пенсия канча?"] = Language{Tag: "ky", Confidence: 1}
	w.ask(t.Context(), user("Менин номерим 0555123456.", "Номерим 0555123456, пенсия канча?"))
	for _, p := range w.prompts {
		for _, m := range p.Messages {
			if strings.Contains(m.Content, "0555") {
				t.Errorf("the model reads %q", m.Content)
			}
		}
	}
	if strings.Contains(w.queries[0].Text, "0555") || w.records[0].Guard.Masked != 2 {
		t.Errorf("searched for %q, recorded %+v", w.queries[0].Text, w.records[0].Guard)
	}
}

// A question typed with the Latin layout on is understood, where nothing else
// makes sense of it.
func TestKeyboard(t *testing.T) {
	w := newWorld(t, Options{Language: "en"})
	w.model = says("58 [1].")
	a := w.ask(t.Context(), user("Fzklfh rfyxf ;finfy gtycbzuf xsufn&"))
	if a.err != nil || a.plan.Adapter != "ky" || a.plan.Language.By != ByKeyboard || w.queries[0].Text != question {
		t.Fatalf("%v, %+v, searched for %+v", a.err, a.plan, w.queries)
	}
	if p := w.prompts[0]; p.Question != question || p.Messages[len(p.Messages)-1].Content != question {
		t.Errorf("the model reads %q", p.Messages)
	}
	if a := w.ask(t.Context(), user("fzk")); a.plan.Language.By != ByDefault {
		t.Errorf("three letters: %+v", a.plan)
	}
}
