package dataset

import (
	"tilgate/evals"
	"tilgate/internal/lang"
)

var topics = labels("science/technology", "travel", "politics", "sports", "health", "entertainment", "geography")

// sibItems reads SIB-200, whose cells are quoted where they have quotation
// marks, though tabs part them.
func sibItems(r *reader, name string) ([]placed, error) {
	rows, err := r.csvRows(name, '\t', "index_id", "category", "text")
	if err != nil {
		return nil, err
	}
	var items []placed
	for _, w := range rows {
		if err := known(w.at, w.cells["category"], topics); err != nil {
			return nil, err
		}
		items = append(items, placed{evals.Item{ID: w.cells["index_id"], Text: w.cells["text"], Gold: evals.Texts{w.cells["category"]}}, w.at})
	}
	return items, nil
}

func sibTasks(r *reader, langs []lang.Tag) ([]part, error) {
	return eachFolder(r, "data/annotated", "test.tsv", langs, func(tag lang.Tag) part {
		return part{Task: &evals.Task{Name: "topic", Kind: evals.Classification, Lang: tag, Labels: topics, MaxTokens: 16}, prompts: "topic"}
	})
}
