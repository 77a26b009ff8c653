package dataset

import (
	"fmt"
	"strconv"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// pairs puts a text and its translation side by side, line by line. Items are
// named by their line.
func (r *reader) pairs(source, target string) ([]placed, error) {
	from, err := r.textLines(source)
	if err != nil {
		return nil, err
	}
	to, err := r.textLines(target)
	if err != nil {
		return nil, err
	}
	if len(from) != len(to) {
		return nil, fault.Invalid.Errorf("%s has %d lines, but %s has %d", source, len(from), target, len(to))
	}
	var items []placed
	for i := range from {
		item := evals.Item{ID: strconv.Itoa(i + 1), Text: from[i], Gold: evals.Texts{to[i]}}
		items = append(items, placed{item, fmt.Sprintf("%s:%d", target, i+1)})
	}
	return items, nil
}

func translation(from, to lang.Tag) part {
	return part{Task: &evals.Task{Name: string(from), Kind: evals.Translation, From: from, Lang: to, MaxTokens: 512}, prompts: "translation"}
}
