package dataset

import (
	"fmt"
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
)

// beirSuite makes a task of a retrieval collection: its questions, with the
// documents that answer them. The folder does not say its language; it is told
// by the questions.
func beirSuite(r *reader, langs []lang.Tag) (*evals.Suite, error) {
	for _, name := range []string{"corpus.jsonl", "queries.jsonl", "qrels.txt"} {
		if _, err := r.file(name); err != nil {
			return nil, err
		}
	}
	c, err := BEIR(r)
	if err != nil {
		return nil, err
	}
	var all strings.Builder
	for _, q := range c.Questions[:min(len(c.Questions), 200)] {
		fmt.Fprintln(&all, q.Text)
	}
	tag := lid.Default().Detect(all.String(), lid.Options{}).Tag
	if tag == lang.Und {
		return nil, fault.Invalid.Errorf("the language of queries.jsonl cannot be told")
	}
	s := &evals.Suite{Title: "a retrieval collection", Licence: "see the folder", Source: "a folder in the form of BEIR"}
	if !wanted(tag, langs) {
		return s, nil
	}
	t := &evals.Task{Name: "rag", Kind: evals.RAG, Lang: tag, MaxTokens: 200, Prompts: []evals.Prompt{{Name: "plain", Text: "{{text}}"}}}
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
	s.Tasks = append(s.Tasks, t)
	return s, nil
}
