package dataset

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// afriqaItems reads AfriQA's questions, with the passage that answers each
// where there is one: some rows have null for it. Answers in the language of
// the question and in that of the passage are both right.
func afriqaItems(r *reader, name string) ([]evals.Item, error) {
	lines, err := r.textLines(name)
	if err != nil {
		return nil, err
	}
	var items []evals.Item
	for i, l := range lines {
		at := fmt.Sprintf("%s:%d", name, i+1)
		var row struct {
			ID       any
			Context  *string
			Own      string                  `json:"question_lang"`
			Question string                  // of the files without passages
			Answer   any                     `json:"answer_lang"`
			Answers  string                  // a Python list, as text
			Pivot    struct{ Text []string } `json:"answer_pivot"`
		}
		if err := json.Unmarshal([]byte(l), &row); err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		item := evals.Item{ID: plainID(row.ID) + "-" + strconv.Itoa(i+1), Text: row.Own + row.Question}
		if row.Context != nil {
			item.Context = *row.Context
		}
		for _, a := range append(append(pythonList(row.Answers), strings.TrimSpace(fmt.Sprint(orEmpty(row.Answer)))), row.Pivot.Text...) {
			if strings.TrimSpace(a) != "" {
				item.Gold = append(item.Gold, a)
			}
		}
		if len(item.Gold) == 0 {
			continue // some rows have neither a passage nor an answer, and cannot be scored
		}
		items = append(items, item)
	}
	return items, nil
}

func orEmpty(v any) any {
	if v == nil {
		return ""
	}
	return v
}

var pythonText = regexp.MustCompile(`'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"`)

// pythonList reads a list of texts as Python prints it.
func pythonList(text string) []string {
	var list []string
	for _, m := range pythonText.FindAllStringSubmatch(text, -1) {
		list = append(list, strings.NewReplacer(`\'`, `'`, `\"`, `"`, `\\`, `\`).Replace(m[1]+m[2]))
	}
	return list
}

// afriqaTasks makes two tasks of a language: with the passages, of the rows
// that have one, and of all questions without.
func afriqaTasks(r *reader, langs []lang.Tag) ([]part, error) {
	var parts []part
	for name, dir := range map[string]string{"passage": "data/gold_passages", "open": "data/queries"} {
		files, err := fs.Glob(r.FS, dir+"/*/*.test.json")
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			tag, err := tag(strings.Split(strings.TrimPrefix(f, dir+"/"), "/")[0])
			if err != nil || !wanted(tag, langs) {
				continue
			}
			items, err := afriqaItems(r, f)
			if err != nil {
				return nil, err
			}
			t := &evals.Task{Name: name, Kind: evals.Reading, Lang: tag, MaxTokens: 64}
			for _, i := range items {
				if name == "open" || i.Context != "" {
					t.Items = append(t.Items, i)
				}
			}
			parts = append(parts, part{t, f})
		}
	}
	return sorted(parts), nil
}

// passageItems reads one passage of UQuAD: its questions and their answers are
// objects that have them by number.
func passageItems(data []byte, number string) ([]evals.Item, error) {
	var p struct {
		Context  string
		Question map[string]struct {
			Question string
			Answer   map[string]any
		}
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, err
	}
	var items []evals.Item
	for i := range len(p.Question) {
		q, ok := p.Question[strconv.Itoa(i)]
		if !ok {
			return nil, fault.Invalid.Errorf("there is no question %d of %d", i, len(p.Question))
		}
		text := questionText{ID: number + "-" + strconv.Itoa(i), Question: strings.TrimSpace(q.Question)}
		for j := range len(q.Answer) {
			if a, ok := q.Answer[strconv.Itoa(j)]; ok && a != nil {
				text.Answers = append(text.Answers, struct{ Text string }{strings.TrimSpace(plainID(a))})
			}
		}
		item, err := questionItem(p.Context, text, number)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}
