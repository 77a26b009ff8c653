package gateway

import (
	"cmp"
	"slices"
	"strings"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/serving"
)

// shown is an answer as the page shows it.
type shown struct {
	QuestionLang lang.Tag
	Lang         lang.Tag
	Dir          string
	Notice       string
	Pieces       []piece
	Passages     []source
}

// A piece is text, or a mark that leads to passage N. ID numbers the marks.
type piece struct {
	Text  string
	N, ID int
}

// A source is a passage with where it stands. Back is the first mark that
// leads to it, or 0.
type source struct {
	passage
	Dir  string
	Link string // its source, if a browser can go there
	Back int
}

// notices say in words why an answer is less than it could be.
var notices = map[string]string{
	serving.NoModel:       "No model is running. These sentences are quoted from the sources below.",
	serving.NoStore:       "The knowledge base cannot be reached. This answer has no sources.",
	serving.NotFound:      "Nothing about this stands in the knowledge base.",
	serving.OtherLanguage: "The model did not manage the language of the question; this is another one.",
	serving.Unable:        "The model did not manage to answer in the language of the question.",
	serving.ModelLost:     "The model failed. These sentences are quoted from the sources below.",
}

// shownOf shows an answer to a question. While there is no text, it will run
// the way the question does.
func shownOf(question string, r reply) *shown {
	p := r.done.Plan
	s := &shown{
		QuestionLang: p.Language.Tag,
		Lang:         cmp.Or(p.Adapter, p.Language.Tag, lang.Und),
		Dir:          direction(cmp.Or(r.text, question), p.Language.Script),
		Pieces:       pieces(r.text, r.done.Citations),
	}
	if p.Degraded != "" {
		s.Notice = cmp.Or(notices[p.Degraded], p.Degraded)
	}
	for i, from := range p.Passages {
		s.Passages = append(s.Passages, sourceOf(i+1, from, s.Pieces))
	}
	return s
}

func sourceOf(n int, p rag.Passage, pieces []piece) source {
	s := source{passage: passageOf(n, p), Dir: direction(p.Text, p.Lang.Script())}
	s.Title = cmp.Or(p.Title, p.Doc)
	if strings.HasPrefix(p.Source, "https://") || strings.HasPrefix(p.Source, "http://") {
		s.Link = p.Source
	}
	if i := slices.IndexFunc(pieces, func(p piece) bool { return p.N == n }); i >= 0 {
		s.Back = pieces[i].ID
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

// pieces cuts text at its marks. Marks that overlap or lie outside are text.
func pieces(text string, citations []serving.Citation) []piece {
	runes := []rune(text)
	citations = slices.SortedFunc(slices.Values(citations), func(a, b serving.Citation) int { return a.Start - b.Start })
	var list []piece
	at, id := 0, 0
	for _, c := range citations {
		if c.Start < at || c.End <= c.Start || c.End > len(runes) || c.N < 1 {
			continue
		}
		if c.Start > at {
			list = append(list, piece{Text: string(runes[at:c.Start])})
		}
		id++
		list = append(list, piece{string(runes[c.Start:c.End]), c.N, id})
		at = c.End
	}
	if at < len(runes) {
		list = append(list, piece{Text: string(runes[at:])})
	}
	return list
}
