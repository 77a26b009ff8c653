package qdrant

import (
	"slices"
	"testing"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// numbers are the versions that are kept, the current one as negative.
func numbers(t *testing.T, x *Index, kb string) []int {
	t.Helper()
	list, err := x.Versions(t.Context(), kb)
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, v := range list {
		if v.Current {
			v.N = -v.N
		}
		out = append(out, v.N)
	}
	return out
}

func TestVersions(t *testing.T) {
	x, _ := open(t)
	create(t, x, "desk", "ky")
	upsert(t, x, "desk", pension)
	check := func(what string, want ...int) {
		t.Helper()
		if got := numbers(t, x, "desk"); !slices.Equal(got, want) {
			t.Errorf("%s: versions %v, want %v", what, got, want)
		}
	}
	check("new", -1)
	if _, err := x.Rollback(t.Context(), "desk", 0); !fault.NotFound.Is(err) {
		t.Errorf("rolling back the first version: %v", err)
	}
	create(t, x, "desk", "ur")
	check("another language", -2, 1)
	upsert(t, x, "desk", water)
	if n, err := x.Rollback(t.Context(), "desk", 0); n != 1 || err != nil {
		t.Errorf("Rollback = %d, %v", n, err)
	}
	check("rolled back", 2, -1)
	if h := search(t, x, "desk", "ky", "сугат суусу"); h.N != 2 {
		t.Errorf("the first version holds %d passages, want 2", h.N)
	}
	if _, err := x.Rollback(t.Context(), "desk", 7); !fault.NotFound.Is(err) {
		t.Errorf("to a version that is not there: %v", err)
	}
	if n, err := x.Rollback(t.Context(), "desk", 2); n != 2 || err != nil {
		t.Errorf("Rollback to 2 = %d, %v", n, err)
	}
	if h := search(t, x, "desk", "ky", "сугат суусу"); h.N != 3 {
		t.Errorf("the second version holds %d passages, want 3", h.N)
	}

	// From an older version, the next one takes a number that is free, and
	// never the place of the one that was kept.
	if _, err := x.Rollback(t.Context(), "desk", 1); err != nil {
		t.Fatal(err)
	}
	create(t, x, "desk", "am")
	check("another language after a rollback", -3, 2)
	if h := search(t, x, "desk", "ky", "сугат суусу"); h.N != 2 {
		t.Errorf("the third version holds %d passages, want those of the first, 2", h.N)
	}

	if err := x.DropVersion(t.Context(), "desk", 3); !fault.Invalid.Is(err) {
		t.Errorf("dropping what is searched: %v", err)
	}
	if err := x.DropVersion(t.Context(), "desk", 2); err != nil {
		t.Error(err)
	}
	check("one dropped", -3)
	if err := x.Drop(t.Context(), "desk"); err != nil {
		t.Error(err)
	}
	if _, err := x.Versions(t.Context(), "desk"); !fault.NotFound.Is(err) {
		t.Errorf("after Drop: %v", err)
	}
	if left, err := x.client.ListCollections(t.Context()); err != nil || len(left) != 0 {
		t.Errorf("after Drop %q are left, %v", left, err)
	}
	create(t, x, "desk", "ky")
	if h := stored(t, x, "desk"); len(h) != 0 {
		t.Errorf("a new knowledge base of the old name holds %v", h)
	}
}

func TestKeep(t *testing.T) {
	first, _ := open(t)
	for _, keep := range []int{1, 3} {
		x := New(first.client, Options{Keep: keep}).For("keeper" + string(rune('0'+keep)))
		for _, tag := range []lang.Tag{"ky", "ur", "am", "km", "bn"} {
			create(t, x, "desk", tag)
		}
		want := []int{-5, 4, 3}[:keep]
		if got := numbers(t, x, "desk"); !slices.Equal(got, want) {
			t.Errorf("with Keep %d: %v, want %v", keep, got, want)
		}
	}
}
