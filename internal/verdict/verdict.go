// Package verdict is what the gate decided about an adapter: a small signed
// file, written by whoever judged it and read by whoever serves it.
//
// A verdict is about exact bytes. It names the weights, the prompt and the
// base by their digests, so it says nothing about an adapter in which any of
// them has changed since. It is signed (internal/sign): whoever may write a file
// into the folder of adapters cannot put weights into service with it.
package verdict

import (
	"encoding/json"
	"slices"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/sign"
)

// A Decision says whether an adapter may take traffic.
type Decision string

// The decisions.
const (
	Promote    Decision = "promote"     // it is better than its base
	Block      Decision = "block"       // it is worse
	NoEvidence Decision = "no_evidence" // nobody can tell yet
)

var decisions = []Decision{Promote, Block, NoEvidence}

// A Subject is what was judged. Each field is a digest; Weights is empty for a
// full model, whose weights are its base.
type Subject struct {
	Weights string `json:"weights"`
	Prompt  string `json:"prompt"`
	Base    string `json:"base"`
}

// A Verdict is a decision about a subject.
type Verdict struct {
	Tag      lang.Tag  `json:"tag"`
	Subject  Subject   `json:"subject"`
	Decision Decision  `json:"decision"`
	Because  string    `json:"because"` // the evidence, in words or by the name of a report
	Time     time.Time `json:"time"`
	Evidence *Evidence `json:"evidence,omitempty"` // of a verdict that an evaluation made
}

// Evidence is the numbers that a decision rests on.
type Evidence struct {
	Suites    string  `json:"suites"` // their SHA-256, apart by spaces
	Run       string  `json:"run"`    // name of the run that asked the questions
	Alpha     float64 `json:"alpha"`
	MinEffect float64 `json:"min_effect"`
	MinN      int     `json:"min_n"`
	Tests     []Test  `json:"tests"`
}

// A Test compares the adapter with its base on the items of one task.
type Test struct {
	Task     string   `json:"task"`
	Metric   string   `json:"metric"`
	Test     string   `json:"test"` // mcnemar_exact or paired_bootstrap
	N        int      `json:"n"`
	Base     float64  `json:"base"`
	Adapter  float64  `json:"adapter"`
	Delta    float64  `json:"delta"`
	Low      float64  `json:"low"` // 95 % of the difference
	High     float64  `json:"high"`
	P        float64  `json:"p"`
	Holm     float64  `json:"p_holm"`
	LangOK   float64  `json:"lang_ok"` // share of the adapter's answers in the right language; -1 if none was long enough to tell
	Unread   float64  `json:"unread"`  // share of the adapter's answers out of which nothing could be read
	Overlap  int      `json:"overlap"` // items left out because the adapter was trained on them
	Decision Decision `json:"decision"`
}

// signed is the file: the verdict as it was signed, byte for byte, beside its
// signature. Base64 keeps it from being written anew by what passes it on.
type signed struct {
	Verdict   []byte `json:"verdict"`
	Signature []byte `json:"signature"`
}

// context keeps a signature on a verdict from being one on anything else.
const context = "tilgate verdict 1"

// Sign returns the file of a verdict.
func Sign(v Verdict, s sign.Secret) ([]byte, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	file, err := json.MarshalIndent(signed{body, s.Sign(context, body)}, "", "  ")
	return append(file, '\n'), err
}

// Read returns the verdict in a file that the holder of a secret of one of
// keys has signed.
func Read(file []byte, keys ...sign.Key) (Verdict, error) {
	var s signed
	if err := json.Unmarshal(file, &s); err != nil {
		return Verdict{}, fault.Invalid.Wrap(err, "this is not a verdict")
	}
	keys = slices.DeleteFunc(slices.Clone(keys), sign.Key.IsZero)
	if len(keys) == 0 {
		return Verdict{}, fault.Invalid.Errorf("no key of a gate is trusted to check verdicts with")
	}
	if !sign.Verify(context, s.Verdict, s.Signature, keys...) {
		return Verdict{}, fault.Invalid.Errorf("no gate that is trusted here signed this verdict")
	}
	var v Verdict
	if err := json.Unmarshal(s.Verdict, &v); err != nil {
		return Verdict{}, fault.Invalid.Wrap(err, "this is not a verdict")
	}
	return v, v.check()
}

func (v Verdict) check() error {
	if !slices.Contains(decisions, v.Decision) {
		return fault.Invalid.Errorf("a verdict is promote, block or no_evidence, not %q", v.Decision)
	}
	if v.Tag == "" || v.Subject.Prompt == "" || v.Subject.Base == "" {
		return fault.Invalid.Errorf("a verdict names the language, and what was judged by the digests of its prompt and base")
	}
	return nil
}
