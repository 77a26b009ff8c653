package gateway

import (
	"iter"
	"unicode/utf8"

	"tilgate/serving"
)

// A stream of sentences says everything once. What costs in a stream of tokens
// is not the text but what stands around it: some 190 bytes for each token,
// and the passages twice. Here a chunk holds whole sentences, fields that a
// client takes as absent are left out, and the last sentence, the citations
// and the end are one chunk.

// A lean chunk is a chat.completion.chunk with no more than clients need.
type lean struct {
	ID      string       `json:"id"`
	Object  string       `json:"object"`
	Created int64        `json:"created"`
	Model   string       `json:"model"`
	Choices []leanChoice `json:"choices"`
	Tilgate *extension   `json:"tilgate,omitempty"`
}

type leanChoice struct {
	Index  int     `json:"index"`
	Delta  delta   `json:"delta"`
	Finish *string `json:"finish_reason"` // some clients look for it in every chunk
}

func (f form) lean(d delta, finish *string, tilgate *extension) []byte {
	return encode(lean{f.id, "chat.completion.chunk", f.created, f.model, []leanChoice{{0, d, finish}}, tilgate})
}

// sentences is chunks for thin networks.
func (f form) sentences(events iter.Seq2[serving.Event, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var text gatherer
		var begun *plan
		chars, done := 0, false
		for event, err := range events {
			if err != nil {
				if o := f.ask.offer(err); o == nil || yield(f.lean(delta{}, nil, &extension{Handover: o}), nil) {
					yield(nil, err)
				}
				return
			}
			more := true
			switch e := event.(type) {
			case serving.Plan:
				text.tag, begun = e.Adapter, planOf(e)
				more = yield(f.lean(delta{Role: "assistant", Content: new("")}, nil, &extension{plan: begun, Passages: f.passages.before(e)}), nil)
			case serving.Delta:
				chars += utf8.RuneCountInString(e.Text)
				if whole := text.add(e.Text); whole != "" {
					more = yield(f.lean(delta{Content: &whole}, nil, nil), nil)
				}
			case serving.Done:
				done = true
				more = yield(f.last(e, text.rest(), chars, begun), nil) && (!f.usage || yield(f.used(e.Usage), nil))
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

// last ends a stream of sentences. It tells of the plan only if that has
// changed since it began.
func (f form) last(e serving.Done, text string, chars int, begun *plan) []byte {
	state := &extension{Chars: &chars, Estimated: e.Usage.Estimated, Handover: f.ask.offer(nil)}
	if f.passages == cited {
		state.Passages = cited.after(e)
	}
	if now := planOf(e.Plan); begun == nil || *now != *begun {
		state.plan = now
	}
	d := delta{Content: &text}
	if len(e.Citations) > 0 {
		d.Annotations = annotationsOf(e.Citations)
	}
	return f.lean(d, &e.Finish, state)
}
