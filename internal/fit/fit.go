// Package fit says what a model takes of memory, what a machine has, and
// whether the one goes into the other.
//
// What it says is an upper bound where the model server tells what the model
// is, and an estimate where only the model's name is known; a Model says which.
package fit

import (
	"fmt"
	"strings"
)

// A Model is what a model takes while it answers, in bytes.
type Model struct {
	Name      string
	Weights   int64 // all of them are loaded
	Cache     int64 // keys and values of the context
	Scratch   int64 // for a batch of the prompt
	Context   int   // tokens
	Estimated bool  // by the name alone
}

// Need is all that a model takes.
func (m Model) Need() int64 { return m.Weights + m.Cache + m.Scratch }

// How llama.cpp, and so Ollama, uses memory: it reads a prompt in batches of
// 512 tokens, keeps keys and values as F16, and computes in F32.
const (
	batch      = 512
	cacheBytes = 2
	floatBytes = 4
	vocabulary = 262_144 // of models that do not tell theirs; few have more
)

// FromInfo computes what a model takes for a context of so many tokens. size
// is that of its file; info are the keys of that file, as Ollama's /api/show
// gives them. ok is false if they do not say enough.
//
//	cache   = context · layers · KV heads · (length of a key + of a value) · 2
//	scratch = 512 · (vocabulary + width) · 4
//
// llama.cpp logs the same figures when it loads a model: 1024 MiB of cache and
// 258.5 MiB of scratch for Llama 3 8B at 8192 tokens, 304.75 MiB of scratch for
// Qwen 2.5 7B. Layers that look at a window only, as Gemma's do, take less than
// this; how many there are the keys do not tell in all versions.
func FromInfo(name string, size int64, info map[string]any, context int) (m Model, ok bool) {
	arch, _ := info["general.architecture"].(string)
	n := func(key string) int64 { return number(info[arch+"."+key]) }
	layers, width, heads := n("block_count"), n("embedding_length"), number(most(info[arch+".attention.head_count"]))
	if trained := n("context_length"); trained > 0 && int64(context) > trained {
		context = int(trained)
	}
	m = Model{Name: name, Weights: size, Context: context}
	if !plausible(layers, width, heads) || size <= 0 || context <= 0 {
		return m, false
	}
	kv := info[arch+".attention.head_count_kv"]
	perHead := or(n("attention.key_length"), width/heads) + or(n("attention.value_length"), width/heads)
	m.Cache = int64(context) * kvHeads(kv, layers, heads) * perHead * cacheBytes
	m.Scratch = batch * (or(vocabularyOf(info, arch), vocabulary) + width) * floatBytes
	return m, true
}

// Limits far above every model there is: beyond them the keys are wrong, and
// products would overflow.
func plausible(layers, width, heads int64) bool {
	return layers > 0 && layers < 1<<12 && width > 0 && width < 1<<20 && heads > 0 && heads <= width
}

// kvHeads sums the heads that keep keys and values over all layers: models say
// one number for all, or one for each. Ollama leaves long lists out; then all
// heads may.
func kvHeads(v any, layers, heads int64) int64 {
	if list, ok := v.([]any); ok && int64(len(list)) == layers {
		var sum int64
		for _, each := range list {
			sum += min(number(each), heads)
		}
		return sum
	}
	return layers * min(or(number(v), heads), heads)
}

func vocabularyOf(info map[string]any, arch string) int64 {
	if list, ok := info["tokenizer.ggml.tokens"].([]any); ok && len(list) > 0 {
		return int64(len(list))
	}
	if n := number(info[arch+".vocab_size"]); n < 1<<24 {
		return n
	}
	return 0
}

// most returns the greatest of a list, or what is no list.
func most(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	var greatest float64
	for _, each := range list {
		greatest = max(greatest, float64(number(each)))
	}
	return greatest
}

// number reads a number of JSON; what is none, or below 0, is 0.
func number(v any) int64 {
	f, ok := v.(float64)
	if !ok || !(f > 0) || f > 1<<40 {
		return 0
	}
	return int64(f)
}

func or(n, other int64) int64 {
	if n > 0 {
		return n
	}
	return other
}

// Size writes bytes as people say them: 4.9 GB.
func Size(bytes int64) string {
	if bytes < 1e8 {
		return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}

func (m Model) String() string {
	about := "at most"
	if m.Estimated {
		about = "about"
	}
	parts := []string{Size(m.Weights) + " of weights", fmt.Sprintf("%s of context (%d tokens)", Size(m.Cache), m.Context), Size(m.Scratch) + " to compute"}
	return fmt.Sprintf("%s %s: %s", about, Size(m.Need()), strings.Join(parts, ", "))
}
