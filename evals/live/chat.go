package live

import (
	"context"
	"encoding/json"
	"maps"

	"tilgate/evals"
	"tilgate/internal/fault"
)

// The shapes of OpenAI's chat, as far as they are read. A chunk of a stream
// has deltas, a whole answer messages.
type (
	chatRequest struct {
		Model       string         `json:"model"`
		Messages    []evals.Turn   `json:"messages"`
		Stream      bool           `json:"stream"`
		Options     streamOptions  `json:"stream_options"`
		Temperature float64        `json:"temperature"`
		Seed        int64          `json:"seed"`
		MaxTokens   int            `json:"max_tokens"`
		Tilgate     map[string]any `json:"tilgate,omitempty"`
	}
	streamOptions struct {
		Usage bool `json:"include_usage"`
	}
	chatObject struct {
		Model   string          `json:"model"`
		Choices []chatChoice    `json:"choices"`
		Usage   *usage          `json:"usage"`
		Tilgate *extension      `json:"tilgate"`
		Error   json.RawMessage `json:"error"`
	}
	chatChoice struct {
		Index   int      `json:"index"`
		Delta   *chatSay `json:"delta"`
		Message *chatSay `json:"message"`
		Finish  string   `json:"finish_reason"`
	}
	chatSay struct {
		Content     string       `json:"content"`
		Refusal     string       `json:"refusal"` // in place of content
		Annotations []annotation `json:"annotations"`
	}
	usage struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	}
)

// chat asks on OpenAI's surface, and on Tilgate's.
func (t target) chat(ctx context.Context, c evals.Case) (evals.Answer, error) {
	req := chatRequest{Model: t.model, Messages: c.Turns, Stream: true, Options: streamOptions{true}, Seed: t.seed(), MaxTokens: maxTokens(c)}
	if t.own {
		req.Tilgate = t.wishes(c)
	}
	talk := &talk{writer: newWriter()}
	err := t.post(ctx, "/v1/chat/completions", req, talk.read)
	if fault.Blocked.Is(err) {
		talk.answer.Blocked, talk.answer.Finish, err = true, "content_filter", nil
		talk.end()
	}
	if err == nil {
		err = talk.close()
	}
	if err != nil {
		return evals.Answer{}, err
	}
	return talk.answer, nil
}

// wishes are what is asked of Tilgate beside the question: the language that
// the answer must be in, the knowledge to answer from, and an answer of its
// own: one that was kept from before would say nothing about time.
func (t target) wishes(c evals.Case) map[string]any {
	wishes := map[string]any{"cache": false}
	if c.Task.Kind != evals.Detection && c.Task.Lang != "" && !t.named(t.model) {
		wishes["language"] = c.Task.Lang
	}
	if len(c.Task.Knowledge) > 0 {
		wishes["knowledge"] = c.Task.Knowledge
	}
	if t.opts.Bare && c.Task.Kind != evals.RAG {
		wishes["bare"] = true
	}
	maps.Copy(wishes, t.opts.Extra)
	return wishes
}

// A talk is an answer that is being read.
type talk struct {
	*writer
	answer    evals.Answer
	extension extension    // of Tilgate, its last word
	notes     []annotation // where it cites
	ended     bool
}

// read takes a stream, or a whole answer of a server that does not stream.
func (k *talk) read(r *reply) error {
	defer k.end()
	first, err := r.opens()
	if err != nil {
		return err
	}
	if first != '{' {
		return k.stream(r)
	}
	var whole chatObject
	if err := r.object(&whole); err != nil {
		return err
	}
	if err := k.add(whole); err != nil {
		return err
	}
	if len(whole.Choices) == 0 {
		return r.nonsense("not the answer to a chat")
	}
	return nil
}

// stream reads events until one says that they are over. Servers that forget
// to are believed if the answer has a reason to finish.
func (k *talk) stream(r *reply) error {
	for data, err := range r.events() {
		if err != nil {
			return err
		}
		if string(data) == done {
			k.ended = true
			break
		}
		var chunk chatObject
		if err := r.decode(data, &chunk); err != nil {
			return err
		}
		if err := k.add(chunk); err != nil {
			return err
		}
	}
	if !k.ended && k.answer.Finish == "" {
		return r.nonsense("a stream without an end")
	}
	return nil
}

func (k *talk) add(o chatObject) error {
	if err := said(o.Error); err != nil {
		return err
	}
	if o.Model != "" {
		k.answer.Model = o.Model
	}
	if o.Usage != nil {
		k.answer.PromptTokens, k.answer.Tokens = o.Usage.Prompt, o.Usage.Completion
	}
	if o.Tilgate != nil {
		k.extension.merge(*o.Tilgate)
	}
	for _, c := range o.Choices {
		if c.Index == 0 {
			k.hear(c)
		}
	}
	return nil
}

func (k *talk) hear(c chatChoice) {
	for _, say := range []*chatSay{c.Delta, c.Message} {
		if say != nil {
			k.writer.add(say.Content)
			k.writer.add(say.Refusal)
			k.notes = append(k.notes, say.Annotations...)
		}
	}
	if c.Finish != "" {
		k.answer.Finish = c.Finish
	}
}

// close completes the answer.
func (k *talk) close() error {
	k.answer.Blocked = k.answer.Blocked || k.answer.Finish == "content_filter"
	if err := k.fill(&k.answer); err != nil {
		return err
	}
	k.extension.fill(&k.answer, k.text.String(), k.notes)
	return nil
}
