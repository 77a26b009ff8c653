package feedback

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"tilgate/internal/fault"
)

// A Verdict is what a reviewer says of a piece of feedback.
type Verdict string

// The verdicts. An edit is an agreement with the correction that it brings.
const (
	Agree  Verdict = "agree"
	Reject Verdict = "reject"
	Edit   Verdict = "edit"
)

// Verdicts are all of them.
var Verdicts = []Verdict{Agree, Reject, Edit}

// A Review is one reviewer's verdict on one revision of the text.
type Review struct {
	By         string    `json:"by"` // name of the reviewer's key
	Time       time.Time `json:"time"`
	Verdict    Verdict   `json:"verdict"`
	Revision   string    `json:"revision"`             // that it is about; of an edit, the one that it makes
	Correction string    `json:"correction,omitempty"` // of an edit
}

// A State is where feedback stands on its way to being data.
type State string

// The states.
const (
	Counted  State = "counted"  // without consent: there are no words to review
	Open     State = "open"     // too few people have agreed
	Agreed   State = "agreed"   // two have
	Rejected State = "rejected" // somebody has said no
)

// States are all of them.
var States = []State{Counted, Open, Agreed, Rejected}

// quorum is how many people must agree.
const quorum = 2

// State says where f stands.
func (f Feedback) State() State {
	agreed, rejected := f.Said()
	switch {
	case !f.Consent.Training:
		return Counted
	case rejected > 0:
		return Rejected
	case agreed >= quorum:
		return Agreed
	}
	return Open
}

// Said returns how many people agree with f as it reads now, and how many
// reject it. The last word of each counts; what was said of another revision
// does not.
func (f Feedback) Said() (agreed, rejected int) {
	now, last := f.Revision(), map[string]Verdict{}
	for _, r := range f.Reviews {
		if r.Revision == now {
			last[r.By] = r.Verdict
		}
	}
	for _, v := range last {
		if v == Reject {
			rejected++
		} else {
			agreed++
		}
	}
	return agreed, rejected
}

// Corrected returns the correction, as the last edit has it.
func (f Feedback) Corrected() string {
	for _, r := range slices.Backward(f.Reviews) {
		if r.Verdict == Edit {
			return r.Correction
		}
	}
	return f.Correction
}

// Revision names what reviewers read. It differs when any of it does, so that
// nobody's agreement goes to a text that they did not see.
func (f Feedback) Revision() string { return f.revision(f.Corrected()) }

func (f Feedback) revision(correction string) string {
	h := sha256.New()
	texts := []string{f.Question, f.Answer, correction, f.Comment}
	for _, m := range f.Before {
		texts = append(texts, m.Role, m.Content)
	}
	for _, text := range texts {
		sum := sha256.Sum256([]byte(text))
		h.Write(sum[:])
	}
	h.Write([]byte{byte(f.Rating)})
	for _, r := range f.Reasons {
		h.Write([]byte(r + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// review checks a review of f and completes it.
func (f Feedback) review(r Review) (Review, error) {
	switch {
	case f.State() == Counted:
		return r, fault.Invalid.Errorf("there is nothing to review: without consent no words were kept")
	case r.By == f.Key:
		return r, fault.Forbidden.Errorf("%q gave this feedback; somebody else must review it", r.By)
	case r.Revision != f.Revision():
		return r, fault.Invalid.Field("revision", "this feedback has changed since, or revision is missing; read it again")
	case r.Verdict != Edit && r.Correction != "":
		return r, fault.Invalid.Field("correction", "correction goes with the verdict %q only", Edit)
	case r.Verdict == Edit:
		if blank(r.Correction) {
			return r, fault.Invalid.Field("correction", "correction is missing; it is what the answer should have been")
		}
		if err := within("correction", r.Correction, maxCorrection); err != nil {
			return r, err
		}
		r.Revision = f.revision(r.Correction)
	case !slices.Contains(Verdicts, r.Verdict):
		return r, fault.Invalid.Field("verdict", "verdict is %q; it is one of %q", r.Verdict, Verdicts)
	}
	return r, nil
}
