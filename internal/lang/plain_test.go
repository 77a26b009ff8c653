package lang

import (
	"golang.org/x/text/unicode/norm"
	"testing"
)

func TestPlainAgrees(t *testing.T) {
	for _, s := range []string{"Аялдар канча жаштан", "й", "и\u0306", "ﬁ", "é", "e\u0301", "한국어", "\u1100\u1161", "ক্ষ", "กำ", "\xff", "abc"} {
		if plain(s) && norm.NFKC.String(s) != s {
			t.Errorf("plain(%q)", s)
		}
	}
	if !plain("Аялдар канча жаштан пенсияга чыгат?") {
		t.Error("Cyrillic is not plain")
	}
	if plain("й"[:1]) || plain("и\u0306") {
		t.Error("broken")
	}
}
