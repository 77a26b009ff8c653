package evals

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"tilgate/internal/lang"
)

// A Turn is one message of a conversation.
type Turn struct {
	Role string `json:"role"` // system, user or assistant
	Text string `json:"content"`
}

// A Case is one item in one prompt, ready to be asked.
type Case struct {
	Task   *Task
	Item   *Item
	Prompt string // its name
	Turns  []Turn
	// Continuations, if there are any, are compared by how likely the model
	// finds each after the turns; nothing is written then.
	Continuations []string
}

// Key names the case among all that are asked of a model.
func (c Case) Key() string {
	return strings.Join([]string{c.Task.ID(), c.Prompt, c.Item.ID}, "/")
}

// Digest is the SHA-256, in hexadecimal, of what is asked. Besides the turns
// it covers whatever else of the task reaches the target.
func (c Case) Digest() string {
	data, err := json.Marshal(struct {
		Turns         []Turn
		Continuations []string
		Kind          Kind
		Lang          lang.Tag
		Knowledge     []string
		MaxTokens     int
	}{c.Turns, c.Continuations, c.Task.Kind, c.Task.Lang, c.Task.Knowledge, c.Task.MaxTokens})
	if err != nil {
		panic(err) // nothing in it can fail
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Context is what comes before a continuation: all turns as one text.
func (c Case) Context() string {
	var parts []string
	for _, t := range c.Turns {
		parts = append(parts, t.Text)
	}
	return strings.Join(parts, "\n\n")
}

// An Answer is what a target said.
type Answer struct {
	Text    string   `json:"text"`
	Model   string   `json:"model,omitempty"`   // that the target says answered
	Lang    lang.Tag `json:"lang,omitempty"`    // that it says it answered in, or found
	Blocked bool     `json:"blocked,omitempty"` // a content rule stopped it
	// Declined is that the target itself says that it found nothing to answer with.
	Declined bool `json:"declined,omitempty"`

	Cites    []string  `json:"cites,omitempty"` // ids of the documents that it cites
	Passages []Passage `json:"passages,omitempty"`

	LogLiks []float64 `json:"logliks,omitempty"` // of each continuation, in nats
	Forced  bool      `json:"forced,omitempty"`  // by making the model write each under a grammar

	PromptTokens int     `json:"prompt_tokens,omitempty"`
	Tokens       int     `json:"tokens,omitempty"` // written
	TTFT         float64 `json:"ttft,omitempty"`   // seconds to the first text
	Seconds      float64 `json:"seconds"`          // to the end
	Finish       string  `json:"finish,omitempty"` // stop, length, content_filter
}

// A Passage is what a target found in a knowledge base, best first.
type Passage struct {
	Doc   string  `json:"doc"`
	Text  string  `json:"text,omitempty"`
	Score float64 `json:"score"`
}

// A Result is what became of a case. It is a line of results.jsonl.
type Result struct {
	Model  string             `json:"model"`
	Key    string             `json:"key"`
	Digest string             `json:"digest"` // of what was asked
	Answer Answer             `json:"answer"`
	Read   string             `json:"read,omitempty"`   // the letter, label, number or short answer read out of it
	Scores map[string]float64 `json:"scores,omitempty"` // by metric; one that does not apply is absent
	Sums   map[string]Sums    `json:"sums,omitempty"`   // of corpus metrics, to be added up
	Error  string             `json:"error,omitempty"`  // why there is no answer
	Cached bool               `json:"cached,omitempty"`
	Tries  int                `json:"tries,omitempty"`
	Judge  string             `json:"judge,omitempty"` // what a judge model said
}

// Sums are what a corpus metric counts of one answer.
type Sums []float64
