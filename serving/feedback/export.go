package feedback

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A Form is what feedback is exported as.
type Form string

// The forms.
const (
	SFT   Form = "sft"   // conversations with a good answer, to train on
	DPO   Form = "dpo"   // a question, the correction, and what was answered in its place
	Eval  Form = "eval"  // items of a suite, as evals/suites reads them
	Qrels Form = "qrels" // which documents answer a question and which do not: a collection as evals/dataset reads it
)

// Forms are all of them.
var Forms = []Form{SFT, DPO, Qrels, Eval}

// An Export says which feedback becomes data. What was given without consent,
// or what somebody rejects, never does.
type Export struct {
	Form       Form
	Agreements int // people who must agree
	Mask       func(text string) string
	Questions  io.Writer // of Qrels: where the questions go, which say what each is about
}

// Write writes the rows that a list makes, in an order that does not depend on
// that of the list, and returns how many there are.
func (e Export) Write(w io.Writer, list []Feedback) (rows int, err error) {
	out := bufio.NewWriter(w)
	list = slices.SortedFunc(slices.Values(list), func(a, b Feedback) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID))
	})
	for _, f := range list {
		if !f.exportable(e.Agreements) {
			continue
		}
		n, err := e.write(out, newSample(f, e.Mask))
		if err != nil {
			return rows, err
		}
		rows += n
	}
	return rows, out.Flush()
}

func (f Feedback) exportable(agreements int) bool {
	agreed, rejected := f.Said()
	whole := !f.FollowUp || len(f.Before) > 0 // a follow-up means nothing by itself
	return f.Consent.Training && rejected == 0 && agreed >= agreements && !blank(f.Question) && whole
}

func (e Export) write(out io.Writer, s sample) (int, error) {
	var row any
	switch {
	case e.Form == SFT && s.good != "":
		row = sftRow{s.prompt(Message{"assistant", s.good}), s.about}
	case e.Form == DPO && s.corrected != "" && s.Answer != "" && s.corrected != s.Answer:
		row = dpoRow{s.prompt(), []Message{{"assistant", s.corrected}}, []Message{{"assistant", s.Answer}}, s.about}
	case e.Form == Eval && s.good != "" && !s.FollowUp:
		row = evalRow{s.ID, s.Question, []string{s.good}, s.relevant(), s.fields()}
	case e.Form == Qrels && !s.FollowUp:
		return s.judge(out, e.Questions)
	case !slices.Contains(Forms, e.Form):
		return 0, fault.Invalid.Errorf("there is no form %q; there are %q", e.Form, Forms)
	}
	if row == nil {
		return 0, nil
	}
	return 1, writeRow(out, row)
}

func writeRow(w io.Writer, row any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(row)
}

// A sample is feedback as rows are made of it, with personal data hidden.
type sample struct {
	Feedback
	about     about
	corrected string // empty if nobody corrected it
	good      string // what a good answer is; empty if nobody said
}

func newSample(f Feedback, mask func(string) string) sample {
	agreed, _ := f.Said()
	f = f.masked(mask)
	if f.Answer = unmarked(f.Answer); f.Degraded != "" {
		f.Answer = "" // a quote or a notice, which no model should learn, nor unlearn
	}
	s := sample{Feedback: f, about: aboutOf(f, agreed), corrected: unmarked(f.Corrected())}
	switch {
	case s.corrected != "":
		s.good = s.corrected
	case f.Rating > 0 && len(f.Reasons) == 0:
		s.good = f.Answer
	}
	return s
}

var mark = regexp.MustCompile(`\s*\[\p{Nd}{1,3}\]`)

// unmarked returns text without marks such as [1]: no passages go with a row,
// and whoever trained on marks of nothing would learn to invent them.
func unmarked(text string) string { return strings.TrimSpace(mark.ReplaceAllString(text, "")) }

// prompt returns the conversation up to the question, and what follows it.
func (s sample) prompt(after ...Message) []Message {
	list := append(slices.Clone(s.Before), Message{"user", s.Question})
	for i, m := range list {
		if m.Role == "assistant" {
			list[i].Content = unmarked(m.Content)
		}
	}
	return append(list, after...)
}

// documents returns the ids of the documents that the answer cites.
func (s sample) documents() []string {
	var list []string
	for _, p := range s.Passages {
		if p.Cited {
			list = append(list, p.Document)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// relevant returns the documents that answer the question, as far as what was
// said tells.
func (s sample) relevant() []string {
	if s.Rating > 0 && !slices.Contains(s.Reasons, WrongSource) {
		return s.documents()
	}
	return nil
}

// judge writes what was said of the documents: 1 for those that a good answer
// cites, 0 for those of a wrong source. Nothing else judges them.
func (s sample) judge(out, questions io.Writer) (int, error) {
	if questions == nil {
		return 0, errors.New("judgements need a place for their questions")
	}
	grade, docs := 1, s.relevant()
	if slices.Contains(s.Reasons, WrongSource) {
		grade, docs = 0, s.documents()
	}
	if len(docs) == 0 {
		return 0, nil
	}
	for _, doc := range docs {
		if _, err := fmt.Fprintf(out, "%s 0 %s %d\n", s.ID, column(doc), grade); err != nil {
			return 0, err
		}
	}
	row := questionRow{s.ID, s.Question, nil, s.Language, s.about}
	if s.good != "" {
		row.Answers = []string{s.good}
	}
	return len(docs), writeRow(questions, row)
}

// column writes an id so that it stays one column.
func column(id string) string {
	var b strings.Builder
	for _, r := range id {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' {
			fmt.Fprintf(&b, "%%%02X", r)
		} else {
			b.WriteRune(r)
		}
	}
	return cmp.Or(b.String(), "%")
}

// The rows of the forms.
type (
	sftRow struct {
		Messages []Message `json:"messages"`
		About    about     `json:"about"`
	}
	dpoRow struct {
		Prompt   []Message `json:"prompt"`
		Chosen   []Message `json:"chosen"`
		Rejected []Message `json:"rejected"`
		About    about     `json:"about"`
	}
	evalRow struct { // evals.Item, whose package is not ours to import
		ID       string            `json:"id"`
		Text     string            `json:"text"`
		Gold     []string          `json:"gold"`
		Relevant []string          `json:"relevant,omitempty"`
		Fields   map[string]string `json:"fields"`
	}
	questionRow struct {
		ID      string   `json:"id"`
		Text    string   `json:"text"`
		Answers []string `json:"answers,omitempty"`
		Lang    lang.Tag `json:"lang"`
		About   about    `json:"about"`
	}
)
