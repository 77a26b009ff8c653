package quality

import (
	"slices"
	"strings"
	"testing"

	"tilgate/rag/read"
)

func TestEnding(t *testing.T) {
	for _, tt := range []struct{ where, want string }{
		{"desk/Закон.PDF", ".pdf"},
		{"articles.jsonl:120", ".jsonl"},
		{"ky.xml.bz2", ".xml.bz2"},
		{"ky.xml.bz2:77", ".xml.bz2"},
		{"https://desk.example.kg/laws/12.html?page=3.doc", ".html"},
		{"https://desk.example.kg/laws/", ""},
		{"https://desk.example.kg", ""},
		{"README", ""},
		{"v1.2/README", ""},
		{"акт.документ", ""},
		{"a.verylongendingoffile", ""},
		{"a.<b>", ""},
		{"", ""},
	} {
		if got := ending(tt.where); got != tt.want {
			t.Errorf("ending(%q) = %q, want %q", tt.where, got, tt.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"Төрөлүш жөнүндө", "Төрөлүш жөнүндө"},
		{"می\u200cخواهم\u200F", "می\u200cخواهم\u200F"}, // joiners and marks belong to the language
		{"a\u202Eb\u2069", `a\u202eb\u2069`},
		{"a\nb\tc\x00", `a\u000ab\u0009c\u0000`},
		{"a\xffb", "a\uFFFDb"},
		{"\u009b31m", `\u009b31m`},
		{"\U000E0041", `\ue0041`},
	} {
		if got := visible(tt.text); got != tt.want {
			t.Errorf("visible(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, tt := range []struct {
		text  string
		width int
		want  string
	}{
		{"Пенсия", 6, "Пенсия"},
		{"Пенсия", 5, "Пенс…"},
		{"通知通知", 5, "通知…"},
		{"通知通知", 4, "通…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"", 3, ""},
	} {
		if got := fit(tt.text, tt.width); got != tt.want {
			t.Errorf("fit(%q, %d) = %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"Declare the language", []string{"Declare", "the", "language"}},
		{"a b c d e f", []string{"a b c d", "e f"}},
		{"https://desk.kg/a b", []string{"https://", "desk.kg/", "a b"}},
		{"通知通知通知", []string{"通知通知", "通知"}},
		{" ", nil},
	} {
		if got := wrap(tt.text, 8); !slices.Equal(got, tt.want) {
			t.Errorf("wrap(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestLengths(t *testing.T) {
	var l histogram
	if l.percentile(50) != 0 {
		t.Error("no passages have a length")
	}
	for n := 1; n <= 200; n++ {
		l.add(n)
	}
	l.add(1 << 40)
	for _, tt := range []struct{ p, want int }{{5, 11}, {50, 101}, {95, 191}, {100, mostLength}} {
		if got := l.percentile(tt.p); got != tt.want {
			t.Errorf("percentile %d is %d, want %d", tt.p, got, tt.want)
		}
	}
}

func TestFindings(t *testing.T) {
	one := Listed{Documents: 1}
	for _, tt := range []struct {
		what string
		r    Report
		want string // level, kind
	}{
		{"nothing came", Report{}, "missing nothing"},
		{"nothing is wrong", Report{Documents: 3}, ""},
		{"all has gone", Report{Changes: Changes{Removed: 9}}, "info removed"},
		{"two documents of three are scans", Report{Documents: 3, Notes: []Notes{{read.Scanned, 37, Listed{Documents: 2}}}, WithoutText: one}, "missing scanned, missing without_text"},
		{"a number of a person", Report{Documents: 1, Personal: &Personal{Kinds: []Finds{{"national_id", 2, one}, {"email", 2, one}}}}, "check national_id, info email"},
		{"a kind that is new", Report{Documents: 1, Notes: []Notes{{"new", 1, one}}}, "check new"},
		{"another language", Report{Documents: 5, Declared: []Declaration{{"ky", "ru", true, one}, {"ky", "ky", false, one}, {"", "und", false, Listed{Documents: 3}}}}, "check unclear_language, check language"},
		{"most first, what is missing before that", Report{Documents: 9, Faults: Faults{Count: 1}, Duplicates: Duplicates{Same: Pairs{Documents: 2}, Near: Pairs{Documents: 3}, Left: 4}}, "missing faults, check alike, check same, info not_compared"},
	} {
		var got []string
		for _, f := range findings(tt.r) {
			got = append(got, string(f.Level)+" "+f.Kind)
			if !strings.HasSuffix(f.Text, ".") || f.Do != "" && !strings.HasSuffix(f.Do, ".") || strings.Contains(f.Text, "  ") {
				t.Errorf("%s: %q %q are no sentences", tt.what, f.Text, f.Do)
			}
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("%s: findings %q, want %q", tt.what, got, tt.want)
		}
	}
}
