package dataset

import (
	"fmt"
	"path"
	"slices"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// A query is a question of a collection. One made from AfriQA says which
// language it is in, and has answers in that and in that of the documents.
type query struct {
	evals.Question
	Lang   string   `json:"lang"`
	Answer string   `json:"answer_lang"`
	Pivot  []string `json:"answers_pivot"`
}

// queries reads the questions of a collection, with the documents that answer
// them according to the qrels.txt beside. langs are those that questions name.
func (r *reader) queries(name string) (items []placed, langs []string, err error) {
	judged := path.Join(path.Dir(name), "qrels.txt")
	for _, f := range []string{name, judged} {
		if _, err := r.file(f); err != nil {
			return nil, nil, err
		}
	}
	rows, err := jsonl[query](r, name)
	if err != nil {
		return nil, nil, err
	}
	relevant, err := qrels(r, judged)
	if err != nil {
		return nil, nil, err
	}
	for n, q := range rows {
		item := evals.Item{ID: q.ID, Text: q.Text}
		for _, a := range slices.Concat(q.Answers, []string{q.Answer}, q.Pivot) {
			if !blank(a) && !slices.Contains(item.Gold, a) {
				item.Gold = append(item.Gold, a)
			}
		}
		for doc, grade := range relevant[q.ID] {
			if grade > 0 {
				item.Relevant = append(item.Relevant, doc)
			}
		}
		slices.Sort(item.Relevant)
		items, langs = append(items, placed{item, fmt.Sprintf("%s:%d", name, n+1)}), append(langs, q.Lang)
	}
	return items, langs, nil
}

func beirItems(r *reader, name string) ([]placed, error) {
	items, _, err := r.queries(name)
	return items, err
}

// beirTasks makes a task of each language of a collection. Where the questions
// do not say theirs, it is seen by their look. The documents must be in the
// knowledge base of whoever is asked, under the same ids.
func beirTasks(r *reader, langs []lang.Tag) ([]part, error) {
	const name = "queries.jsonl"
	if _, err := r.file("corpus.jsonl"); err != nil {
		return nil, err
	}
	if _, err := BEIR(r); err != nil {
		return nil, err
	}
	all, codes, err := r.queries(name)
	if err != nil {
		return nil, err
	}
	byLang := map[string][]placed{}
	for i, item := range all {
		byLang[codes[i]] = append(byLang[codes[i]], item)
	}
	var parts []part
	for code, items := range byLang {
		tag, err := tagOf(code)
		switch {
		case code == "":
			tag, err = langOf(name, items)
		case err != nil:
			err = fmt.Errorf("%s: %w", items[0].at, err)
		}
		if err != nil {
			return nil, err
		}
		if wanted(tag, langs) {
			t := &evals.Task{Name: "rag", Kind: evals.RAG, Lang: tag, MaxTokens: 200}
			parts = append(parts, part{Task: t, prompts: "open", file: name, code: code, items: items})
		}
	}
	return sorted(parts), nil
}
