package ollama

import (
	"encoding/json"
	"maps"
	"math"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
)

// A translation is a request on its way from OpenAI's shape to Ollama's.
type translation struct {
	*api.ChatRequest
	includeUsage bool

	maxTokens   int64
	toolsUnused bool // tool_choice is "none"
	topLogprobs *value
}

// translate fills t from the body of a chat completion. Every field is
// translated, harmless, or refused by name.
func (t *translation) translate(body []byte) error {
	whole, err := readBody(body)
	if err != nil {
		return err
	}
	members, err := whole.object()
	if err != nil {
		return err
	}
	for _, m := range members {
		read, known := fields[m.key]
		switch {
		case !known:
			return m.refuse("it is not a field that we know")
		case m.null():
			continue
		}
		if err := read(t, m.value); err != nil {
			return err
		}
	}
	return t.finish()
}

// finish looks at what hangs together.
func (t *translation) finish() error {
	if len(t.Messages) == 0 {
		return fault.Invalid.Field("messages", "messages is missing or empty; it must hold at least one message")
	}
	if t.topLogprobs != nil && !t.Logprobs {
		return fault.Invalid.Field("top_logprobs", "top_logprobs needs logprobs to be true")
	}
	if t.toolsUnused {
		t.Tools = nil
	}
	return nil
}

// fields is how each field of a chat completion is read.
var fields = allFields()

func allFields() map[string]func(*translation, value) error {
	all := map[string]func(*translation, value) error{
		"model":           func(_ *translation, v value) error { _, err := v.str(); return err },
		"messages":        readMessages,
		"tools":           readTools,
		"tool_choice":     readToolChoice,
		"response_format": readResponseFormat,
		"stream":          func(_ *translation, v value) error { _, err := v.boolean(); return err },
		"stream_options":  readStreamOptions,
	}
	maps.Copy(all, samplingFields)
	maps.Copy(all, harmlessFields)
	maps.Copy(all, refusedFields)
	return all
}

var samplingFields = map[string]func(*translation, value) error{
	"temperature":           number("temperature", 0, 2),
	"top_p":                 number("top_p", 0, 1),
	"min_p":                 number("min_p", 0, 1), // of vLLM and llama.cpp
	"frequency_penalty":     number("frequency_penalty", -2, 2),
	"presence_penalty":      number("presence_penalty", -2, 2),
	"top_k":                 whole("top_k", 1, math.MaxInt32),   // of vLLM and llama.cpp
	"seed":                  whole("seed", 0, math.MaxUint32-1), // the last one means "random" to llama.cpp
	"max_tokens":            readMaxTokens,
	"max_completion_tokens": readMaxTokens,
	"stop":                  readStop,
	"logprobs": func(t *translation, v value) (err error) {
		t.Logprobs, err = v.boolean()
		return err
	},
	"top_logprobs": func(t *translation, v value) error {
		n, err := v.integer(0, 20)
		t.TopLogprobs, t.topLogprobs = int(n), &v
		return err
	},
	"reasoning_effort": func(t *translation, v value) error {
		effort, err := v.oneOf("none", "low", "medium", "high")
		t.Think = &api.ThinkValue{Value: effort}
		if effort == "none" {
			t.Think.Value = false
		}
		return err
	},
}

// harmlessFields change nothing that a caller could miss, at least with the
// values allowed here: they label the request for its sender's own books, or
// say what is so anyway.
var harmlessFields = map[string]func(*translation, value) error{
	"user":                   label,
	"safety_identifier":      label,
	"prompt_cache_key":       label,
	"prompt_cache_retention": label,
	"metadata":               func(_ *translation, v value) error { _, err := v.object(); return err },
	"store":                  only("false", "no answer is kept for later"),
	"n":                      only("1", "it gives one answer at a time"),
	"parallel_tool_calls":    only("true", "it may always call several tools at once"),
	"service_tier": func(_ *translation, v value) error {
		_, err := v.oneOf("auto", "default")
		return err
	},
	"modalities": func(_ *translation, v value) error {
		list, err := v.list()
		if err == nil && (len(list) != 1 || string(list[0].raw) != `"text"`) {
			return v.refuse("it writes text only")
		}
		return err
	},
}

