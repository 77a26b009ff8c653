package gateway

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
)

// maybe reads true, false, or null for false.
func (s *scanner) maybe(path string) (bool, error) {
	if s.null() {
		return false, nil
	}
	return s.boolean(path)
}

// A question is a chat completion to "auto".
type question struct {
	serving.Request
	model string // as the caller wrote it
	usage bool   // wanted as the last chunk of the stream
	load  bool   // nothing is asked: the model is to be loaded
	thin
}

// speak applies the language that the model's name asks for.
func (q *question) speak(named lang.Tag) error {
	if named != "" && q.Language != "" && named != q.Language {
		return fault.Invalid.Field("tilgate.language", "tilgate.language is %q but the model %s asks for %q", q.Language, quote(q.model), named)
	}
	if named != "" {
		q.Language = named
	}
	return nil
}

// A decoder reads a question. Nothing that it does not understand is dropped:
// whoever sends a field wants it to matter.
type decoder struct {
	*scanner
	question
	maxQuestion int
	fieldsNow   table // at the top of the body
	said        table // of messages, where the surface has fields of its own
	limit       *int  // max_tokens, under either name
	options     bool  // stream_options was there
	flush       bool  // tilgate.flush was there
}

// decode reads a question to "auto". A question is at most maxQuestion
// characters long.
func decode(body []byte, maxQuestion int) (question, error) {
	s, err := newScanner(body)
	if err != nil {
		return question{}, err
	}
	d := &decoder{scanner: s, maxQuestion: maxQuestion}
	d.fieldsNow = d.fields()
	if err = d.object("", d.fieldsNow, d.unknown); err == nil {
		err = d.end()
	}
	if err == nil {
		err = d.check()
	}
	return d.question, err
}

// fields says how each field of a chat completion is read. null stands for a
// field that is not there.
func (d *decoder) fields() table {
	t := table{
		"model":                 func(path string) (err error) { d.model, err = d.text(path); return err },
		"messages":              d.messages,
		"stream":                func(path string) (err error) { d.Stream, err = d.boolean(path); return err },
		"stream_options":        d.streamOptions,
		"temperature":           d.float(&d.Params.Temperature, 2),
		"top_p":                 d.float(&d.Params.TopP, 1),
		"seed":                  d.integer(&d.Params.Seed, math.MinInt),
		"stop":                  d.stop,
		"max_tokens":            d.maxTokens,
		"max_completion_tokens": d.maxTokens,
		"tilgate":               d.extension,
		"n":                     d.neutral("1", `"auto" gives one answer`),
		"logprobs":              d.neutral("false", ""),
		"top_logprobs":          d.neutral("0", ""),
		"presence_penalty":      d.neutral("0", ""),
		"frequency_penalty":     d.neutral("0", ""),
		"tool_choice":           d.neutral(`"none"`, ""),
		"logit_bias":            d.neutral("{}", ""),
		"modalities":            d.neutral(`["text"]`, ""),
		"response_format":       d.responseFormat,
	}
	for _, name := range harmless {
		t[name] = func(string) error { return d.skip() }
	}
	for _, name := range refused {
		t[name] = d.refuse
	}
	return d.nullable(t)
}

// nullable makes null stand for a field that is not there.
func (d *decoder) nullable(t table) table {
	for name, read := range t {
		t[name] = func(path string) error {
			if d.null() {
				return nil
			}
			return read(path)
		}
	}
	return t
}

// These do not change what is answered.
var harmless = []string{"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"}

// These would, and we do not do it.
var refused = []string{"tools", "parallel_tool_calls", "functions", "function_call", "audio", "prediction",
	"reasoning_effort", "verbosity", "web_search_options"}

const notWithAuto = `%s is not available with "auto"; leave it out, or name a plain model`

func (d *decoder) refuse(path string) error { return fault.Invalid.Field(path, notWithAuto, path) }

func (d *decoder) unknown(key, path string) error {
	if name := d.fieldsNow.match(key); name != "" && path == key {
		return fault.Invalid.Field(path, "there is no field %s; there is %s", quote(path), name)
	}
	return fault.Invalid.Field(path, `the field %s is not known with "auto"; leave it out, or name a plain model`, quote(path))
}

// neutral accepts a field with the one value that asks for nothing.
func (d *decoder) neutral(value, because string) func(string) error {
	return func(path string) error {
		d.kind() // passes over white space
		from := d.pos
		if err := d.skip(); err != nil {
			return err
		}
		got := strings.Join(strings.Fields(string(d.data[from:d.pos])), "")
		if got == value || value == "0" && strings.Trim(got, "-0.") == "" {
			return nil
		}
		if because != "" {
			return fault.Invalid.Field(path, "%s must be %s: %s", path, value, because)
		}
		return d.refuse(path)
	}
}

// check looks at the request as a whole.
func (d *decoder) check() error {
	if d.options && !d.Stream {
		return fault.Invalid.Field("stream_options", "stream_options is for a stream; send \"stream\": true too")
	}
	if d.sentences && d.passages == "" {
		d.passages = none
	}
	if d.flush && !d.Stream {
		return fault.Invalid.Field("tilgate.flush", "tilgate.flush is for a stream; send \"stream\": true too")
	}
	if len(d.Messages) == 0 {
		return fault.Invalid.Field("messages", "messages is missing or empty; its last message is the question")
	}
	i := len(d.Messages) - 1
	last, path := d.Messages[i], "messages["+strconv.Itoa(i)+"]"
	if last.Role != "user" {
		return fault.Invalid.Field(path+".role", `the last message is the question and must have the role "user", not %q`, last.Role)
	}
	if strings.IndexFunc(last.Content, speaks) < 0 {
		return fault.Invalid.Field(path+".content", "the question is empty")
	}
	if n := utf8.RuneCountInString(last.Content); n > d.maxQuestion {
		return fault.TooLarge.Field(path+".content", "the question is %d characters long; the most is %d", n, d.maxQuestion)
	}
	return nil
}

// speaks reports whether a character can be part of a question by itself.
func speaks(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r)
}
