package gateway

import (
	"encoding/json"
	"iter"
	"unicode/utf8"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/serving"
	"tilgate/serving/web"
)

// The shapes of OpenAI's API, as far as we fill them.
type (
	completion struct {
		ID      string     `json:"id"`
		Object  string     `json:"object"`
		Created int64      `json:"created"`
		Model   string     `json:"model"`
		Choices []choice   `json:"choices"`
		Usage   any        `json:"usage,omitempty"`
		Tilgate *extension `json:"tilgate,omitempty"`
	}
	choice struct {
		Index    int      `json:"index"`
		Message  *message `json:"message,omitempty"`
		Delta    *delta   `json:"delta,omitempty"`
		Logprobs *string  `json:"logprobs"`
		Finish   *string  `json:"finish_reason"`
	}
	message struct {
		Role        string       `json:"role"`
		Content     string       `json:"content"`
		Refusal     *string      `json:"refusal"`
		Annotations []annotation `json:"annotations"`
	}
	delta struct {
		Role        string       `json:"role,omitempty"`
		Content     *string      `json:"content,omitempty"`
		Annotations []annotation `json:"annotations,omitempty"`
	}
	annotation struct {
		Type     string   `json:"type"`
		Citation citation `json:"url_citation"`
	}
	citation struct {
		URL   string `json:"url"`
		Title string `json:"title"`
		Start int    `json:"start_index"` // in code points, as in the rest of Tilgate
		End   int    `json:"end_index"`

		Date       string `json:"date,omitempty"` // of the source, here as in passages
		Edition    string `json:"edition,omitempty"`
		Superseded bool   `json:"superseded,omitempty"`
	}
	usage struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
		Total      int `json:"total_tokens"`
	}
)

// What rides beside them, in the object "tilgate".
type (
	extension struct {
		*plan
		Passages  []passage  `json:"passages,omitzero"` // absent if they are not told here
		Chars     *int       `json:"chars,omitempty"`
		Estimated bool       `json:"usage_estimated,omitempty"`
		Handover  *web.Offer `json:"handover,omitempty"` // absent if nobody can be asked
	}
	plan struct {
		Language language `json:"language"`
		Adapter  lang.Tag `json:"adapter"`
		Why      string   `json:"why"`               // that adapter
		Weights  string   `json:"weights,omitempty"` // why the adapter's own do not answer
		Model    string   `json:"model"`
		Grounded bool     `json:"grounded"`
		Degraded string   `json:"degraded,omitempty"`
		Cached   bool     `json:"cached,omitempty"` // the answer was given before
	}
	language struct {
		Tag        lang.Tag    `json:"tag"`
		Script     lang.Script `json:"script"`
		Confidence float64     `json:"confidence"`
		By         string      `json:"by"`
	}
	passage struct {
		N        int      `json:"n"`
		KB       string   `json:"kb"`
		Document string   `json:"document"`
		Title    string   `json:"title"`
		Head     string   `json:"head"`
		Source   string   `json:"source"`
		Date     string   `json:"date"`
		Sector   string   `json:"sector"`
		Lang     lang.Tag `json:"lang"`
		Text     string   `json:"text"`
		Score    float64  `json:"score"`

		Version      int        `json:"kb_version,omitempty"` // of KB, in which it was found
		Edition      string     `json:"edition,omitempty"`
		Superseded   bool       `json:"superseded,omitempty"`    // the document is out of force
		SupersededBy *successor `json:"superseded_by,omitempty"` // absent if nothing is known to have taken its place
	}
	// A successor is what took a document's place. It has no document if it is not
	// in the knowledge base.
	successor struct {
		Document string   `json:"document,omitempty"`
		Lang     lang.Tag `json:"lang,omitempty"`
		Title    string   `json:"title,omitempty"`
		Source   string   `json:"source,omitempty"`
		Date     string   `json:"date,omitempty"`
		Edition  string   `json:"edition,omitempty"`
	}
)

func planOf(p serving.Plan) *plan {
	return &plan{language(p.Language), p.Adapter, p.Why, p.Weights, p.Model, p.Grounded, p.Degraded, p.Cached}
}

