package lora

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
)

// A peftConfig is what adapter_config.json says, as far as it matters once the
// training is over.
type peftConfig struct {
	Type         string             `json:"peft_type"`
	Task         string             `json:"task_type"`
	Base         string             `json:"base_model_name_or_path"`
	Rank         int                `json:"r"`
	Alpha        float64            `json:"lora_alpha"`
	RSLoRA       bool               `json:"use_rslora"`
	Bias         string             `json:"bias"`
	Target       any                `json:"target_modules"` // a list of names, or one pattern
	Init         any                `json:"init_lora_weights"`
	Transform    any                `json:"layers_to_transform"` // a number, or a list of them
	RankPattern  map[string]int     `json:"rank_pattern"`        // by patterns of module names
	AlphaPattern map[string]float64 `json:"alpha_pattern"`

	patterns map[string]*regexp.Regexp // of both, once checked
}

// refusedKeys are those of PEFT that make more of an adapter than A and B.
var refusedKeys = []struct{ key, why string }{
	{"use_dora", "this is a DoRA, whose magnitudes no server here applies"},
	{"use_qalora", "QA-LoRA pools its inputs, which no server here does"},
	{"lora_bias", "B has a trained bias"},
	{"modules_to_save", "whole modules were trained too, which a server cannot swap"},
	{"trainable_token_indices", "tokens of the vocabulary were trained too, which a server cannot swap"},
	{"target_parameters", "adapted experts of a mixture are not supported"},
	{"layer_replication", "the base's layers were repeated, so this is another model"},
	{"alora_invocation_tokens", "it is switched on by tokens in the middle of a text (aLoRA)"},
	{"fan_in_fan_out", "its matrices are stored transposed, as only GPT-2 has them"},
}

// alteredBase are the ways of starting that change the base too: the LoRA then
// only fits the changed one, and says the wrong thing on the original.
var alteredBase = []string{"pissa", "olora", "corda", "loftq"}

func parseConfig(text []byte) (*peftConfig, error) {
	var c peftConfig
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	var f faults
	if c.Type != "LORA" {
		f.add("peft_type", "%q is not LORA, the only kind that servers apply", brief(c.Type))
	}
	if c.Task != "" && c.Task != "CAUSAL_LM" {
		f.add("task_type", "%q is not CAUSAL_LM: this model does not write text", brief(c.Task))
	}
	if c.Bias != "" && c.Bias != "none" {
		f.add("bias", "%q: biases of the base were trained too, which a server cannot swap; %s", brief(c.Bias), asFull)
	}
	for _, r := range refusedKeys {
		if given(all[r.key]) {
			f.add(r.key, "%s; %s", r.why, asFull)
		}
	}
	if how, ok := c.Init.(string); ok {
		for _, a := range alteredBase {
			if strings.HasPrefix(strings.ToLower(how), a) {
				f.add("init_lora_weights", "%q began by changing the base, so this does not fit the original one; "+
					"save it with PEFT's path_initial_model_for_weight_conversion", brief(how))
			}
		}
	}
	c.checkScale(&f)
	return &c, f.err()
}

