package gateway

import (
	"math"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// decodeOllama reads a question to "auto" in Ollama's words: a conversation,
// or a prompt.
func decodeOllama(body []byte, maxQuestion int) (question, error) {
	s, err := newScanner(body)
	if err != nil {
		return question{}, err
	}
	d := &decoder{scanner: s, maxQuestion: maxQuestion, question: question{Request: serving.Request{Stream: true}}}
	o := ollamaDecoder{decoder: d}
	d.fieldsNow, d.said = o.fields(), o.said()
	if err = d.object("", d.fieldsNow, d.unknown); err == nil {
		err = d.end()
	}
	if err == nil {
		err = o.finish()
	}
	return d.question, err
}

// An ollamaDecoder reads what is Ollama's own.
type ollamaDecoder struct {
	*decoder
	prompt, system string
	prompted       bool
}

func (o *ollamaDecoder) fields() table {
	d := o.decoder
	t := table{
		"model":    func(path string) (err error) { d.model, err = d.text(path); return err },
		"name":     func(path string) (err error) { d.model, err = d.text(path); return err },
		"messages": d.messages,
		"prompt":   func(path string) (err error) { o.prompted = true; o.prompt, err = d.text(path); return err },
		"system":   func(path string) (err error) { o.system, err = d.text(path); return err },
		"stream":   func(path string) (err error) { d.Stream, err = d.boolean(path); return err },
		"options":  o.options,
		"tilgate":  d.extension,
		"think":    d.neutral("false", ""),
		"logprobs": d.neutral("false", ""),
		"raw":      d.neutral("false", ""),
		"images":   d.neutral("[]", ""),
		"tools":    d.neutral("[]", ""),
		"format":   d.neutral(`""`, ""),
		"suffix":   d.neutral(`""`, ""),
		"template": d.neutral(`""`, ""),
	}
	for _, name := range []string{"keep_alive", "truncate", "shift"} { // how a model is kept, and what is done when a prompt is too long, is ours to decide
		t[name] = func(string) error { return d.skip() }
	}
	for _, name := range []string{"context", "top_logprobs"} {
		t[name] = d.refuse
	}
	return d.nullable(t)
}

// said reads what Ollama's messages have beside OpenAI's.
func (o *ollamaDecoder) said() table {
	d := o.decoder
	return d.nullable(table{
		"images":     d.neutral("[]", ""),
		"tool_calls": d.neutral("[]", ""),
		"tool_name":  d.refuse,
		"thinking":   func(string) error { return d.skip() }, // of an earlier answer, which no model is shown again
	})
}

// options reads those that change what is said. How a model is run is not the
// caller's to say, and is passed over.
func (o *ollamaDecoder) options(path string) error {
	d := o.decoder
	t := table{
		"temperature":       d.float(&d.Params.Temperature, 2),
		"top_p":             d.float(&d.Params.TopP, 1),
		"seed":              d.integer(&d.Params.Seed, math.MinInt),
		"stop":              d.stop,
		"num_predict":       d.predict,
		"presence_penalty":  d.neutral("0", ""),
		"frequency_penalty": d.neutral("0", ""),
	}
	for _, name := range []string{"num_ctx", "num_batch", "num_gpu", "main_gpu", "num_thread", "num_keep", "use_mmap"} {
		t[name] = func(string) error { return d.skip() }
	}
	return d.object(path, d.nullable(t), d.unknown)
}

// predict reads Ollama's limit of tokens, which is below 0 for none.
func (d *decoder) predict(path string) error {
	var n *int
	if err := d.integer(&n, math.MinInt)(path); err != nil {
		return err
	}
	if *n > 0 {
		d.Params.MaxTokens = n
	}
	return nil
}

// finish makes a conversation of a prompt. With an empty one clients have a
// model loaded.
func (o *ollamaDecoder) finish() error {
	d := o.decoder
	if o.prompted && len(d.Messages) > 0 {
		return fault.Invalid.Field("prompt", "prompt and messages do not go together")
	}
	if o.prompt == "" && len(d.Messages) == 0 {
		d.load = true
		return nil
	}
	if o.prompted {
		d.Messages = append(d.Messages, serving.Message{Role: "user", Content: o.prompt})
	}
	if o.system != "" {
		d.Messages = append([]serving.Message{{Role: "system", Content: o.system}}, d.Messages...)
	}
	return d.check()
}
