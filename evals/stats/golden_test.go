package stats_test

import (
	"os"
	"path/filepath"
	"testing"

	"tilgate/evals/golden"
)

// TestGolden compares with SciPy, with NumPy's generator, and with the paired
// tests of sacreBLEU.
func TestGolden(t *testing.T) {
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED is not set: no golden values to compare with")
	}
	dir := filepath.Join(shared, "golden")
	r, err := golden.Verify([]string{filepath.Join(dir, "stats.jsonl"), filepath.Join(dir, "significance.jsonl"), filepath.Join(dir, "ab_gate_uz.jsonl")})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range r.Metrics {
		for _, d := range m.First {
			t.Errorf("%s: %+v", m.Name, d)
		}
	}
	if r.Agree() < 900 || len(r.NotChecked) > 0 {
		t.Errorf("%d values agree; not checked: %v", r.Agree(), r.NotChecked)
	}
}
