package gateway

import (
	"iter"
	"time"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// The shapes of Ollama's API, as far as we fill them. What only Tilgate knows
// rides in "tilgate", as with OpenAI's.
type (
	ollamaPiece struct {
		Model     string         `json:"model"`
		CreatedAt string         `json:"created_at"`
		Message   *ollamaMessage `json:"message,omitempty"`  // of a chat
		Response  *string        `json:"response,omitempty"` // of a prompt
		Done      bool           `json:"done"`
		Reason    string         `json:"done_reason,omitempty"`
		*ollamaCounts
		Tilgate *ollamaExtension `json:"tilgate,omitempty"`
	}
	ollamaMessage struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	ollamaCounts struct {
		Total      int64 `json:"total_duration"` // nanoseconds
		Prompt     int   `json:"prompt_eval_count"`
		PromptTime int64 `json:"prompt_eval_duration"`
		Eval       int   `json:"eval_count"`
		EvalTime   int64 `json:"eval_duration"`
	}
	ollamaExtension struct {
		extension
		Annotations []annotation `json:"annotations,omitempty"`
	}
)

// An ollamaForm holds what all pieces of one answer have in common.
type ollamaForm struct {
	model string
	chat  bool
	begun time.Time
	first time.Time // of its text
	ask   *asking
	thin
}

// autoOllama answers a question to "auto" in Ollama's words.
func (g *Gateway) autoOllama(rc *fasthttp.RequestCtx, c *call, a asked) error {
	q, err := decodeOllama(a.body, g.opts.MaxQuestion)
	if err == nil && q.sentences {
		err = fault.Invalid.Field("tilgate.flush", "streams of sentences are to be had at /v1/chat/completions")
	}
	if err == nil {
		err = q.speak(a.route.Language)
	}
	if err != nil {
		return err
	}
	f := &ollamaForm{model: q.model, chat: a.path == "/api/chat", begun: time.Now(), thin: q.thin}
	if q.load {
		writeJSON(rc, 200, encode(f.loaded()))
		return nil
	}
	q.ID, q.Caller, q.Request.Model, q.Trace = answerID(rc), a.caller, a.route.Model, traceOf(rc)
	f.ask = g.asking(c.ctx, q.Request, "")
	events := f.timed(f.ask.watch(g.svc.Answer(c.ctx, q.Request)))
	if q.Stream {
		return g.stream(rc, c, f.pieces(events), g.lines(c))
	}
	r, err := collect(events)
	if err != nil {
		return c.explain(err)
	}
	writeJSON(rc, 200, encode(f.last(r.done, r.text, utf8.RuneCountInString(r.text))))
	return nil
}

func (f *ollamaForm) piece(text string) ollamaPiece {
	p := ollamaPiece{Model: f.model, CreatedAt: time.Now().UTC().Format(time.RFC3339Nano)}
	if f.chat {
		p.Message = &ollamaMessage{"assistant", text}
	} else {
		p.Response = &text
	}
	return p
}

// loaded answers who has a model loaded before the first question. Those of
// "auto" are loaded when one comes.
func (f *ollamaForm) loaded() ollamaPiece {
	p := f.piece("")
	p.Done, p.Reason = true, "load"
	return p
}

// timed passes events on and notes when the text begins.
func (f *ollamaForm) timed(events iter.Seq2[serving.Event, error]) iter.Seq2[serving.Event, error] {
	return func(yield func(serving.Event, error) bool) {
		for event, err := range events {
			if _, ok := event.(serving.Delta); ok && f.first.IsZero() {
				f.first = time.Now()
			}
			if !yield(event, err) {
				return
			}
		}
	}
}

// pieces yields the lines of a stream. The first carries the plan, the last
// the citations and how things stood then.
func (f *ollamaForm) pieces(events iter.Seq2[serving.Event, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		chars, done := 0, false
		for event, err := range events {
			if err != nil {
				yield(nil, err)
				return
			}
			var p ollamaPiece
			switch e := event.(type) {
			case serving.Plan:
				p = f.piece("")
				p.Tilgate = &ollamaExtension{extension: extension{plan: planOf(e), Passages: f.passages.before(e)}}
			case serving.Delta:
				chars += utf8.RuneCountInString(e.Text)
				p = f.piece(e.Text)
			case serving.Done:
				done = true
				p = f.last(e, "", chars)
			}
			if !yield(encode(p), nil) {
				return
			}
		}
		if !done {
			yield(nil, errCutShort)
		}
	}
}

// last returns the piece that ends an answer.
func (f *ollamaForm) last(e serving.Done, text string, chars int) ollamaPiece {
	p := f.piece(text)
	now := time.Now()
	if f.first.IsZero() {
		f.first = now
	}
	p.Done, p.Reason = true, e.Finish
	p.ollamaCounts = &ollamaCounts{Total: now.Sub(f.begun).Nanoseconds(), Prompt: e.Usage.PromptTokens, PromptTime: f.first.Sub(f.begun).Nanoseconds(),
		Eval: e.Usage.CompletionTokens, EvalTime: now.Sub(f.first).Nanoseconds()}
	p.Tilgate = &ollamaExtension{extension{planOf(e.Plan), f.passages.after(e), &chars, e.Usage.Estimated, f.ask.offer(nil)}, annotationsOf(e.Citations)}
	return p
}
