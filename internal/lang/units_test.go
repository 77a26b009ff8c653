package lang

import (
	"slices"
	"testing"
)

func TestUnits(t *testing.T) {
	for _, tt := range []struct {
		tag  Tag
		text string
		want []string
	}{
		{"ky", "Үй ЧОҢ, 3-кабат.", []string{"уй", "чон", "3", "кабат"}},
		{"th", "บ้าน 2", []string{"บ", "้", "า", "น", "2"}},
		{"zh-Hant", "大房子", []string{"大", "房", "子"}},
		{"vi", "Nhà lớn", []string{"nhà", "lớn"}},
		{"km", " ។ ", nil},
	} {
		if got := Units(tt.tag, tt.text); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q are %q, want %q", tt.tag, tt.text, got, tt.want)
		}
	}
}

func TestGraphemes(t *testing.T) {
	const family, syllable = "👨‍👩‍👧", "កា"
	if got := slices.Collect(Graphemes(family + "a" + syllable)); !slices.Equal(got, []string{family, "a", syllable}) {
		t.Errorf("%q", got)
	}
	for text, want := range map[string]int{"үй": 2, "大": 2, family: 2, "": 0} {
		if got := Columns(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
}
