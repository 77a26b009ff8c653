package serving

import (
	"time"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Caller is who asks: the name of a key, never its secret.
type Caller struct {
	Name     string
	Tenant   string   // whose passages the caller sees; empty is the default tenant
	Language lang.Tag // that the caller's questions are likely in; empty says nothing
	Scope    *Scope   // what the key may use; nil means everything of its tenant
	From     From     // who of those that share the key
}

// A Grant is what a limiter answers to a request that it lets in.
type Grant struct {
	Release func() // to be called once, when the request has ended
	Limit   int64  // requests a minute; 0 if there is no limit
	Left    int64  // of them now
}

// A Request is a question that Tilgate itself answers ("auto"): language,
// passages and prompt are chosen here.
type Request struct {
	ID        string // of the answer: "chatcmpl-…"
	Caller    Caller
	Messages  []Message // the last one is the question, from the user
	Language  lang.Tag  // that the caller named; empty means detect it
	Model     string    // of the server, in place of the adapter's; empty means the adapter's
	Knowledge []string  // knowledge bases to search; none means every one
	Weights   Trial     // which weights answer; nearly always NoTrial
	Bare      bool      // no knowledge is searched: what a model knows by itself is on trial
	Params    Params
	Trace     string // W3C traceparent of the caller, as it came
	Stream    bool   // the caller reads word by word; kept for the record
	MaxBytes  int    // that the answer's text may have in UTF-8; 0 means any number
	Keep      *bool  // whether the answer may be kept and one kept given; nil says yes at temperature 0
}

// An Event is a step of an answer: one Plan, then Deltas, then one Done.
// Events are copies; a reader may keep them.
type Event interface{ event() }

// A Plan says how the question will be answered, before the first word.
type Plan struct {
	Language Language
	Adapter  lang.Tag      // of the adapter that answers; may differ from Language.Tag by fallback
	Why      string        // that adapter answers: Own or Fallback
	Weights  string        // why the adapter's own weights do not answer; empty if they do, or it has none
	Passages []rag.Passage // what the answer rests on, cited as [1], [2], …
	Grounded bool          // passages were found and given to the model
	Degraded string        // why this is less than a full answer; empty if it is not
	Model    string        // that answers: a model's name, or "extract"
	Cached   bool          // it answered before, and that answer is given again
}

// The reasons for Plan.Why.
const (
	Own      = "own"      // the language has it
	Fallback = "fallback" // it stands in the fallback chain of the language
)

// The reasons for Plan.Degraded.
const (
	OtherLanguage = "other_language" // the model did not manage the language; its fallback answers
	Unable        = "unable"         // the model did not manage the language, nor did its fallback
	NoModel       = "no_model"       // no model is running; passages are quoted instead
	NoStore       = "no_store"       // the knowledge base cannot be reached; the answer has no sources
	NotFound      = "not_found"      // nothing relevant stands in the knowledge base
	OtherModel    = "other_model"    // the model cannot be reached; the configured fallback answers
	Continued     = "continued"      // the model server broke off; another went on with the answer
	ModelLost     = "model_lost"     // the model failed before its first word; passages are quoted instead
)

// A Delta is the next piece of the answer's text.
type Delta struct {
	Text string
}

// A Citation ties a mark such as [2] in the answer to a passage. Start and
// End are the mark's place in the answer, in Unicode code points.
type Citation struct {
	N          int // the number in the mark, from 1
	Start, End int
	Passage    rag.Passage
}

// Done ends an answer. Plan is as it stood at the end: Model and Degraded may
// have changed if the first choice of model failed before its first word.
type Done struct {
	Finish    string // "stop" or "length"
	Usage     Usage
	Citations []Citation
	Plan      Plan
}

func (Plan) event()  {}
func (Delta) event() {}
func (Done) event()  {}

// A Route says what a model name in a request means.
type Route struct {
	Auto     bool     // Tilgate answers; otherwise the name is a plain model's
	Language lang.Tag // that the name asked for ("auto:ky"); empty means detect it
	Model    string   // that the name asked for ("qwen3:8b:ky"); empty leaves it to the adapter
}

// An Exchange is the one record of a request: log, metrics, usage and audit
// all read it.
type Exchange struct {
	ID        string
	Start     time.Time
	Caller    Caller
	Model     string // as requested
	Auto      bool
	Question  string // of auto, as the guard leaves it; nobody writes it down unless the key's policy says so
	Stream    bool
	Plan      Plan
	First     time.Duration // to the first text; 0 if there was none
	Total     time.Duration
	Chars     int // of the answer, in code points
	Citations int
	Usage     Usage
	Backend   string        // name of the model server that answered; empty if none did
	Queued    time.Duration // before it was asked
	Retrieved time.Duration // by when passages had been found; 0 if none were looked for
	Trace     string        // W3C traceparent of the caller; what is none is worth nothing
	Continued int           // times that another model server went on with a broken answer
	Digests   Digests
	Guard     Report
	Steps     []Step // what the guard did, in order
	Err       error  // how it ended; nil is well
}

// served notes what answered.
func (x *Exchange) served(s *Served) {
	if s != nil {
		x.Backend, x.Queued = s.Backend, x.Queued+s.Queued
	}
}

// Digests say what exactly answered: SHA-256 in hexadecimal, or what the model
// server gives in its place. They are empty where nobody knows.
type Digests struct {
	Adapter string // of the language file and the glossary
	Model   string // of weights, template and parameters
}

// count takes over what was in an answer that went by, to a request, as far as it
// is still there. Tokens that nobody counted are estimated.
func (x *Exchange) count(t *Tally, asked []byte) {
	if t == nil {
		return
	}
	x.Chars, x.Usage = t.Chars, t.Usage
	if x.Usage == (Usage{}) && t.Chars > 0 {
		x.Usage = estimated(lang.Runes(asked), t.Chars)
	}
}
