package qdrant

import (
	"slices"
	"testing"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

func stage(t *testing.T, x *Index, langs ...lang.Tag) *Staged {
	t.Helper()
	s, err := x.Stage(t.Context(), "desk", langs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStage: a version that is filled is seen by nobody until it is shown, and
// one that was cut off is gone on with.
func TestStage(t *testing.T) {
	x, _ := open(t)
	create(t, x, "desk", "ky")
	upsert(t, x, "desk", pension)
	s := stage(t, x, "ky")
	fresh := doc("ky", "school", "s1", "Мектепке жети жаштан кабыл алынат.")
	upsert(t, s.Index, "desk", fresh)
	again := stage(t, x, "ky") // the run before was killed
	if err := again.Create(t.Context(), "desk", []lang.Tag{"ky", "ur"}); err != nil {
		t.Fatal(err)
	}
	upsert(t, again.Index, "desk", doc("ur", "water", "w1", "پانی کی قیمت چالیس تنگہ ہے۔"))
	if got := stored(t, again.Index, "desk"); len(got) != 2 {
		t.Errorf("the next version holds %v, want school and water", got)
	}
	if kbs, _ := x.KBs(t.Context()); !slices.Equal(kbs, []string{"desk"}) {
		t.Errorf("knowledge bases %q", kbs)
	}
	if h := search(t, x, "desk", "ky", "мектепке кабыл алуу"); h.N != len(pension) {
		t.Errorf("before it is shown, %d passages are searched, want %d", h.N, len(pension))
	}
	if h := search(t, again.Index, "desk", "ky", "мектепке кабыл алуу"); h.N != 1 || h.Passages[0].Doc != "school" {
		t.Errorf("the version itself finds %+v", h)
	}
	n, err := again.Show(t.Context())
	if err != nil || n < 2 {
		t.Fatalf("Show = %d, %v", n, err)
	}
	if got := numbers(t, x, "desk"); !slices.Equal(got, []int{-n, 1}) {
		t.Errorf("versions %v", got)
	}
	if h := search(t, x, "desk", "ky", "мектепке кабыл алуу"); h.N != 1 {
		t.Errorf("shown, %d passages are searched, want 1", h.N)
	}
	if _, err := x.Rollback(t.Context(), "desk", 0); err != nil {
		t.Error(err)
	}
	if h := search(t, x, "desk", "ky", "пенсия"); h.N != len(pension) {
		t.Errorf("rolled back, %d passages are searched", h.N)
	}
}

func TestStageDiscard(t *testing.T) {
	x, _ := open(t)
	create(t, x, "desk", "ky")
	upsert(t, x, "desk", pension)
	s := stage(t, x, "ky")
	upsert(t, s.Index, "desk", water)
	if err := s.Discard(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := numbers(t, x, "desk"); !slices.Equal(got, []int{-1}) {
		t.Errorf("versions %v", got)
	}
	if got := stored(t, stage(t, x, "ky").Index, "desk"); len(got) != 0 {
		t.Errorf("begun anew, it holds %v", got)
	}
}

// TestStageFirst: a knowledge base may begin with a version that is checked
// before it is shown.
func TestStageFirst(t *testing.T) {
	x, _ := open(t)
	s := stage(t, x, "ky")
	upsert(t, s.Index, "desk", pension)
	if _, err := x.Stored(t.Context(), "desk"); !fault.NotFound.Is(err) {
		t.Errorf("it is there before it is shown: %v", err)
	}
	if n, err := s.Show(t.Context()); n != 1 || err != nil {
		t.Errorf("Show = %d, %v", n, err)
	}
	if h := search(t, x, "desk", "ky", "пенсия"); h.N != len(pension) {
		t.Errorf("%d passages", h.N)
	}
}

// TestForgetEverywhere: a document goes out of all versions, also one that is
// being made, of this tenant and no other.
func TestForgetEverywhere(t *testing.T) {
	x, _ := open(t)
	other := (&Store{x.shared}).For("moh")
	for _, each := range []*Index{x, other} {
		create(t, each, "desk", "ky")
		upsert(t, each, "desk", pension, water)
		create(t, each, "desk", "ky", "ur")
		upsert(t, stage(t, each, "ky").Index, "desk", pension)
	}
	key := rag.Key{Lang: pension[0].Lang, Doc: pension[0].Doc}
	if all, err := x.Anywhere(t.Context(), "desk", key); len(all) != 3*len(pension) || err != nil {
		t.Errorf("%d passages in three versions, %v, want %d", len(all), err, 3*len(pension))
	}
	if n, err := x.ForgetEverywhere(t.Context(), "desk", key); n != 3*len(pension) || err != nil {
		t.Errorf("ForgetEverywhere = %d, %v, want %d", n, err, 3*len(pension))
	}
	for what, tt := range map[string]struct {
		x    *Index
		want int
	}{"forgotten": {x, 0}, "the other tenant's": {other, 3 * len(pension)}} {
		if all, err := tt.x.Anywhere(t.Context(), "desk", key); len(all) != tt.want || err != nil {
			t.Errorf("%s: %d passages, %v, want %d", what, len(all), err, tt.want)
		}
	}
	if got := stored(t, x, "desk"); len(got) != 1 {
		t.Errorf("left is %v", got)
	}
}
