package gateway

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"tilgate/internal/fault"
)

// A head is what we read of a request that goes on as it came.
type head struct {
	model  string
	user   string // whom a program asks for, in its own words
	stream bool
	asks   [fields]int64 // the value of a number; 1 for true, notNumber for what is neither
	has    uint32        // a bit for each field that is there and not null
	remote []string      // where images and the like would be fetched from
	media  int           // bytes of images and the like that stand in the body
	inside uint32        // a bit for each field that is there in Ollama's options
}

// The fields that are looked for, at the top and in Ollama's options.
const (
	fieldModel = iota
	fieldName  // of a model, for Ollama's show
	fieldStream
	fieldN
	fieldBestOf
	fieldMaxTokens
	fieldMaxCompletion
	fieldNumPredict
	fieldNPredict // llama.cpp's max_tokens, which wins over OpenAI's
	fieldNCmpl    // llama.cpp's n
	fieldLogprobs
	fieldTopLogprobs
	fieldPromptLogprobs
	fieldNProbs // llama.cpp's top_logprobs
	fieldTemplate
	fieldOllamaTemplate
	fieldTemplateKwargs
	fieldLoRA
	fieldLoRARequest
	fieldOptions
	fieldUser
	fields
)

var fieldNames = [fields]string{"model", "name", "stream", "n", "best_of", "max_tokens", "max_completion_tokens", "num_predict", "n_predict",
	"n_cmpl", "logprobs", "top_logprobs", "prompt_logprobs", "n_probs", "chat_template", "template", "chat_template_kwargs", "lora", "lora_request", "options", "user"}

func (h *head) asked(field int) bool { return h.has&(1<<field) != 0 }

// A peeker reads a head in one pass, checking that all of it is JSON. A field
// that stands twice, whatever its case or escapes, is refused: two readers
// would see two requests.
type peeker struct {
	*scanner
	head
	seen uint32
}

// peek reads the head of a body. streams says what holds if the body does not.
func peek(body []byte, streams bool) (head, error) {
	s, err := newScanner(body)
	if err != nil {
		return head{}, err
	}
	p := peeker{scanner: s, head: head{stream: streams}}
	if s.kind() != '{' {
		return head{}, s.wrong("", "an object")
	}
	if err = p.fields(""); err == nil {
		err = p.end()
	}
	if err == nil && p.model == "" {
		err = fault.Invalid.Field("model", `model is missing: name one, or "auto"; GET /v1/models lists what there is`)
	}
	return p.head, err
}

// fields reads the object at hand, which stands at path.
func (p *peeker) fields(path string) error {
	return p.each('}', func() error {
		at := p.pos
		key, err := p.rawKey()
		if err != nil {
			return err
		}
		field := fieldOf(key)
		if field < 0 || path != "" && field != fieldNumPredict {
			return p.walk(key)
		}
		if p.seen&(1<<field) != 0 {
			return fault.Invalid.Field(fieldNames[field], "%s stands twice in the body (again at byte %d)", keyText(key), at)
		}
		p.seen |= 1 << field
		if string(key) != fieldNames[field] && keyText(key) != fieldNames[field] {
			text := keyText(key)
			return fault.Invalid.Field(text, "%s is taken for %s by some servers and for nothing by others; write %[2]s", quote(text), fieldNames[field])
		}
		if p.null() {
			return nil
		}
		p.has |= 1 << field
		if path != "" {
			p.inside |= 1 << field
		}
		return p.value(field)
	})
}

// value reads the value of a field.
func (p *peeker) value(field int) (err error) {
	name := fieldNames[field]
	switch field {
	case fieldModel, fieldName:
		var model string
		if model, err = p.text(name); err != nil {
			return err
		}
		if model == "" { // Ollama's own client sends both, and fills one
			return nil
		}
		if p.model != "" && p.model != model {
			return fault.Invalid.Field(name, "model and name mean the same and differ; send one")
		}
		p.model = model
		return nil
	case fieldUser:
		if p.kind() == '"' {
			p.user, err = p.text(name)
			return err
		}
	case fieldStream:
		p.stream, err = p.boolean(name)
		return err
	case fieldOptions:
		if p.kind() == '{' {
			return p.fields(name)
		}
	case fieldTemplateKwargs:
		if p.kind() == '{' {
			return p.kwargs()
		}
	case fieldOllamaTemplate:
		if p.kind() == '"' && bytes.HasPrefix(p.data[p.pos:], []byte(`""`)) { // as Ollama's own client sends it
			p.has &^= 1 << field
			return p.walk(nil)
		}
	}
	p.asks[field] = 1
	if c := p.kind(); c == '"' || c == '[' || c == '{' {
		p.asks[field] = notNumber
	}
	if c := p.kind(); c == '-' || c >= '0' && c <= '9' {
		text, err := p.number()
		if err != nil {
			return err
		}
		p.asks[field] = whole(text)
		return nil
	}
	if p.kind() == 'f' {
		p.asks[field] = 0
	}
	return p.walk(nil)
}

// notNumber stands for what some servers take for a number, such as "100". It is
// over every bound.
const notNumber = math.MaxInt64

// whole returns a number rounded up, bounded to what an int64 holds.
func whole(text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	f, _ := strconv.ParseFloat(text, 64)
	return int64(min(max(f, -1<<53), 1<<53)) + 1
}

// kwargs looks for a template among the variables of one.
func (p *peeker) kwargs() error {
	return p.each('}', func() error {
		key, err := p.rawKey()
		if err != nil {
			return err
		}
		if text := keyText(key); strings.EqualFold(text, "chat_template") {
			p.has |= 1 << fieldTemplate
			p.asks[fieldTemplate] = 1
		}
		return p.walk(nil)
	})
}

// rawKey reads a key as it is written, and the colon after it.
func (s *scanner) rawKey() ([]byte, error) {
	if s.kind() != '"' {
		return nil, s.broken("a key in double quotes")
	}
	key, err := s.raw()
	if err != nil {
		return nil, err
	}
	if s.kind() != ':' {
		return nil, s.broken("':'")
	}
	s.pos++
	return key, nil
}

// fieldOf returns the field that a key is for any reader, or -1.
func fieldOf(key []byte) int {
	plain := true
	for _, c := range key {
		if c == '\\' || c >= 0x80 || 'A' <= c && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		for i := range fieldNames {
			if string(key) == fieldNames[i] {
				return i
			}
		}
		return -1
	}
	text := keyText(key)
	for i := range fieldNames {
		if strings.EqualFold(text, fieldNames[i]) {
			return i
		}
	}
	return -1
}

// keyText resolves the escapes of a key.
func keyText(key []byte) string {
	text, ok := unescape(string(key))
	if !ok {
		return string(key)
	}
	return text
}
