package dataset

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
)

// A question is one of SQuAD's JSON.
type question struct {
	ID         any    `json:"id"`
	Text       string `json:"question"`
	Impossible bool   `json:"is_impossible"`
	Answers    []struct{ Text string }
}

type paragraph struct {
	Context   string
	Questions []question `json:"qas"`
}

// squadItems reads SQuAD's JSON, or UQuAD's, whose top is the passages by
// number.
func squadItems(r *reader, name string) ([]placed, error) {
	data, err := r.file(name)
	if err != nil {
		return nil, err
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(data, &top); err != nil {
		return nil, jsonFault(name, data, err)
	}
	if top["data"] == nil {
		return uquadItems(name, top)
	}
	var articles []struct{ Paragraphs json.RawMessage }
	if err := json.Unmarshal(top["data"], &articles); err != nil {
		return nil, fmt.Errorf("%s: data: %w", name, err)
	}
	var items []placed
	passage := 0
	for i, article := range articles {
		at := fmt.Sprintf("%s: data[%d].paragraphs", name, i)
		list, err := paragraphs(article.Paragraphs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		for j, p := range list {
			passage++
			for k, q := range p.Questions {
				item, err := q.item(fmt.Sprintf("%s[%d].qas[%d]", at, j, k), p.Context, strconv.Itoa(passage))
				if err != nil {
					return nil, err
				}
				items = append(items, item)
			}
		}
	}
	return items, nil
}

// paragraphs are a list. In one article of AmQA there is a paragraph instead.
func paragraphs(data []byte) (list []paragraph, err error) {
	if bytes.HasPrefix(data, []byte("{")) {
		list = make([]paragraph, 1)
		return list, json.Unmarshal(data, &list[0])
	}
	return list, json.Unmarshal(data, &list)
}

// item makes an item of a question. An answer that is there several times
// counts once.
func (q question) item(at, context, cluster string) (placed, error) {
	item := evals.Item{ID: idOf(q.ID), Text: q.Text, Context: context, Refuse: q.Impossible, Cluster: cluster}
	if blank(context) {
		return placed{}, fault.Invalid.Errorf("%s: the passage has no text", at)
	}
	if q.Impossible {
		return placed{item, at}, nil
	}
	for _, a := range q.Answers {
		if !slices.Contains(item.Gold, a.Text) {
			item.Gold = append(item.Gold, a.Text)
		}
	}
	return placed{item, at}, nil
}

// idOf writes an id that is a number or a text; "" if it is neither.
func idOf(id any) string {
	switch id := id.(type) {
	case float64:
		return strconv.FormatFloat(id, 'f', -1, 64)
	case string:
		return id
	}
	return ""
}

// byNumber are the keys of m, which are numbers, in their order.
func byNumber[T any](m map[string]T) []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	})
}

// uquadItems reads UQuAD: passages, their questions and the answers to those
// are objects that have them by number, and some answers are numbers.
func uquadItems(name string, top map[string]json.RawMessage) ([]placed, error) {
	var items []placed
	for _, n := range byNumber(top) {
		at := name + ": " + n
		var p struct {
			Context  string
			Question map[string]struct {
				Question string
				Answer   map[string]any
			}
		}
		if _, err := strconv.Atoi(n); err != nil {
			return nil, fault.Invalid.Errorf("%s is neither data nor the number of a passage", at)
		}
		if err := json.Unmarshal(top[n], &p); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		for _, k := range byNumber(p.Question) {
			asked := p.Question[k]
			q := question{ID: n + "-" + k, Text: strings.TrimSpace(asked.Question)}
			for _, a := range byNumber(asked.Answer) {
				q.Answers = append(q.Answers, struct{ Text string }{strings.TrimSpace(idOf(asked.Answer[a]))})
			}
			item, err := q.item(at+".question."+k, p.Context, n)
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
	}
	return items, nil
}

// squadTasks makes a task of each file. Where files are named after the parts
// of a data set, only its test part counts, or else its development part.
func squadTasks(r *reader, langs []lang.Tag) ([]part, error) {
	files, err := fs.Glob(r.FS, "*.json")
	if err != nil {
		return nil, err
	}
	tested := slices.ContainsFunc(files, func(f string) bool { return isPart(f, "test") })
	var parts []part
	for _, f := range files {
		if isPart(f, "train") || tested && isPart(f, "dev", "val", "valid", "validation") {
			continue // what a model may have learnt from, or was chosen by
		}
		p := part{Task: &evals.Task{Name: "qa", Kind: evals.Reading, MaxTokens: 64}, prompts: "reading", file: f, code: strings.TrimSuffix(f, ".json")}
		named := false
		if p.Lang, named = langInName(f); named && !wanted(p.Lang, langs) {
			continue
		}
		if p.items, err = squadItems(r, f); err != nil {
			return nil, err
		}
		if !named {
			if p.Lang, err = langOf(f, p.items); err != nil {
				return nil, err
			}
		}
		if wanted(p.Lang, langs) {
			parts = append(parts, p)
		}
	}
	return sorted(parts), nil
}

func isPart(file string, names ...string) bool {
	words := strings.FieldsFunc(strings.ToLower(file), func(c rune) bool { return !unicode.IsLetter(c) })
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(names, w) })
}

// langInName is the language in the name of a file: "xquad.th.json". Some words
// for parts are codes of languages too, and never meant as such.
func langInName(file string) (lang.Tag, bool) {
	words := strings.Split(strings.TrimSuffix(file, ".json"), ".")
	for _, w := range words[1:] {
		if isPart(w, "train", "test", "dev", "val") {
			continue
		}
		if tag, err := tagOf(w); err == nil {
			return tag, true
		}
	}
	return lang.Und, false
}

// langOf tells the language of questions by their look.
func langOf(file string, items []placed) (lang.Tag, error) {
	var all strings.Builder
	for _, i := range items[:min(len(items), 200)] {
		fmt.Fprintln(&all, i.Text)
	}
	if t := lid.Default().Detect(all.String(), lid.Options{}).Tag; t != lang.Und {
		return t.Base(), nil
	}
	return lang.Und, fault.Invalid.Errorf("%s: the language of the questions cannot be told; give the file a name such as questions.ky.json", file)
}
