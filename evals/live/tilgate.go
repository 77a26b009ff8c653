package live

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// What Tilgate tells beside OpenAI's fields, as far as it is read. The first
// chunk of a stream has the plan and the passages, the last how things stood
// at the end.
type (
	extension struct {
		Language struct {
			Tag lang.Tag `json:"tag"` // of the question
		} `json:"language"`
		Adapter  lang.Tag  `json:"adapter"` // that answered, so the language of the answer
		Model    string    `json:"model"`
		Degraded string    `json:"degraded"` // why this is less than a full answer
		Passages []passage `json:"passages"`
	}
	passage struct {
		N        int     `json:"n"` // as it is cited
		Document string  `json:"document"`
		Title    string  `json:"title"`
		Source   string  `json:"source"`
		Text     string  `json:"text"`
		Score    float64 `json:"score"`
	}
	annotation struct {
		Citation struct {
			URL   string `json:"url"`
			Title string `json:"title"`
			Start int    `json:"start_index"` // in code points
			End   int    `json:"end_index"`
		} `json:"url_citation"`
	}
)

// notFound is how Tilgate calls it that nothing in its knowledge bases answers.
const notFound = "not_found"

// merge takes over what a later chunk tells.
func (e *extension) merge(later extension) {
	passages := e.Passages
	if later.Adapter != "" {
		*e = later
	}
	if e.Passages = later.Passages; e.Passages == nil {
		e.Passages = passages
	}
}

// fill puts what Tilgate tells into an answer. text is the whole answer, which
// annotations point into.
func (e *extension) fill(a *evals.Answer, text string, notes []annotation) {
	a.Lang = cmp.Or(e.Adapter, e.Language.Tag)
	a.Model = cmp.Or(e.Model, a.Model)
	a.Declined = e.Degraded == notFound
	a.Passages = passagesOf(e.Passages)
	letters := []rune(text)
	for _, n := range notes {
		if doc := e.cited(letters, n); doc != "" && !slices.Contains(a.Cites, doc) {
			a.Cites = append(a.Cites, doc)
		}
	}
}

// cited returns the document that an annotation cites. It tells no id, only
// title and address, which documents may share; but the mark that it points
// at, "[2]", is the number of a passage, which has one. Without passages, the
// address or the title must do.
func (e *extension) cited(text []rune, a annotation) string {
	c := a.Citation
	n := 0
	if c.Start >= 0 && c.Start < c.End && c.End <= len(text) {
		n = number(string(text[c.Start:c.End]))
	}
	for _, same := range []func(p passage) bool{
		func(p passage) bool { return n > 0 && p.N == n },
		func(p passage) bool { return p.Source == c.URL && p.Title == c.Title },
	} {
		if i := slices.IndexFunc(e.Passages, same); i >= 0 {
			return e.Passages[i].Document
		}
	}
	return cmp.Or(c.URL, c.Title)
}

// number reads a mark such as [12], in the digits of any language; 0 if there
// is none.
func number(mark string) int {
	n := 0
	for _, r := range lang.Fold(lang.Und, mark) {
		if r >= '0' && r <= '9' && n < 1e6 {
			n = n*10 + int(r-'0')
		}
	}
	return n
}

func passagesOf(list []passage) []evals.Passage {
	var out []evals.Passage
	for _, p := range list {
		out = append(out, evals.Passage{Doc: p.Document, Text: p.Text, Score: p.Score})
	}
	return out
}

// searched is how many passages are asked for: what metrics look at.
const searched = 10

// chatAndSearch asks, and then searches for what an answer could rest on.
func (t target) chatAndSearch(ctx context.Context, c evals.Case) (evals.Answer, error) {
	a, err := t.chat(ctx, c)
	if err != nil {
		return a, err
	}
	if a.Passages, err = t.search(ctx, c); err != nil {
		return evals.Answer{}, fmt.Errorf("searching: %w", err)
	}
	return a, nil
}

// search returns what Tilgate finds for an item, the best first; never nil.
func (t target) search(ctx context.Context, c evals.Case) ([]evals.Passage, error) {
	query := map[string]any{"query": c.Item.Text, "k": searched, "language": cmp.Or(c.Task.From, c.Task.Lang)}
	if bases, ok := t.wishes(c)["knowledge"]; ok {
		query["knowledge"] = bases
	}
	var found struct {
		Passages []passage `json:"passages"`
	}
	err := t.post(ctx, "/v1/search", query, func(r *reply) error { return r.object(&found) })
	return append([]evals.Passage{}, passagesOf(found.Passages)...), err
}

// detect has Tilgate say what language an item is in. The answer's text is the
// tag alone, und where it cannot be told.
func (t target) detect(ctx context.Context, c evals.Case) (evals.Answer, error) {
	var found struct {
		Data []struct {
			Tag lang.Tag `json:"tag"`
		} `json:"data"`
	}
	begun := time.Now()
	err := t.post(ctx, "/v1/detect", map[string]any{"input": []string{c.Item.Text}}, func(r *reply) error {
		err := r.object(&found)
		if err == nil && len(found.Data) != 1 {
			err = r.nonsense("not one language")
		}
		return err
	})
	if err != nil {
		return evals.Answer{}, err
	}
	tag := found.Data[0].Tag
	if tag == "" {
		return evals.Answer{}, fault.Unavailable.Errorf("the server detects no language, and does not say %s", lang.Und)
	}
	return evals.Answer{Text: string(tag), Lang: tag, Model: t.model, Seconds: time.Since(begun).Seconds()}, nil
}
