package dataset

import (
	"slices"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// beirTasks makes a task of a retrieval collection: its questions, with the
// documents that answer them. The folder does not say its language; the
// questions do.
func beirTasks(r *reader, langs []lang.Tag) ([]part, error) {
	for _, name := range []string{"corpus.jsonl", "queries.jsonl", "qrels.txt"} {
		if _, err := r.file(name); err != nil {
			return nil, err
		}
	}
	c, err := BEIR(r)
	if err != nil {
		return nil, err
	}
	t := &evals.Task{Name: "rag", Kind: evals.RAG, MaxTokens: 200}
	for _, q := range c.Questions {
		item := evals.Item{ID: q.ID, Text: q.Text, Gold: q.Answers}
		for doc, grade := range c.Relevant[q.ID] {
			if grade > 0 {
				item.Relevant = append(item.Relevant, doc)
			}
		}
		slices.Sort(item.Relevant)
		t.Items = append(t.Items, item)
	}
	if t.Lang, err = squadLang("", t.Items); err != nil {
		return nil, err
	}
	if !wanted(t.Lang, langs) {
		return nil, nil
	}
	return []part{{t, "queries.jsonl"}}, nil
}
