package dataset

import (
	"strconv"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

func copalItems(r *reader, name string) ([]placed, error) {
	rows, err := r.csvRows(name, ',', "premise", "choice1", "choice2", "question", "idx", "label")
	if err != nil {
		return nil, err
	}
	var items []placed
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

// copalTasks makes a task of each register of Indonesian that is there.
func copalTasks(r *reader, langs []lang.Tag) ([]part, error) {
	var parts []part
	for _, p := range []part{
		copaPart("colloquial", "id", "data/v1/test_copal_colloquial.csv"),
		copaPart("standard", "id", "data/v1/test_copal.csv"),
	} {
		if r.has(p.file) && wanted(p.Lang, langs) {
			parts = append(parts, p)
		}
	}
	return parts, nil
}
