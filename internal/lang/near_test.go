package lang

import "testing"

func TestNear(t *testing.T) {
	for _, tt := range []struct {
		a, b Tag
		want bool
	}{{"id", "ms", true}, {"ms-Arab", "id", true}, {"rw", "rn", true}, {"sr-Latn", "hr", true}, {"ky", "ky-Latn", true}, {"ky", "kk", false}, {"tr", "az", false}, {"ban", "jv", false}} {
		if got := Near(tt.a, tt.b); got != tt.want {
			t.Errorf("Near(%s, %s) = %v", tt.a, tt.b, got)
		}
	}
}
