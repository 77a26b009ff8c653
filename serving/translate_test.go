package serving

import (
	"errors"
	"testing"

	"tilgate/internal/lang"
)

// A question in Kyrgyz goes to Russian passages in Russian, when a model runs
// that can translate it; what fails is left out.
func TestTranslate(t *testing.T) {
	also := []lang.Tag{"ru"}
	for _, tt := range []struct {
		name  string
		model Model
		also  []lang.Tag
		on    bool
		want  string
	}{
		{"translated", says(" Во сколько лет женщины ", "выходят на пенсию?\n"), also, true, "Во сколько лет женщины выходят на пенсию?"},
		{"switched off", says("Во сколько лет?"), also, false, ""},
		{"no other language", says("Во сколько лет?"), nil, true, ""},
		{"no model runs", nil, also, true, ""},
		{"the model fails", fails(errors.New("gone")), also, true, ""},
		{"the model says nothing", says(" "), also, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, Options{Translate: tt.on})
			a, _ := w.parts.Adapters().For("ky")
			a.Retrieve.Also = tt.also // the set is this test's own
			w.model = tt.model
			w.ask(t.Context(), user(question))
			q := w.queries[0]
			if got := q.In["ru"]; got != tt.want || q.Text != question {
				t.Errorf("asked %q, in Russian %q, want %q", q.Text, got, tt.want)
			}
			if _, ok := q.In["ru"]; ok != (tt.want != "") {
				t.Errorf("In = %q", q.In)
			}
		})
	}
}