// refusedFields are known and may be empty, which many clients send.
var refusedFields = map[string]func(*translation, value) error{
	"logit_bias":    unlessEmpty("it cannot favour single tokens"),
	"functions":     unlessEmpty("it is the older form of tools; use tools"),
	"function_call": unlessEmpty("it is the older form of tool_choice; use tool_choice"),
	"audio":         unlessEmpty("it writes text only"),
	"prediction":    unlessEmpty("it cannot start from a predicted answer"),
	"verbosity":     unlessEmpty("it has no such setting; ask for a short answer in a message"),
}

func label(_ *translation, v value) error { _, err := v.str(); return err }

func only(allowed, why string) func(*translation, value) error {
	return func(_ *translation, v value) error {
		if string(v.raw) != allowed {
			return v.refuse("it may only be " + allowed + ", since " + why)
		}
		return nil
	}
}

func unlessEmpty(why string) func(*translation, value) error {
	return func(_ *translation, v value) error {
		if !v.empty() {
			return v.refuse(why)
		}
		return nil
	}
}

func number(option string, low, high float64) func(*translation, value) error {
	return func(t *translation, v value) error {
		f, err := v.number(low, high)
		t.Options[option] = f
		return err
	}
}

func whole(option string, low, high int64) func(*translation, value) error {
	return func(t *translation, v value) error {
		n, err := v.integer(low, high)
		t.Options[option] = n
		return err
	}
}

func readMaxTokens(t *translation, v value) error {
	n, err := v.integer(1, math.MaxInt32)
	if err == nil && t.maxTokens != 0 && t.maxTokens != n {
		return fault.Invalid.Field(v.path, "max_tokens and max_completion_tokens differ; give one of them")
	}
	t.maxTokens = n
	t.Options["num_predict"] = n
	return err
}

func readStop(t *translation, v value) error {
	list := []value{v}
	if v.raw[0] != '"' {
		var err error
		if list, err = v.list(); err != nil {
			return v.wrong("a string or a list of strings")
		}
	}
	stops := make([]string, 0, len(list))
	for _, item := range list {
		s, err := item.str()
		if err != nil || s == "" {
			return item.wrong("a string that is not empty")
		}
		stops = append(stops, s)
	}
	if len(stops) > 0 { // an empty list would take away the model's own
		t.Options["stop"] = stops
	}
	return nil
}

func readStreamOptions(t *translation, v value) error {
	members, err := v.object()
	if err != nil {
		return err
	}
	for _, m := range members {
		switch {
		case m.key == "include_usage" && !m.null():
			if t.includeUsage, err = m.boolean(); err != nil {
				return err
			}
		case m.key == "include_usage", m.key == "include_obfuscation" && m.null():
		case m.key == "include_obfuscation":
			if err := only("false", "its chunks are not padded")(t, m.value); err != nil {
				return err
			}
		default:
			return m.refuse("it is not a field that we know")
		}
	}
	return nil
}

func readResponseFormat(t *translation, v value) error {
	members, err := v.object()
	if err != nil {
		return err
	}
	var kind string
	var schema *value
	for _, m := range members {
		switch m.key {
		case "type":
			kind, err = m.oneOf("text", "json_object", "json_schema")
		case "json_schema":
			schema, err = readJSONSchema(m.value)
		default:
			err = m.refuse("it is not a field that we know")
		}
		if err != nil {
			return err
		}
	}
	switch {
	case kind == "":
		return fault.Invalid.Field("response_format.type", `response_format.type is missing; it must be "text", "json_object" or "json_schema"`)
	case (kind == "json_schema") != (schema != nil):
		return fault.Invalid.Field("response_format.json_schema", `response_format.json_schema.schema goes with the type "json_schema", and only with it`)
	case kind == "json_object":
		t.Format = json.RawMessage(`"json"`)
	case kind == "json_schema":
		t.Format = schema.raw
	}
	return nil
}

// readJSONSchema returns the schema in v. The name and the description of it
// have no counterpart; that they are missing changes no answer's form.
func readJSONSchema(v value) (*value, error) {
	members, err := v.object()
	if err != nil {
		return nil, err
	}
	var schema *value
	for _, m := range members {
		switch m.key {
		case "schema":
			if m.raw[0] != '{' {
				return nil, m.wrong("an object")
			}
			schema = &m.value
		case "name", "description":
			_, err = m.str()
		case "strict": // it is always followed strictly
			if !m.null() {
				_, err = m.boolean()
			}
		default:
			err = m.refuse("it is not a field that we know")
		}
		if err != nil {
			return nil, err
		}
	}
	return schema, nil
}
