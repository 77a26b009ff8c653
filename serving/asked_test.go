package serving

import "testing"

// TestAsked looks at the question in the record: as the guard left it, and of
// nothing that was refused before.
func TestAsked(t *testing.T) {
	w := newWorld(t, Options{})
	w.model = says("58.")
	w.ask(t.Context(), user(question))
	masked, _ := w.Mask(question)
	if x := w.records[len(w.records)-1]; x.Question != masked {
		t.Errorf("the record has the question %q, want %q", x.Question, masked)
	}
	w.ask(t.Context(), Request{Messages: []Message{{Role: "user", Content: " "}}})
	if x := w.records[len(w.records)-1]; x.Question != "" {
		t.Errorf("the record of no question has %q", x.Question)
	}
}
