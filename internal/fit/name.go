package fit

import (
	"regexp"
	"strconv"
	"strings"
)

// Known are models that are offered where none is there yet, the largest
// first. Their sizes are those of Ollama's library, their measures those of
// their published configuration (layers, KV heads, length of a head).
var known = []struct {
	name                 string
	gigabytes            float64
	layers, heads, width int64
}{
	{"qwen3:32b", 20, 64, 8, 5120},
	{"qwen3:14b", 9.3, 40, 8, 5120},
	{"qwen3:8b", 5.2, 36, 8, 4096},
	{"qwen3:4b", 2.5, 36, 8, 2560},
	{"qwen3:1.7b", 1.4, 28, 8, 2048},
	{"qwen3:0.6b", 0.523, 28, 8, 1024},
}

const (
	knownHead       = 128     // length of a key, and of a value
	knownVocabulary = 151_936 // tokens
)

// Offers returns the models that are offered, the largest first.
func Offers(context int) []Model {
	var list []Model
	for _, k := range known {
		list = append(list, Model{Name: k.name, Weights: int64(k.gigabytes * 1e9), Context: context, Estimated: true,
			Cache:   int64(context) * k.layers * k.heads * 2 * knownHead * cacheBytes,
			Scratch: batch * (knownVocabulary + k.width) * floatBytes})
	}
	return list
}

// Suggest returns the largest model that is offered, fits, and is quick enough;
// ok is false if none is.
func Suggest(machine Machine, context int) (m Model, ok bool) {
	for _, m := range Offers(context) {
		if machine.Suits(m) {
			return m, true
		}
	}
	return Model{}, false
}

// parameters are how names say how many there are: 8b, 1.7B, 350m, 8x7b, e4b.
var parameters = regexp.MustCompile(`(?i)(?:^|[-_:/ .])(?:e|(\d{1,3})x)?(\d{1,5}(?:\.\d{1,3})?)([bm])(?:$|[-_:/ .])`)

// bitsOf are the bits that a weight takes, by what names say about it; the
// first that fits counts. Those of llama.cpp are what its quantize prints for
// models of 7B to 8B, other formats keep some of the weights whole.
var bitsOf = []struct {
	mark *regexp.Regexp
	bits float64
}{
	{regexp.MustCompile(`(?i)iq1|q1_|tq1`), 2},
	{regexp.MustCompile(`(?i)q2_|iq2|tq2`), 3.2},
	{regexp.MustCompile(`(?i)q3_|iq3`), 4},
	{regexp.MustCompile(`(?i)q4_|iq4|mxfp4|nvfp4|4bit|int4|w4a|awq|gptq|bnb`), 4.9},
	{regexp.MustCompile(`(?i)q5_`), 5.7},
	{regexp.MustCompile(`(?i)q6_`), 6.6},
	{regexp.MustCompile(`(?i)q8_|fp8|int8|8bit|w8a`), 8.6},
	{regexp.MustCompile(`(?i)f16|bf16|fp16`), 16},
	{regexp.MustCompile(`(?i)f32|fp32`), 32},
}

// FromName estimates what a model takes by its name, such as "qwen3:8b" or
// "Qwen/Qwen3-8B-AWQ": parameters times bits, and what the context of models of
// that size takes. Names with a slash are those of Hugging Face, whose models
// are 16 bits wide unless they say otherwise; Ollama's are Q4_K_M. ok is false
// if the name does not say how large the model is.
func FromName(name string, context int) (m Model, ok bool) {
	found := parameters.FindStringSubmatch(name)
	if found == nil || context <= 0 {
		return Model{Name: name}, false
	}
	billions, err := strconv.ParseFloat(found[2], 64)
	if err != nil || billions <= 0 {
		return Model{Name: name}, false
	}
	if strings.EqualFold(found[3], "m") {
		billions /= 1000
	}
	if experts, err := strconv.Atoi(found[1]); err == nil && experts > 0 {
		billions *= float64(experts) // they share some; all the same it is an upper bound
	}
	bits := 4.9
	if strings.Contains(name, "/") {
		bits = 16
	}
	for _, b := range bitsOf {
		if b.mark.MatchString(name) {
			bits = b.bits
			break
		}
	}
	return Model{Name: name, Context: context, Estimated: true, Weights: int64(billions * 1e9 * bits / 8),
		Cache: int64(context) * cacheOf(billions), Scratch: batch * (knownVocabulary + 4096) * floatBytes}, true
}

// cacheOf is what a token of the context takes in models of a size: Qwen 3
// takes 112 KiB up to 1.7B, 144 at 8B, 160 at 14B, 256 at 32B, and Llama 3 320
// at 70B.
func cacheOf(billions float64) int64 {
	switch {
	case billions <= 3.5:
		return 112 << 10
	case billions <= 10:
		return 144 << 10
	case billions <= 20:
		return 192 << 10
	case billions <= 40:
		return 256 << 10
	}
	return 384 << 10
}
