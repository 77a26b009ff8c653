package dataset

import (
	"strconv"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// uzlibItems reads UzLiB. Its rows have no ids; they are named by their number.
func uzlibItems(r *reader, name string) ([]placed, error) {
	rows, err := r.csvRows(name, ',', "question", "option_1", "option_2", "option_3", "option_4", "answer", "type")
	if err != nil {
		return nil, err
	}
	var items []placed
	for i, w := range rows {
		item := evals.Item{ID: strconv.Itoa(i + 1), Text: w.cells["question"], Fields: map[string]string{"type": w.cells["type"]}}
		for _, column := range []string{"option_1", "option_2", "option_3", "option_4"} {
			item.Choices = append(item.Choices, w.cells[column])
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
		items = append(items, placed{item, w.at})
	}
	return items, nil
}

func uzlibTasks(_ *reader, langs []lang.Tag) ([]part, error) {
	if !wanted("uz", langs) {
		return nil, nil
	}
	t := &evals.Task{Name: "uzlib", Kind: evals.MultipleChoice, Lang: "uz", MaxTokens: 16}
	return []part{{Task: t, prompts: "multiple_choice", file: "data/processed.csv"}}, nil
}