// given reports whether a key that is better left out says something.
func given(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// Alphas in use are 1 to 512. With 0 a server takes a scale of 1.
const minAlpha, maxAlpha = 1e-6, 1e6

const maxPatterns = 1000

func (c *peftConfig) checkScale(f *faults) {
	if c.Rank < 1 {
		f.add("r", "%d is no rank", c.Rank)
	}
	if c.Alpha < minAlpha || c.Alpha > maxAlpha {
		f.add("lora_alpha", "%v is not in %g..%g", c.Alpha, minAlpha, maxAlpha)
	}
	if len(c.RankPattern)+len(c.AlphaPattern) > maxPatterns {
		f.add("rank_pattern and alpha_pattern", "more than %d patterns", maxPatterns)
		return
	}
	for _, pattern := range slices.Sorted(maps.Keys(c.RankPattern)) {
		if c.RankPattern[pattern] < 1 {
			f.add("rank_pattern", "%q has the rank %d", brief(pattern), c.RankPattern[pattern])
		}
		c.checkPattern("rank_pattern", pattern, f)
	}
	for _, pattern := range slices.Sorted(maps.Keys(c.AlphaPattern)) {
		if a := c.AlphaPattern[pattern]; a < minAlpha || a > maxAlpha {
			f.add("alpha_pattern", "%q: %v is not in %g..%g", brief(pattern), a, minAlpha, maxAlpha)
		}
		c.checkPattern("alpha_pattern", pattern, f)
	}
}

// checkPattern reads a pattern as PEFT does: it matches the end of a module's
// name, from a dot on.
func (c *peftConfig) checkPattern(key, pattern string, f *faults) {
	re, err := regexp.Compile(`^(?:.*\.)?(?:` + pattern + `)$`)
	if err != nil {
		f.add(key, "%q cannot be read as a pattern: %v", brief(pattern), err)
		return
	}
	if c.patterns == nil {
		c.patterns = map[string]*regexp.Regexp{}
	}
	c.patterns[pattern] = re
}

// byPattern returns what the patterns say of a module; without any that
// matches, otherwise.
func byPattern[T comparable](read map[string]*regexp.Regexp, patterns map[string]T, name string, otherwise T) (T, error) {
	found, matched := otherwise, ""
	for _, pattern := range slices.Sorted(maps.Keys(patterns)) {
		if re := read[pattern]; re == nil || !re.MatchString(name) {
			continue
		}
		// PEFT takes the first in the file, an order that JSON does not have.
		if v := patterns[pattern]; matched != "" && v != found {
			return v, fmt.Errorf("the patterns %q and %q both match, and disagree", brief(matched), brief(pattern))
		}
		found, matched = patterns[pattern], pattern
	}
	return found, nil
}

// moduleName is how PEFT calls the module that a pair adapts.
func moduleName(p pair) string {
	m, _ := moduleNamed(p.module)
	return fmt.Sprintf("model.layers.%d.%s.%s", p.layer, m.within, m.peft)
}

// apply gives a pair its scale, and checks its rank.
func (c *peftConfig) apply(p *pair, f *faults) {
	name := moduleName(*p)
	rank, err := byPattern(c.patterns, c.RankPattern, name, c.Rank)
	alpha, err2 := byPattern(c.patterns, c.AlphaPattern, name, c.Alpha)
	if err := errors.Join(err, err2); err != nil {
		f.add(name, "%v", err)
		return
	}
	if p.rank() != rank {
		f.add(name, "is of rank %d, but %s says %d", p.rank(), configFile, rank)
	}
	if p.scale = alpha / float64(rank); c.RSLoRA {
		p.scale = alpha / math.Sqrt(float64(rank))
	}
}

// check holds what was said to be adapted against what is.
func (c *peftConfig) check(w *Weights, f *faults) {
	layers, all := c.layers()
	if all {
		w.depth = w.Layers
	}
	switch target := c.Target.(type) {
	case []any:
		for _, t := range target {
			name, _ := t.(string)
			last := name[strings.LastIndexByte(name, '.')+1:]
			if _, known := moduleNamed(last); known && !slices.Contains(w.Modules, last) {
				f.add("target_modules", "%s was adapted, but its tensors are missing", last)
			}
		}
	case string:
		w.depth = 0 // a pattern may leave layers out
		c.checkTargets(w, target, f)
	}
	if all {
		return
	}
	for _, p := range w.pairs {
		if !slices.Contains(layers, p.layer) {
			f.add(moduleName(p), "layers_to_transform leaves this layer out")
		}
	}
}

// checkTargets holds the pattern of target_modules against the modules there.
func (c *peftConfig) checkTargets(w *Weights, pattern string, f *faults) {
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	if pattern == "all-linear" || err != nil {
		return // Python knows patterns that we do not; the tensors speak for themselves
	}
	for _, p := range w.pairs {
		if !re.MatchString(moduleName(p)) {
			f.add(moduleName(p), "target_modules leaves this module out")
		}
	}
}

// layers reads layers_to_transform.
func (c *peftConfig) layers() (list []int, all bool) {
	switch v := c.Transform.(type) {
	case float64:
		return []int{int(v)}, false
	case []any:
		for _, n := range v {
			if n, ok := n.(float64); ok {
				list = append(list, int(n))
			}
		}
		return list, false
	}
	return nil, true
}