func passageOf(n int, p rag.Passage) passage {
	out := passage{n, p.KB, p.Doc, p.Title, p.Head, p.Source, p.Date, p.Sector, p.Lang, p.Text, p.Score, p.Version, p.Edition, p.SupersededBy != nil, nil}
	if p.SupersededBy != nil && *p.SupersededBy != (rag.Successor{}) {
		by := *p.SupersededBy
		out.SupersededBy = &successor{by.Doc, by.Lang, by.Title, by.Source, by.Date, by.Edition}
	}
	return out
}

func annotationsOf(citations []serving.Citation) []annotation {
	list := make([]annotation, len(citations))
	for i, c := range citations {
		list[i] = annotation{"url_citation", citation{c.Passage.Source, c.Passage.Title, c.Start, c.End,
			c.Passage.Date, c.Passage.Edition, c.Passage.SupersededBy != nil}}
	}
	return list
}

func usageOf(u serving.Usage) usage {
	return usage{u.PromptTokens, u.CompletionTokens, u.PromptTokens + u.CompletionTokens}
}

// A form holds what all objects of one answer have in common.
type form struct {
	id      string
	created int64
	model   string // as the caller wrote it; tilgate.model says who answered
	usage   bool   // the caller wants a last chunk with the usage
	ask     *asking
	thin
}

func (f form) completion(object string) completion {
	return completion{ID: f.id, Object: object, Created: f.created, Model: f.model, Choices: []choice{}}
}

// object returns a chat.completion.
func (f form) object(r reply) []byte {
	c := f.completion("chat.completion")
	chars := utf8.RuneCountInString(r.text)
	c.Choices = append(c.Choices, choice{
		Message: &message{Role: "assistant", Content: r.text, Annotations: annotationsOf(r.done.Citations)},
		Finish:  &r.done.Finish,
	})
	c.Usage = usageOf(r.done.Usage)
	c.Tilgate = &extension{planOf(r.done.Plan), f.passages.after(r.done), &chars, r.done.Usage.Estimated, f.ask.offer(nil)}
	return encode(c)
}

// chunk returns a chat.completion.chunk.
func (f form) chunk(d delta, finish *string, tilgate *extension) []byte {
	c := f.completion("chat.completion.chunk")
	c.Choices = append(c.Choices, choice{Delta: &d, Finish: finish})
	c.Tilgate = tilgate
	if f.usage {
		c.Usage = json.RawMessage("null")
	}
	return encode(c)
}

// chunks returns the chunks of a stream. The first carries the plan; the one
// before the end carries the citations, the end how things stood then.
func (f form) chunks(events iter.Seq2[serving.Event, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		chars, done := 0, false
		for event, err := range events {
			if err != nil {
				if o := f.ask.offer(err); o == nil || yield(f.chunk(delta{}, nil, &extension{Handover: o}), nil) {
					yield(nil, err)
				}
				return
			}
			more := true
			switch e := event.(type) {
			case serving.Plan:
				more = yield(f.chunk(delta{Role: "assistant", Content: new("")}, nil, &extension{plan: planOf(e), Passages: f.passages.before(e)}), nil)
			case serving.Delta:
				chars += utf8.RuneCountInString(e.Text)
				more = yield(f.chunk(delta{Content: &e.Text}, nil, nil), nil)
			case serving.Done:
				done = true
				more = f.end(e, chars, yield)
			}
			if !more {
				return
			}
		}
		if !done {
			yield(nil, errCutShort)
		}
	}
}

// end yields the chunks that follow the text.
func (f form) end(e serving.Done, chars int, yield func([]byte, error) bool) bool {
	if len(e.Citations) > 0 {
		if !yield(f.chunk(delta{Content: new(""), Annotations: annotationsOf(e.Citations)}, nil, nil), nil) {
			return false
		}
	}
	state := &extension{planOf(e.Plan), f.passages.after(e), &chars, e.Usage.Estimated, f.ask.offer(nil)}
	if !yield(f.chunk(delta{}, &e.Finish, state), nil) {
		return false
	}
	return !f.usage || yield(f.used(e.Usage), nil)
}

// used returns the chunk after the last that says what the answer cost.
func (f form) used(u serving.Usage) []byte {
	c := f.completion("chat.completion.chunk")
	c.Usage = usageOf(u)
	if u.Estimated {
		c.Tilgate = &extension{Estimated: true}
	}
	return encode(c)
}
