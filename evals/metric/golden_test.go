package metric_test

import (
	"os"
	"path/filepath"
	"testing"

	"tilgate/evals/golden"
)

// TestGolden compares with sacreBLEU, with the scripts of SQuAD and MLQA, and
// with trec_eval.
func TestGolden(t *testing.T) {
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED is not set: no golden values to compare with")
	}
	dir := filepath.Join(shared, "golden")
	r, err := golden.Verify([]string{filepath.Join(dir, "mt.jsonl"), filepath.Join(dir, "qa.jsonl"), filepath.Join(dir, "ir")})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range r.Metrics {
		for _, d := range m.First {
			t.Errorf("%s: %+v", m.Name, d)
		}
	}
	if r.Agree() < 8000 || len(r.NotChecked) > 0 {
		t.Errorf("%d values agree; not checked: %v", r.Agree(), r.NotChecked)
	}
}
