package lora

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode"

	"tilgate/adapters/lora/gguf"
	"tilgate/internal/fault"
)

// A Shape is what an adapter must fit: the measures of the base model.
type Shape struct {
	Arch        string // as GGUF names it: llama (Mistral too), qwen2, gemma3
	Layers      int
	Embedding   int // width of what goes from layer to layer
	FeedForward int // width inside a layer's feed-forward part
	Heads       int
	KVHeads     int // fewer than Heads where several share keys and values
	HeadDim     int // of keys, queries and values alike
	Vocab       int // tokens; 0 if not known
	Name        string
}

// ShapeOf reads the measures from GGUF's keys, as a file has them, or as
// Ollama's /api/show gives them in model_info. The error names every key that
// is missing or that nothing here can do with.
func ShapeOf(info map[string]any) (Shape, error) {
	k := &keyReader{info: info}
	s := Shape{Arch: k.text("general.architecture"), Name: k.text("general.name")}
	if s.Arch == "" {
		return s, fault.Invalid.Errorf("general.architecture is missing, so this is no model")
	}
	p := s.Arch + "."
	s.Layers = k.number(p+"block_count", 0)
	s.Embedding = k.number(p+"embedding_length", 0)
	s.FeedForward = k.number(p+"feed_forward_length", 0)
	s.Heads = k.number(p+"attention.head_count", 0)
	s.KVHeads = k.number(p+"attention.head_count_kv", s.Heads)
	s.HeadDim = k.number(p+"attention.key_length", s.Embedding/max(1, s.Heads))
	if v := k.number(p+"attention.value_length", s.HeadDim); v != s.HeadDim {
		k.fail("%sattention.value_length is %d and key_length %d; heads with two measures are not known here", p, v, s.HeadDim)
	}
	if tokens := reflect.ValueOf(info["tokenizer.ggml.tokens"]); tokens.Kind() == reflect.Slice {
		s.Vocab = tokens.Len()
	}
	if s.Vocab == 0 && info[p+"vocab_size"] != nil {
		s.Vocab = k.number(p+"vocab_size", 0)
	}
	return s, errors.Join(k.faults...)
}

// maxMeasure is far above any model's, and small enough that the product of
// two of them is no problem.
const maxMeasure = 1 << 24

type keyReader struct {
	info   map[string]any
	faults []error
}

func (k *keyReader) fail(format string, args ...any) {
	k.faults = append(k.faults, fault.Invalid.Errorf(format, args...))
}

func (k *keyReader) text(key string) string {
	s, _ := k.info[key].(string)
	return s
}

// number returns a measure; without a key, that is otherwise, which if it is
// 0 makes the key a needed one.
func (k *keyReader) number(key string, otherwise int) int {
	v, there := k.info[key]
	switch {
	case !there && otherwise > 0:
		return otherwise
	case !there:
		k.fail("%s is missing", key)
		return 0
	}
	n, ok := wholeNumber(v)
	if !ok || n < 1 || n > maxMeasure {
		k.fail("%s is %s; one number from 1 to %d is needed", key, brief(v), maxMeasure)
		return 0
	}
	return n
}

// wholeNumber reads any number that JSON or GGUF may have. Some models have a
// list, a number for each layer; if all are the same it is that one.
func wholeNumber(v any) (int, bool) {
	if n, ok := v.(json.Number); ok {
		f, err := n.Float64()
		return int(f), err == nil && f == math.Trunc(f) && math.Abs(f) < math.MaxInt32
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return int(r.Int()), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return int(r.Uint()), r.Uint() < math.MaxInt32
	case reflect.Float32, reflect.Float64:
		f := r.Float()
		return int(f), f == math.Trunc(f) && math.Abs(f) < math.MaxInt32
	case reflect.Slice:
		if r.Len() == 0 {
			return 0, false
		}
		first, ok := wholeNumber(r.Index(0).Interface())
		for i := range r.Len() {
			if n, isNumber := wholeNumber(r.Index(i).Interface()); !isNumber || n != first {
				return 0, false
			}
		}
		return first, ok
	}
	return 0, false
}

// brief keeps a hostile value from filling a log, or from giving orders to a
// terminal.
func brief(v any) string {
	const most = 100
	s := fmt.Sprint(v)
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return '·'
	}, s)
}

// A Base is the file of a base model.
type Base struct {
	file  *gguf.File
	shape Shape
}

// OpenBase opens a model in GGUF.
func OpenBase(path string) (*Base, error) {
	f, err := gguf.Open(path)
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "the base model cannot be read")
	}
	s, err := shapeOfFile(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("reading base model %s: %w", path, err)
	}
	return &Base{f, s}, nil
}

func shapeOfFile(f *gguf.File) (Shape, error) {
	info := map[string]any{}
	for _, k := range f.Keys {
		info[k.Name] = k.Value
	}
	if t := info["general.type"]; t != nil && t != "model" {
		return Shape{}, fault.Invalid.Errorf("general.type is %s; a base is of type model", brief(t))
	}
	if n, ok := wholeNumber(info["split.count"]); ok && n > 1 {
		return Shape{}, fault.Invalid.Errorf("this is one part of %d; join them with llama.cpp's llama-gguf-split --merge", n)
	}
	return ShapeOf(info)
}

// Shape returns the model's measures.
func (b *Base) Shape() Shape { return b.shape }

// Close closes the file.
func (b *Base) Close() error { return b.file.Close() }
