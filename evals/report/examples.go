package report

import (
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// A quote is a text in some language, as somebody wrote it.
type quote struct {
	Lang lang.Tag
	Dir  string
	Head []piece // all of it, if it is short
	Full []piece // folded away; nil if Head is all
	Left int     // characters that are not shown at all
}

const (
	folds   = 320   // characters that are shown before a fold
	longest = 20000 // characters that are shown at all
)

func newQuote(text string, tag lang.Tag) quote {
	text = strings.TrimSpace(text)
	q := quote{Lang: tag, Dir: directionOf(text, tag)}
	head, rest := cut(text, folds)
	if rest < folds/2 { // a fold would hide too little
		q.Head = pieces(text)
		return q
	}
	full, left := cut(text, longest)
	q.Head, q.Full, q.Left = pieces(head), pieces(full), left
	return q
}

// Empty reports whether there is nothing to show.
func (q quote) Empty() bool { return len(q.Head) == 0 }

// A choice is one that a question offers.
type choice struct {
	Letter string
	Quote  quote
	Gold   bool
	Taken  bool
}

// An example is an answer that failed, beside what was asked.
type example struct {
	Reason, Task, Model, Item, Prompt, Error string
	Question, Context, Answer                quote
	Gold                                     []quote
	Choices                                  []choice
	Sources                                  []quote
	Read                                     string
	Refuse                                   bool
}

func newExample(s evals.Sample, why string) example {
	item, task, a := s.Case.Item, s.Case.Task, s.Result.Answer
	e := example{
		Reason: why, Task: taskTitle(task.ID(), task.Lang), Model: s.Result.Model, Item: item.ID, Prompt: s.Case.Prompt,
		Error: s.Result.Error, Read: s.Result.Read, Refuse: item.Refuse,
		Question: newQuote(item.Text, asked(task)),
		Context:  newQuote(item.Context, asked(task)),
		Answer:   newQuote(a.Text, answered(s)),
	}
	for i, text := range item.Choices {
		letter := evals.Letters[i%len(evals.Letters) : i%len(evals.Letters)+1]
		e.Choices = append(e.Choices, choice{letter, newQuote(text, task.Lang), slices.Contains(item.Gold, letter), s.Result.Read == letter})
	}
	if len(item.Choices) == 0 {
		for _, text := range item.Gold {
			e.Gold = append(e.Gold, newQuote(labelled(task, text), task.Lang))
		}
	}
	for _, p := range a.Passages {
		if len(e.Sources) < 3 && p.Text != "" {
			e.Sources = append(e.Sources, newQuote(p.Text, task.Lang))
		}
	}
	return e
}

// asked is the language of a question.
func asked(t *evals.Task) lang.Tag {
	if t.From != "" {
		return t.From
	}
	return t.Lang
}

// answered is the language of an answer: what the target says, else what was
// asked for, unless it is not in that.
func answered(s evals.Sample) lang.Tag {
	switch {
	case s.Result.Answer.Lang != "":
		return s.Result.Answer.Lang
	case scored("lang_ok", 0)(s), scored("script_ok", 0)(s):
		return lang.Und
	}
	return s.Case.Task.Lang
}

// labelled is what a label is called, and its name if that differs.
func labelled(t *evals.Task, name string) string {
	for _, l := range t.Labels {
		if l.Name == name && l.Said() != name {
			return l.Said() + " (" + name + ")"
		}
	}
	return name
}
