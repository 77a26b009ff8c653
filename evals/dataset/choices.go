package dataset

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// letter is that of a choice, counted from 0.
func letter(at string, i, choices int) (string, error) {
	if i < 0 || i >= choices {
		return "", fault.Invalid.Errorf("%s: the right choice is number %d of %d", at, i, choices)
	}
	return evals.Letters[i : i+1], nil
}

// copa is an item of XCOPA and COPAL-ID. Nothing is cut off the premise: in
// many languages its last character is a letter.
func copa(at, id, premise, question string, choices []string, label int) (evals.Item, error) {
	gold, err := letter(at, label, len(choices))
	if err != nil {
		return evals.Item{}, err
	}
	if question != "cause" && question != "effect" {
		return evals.Item{}, fault.Invalid.Errorf("%s: the question is %q, not cause or effect", at, question)
	}
	return evals.Item{ID: id, Text: premise, Choices: choices, Gold: evals.Texts{gold}, Fields: map[string]string{"question": question}}, nil
}

func xcopaItems(r *reader, name string) ([]evals.Item, error) {
	lines, err := r.textLines(name)
	if err != nil {
		return nil, err
	}
	var items []evals.Item
	for i, l := range lines {
		at := fmt.Sprintf("%s:%d", name, i+1)
		var row struct {
			Premise, Choice1, Choice2, Question string
			Label, Idx                          *int
		}
		if err := json.Unmarshal([]byte(l), &row); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		if row.Label == nil || row.Idx == nil {
			return nil, fault.Invalid.Errorf("%s: label or idx is missing", at)
		}
		item, err := copa(at, strconv.Itoa(*row.Idx), row.Premise, row.Question, []string{row.Choice1, row.Choice2}, *row.Label)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func xcopaTasks(r *reader, langs []lang.Tag) ([]part, error) {
	return eachFolder(r, "data", langs, func(code string, tag lang.Tag) (part, error) {
		return part{&evals.Task{Name: "copa", Kind: evals.MultipleChoice, Lang: tag, MaxTokens: 16}, path.Join("data", code, "test."+code+".jsonl")}, nil
	})
}

// eachFolder makes a part of each folder in dir that is named after a language
// that is wanted.
func eachFolder(r *reader, dir string, langs []lang.Tag, make func(code string, tag lang.Tag) (part, error)) ([]part, error) {
	folders, err := fs.ReadDir(r.FS, dir)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, f := range folders {
		tag, err := tag(f.Name())
		if !f.IsDir() || err != nil || !wanted(tag, langs) {
			continue
		}
		p, err := make(f.Name(), tag)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

func copalItems(r *reader, name string) ([]evals.Item, error) {
	rows, err := r.csvRows(name, "premise", "choice1", "choice2", "question", "idx", "label")
	if err != nil {
		return nil, err
	}
	var items []evals.Item
	for _, w := range rows {
		label, err := strconv.Atoi(w.cells["label"])
		if err != nil {
			return nil, fault.Invalid.Errorf("%s: label %q is no number", w.at, w.cells["label"])
		}
		item, err := copa(w.at, w.cells["idx"], w.cells["premise"], w.cells["question"], []string{w.cells["choice1"], w.cells["choice2"]}, label)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

func copalTasks(_ *reader, langs []lang.Tag) ([]part, error) {
	var parts []part
	for name, file := range map[string]string{"standard": "data/v1/test_copal.csv", "colloquial": "data/v1/test_copal_colloquial.csv"} {
		if wanted("id", langs) {
			parts = append(parts, part{&evals.Task{Name: name, Kind: evals.MultipleChoice, Lang: "id", MaxTokens: 16}, file})
		}
	}
	return sorted(parts), nil
}

func uzlibItems(r *reader, name string) ([]evals.Item, error) {
	rows, err := r.csvRows(name, "question", "option_1", "option_2", "option_3", "option_4", "answer", "type")
	if err != nil {
		return nil, err
	}
	var items []evals.Item
	for i, w := range rows {
		item := evals.Item{ID: strconv.Itoa(i), Text: w.cells["question"], Fields: map[string]string{"type": w.cells["type"]}}
		for n := 1; n <= 4; n++ {
			if c := strings.TrimSpace(w.cells["option_"+strconv.Itoa(n)]); c != "" {
				item.Choices = append(item.Choices, c)
			}
		}
		number, err := strconv.Atoi(w.cells["answer"])
		if err != nil {
			return nil, fault.Invalid.Errorf("%s: answer %q is no number", w.at, w.cells["answer"])
		}
		gold, err := letter(w.at, number-1, len(item.Choices))
		if err != nil {
			return nil, err
		}
		item.Gold = evals.Texts{gold}
		items = append(items, item)
	}
	return items, nil
}

func uzlibTasks(_ *reader, langs []lang.Tag) ([]part, error) {
	if !wanted("uz", langs) {
		return nil, nil
	}
	return []part{{&evals.Task{Name: "uzlib", Kind: evals.MultipleChoice, Lang: "uz", MaxTokens: 16}, "data/processed.csv"}}, nil
}
