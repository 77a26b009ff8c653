package gateway

import (
	"cmp"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/serving/web"
)

// shownOf shows an answer to a question. While there is no text, it will run
// the way the question does.
func shownOf(question string, r reply) *web.Answer {
	p := r.done.Plan
	a := &web.Answer{
		Taken:  cmp.Or(p.Language.Tag, lang.Und),
		Lang:   cmp.Or(p.Adapter, p.Language.Tag, lang.Und),
		Dir:    direction(cmp.Or(r.text, question), p.Language.Script),
		Notice: p.Degraded,
		Cut:    r.done.Finish == "length",
		Text:   r.text,
	}
	for i, from := range p.Passages {
		a.Sources = append(a.Sources, sourceOf(i+1, from))
	}
	if r.text != "" {
		a.Quotes = web.Quotes(r.text, a.Lang, a.Sources)
	}
	return a
}

func sourceOf(n int, p rag.Passage) web.Source {
	s := web.Source{N: n, Title: cmp.Or(p.Title, p.Doc), Head: p.Head, Text: p.Text, Lang: cmp.Or(p.Lang, lang.Und),
		Dir: direction(p.Text, p.Lang.Script()), Where: p.Source, Date: p.Date, Edition: p.Edition, Superseded: p.SupersededBy != nil}
	if by := p.SupersededBy; by != nil && by.Name() != "" {
		s.By = &web.Successor{Title: by.Name(), Where: by.Source}
	}
	return s
}

// direction returns the way that text runs: by its own words, since an
// answer may be in another script than its question, else by script.
func direction(text string, script lang.Script) string {
	if d := lang.Direction(text); d != "" {
		return d
	}
	if script.RightToLeft() {
		return "rtl"
	}
	return "ltr"
}
