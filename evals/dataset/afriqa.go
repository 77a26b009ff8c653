package dataset

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// afriqaItems reads AfriQA: queries, or questions with the passage that answers
// each, where some rows have null. Answers in the language of the question and
// in English or French, which the passages are in, are both right. Rows that
// say that they have no answer are left out.
func afriqaItems(r *reader, name string) (items []placed, err error) {
	type row struct {
		ID      any
		Context string
		Pivot   *struct{ Text []string } `json:"answer_pivot"`
		// of the files with passages
		Asked    string `json:"question_lang"`
		Answered string `json:"answer_lang"`
		// of the files of queries
		Question   string
		Answers    string
		Translated string `json:"translated_answer"`
	}
	err = jsonLines(r, name, func(at string, w row) error {
		item := evals.Item{ID: idOf(w.ID), Text: w.Question, Context: w.Context}
		var golds []string
		if w.Pivot != nil {
			item.Text = w.Asked
			golds = append([]string{w.Answered}, w.Pivot.Text...)
		} else {
			for _, list := range []string{w.Answers, w.Translated} {
				answers, ok := afriqaList(list)
				if !ok {
					return fault.Invalid.Errorf("%s: the answers %q are not a list", at, list)
				}
				golds = append(golds, answers...)
			}
		}
		for _, g := range golds {
			if g = strings.TrimSpace(g); g != "" && !slices.Contains(item.Gold, g) {
				item.Gold = append(item.Gold, g)
			}
		}
		if len(item.Gold) > 0 {
			items = append(items, placed{item, at})
		}
		return nil
	})
	return items, err
}

// afriqaList reads a list of answers. It looks like one of Python's, but what
// is in it was never escaped: "['Côte d'Ivoire']".
func afriqaList(text string) ([]string, bool) {
	if text == "[]" {
		return nil, true
	}
	inner, ok := strings.CutPrefix(text, "['")
	inner, ok2 := strings.CutSuffix(inner, "']")
	if !ok || !ok2 {
		return nil, false
	}
	return strings.Split(inner, "', '"), true
}

// afriqaTasks makes two tasks of a language: with the passages, of the rows
// that have one, and of all queries, to be answered without.
func afriqaTasks(r *reader, langs []lang.Tag) ([]part, error) {
	var parts []part
	for _, kind := range []struct{ name, dir, prompts string }{
		{"open", "data/queries", "open"},
		{"passage", "data/gold_passages", "reading"},
	} {
		files, err := fs.Glob(r.FS, kind.dir+"/*/*.test.json")
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			code := path.Base(path.Dir(f))
			tag, err := tagOf(code)
			if err != nil || !wanted(tag, langs) {
				continue
			}
			items, err := afriqaItems(r, f)
			if err != nil {
				return nil, err
			}
			if kind.name == "passage" {
				items = slices.DeleteFunc(items, func(i placed) bool { return blank(i.Context) })
			}
			t := &evals.Task{Name: kind.name, Kind: evals.Reading, Lang: tag, MaxTokens: 64}
			parts = append(parts, part{Task: t, prompts: kind.prompts, file: f, code: code, items: items})
		}
	}
	return sorted(parts), nil
}
