package report

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"tilgate/evals"
)

// An lmSample is a line of samples_*.jsonl, but for its scores.
type lmSample struct {
	DocID      int              `json:"doc_id"`
	Doc        evals.Item       `json:"doc"`
	Target     string           `json:"target"`
	Arguments  map[string]lmArg `json:"arguments"`
	Resps      any              `json:"resps"`
	Filtered   any              `json:"filtered_resps"`
	Filter     string           `json:"filter"`
	Metrics    []string         `json:"metrics"`
	DocHash    string           `json:"doc_hash"`
	PromptHash string           `json:"prompt_hash"`
	TargetHash string           `json:"target_hash"`
	Key        string           `json:"tilgate_key"`
	Error      string           `json:"tilgate_error,omitempty"` // why there is no answer
}

// An lmArg is what one request was made of.
type lmArg struct {
	Text any `json:"arg_0"`
	Rest any `json:"arg_1"`
}

// writeSamples writes the samples of a task, and returns lm-eval's digest of
// what was asked.
func writeSamples(path string, t lmTask) (digest string, err error) {
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	var hashes strings.Builder
	for i, s := range t.samples {
		line, err := lmLine(i, s, &hashes)
		if err != nil {
			return "", fmt.Errorf("sample %s: %w", s.Result.Key, err)
		}
		w.Write(line) // Flush says what went wrong
	}
	return hash(hashes.String()), w.Flush()
}

func lmLine(i int, s evals.Sample, hashes *strings.Builder) ([]byte, error) {
	one, err := newLMSample(i, s)
	if err != nil {
		return nil, err
	}
	hashes.WriteString(one.DocHash + one.PromptHash + one.TargetHash)
	line, err := lmJSON(one, "")
	if err != nil || len(one.Metrics) == 0 {
		return line, err
	}
	scores := object{}
	for _, name := range one.Metrics {
		scores[name] = pyFloat(s.Result.Scores[name])
	}
	more, err := lmJSON(scores, "")
	if err != nil {
		return nil, err
	}
	return append(append(line[:len(line)-2], ','), more[1:]...), nil // }\n and {
}

func newLMSample(i int, s evals.Sample) (lmSample, error) {
	doc, err := lmJSON(s.Case.Item, "  ")
	if err != nil {
		return lmSample{}, err
	}
	one := lmSample{
		DocID: i, Doc: *s.Case.Item, Target: target(s.Case.Item.Gold), Filter: "none",
		Key: s.Result.Key, Error: s.Result.Error,
		DocHash: hash(strings.TrimSuffix(string(doc), "\n")),
	}
	if one.Arguments, err = arguments(s.Case); err != nil {
		return lmSample{}, err
	}
	one.Resps, one.Filtered = responses(s)
	for _, name := range slices.Sorted(maps.Keys(s.Result.Scores)) {
		if finite(s.Result.Scores[name]) {
			one.Metrics = append(one.Metrics, name)
		}
	}
	prompt, _ := one.Arguments["gen_args_0"].Text.(string)
	one.PromptHash, one.TargetHash = hash(prompt), hash(one.Target)
	if one.Metrics == nil {
		one.Metrics = []string{}
	}
	return one, nil
}

// target is gold as one text: as it is, or a list of several.
func target(gold evals.Texts) string {
	if len(gold) == 1 {
		return gold[0]
	}
	data, err := lmJSON(append([]string{}, gold...), "")
	if err != nil {
		panic(err) // texts can always be written
	}
	return strings.TrimSpace(string(data))
}

// arguments are the requests that a case makes: its turns as one JSON text, as
// lm-eval has it for chat models, or the context and each continuation.
func arguments(c evals.Case) (map[string]lmArg, error) {
	args := map[string]lmArg{}
	for i, text := range c.Continuations {
		args[fmt.Sprintf("gen_args_%d", i)] = lmArg{c.Context(), text}
	}
	if len(args) > 0 {
		return args, nil
	}
	turns, err := lmJSON(c.Turns, "")
	if err != nil {
		return nil, err
	}
	tokens := c.Task.MaxTokens
	if tokens == 0 {
		tokens = 256
	}
	args["gen_args_0"] = lmArg{strings.TrimSpace(string(turns)), object{"until": []string{}, "max_gen_toks": tokens}}
	return args, nil
}

// responses are what came back, and what was read out of it. lm-eval writes
// them as texts, a likelihood together with whether the model would have
// written the choice of its own; that is not known here.
func responses(s evals.Sample) (all, filtered any) {
	a := s.Result.Answer
	if len(s.Case.Continuations) == 0 {
		read := s.Result.Read
		if read == "" {
			read = a.Text
		}
		return [][]string{{a.Text}}, []string{read}
	}
	each, first := [][][]string{}, [][]string{}
	for _, v := range a.LogLiks {
		said := []string{fmt.Sprint(v), "None"}
		each, first = append(each, [][]string{said}), append(first, said)
	}
	return each, first
}
