package serving

import (
	"time"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Guard reads what goes in and what comes out.
type Guard interface {
	// Mask hides the personal data in a question from models and stores, and
	// counts it.
	Mask(text string) (string, int)
	// Filter returns what stands between a model and its reader for one
	// attempt at an answer.
	Filter(Rule) Filter
}

// A Rule says what an answer must be.
type Rule struct {
	Adapter  *adapters.Adapter // of the language it must be in
	Scripts  []lang.Script     // that it may be in
	Passages []rag.Passage     // that it may cite, as [1], [2], …
	Terms    []adapters.Term   // of the glossary that it should use
}

// A Filter holds text back until it can be judged. Its methods return what may
// be shown now, or a *Miss. It is not safe for concurrent use.
type Filter interface {
	// Add takes the next piece of text.
	Add(text string) (show string, err error)
	// Release judges what is held although it is less than wished for.
	Release() (show string, err error)
	// End is Release at the end of the answer: nothing is held after it.
	End() (show string, err error)
	// Holding reports whether any text is held.
	Holding() bool
	// Report says what was done so far.
	Report() Report
}

// A Report counts what a guard did to an answer.
type Report struct {
	Masked      int // pieces of personal data hidden, in question and answer
	Dropped     int // citations removed because nothing stands behind them
	Terms       int // of the glossary that were asked for
	MissedTerms int // and do not stand in the answer
}

func (r *Report) add(o Report) {
	r.Masked += o.Masked
	r.Dropped += o.Dropped
	r.Terms, r.MissedTerms = o.Terms, o.MissedTerms // of the last attempt
}

// A Miss is text that is not in the language or script asked for.
type Miss struct {
	What string // "language" or "script"
	Got  Language
}

func (m *Miss) Error() string {
	return "the answer is in the wrong " + m.What + ": " + string(m.Got.Tag) + " in " + string(m.Got.Script)
}

// A Step is something that the guard did about a Miss.
type Step struct {
	At  time.Duration // since the question came
	Did string
	Got lang.Tag // what the text was taken for
	In  lang.Script
}

// What a Step did.
const (
	StepRetry    = "retry"    // asked again, colder and more firmly
	StepFallback = "fallback" // asked in the next language of the chain
	StepRefuse   = "refuse"   // said honestly that it cannot
	StepStop     = "stop"     // stopped an answer that had begun
)
