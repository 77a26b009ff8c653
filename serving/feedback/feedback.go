// Package feedback is what people say about answers, and what becomes of it.
//
// A Feedback is a thumb, reasons, a correction, about one exchange. What the
// exchange was is taken from a Memory of recent ones, since what a client says
// about it proves nothing. Two people who agree turn it into data: Export
// writes it as examples, pairs, judgements or eval cases.
//
// The one thing to know before changing this: words are kept with consent or
// not at all. Make is the only way from what was sent to what is stored, and
// what it returns without consent is a count.
package feedback

import (
	"context"
	"time"

	"tilgate/internal/lang"
)

// A Feedback is what one person says about one answer. Without consent it
// holds no words and nothing that leads to the person or the exchange: only
// ID, Time, Tenant, Key, Rating, Reasons and Language are set.
type Feedback struct {
	ID     string    `json:"id"`     // of its exchange and person, so that the last word of a person counts
	Time   time.Time `json:"time"`   // in UTC; the day alone without consent
	Tenant string    `json:"tenant"` // never empty
	Key    string    `json:"key"`    // name of the caller's key

	Exchange     string `json:"exchange,omitempty"`     // the answer's id: "chatcmpl-…"
	Person       string `json:"person,omitempty"`       // as the caller names who gave it; may be empty
	Conversation string `json:"conversation,omitempty"` // likewise

	Rating     int      `json:"rating"` // 1 or -1
	Reasons    []Reason `json:"reasons,omitempty"`
	Correction string   `json:"correction,omitempty"` // what the answer should have been
	Comment    string   `json:"comment,omitempty"`
	Consent    Consent  `json:"consent"`

	// What was answered. Verified says that the words are the gateway's own and
	// not what the client sent.
	Verified      bool        `json:"verified"`
	FollowUp      bool        `json:"follow_up,omitempty"` // something was said before the question
	Before        []Message   `json:"before,omitempty"`    // that, or its end; empty if nobody knows
	Question      string      `json:"question,omitempty"`
	Answer        string      `json:"answer,omitempty"`
	Language      lang.Tag    `json:"language"`
	Script        lang.Script `json:"script,omitempty"`
	Adapter       lang.Tag    `json:"adapter,omitempty"`
	AdapterDigest string      `json:"adapter_digest,omitempty"`
	Model         string      `json:"model,omitempty"`
	ModelDigest   string      `json:"model_digest,omitempty"`
	Degraded      string      `json:"degraded,omitempty"` // why this is less than a full answer, as the plan says
	Passages      []Passage   `json:"passages,omitempty"`
	Licence       string      `json:"licence,omitempty"` // under which it was given, as the operator's consent text says

	Reviews []Review `json:"reviews,omitempty"` // in order
}

// A Consent is what a person agreed to, and which text they were shown.
type Consent struct {
	Training bool     `json:"training"` // the words may be kept and be trained on
	Language lang.Tag `json:"language"` // of the text that was shown
	Version  string   `json:"version"`  // of that text
}

// A Message is what was said in a conversation, by the user, the assistant, or
// the system.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// A Passage is what an answer rested on, without its words: the hash says what
// they were.
type Passage struct {
	KB       string `json:"kb"`
	Version  int    `json:"version,omitempty"` // of the knowledge base when the feedback came; 0 if nobody knows
	Document string `json:"document"`
	ID       string `json:"id"` // within its document
	Hash     string `json:"hash"`
	Cited    bool   `json:"cited"` // the answer names it
}

// A Reason says what was wrong.
type Reason string

// The reasons.
const (
	WrongLanguage Reason = "wrong_language"
	WrongSource   Reason = "wrong_source"
	NotHelpful    Reason = "not_helpful"
	Harmful       Reason = "harmful"
	Other         Reason = "other"
)

// Reasons are all of them.
var Reasons = []Reason{WrongLanguage, WrongSource, NotHelpful, Harmful, Other}

// A Whose names what is to be erased: all of a person's, or of a conversation.
// One of the two is set.
type Whose struct{ Person, Conversation string }

// A Query says which feedback is wanted. The zero value of a field asks for
// any.
type Query struct {
	Tenant string
	State  State
	After  string // ID of the last one on the page before
	Limit  int    // 0 means all
}

// A Store keeps feedback. List is in the order of Time, then ID; ID alone
// orders what has the same time.
type Store interface {
	// PutFeedback stores f in place of one of the same ID, reviews included.
	PutFeedback(ctx context.Context, f Feedback) error
	// Feedback returns one; an error of kind fault.NotFound if there is none.
	Feedback(ctx context.Context, tenant, id string) (Feedback, error)
	// ListFeedback lists what a query asks for.
	ListFeedback(ctx context.Context, q Query) ([]Feedback, error)
	// ReviewFeedback adds a review.
	ReviewFeedback(ctx context.Context, tenant, id string, r Review) error
	// EraseFeedback deletes, and returns the IDs of what is gone.
	EraseFeedback(ctx context.Context, tenant string, w Whose) ([]string, error)
}
