// Package audit keeps a record of every answer that nobody can change unseen.
//
// Records are lines of JSON in one file a day. Each holds a number, the
// SHA-256 of the record before it and its own, so that a line that is edited,
// removed, added or moved breaks the chain, which Verify finds. What is cut
// off at the end breaks nothing; for that the hash of the last record, the
// head, is written down beside the files, and can be written down elsewhere.
//
// No record holds what was asked or answered: who asked, of what, in which
// language, resting on which documents, and how it ended.
//
// Lines are written by one goroutine, many at once. In durable mode Record
// returns when its line is on disk, so that no answer is finished before.
// Otherwise a process that is killed loses at most the last 100 ms, and a
// machine that loses its power what it had not yet brought to its disk. A file
// that ends in half a line is repaired when it is opened, and a record says so.
//
// What was wrong is itself a record: that half a line was cut off, that records
// were lost to a full disk, that the log was not as it had been left.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// An Entry is what a record says.
type Entry struct {
	Kind      string    `json:"kind"` // "answer", or what happened to the log itself: "opened", "torn", "cut", "replaced", "lost", "pruned", "restored"
	Time      time.Time `json:"time"` // when it began
	Seconds   float64   `json:"seconds,omitempty"`
	ID        string    `json:"id,omitempty"` // of the answer
	Caller    string    `json:"caller,omitempty"`
	Tenant    string    `json:"tenant,omitempty"`
	Asked     string    `json:"asked,omitempty"` // the model that was named
	Auto      bool      `json:"auto,omitempty"`
	Language  string    `json:"language,omitempty"`
	Adapter   string    `json:"adapter,omitempty"`
	Model     string    `json:"model,omitempty"` // that answered
	Backend   string    `json:"backend,omitempty"`
	Digests   []string  `json:"digests,omitempty"` // of the language file and of the model, as "adapter:…", "model:…"
	Sources   []Source  `json:"sources,omitempty"`
	Cited     int       `json:"cited,omitempty"`
	Degraded  string    `json:"degraded,omitempty"`
	Guard     []string  `json:"guard,omitempty"` // what it did
	TokensIn  int       `json:"tokens_in,omitempty"`
	TokensOut int       `json:"tokens_out,omitempty"`
	Chars     int       `json:"chars,omitempty"`
	Outcome   string    `json:"outcome,omitempty"` // "ok", or a kind of error
	From      int       `json:"from,omitempty"`    // the number of the first record that is left by "pruned"
	Note      string    `json:"note,omitempty"`
}

// clip bounds what comes from outside: a caller may name a model in megabytes.
func (e *Entry) clip() {
	for _, text := range []*string{&e.Asked, &e.Caller, &e.Tenant, &e.ID, &e.Language} {
		if len(*text) > mostText {
			*text = strings.ToValidUTF8((*text)[:mostText], "") + "…"
		}
	}
}

const mostText = 256 // bytes

// A Source is a document that an answer rests on.
type Source struct {
	KB   string `json:"kb"`
	Doc  string `json:"doc"`
	Hash string `json:"hash"` // of its content
}

// A Hash is that of a record.
type Hash [sha256.Size]byte

func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// ParseHash reads what String writes.
func ParseHash(text string) (h Hash, err error) {
	if len(text) != hex.EncodedLen(len(h)) {
		return h, fmt.Errorf("%q is not a hash of %d hexadecimal digits", text, hex.EncodedLen(len(h)))
	}
	_, err = hex.Decode(h[:], []byte(text))
	return h, err
}

// A place is where a chain has come to.
type place struct {
	n    int // of the last record; 0 before the first
	hash Hash
}

// link is what a record holds besides its entry. It stands first, the hash
// last.
type link struct {
	N    int    `json:"n"`
	Prev string `json:"prev"`
}

// append appends a record as the next of the chain, with its line break.
func (p *place) append(to []byte, e Entry) ([]byte, error) {
	body, err := json.Marshal(struct {
		link
		Entry
	}{link{p.n + 1, p.hash.String()}, e})
	if err != nil {
		return to, err
	}
	p.n++
	p.hash = sha256.Sum256(body)
	to = append(to, body[:len(body)-1]...)
	to = append(to, hashKey...)
	to = hex.AppendEncode(to, p.hash[:])
	return append(to, "\"}\n"...), nil
}

var hashKey = []byte(`,"hash":"`)

var errNoRecord = errors.New("this is not a record")

// parse reads a line, without its line break, and checks its own hash.
func parse(line []byte) (l link, e Entry, hash Hash, err error) {
	tail := len(hashKey) + hex.EncodedLen(len(hash)) + len(`"}`)
	cut := len(line) - tail
	if cut < 2 || !bytes.HasPrefix(line[cut:], hashKey) || !bytes.HasSuffix(line, []byte(`"}`)) {
		return l, e, hash, errNoRecord
	}
	said, err := ParseHash(string(line[cut+len(hashKey) : len(line)-2]))
	if err != nil {
		return l, e, hash, errNoRecord
	}
	body := append(bytes.Clone(line[:cut]), '}')
	if hash = sha256.Sum256(body); hash != said {
		return l, e, hash, errors.New("its hash is not that of its text: it was changed")
	}
	var record struct {
		link
		Entry
	}
	if err := json.Unmarshal(body, &record); err != nil {
		return l, e, hash, fmt.Errorf("%w: %w", errNoRecord, err)
	}
	return record.link, record.Entry, hash, nil
}
