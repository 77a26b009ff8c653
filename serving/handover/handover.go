// Package handover hands a conversation over to people: somebody asked for one,
// or the guard gave up. The staff of an office get it by a Sender (package send
// has a webhook, e-mail and a queue) or look for it themselves, and what they
// answer comes back into the conversation.
//
// The one thing to know before changing it is what is promised. A Case that was
// taken is kept until it is sent, whoever is killed in between: the Store has it
// on disk before its citizen hears that it was taken, and Desk.Run sends what is
// due until the other side says that it has it. It may say so unheard, and is
// then sent the same again, under the same id.
//
// A Case holds what people said, as they said it, since staff must know who needs
// what. None of it is ever logged.
package handover

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
	"time"

	"tilgate/internal/lang"
)

// A Case is a conversation that people are to answer.
type Case struct {
	ID       string    `json:"id"`   // "ho-…", which tells nothing of the token
	Time     time.Time `json:"time"` // when it was taken, in UTC
	Tenant   string    `json:"tenant"`
	Key      string    `json:"key"`      // name of the caller's key
	Language lang.Tag  `json:"language"` // that its citizen reads
	Why      Why       `json:"why"`
	Contact  string    `json:"contact,omitempty"` // how its citizen can be reached, if they said so
	Messages []Message `json:"messages"`          // as its client tells them, in order

	State   State   `json:"state"`
	Replies []Reply `json:"replies,omitempty"` // in order

	Sent     time.Time `json:"sent,omitzero"`      // when the other side had it; zero before, and if nobody is told
	Due      time.Time `json:"due,omitzero"`       // when it is to be sent, or tried again; zero if it need not be
	Attempts int       `json:"attempts,omitempty"` // to send it, that failed
	Trouble  string    `json:"trouble,omitempty"`  // why the last of them did

	Sites []string `json:"sites,omitempty"` // that it may be sent to; none means any

	// The secret that lets whoever is sent the case answer it, until it is sent;
	// and its hash.
	Secret string `json:"secret,omitempty"`
	Hash   string `json:"hash,omitempty"`
}

// A Message is what was said, by the citizen, the assistant, or staff.
type Message struct {
	Role    Role   `json:"role"`
	Content string `json:"content"`
}

// A Role says who said something.
type Role string

// The roles.
const (
	User      Role = "user"
	Assistant Role = "assistant"
	Staff     Role = "staff"
)

// Roles are all of them.
var Roles = []Role{User, Assistant, Staff}

// Why says why a case was made.
type Why string

// The reasons.
const (
	OnRequest Why = "asked" // its citizen asked for a person
	OnGuard   Why = "guard" // the guard gave up
)

// A State is where a case stands.
type State string

// The states. Staff may answer in all but the last.
const (
	Waiting  State = "waiting"  // for an answer
	Answered State = "answered" // and open for more
	Failed   State = "failed"   // nobody could be told of it
	Closed   State = "closed"
)

// States are all of them.
var States = []State{Waiting, Answered, Failed, Closed}

// A Reply is what staff answered, as plain text.
type Reply struct {
	Time time.Time `json:"time"`
	By   string    `json:"by"` // name of a key; empty for who was sent the case
	Text string    `json:"text"`
}

// A Query says which cases are wanted. The zero value of a field asks for any.
type Query struct {
	Tenant string
	State  State
	After  string // ID of the last one on the page before
	Limit  int    // 0 means all
}

// A Whose names what is to be erased: a case, or all of a contact. One of the
// two is set.
type Whose struct{ ID, Contact string }

// A Store keeps cases. Its errors are of kind fault.NotFound where there is no
// such case, and an empty tenant means any.
type Store interface {
	// PutCase returns when c is on disk. One that is there already stays as it is.
	PutCase(ctx context.Context, c Case) error
	// Case returns a case.
	Case(ctx context.Context, tenant, id string) (Case, error)
	// ListCases lists what a query asks for, in the order of Time, then ID.
	ListCases(ctx context.Context, q Query) ([]Case, error)
	// ChangeCase changes a case while nobody else does, unless change refuses.
	ChangeCase(ctx context.Context, tenant, id string, change func(*Case) error) (Case, error)
	// DueCase returns a case that is due now, and keeps it from being due for
	// others for a while. ok is false if there is none.
	DueCase(ctx context.Context, now time.Time, lease time.Duration) (c Case, ok bool, err error)
	// EraseCases deletes, and returns the IDs of what is gone.
	EraseCases(ctx context.Context, tenant string, w Whose) ([]string, error)
}

// A Sender tells staff of a case.
type Sender interface {
	// Check returns why nothing may be sent on behalf of a context's caller, whose
	// key may be bound to sites (internal/outbound).
	Check(ctx context.Context) error
	// Send returns nil when the other side has the case. It may be called again
	// with the same case, which the ID tells.
	Send(ctx context.Context, c Case) error
}

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newSecret returns what nobody guesses: 130 bits.
func newSecret() string { return strings.ToLower(rand.Text()) }

// NewToken returns a token with which a case can be made.
func NewToken() string { return newSecret() }

// IDOf returns the id of the case whose citizen holds a token.
func IDOf(token string) string {
	sum := sha256.Sum256([]byte("tilgate handover id\x00" + token))
	return "ho-" + letters.EncodeToString(sum[:20])
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte("tilgate handover secret\x00" + secret))
	return hex.EncodeToString(sum[:])
}

// ContactOf returns the form in which contacts are compared.
func ContactOf(contact string) string {
	return strings.ToLower(strings.Join(strings.Fields(contact), " "))
}
