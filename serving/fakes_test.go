package serving

import (
	"cmp"
	"context"
	"iter"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/rag"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A world is a service with everything around it made up.
type world struct {
	*Service
	model    Model // that the picker picks; nil means that no server answers
	fallback Model
	find     func(rag.Query) ([]rag.Passage, error)
	detect   map[string]Language // by text; what is not in it is und
	upstream plainModels
	mask     func(string) (string, int)
	judge    func(string) error
	report   Report // of each filter

	mu      sync.Mutex
	queries []rag.Query
	prompts []Prompt
	rules   []Rule
	records []Exchange
}

// passages are what the made-up store finds for everything.
var passages = []rag.Passage{
	{KB: "desk", Doc: "pension", Title: "Пенсия", Text: "Аялдар 58 жаштан пенсияга чыгат.", Lang: "ky", Source: "https://desk.example/pension", Date: "2026-02-10"},
	{KB: "desk", Doc: "bus", Title: "Автобус", Text: "Билет он беш сом турат.", Lang: "ky", Source: "https://desk.example/bus"},
}

const question = "Аялдар канча жаштан пенсияга чыгат?"

var bundled = sync.OnceValues(adapters.Bundled)

func newWorld(t *testing.T, o Options) *world {
	t.Helper()
	set, err := bundled()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{fallback: says("Үзүндү [1]."), detect: map[string]Language{question: {Tag: "ky", Script: "Cyrl", Confidence: 0.99}}}
	w.find = func(rag.Query) ([]rag.Passage, error) { return passages, nil }
	o.Log = slog.New(slog.DiscardHandler)
	w.Service = New(Parts{Adapters: func() *adapters.Set { return set }, Detector: w, Retriever: w, Models: w, Upstream: &w.upstream, Guard: w, Recorder: w}, o)
	return w
}

func (w *world) Detect(text string, set []lang.Tag, _ map[lang.Tag]float64) Language {
	l, ok := w.detect[text]
	if !ok || set != nil && !contains(set, l.Tag) {
		return Language{Tag: lang.Und}
	}
	return l
}

func contains(set []lang.Tag, tag lang.Tag) bool {
	for ; tag != ""; tag = tag.Parent() {
		for _, t := range set {
			if t == tag {
				return true
			}
		}
	}
	return false
}

func (w *world) Retrieve(ctx context.Context, q rag.Query) ([]rag.Passage, error) {
	w.queries = append(w.queries, q)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return w.find(q)
}

func (w *world) Pick(_ context.Context, a *adapters.Adapter, model string) Choice {
	if w.model == nil {
		return w.Fallback()
	}
	return Choice{Name: cmp.Or(model, "tiny"), Model: listening{w, w.model}}
}

// Mask hides nothing, and Filter holds nothing back, unless a test says so.
func (w *world) Mask(text string) (string, int) {
	if w.mask == nil {
		return text, 0
	}
	return w.mask(text)
}

func (w *world) Filter(r Rule) Filter {
	w.rules = append(w.rules, r)
	return &passing{judge: w.judge, report: w.report}
}

// passing shows everything at once, unless judge objects.
type passing struct {
	judge  func(text string) error
	report Report
}

func (p *passing) Add(text string) (string, error) {
	if p.judge != nil {
		if err := p.judge(text); err != nil {
			return "", err
		}
	}
	return text, nil
}
func (p *passing) Release() (string, error) { return "", nil }
func (p *passing) End() (string, error)     { return "", nil }
func (p *passing) Holding() bool            { return false }
func (p *passing) Report() Report           { return p.report }

func (w *world) Fallback() Choice {
	return Choice{Name: "quoting", Model: listening{w, w.fallback}, Degraded: NoModel, Own: true}
}

func (w *world) Record(ctx context.Context, x Exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		x.Err = ctx.Err() // a record outlives its caller
	}
	w.records = append(w.records, x)
}

// listening keeps the prompts.
type listening struct {
	w *world
	Model
}

func (l listening) Chat(ctx context.Context, p Prompt) iter.Seq2[Chunk, error] {
	l.w.prompts = append(l.w.prompts, p)
	return l.Model.Chat(ctx, p)
}

// A scripted model says its words, then ends with an error or well.
type scripted struct {
	words []string
	err   error
	end   Chunk
}

func says(words ...string) scripted {
	return scripted{words: words, end: Chunk{Finish: "stop", Usage: &Usage{PromptTokens: 7, CompletionTokens: 3}}}
}

func fails(err error, words ...string) scripted { return scripted{words: words, err: err} }

func (s scripted) Chat(ctx context.Context, _ Prompt) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		for _, word := range s.words {
			if ctx.Err() != nil {
				yield(Chunk{}, ctx.Err())
				return
			}
			if !yield(Chunk{Text: word}, nil) {
				return
			}
		}
		if s.err != nil {
			yield(Chunk{}, s.err)
		} else if s.end.Finish != "" {
			yield(s.end, nil)
		}
	}
}

// plainModels is an upstream.
type plainModels struct {
	models []ModelInfo
	err    error
	pieces []string
	reply  *Reply // in place of pieces
}

func (p *plainModels) Models(context.Context) ([]ModelInfo, error) { return p.models, p.err }

func (p *plainModels) Running(context.Context) ([]ModelInfo, error) { return p.models, p.err }

func (p *plainModels) Forward(context.Context, Raw) (Reply, error) {
	if p.reply != nil {
		return *p.reply, p.err
	}
	return Reply{Status: 200, Stream: func(yield func([]byte, error) bool) {
		for _, piece := range p.pieces {
			if !yield([]byte(piece), nil) {
				return
			}
		}
		if p.err != nil {
			yield(nil, p.err)
		}
	}}, nil
}

// An answer is what came of a question.
type answer struct {
	plan  Plan
	text  string
	done  *Done
	err   error
	order string // of the events: "plan delta delta done"
}

// ask reads a whole answer.
func (w *world) ask(ctx context.Context, r Request) answer {
	var a answer
	var order []string
	for event, err := range w.Answer(ctx, r) {
		switch e := event.(type) {
		case Plan:
			a.plan, order = e, append(order, "plan")
		case Delta:
			a.text, order = a.text+e.Text, append(order, "delta")
		case Done:
			a.done, order = &e, append(order, "done")
		}
		if err != nil {
			a.err, order = err, append(order, "error")
		}
	}
	a.order = strings.Join(order, " ")
	return a
}

func user(texts ...string) Request {
	r := Request{ID: "chatcmpl-1", Caller: Caller{Name: "desk"}}
	for i, text := range texts {
		if i > 0 {
			r.Messages = append(r.Messages, Message{"assistant", "Ооба."})
		}
		r.Messages = append(r.Messages, Message{"user", text})
	}
	return r
}
