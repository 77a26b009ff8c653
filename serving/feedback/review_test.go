package feedback

import (
	"strings"
	"testing"

	"tilgate/serving"
)

func TestReview(t *testing.T) {
	for _, tt := range []struct {
		name  string
		moves string // "aida agree, bek edit Жооп, …"
		state State
		text  string // that stands then
		says  string // of the last move's error
	}{
		{"nobody", "", Open, "бир", ""},
		{"one is not two", "aida agree", Open, "бир", ""},
		{"the same one twice is one", "aida agree, aida agree", Open, "бир", ""},
		{"two", "aida agree, bek agree", Agreed, "бир", ""},
		{"one says no", "aida agree, bek agree, cholpon reject", Rejected, "бир", ""},
		{"and changes her mind", "aida agree, cholpon reject, cholpon agree", Agreed, "бир", ""},
		{"an edit asks again", "aida agree, bek edit эки", Open, "эки", ""},
		{"and agrees with itself", "aida agree, bek edit эки, aida agree", Agreed, "эки", ""},
		{"an edit lifts a rejection of other words", "aida reject, bek edit эки, cholpon agree", Agreed, "эки", ""},
		{"edits of one person are one", "bek edit эки, bek edit үч", Open, "үч", ""},
		{"edited back, what was said of it counts again", "aida agree, bek edit эки, bek edit бир", Agreed, "бир", ""},
		{"stale", "bek stale", Open, "бир", "has changed since"},
		{"of one's own", "office agree", Open, "бир", "somebody else must"},
		{"no verdict", "bek perhaps", Open, "бир", `verdict is "perhaps"`},
		{"an empty edit", "bek edit", Open, "бир", "correction is missing"},
		{"an agreement that edits", "bek agree эки", Open, "бир", "goes with the verdict"},
		{"too long", "bek edit " + long(8001), Open, "бир", "8001 characters"},
		{"personal data in an edit", "bek edit a@b.kg", Open, "[email]", ""},
	} {
		d, _ := newDesk(t)
		answered(d.Memory, office, "x-1")
		f, err := d.Give(t.Context(), office, Given{Exchange: "x-1", Rating: -1, Correction: "бир", Consent: training})
		if err != nil {
			t.Fatal(err)
		}
		for move := range strings.SplitSeq(tt.moves, ", ") {
			name, rest, _ := strings.Cut(move, " ")
			if name == "" {
				continue
			}
			verdict, correction, _ := strings.Cut(rest, " ")
			r := Review{Verdict: Verdict(verdict), Correction: correction, Revision: f.Revision()}
			if verdict == "stale" {
				r.Verdict, r.Revision = Agree, "0000"
			}
			f, err = d.Review(t.Context(), serving.Caller{Name: name, Tenant: "moh"}, f.ID, r)
		}
		if got := ""; err != nil {
			got = err.Error()
			if tt.says == "" || !strings.Contains(got, tt.says) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
			}
		} else if tt.says != "" {
			t.Errorf("%s: no error, want %q", tt.name, tt.says)
		}
		if f.State() != tt.state || f.Corrected() != tt.text {
			t.Errorf("%s: %s with %q, want %s with %q", tt.name, f.State(), f.Corrected(), tt.state, tt.text)
		}
	}
}

// Counts are not reviewed, and what another tenant has is not there.
func TestReviewNothing(t *testing.T) {
	d, _ := newDesk(t)
	answered(d.Memory, office, "x-1")
	f, err := d.Give(t.Context(), office, Given{Exchange: "x-1", Rating: -1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = d.Review(t.Context(), serving.Caller{Name: "aida", Tenant: "moh"}, f.ID, Review{Verdict: Agree, Revision: f.Revision()}); err == nil || !strings.Contains(err.Error(), "nothing to review") {
		t.Errorf("a count: %v", err)
	}
	if _, err = d.Review(t.Context(), serving.Caller{Name: "aida", Tenant: "mof"}, f.ID, Review{Verdict: Agree, Revision: f.Revision()}); err == nil || !strings.Contains(err.Error(), "there is no feedback") {
		t.Errorf("another tenant's: %v", err)
	}
}
