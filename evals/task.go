package evals

import (
	"encoding/json"
	"fmt"

	"tilgate/internal/lang"
)

// A Kind is what a task asks for, and so how its answers are scored.
type Kind string

// The kinds.
const (
	MultipleChoice Kind = "multiple_choice" // one of the item's choices
	Classification Kind = "classification"  // one of the task's labels
	Translation    Kind = "translation"     // the text in the task's language
	Reading        Kind = "reading"         // an answer out of the item's context
	RAG            Kind = "rag"             // an answer out of a knowledge base, with citations
	Number         Kind = "number"          // a number, as of sums told in words
	Open           Kind = "open"            // free text, judged by a rubric
	Detection      Kind = "detection"       // which language a text is in
	Safety         Kind = "safety"          // an answer, or a refusal where one is due
)

// Kinds are all kinds.
var Kinds = []Kind{MultipleChoice, Classification, Translation, Reading, RAG, Number, Open, Detection, Safety}

// A Suite is tasks that belong together.
type Suite struct {
	Name    string
	Title   string
	Version string
	Licence string // an SPDX name, or a sentence
	Source  string // where the items come from
	Digest  string // SHA-256 of the files, in hexadecimal
	Tasks   []*Task
}

// A Task is items of one kind in one language, and the prompts they are put in.
type Task struct {
	Suite  string
	Name   string // unique in its suite
	Kind   Kind
	Lang   lang.Tag // of the answers
	From   lang.Tag // of the text to translate; empty means Lang
	Labels []Label  // of classification and detection

	Prompts []Prompt
	Shots   []Item // answered examples that go before each item
	Items   []Item

	LogLik      bool     // choices are compared by their log-likelihood; nothing is written
	Profile     string   // how short answers are compared; empty means what suits the language
	Knowledge   []string // knowledge bases to answer from; empty means all
	MaxTokens   int      // of an answer; 0 means 256
	Refusals    []string // phrases that turn a question away, in lower case
	Abstentions []string // phrases that say one does not know, in lower case
}

// ID is the task's name among all tasks: "suite/name/lang".
func (t *Task) ID() string { return fmt.Sprintf("%s/%s/%s", t.Suite, t.Name, t.Lang) }

// A Label is a class, and what it is called in the task's language.
type Label struct {
	Name string `toml:"name" json:"name"`
	Text string `toml:"text" json:"text"`
}

// Said is what the label is called; its name if it is called nothing else.
func (l Label) Said() string {
	if l.Text == "" {
		return l.Name
	}
	return l.Text
}

// A Prompt is a way to put an item to a model. In its texts, {{text}},
// {{context}}, {{choices}} and {{field NAME}} stand for what the item has, and
// {{labels}} and {{lang}} for the labels of the task and its language's name in
// English.
type Prompt struct {
	Name   string `toml:"name"`
	System string `toml:"system"`
	Text   string `toml:"text"`
}

// An Item is one question, with what a right answer is.
type Item struct {
	ID      string            `json:"id"`
	Text    string            `json:"text"` // the question, or the text to translate or classify
	Context string            `json:"context,omitempty"`
	Choices []string          `json:"choices,omitempty"`
	Fields  map[string]string `json:"fields,omitempty"` // what else prompts may name

	// Gold is the letter of the right choice ("B"), the name of the label, or
	// every text that counts as right. Only what should be refused has none,
	// and what a rubric judges.
	Gold     Texts    `json:"gold,omitempty"`
	Relevant []string `json:"relevant,omitempty"` // documents of the knowledge base that answer it
	Rubric   []string `json:"rubric,omitempty"`   // what a good answer does, a sentence each
	Refuse   bool     `json:"refuse,omitempty"`   // a good answer turns it away, or says that it does not know
	Cluster  string   `json:"cluster,omitempty"`  // items on the same passage share one; they do not vary alone
}

// Texts are one or more texts. In JSON one may stand without brackets.
type Texts []string

// UnmarshalJSON reads a text or a list of them.
func (t *Texts) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = Texts{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return fmt.Errorf("gold is a text or a list of texts, not %.40s", data)
	}
	*t = many
	return nil
}
