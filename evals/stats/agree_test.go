package stats

import (
	"math"
	"testing"
)

func TestKappa(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b []string
		want float64
	}{
		// 20 yes by both, 15 no by both, 5 and 10 apart: .7 seen, .5 by chance.
		{"a table of two by two", repeat("yes", 25, "no", 25), append(append(repeat("yes", 20, "no", 5), repeat("yes", 10)...), repeat("no", 15)...), .4},
		{"always", []string{"a", "b"}, []string{"a", "b"}, 1},
		{"never", []string{"a", "b"}, []string{"b", "a"}, -1},
		{"nothing", nil, nil, math.NaN()},
		{"one and the same", []string{"a", "a"}, []string{"a", "a"}, math.NaN()},
	} {
		if got := Kappa(tt.a, tt.b); math.Abs(got-tt.want) > 1e-12 && !(math.IsNaN(got) && math.IsNaN(tt.want)) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func repeat(list ...any) []string {
	var all []string
	for i := 0; i < len(list); i += 2 {
		for range list[i+1].(int) {
			all = append(all, list[i].(string))
		}
	}
	return all
}

func TestAlpha(t *testing.T) {
	// The worked example of Krippendorff 2011, section D: four observers, twelve
	// units, ratings 1 to 5, some missing; nominal alpha .743.
	items := [][]string{
		{"1", "1", "1"}, {"2", "2", "3", "2"}, {"3", "3", "3", "3"}, {"3", "3", "3", "3"}, {"2", "2", "2", "2"}, {"1", "2", "3", "4"},
		{"4", "4", "4", "4"}, {"1", "1", "2", "1"}, {"2", "2", "2", "2"}, {"5", "5", "5"}, {"1", "1"}, {"3"},
	}
	if got := Alpha(items); math.Abs(got-.743) > .0005 {
		t.Errorf("%v, want .743", got)
	}
	if got := Alpha([][]string{{"a", "a"}, {"b", "b"}}); got != 1 {
		t.Errorf("always: %v", got)
	}
	for _, none := range [][][]string{nil, {{"a"}}, {{"a", "a"}, {"a", "a"}}} {
		if got := Alpha(none); !math.IsNaN(got) {
			t.Errorf("%v: %v, want NaN", none, got)
		}
	}
}
