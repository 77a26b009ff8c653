package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tilgate/evals"
)

// LMEval writes a report as lm-evaluation-harness 0.4 does, so that what reads
// its files reads ours: results.json and a samples_TASK_TIME.jsonl for each
// task that has samples. Several models have a folder each. A task with
// several prompts is a group, and each of its prompts a task.
//
// Scores keep their scale: shares from 0 to 1, sacreBLEU's from 0 to 100.
func LMEval(dir string, r evals.Report, samples []evals.Sample) error {
	models := modelNames(r)
	for _, s := range samples {
		if !slices.Contains(models, s.Result.Model) {
			models = append(models, s.Result.Model)
		}
	}
	folders := unlike(map[string]bool{})
	for _, model := range models {
		folder := dir
		if len(models) > 1 {
			folder = filepath.Join(dir, folders(fileName(model)))
		}
		if err := lmModel(folder, model, r, samples); err != nil {
			return fmt.Errorf("writing the files of %s for lm-evaluation-harness: %w", model, err)
		}
	}
	return nil
}

func lmModel(dir, model string, r evals.Report, samples []evals.Sample) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tasks := lmTasks(model, r, samples)
	hashes := map[string]string{}
	for _, t := range tasks {
		if len(t.samples) == 0 {
			continue
		}
		var err error
		if hashes[t.name], err = writeSamples(filepath.Join(dir, "samples_"+t.name+"_"+lmTime(r.Meta)+".jsonl"), t); err != nil {
			return err
		}
	}
	data, err := lmJSON(lmResults(model, r, tasks, hashes), "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "results.json"), data, 0o644)
}

// lmTime is how lm-eval writes a time in a file's name.
func lmTime(m evals.Meta) string { return m.Started.UTC().Format("2006-01-02T15-04-05.000000") }

// lmJSON is v as Python's json.dumps writes it with ensure_ascii off.
func lmJSON(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	// Go escapes two line ends of Unicode, whatever it is told.
	text := strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029").Replace(b.String())
	return []byte(text), nil
}

// An lmTask is a task of lm-eval: one of ours, or one prompt of it.
type lmTask struct {
	name    string
	task    string // our ID
	kind    evals.Kind
	lang    string
	prompt  string
	scores  []evals.Summary
	samples []evals.Sample
	parts   []string // of a group: the names of its tasks
}

// lmTasks are the tasks of a model, groups before their parts.
func lmTasks(model string, r evals.Report, samples []evals.Sample) []lmTask {
	var list []lmTask
	names := unlike(map[string]bool{})
	for _, id := range lmIDs(model, r, samples) {
		group := lmTask{name: names(lmName(id)), task: id}
		group.take(model, r, samples)
		prompts := group.prompts()
		if len(prompts) < 2 {
			group.scores = slices.DeleteFunc(group.scores, func(s evals.Summary) bool { return s.Prompt != "" && group.hasWhole() })
			list = append(list, group)
			continue
		}
		at := len(list)
		list = append(list, group)
		for _, p := range prompts {
			part := group.part(p, names(lmName(id+"_"+p)))
			list[at].parts = append(list[at].parts, part.name)
			list = append(list, part)
		}
		list[at].scores = slices.DeleteFunc(list[at].scores, func(s evals.Summary) bool { return s.Prompt != "" })
		list[at].samples = nil
	}
	return list
}

// lmIDs are the IDs of a model's tasks, as they first occur.
func lmIDs(model string, r evals.Report, samples []evals.Sample) []string {
	var ids []string
	add := func(id string) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, s := range r.Summaries {
		if s.Model == model {
			add(s.Task)
		}
	}
	for _, s := range samples {
		if s.Result.Model == model {
			add(s.Case.Task.ID())
		}
	}
	return ids
}

// take gathers what there is of the task.
func (t *lmTask) take(model string, r evals.Report, samples []evals.Sample) {
	for _, s := range r.Summaries {
		if s.Model == model && s.Task == t.task {
			t.scores = append(t.scores, s)
			t.kind, t.lang = s.Kind, string(s.Lang)
		}
	}
	for _, s := range samples {
		if s.Result.Model == model && s.Case.Task.ID() == t.task {
			t.samples = append(t.samples, s)
			t.kind, t.lang = s.Case.Task.Kind, string(s.Case.Task.Lang)
		}
	}
}

func (t *lmTask) prompts() []string {
	var list []string
	for _, s := range t.samples {
		list = append(list, s.Case.Prompt)
	}
	for _, s := range t.scores {
		if s.Prompt != "" {
			list = append(list, s.Prompt)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// hasWhole reports whether there are scores over all prompts.
func (t *lmTask) hasWhole() bool {
	return slices.ContainsFunc(t.scores, func(s evals.Summary) bool { return s.Prompt == "" })
}

// part is what of a task belongs to one prompt.
func (t *lmTask) part(prompt, name string) lmTask {
	part := lmTask{name: name, task: t.task, kind: t.kind, lang: t.lang, prompt: prompt}
	for _, s := range t.scores {
		if s.Prompt == prompt {
			part.scores = append(part.scores, s)
		}
	}
	for _, s := range t.samples {
		if s.Case.Prompt == prompt {
			part.samples = append(part.samples, s)
		}
	}
	return part
}
