package dataset

import (
	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

var relations = labels("entailment", "neutral", "contradiction")

func nliItems(r *reader, name string) ([]placed, error) {
	rows, err := r.tsvRows(name, "id", "premise", "hypothesis", "label")
	if err != nil {
		return nil, err
	}
	var items []placed
	for _, w := range rows {
		if err := known(w.at, w.cells["label"], relations); err != nil {
			return nil, err
		}
		premise := w.cells["premise"]
		if blank(premise) {
			return nil, fault.Invalid.Errorf("%s: there is no premise", w.at)
		}
		item := evals.Item{ID: w.cells["id"], Text: w.cells["hypothesis"], Context: premise, Gold: evals.Texts{w.cells["label"]}, Cluster: premise}
		items = append(items, placed{item, w.at})
	}
	return items, nil
}

func nliTasks(r *reader, langs []lang.Tag) ([]part, error) {
	return eachFile(r, "data/anli_final/test/*.tsv", langs, func(tag lang.Tag) part {
		return part{Task: &evals.Task{Name: "nli", Kind: evals.Classification, Lang: tag, Labels: relations, MaxTokens: 16}, prompts: "nli"}
	})
}
