package web

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"tilgate/internal/lang"
)

func newSite(t testing.TB) *Site {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// scriptsOf says what each file is written in.
var scriptsOf = map[lang.Tag]lang.Script{
	"am": "Ethi", "ar": "Arab", "az": "Latn", "bn": "Beng", "en": "Latn", "fa": "Arab", "hi": "Deva", "kk": "Cyrl", "km": "Khmr", "ky": "Cyrl", "mn": "Cyrl",
	"ne": "Deva", "ps": "Arab", "ru": "Cyrl", "sw": "Latn", "tg": "Cyrl", "tk": "Latn", "tr": "Latn", "tt": "Cyrl", "ur": "Arab", "uz": "Latn",
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// TestWords checks what linguists edit: the same keys in every file, the same
// words in braces, and letters of the language's script alone.
func TestWords(t *testing.T) {
	s := newSite(t)
	en := s.wordsOf("en")
	for _, w := range s.Spoken() {
		for key, text := range en.say {
			got := w.say[key]
			if strings.TrimSpace(got) != got || got == "" {
				t.Errorf("%s: %s is %q", w.Tag, key, got)
			}
			if want, have := places(text), places(got); !slices.Equal(want, have) {
				t.Errorf("%s: %s has %q, want %q", w.Tag, key, have, want)
			}
			checkScript(t, w.Tag, key, placeholder.ReplaceAllString(got, ""))
		}
		for key := range w.say {
			if !en.Has(key) {
				t.Errorf("%s: nobody asks for %s", w.Tag, key)
			}
		}
		if want := map[bool]string{true: "rtl", false: "ltr"}[scriptsOf[w.Tag].RightToLeft()]; w.Dir != want {
			t.Errorf("%s runs %s, want %s", w.Tag, w.Dir, want)
		}
	}
	if len(s.Spoken()) != len(scriptsOf) {
		t.Errorf("%d languages, want %d", len(s.Spoken()), len(scriptsOf))
	}
}

func places(text string) []string {
	list := placeholder.FindAllString(text, -1)
	slices.Sort(list)
	return list
}

func checkScript(t *testing.T, tag lang.Tag, key, text string) {
	t.Helper()
	for _, r := range text {
		if !unicode.IsLetter(r) || unicode.Is(unicode.Lm, r) {
			continue
		}
		if got := lang.ScriptOfRune(r); got != scriptsOf[tag] {
			t.Errorf("%s: %s has %q, which is %s", tag, key, r, got)
		}
	}
}

// Every word that the page or its script asks for is there, and none for nobody.
func TestWordsAreUsed(t *testing.T) {
	s := newSite(t)
	used := map[string]bool{"name": true, "too_long": true, "key_unknown": true}                                         // by this package, and the gateway
	for _, key := range []string{"case_asked", "case_guard", "case_here", "case_user", "case_assistant", "case_staff"} { // by mails, and the page of a case
		used[key] = true
	}
	for _, name := range []string{"page.html", "handover.html"} {
		html, err := templateFiles.ReadFile("templates/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`Say "(\w+)"`).FindAllStringSubmatch(string(html), -1) {
			used[m[1]] = true
		}
	}
	for _, key := range scripted {
		used[key] = true
	}
	en := s.wordsOf("en")
	for key := range used {
		if !en.Has(key) {
			t.Errorf("there are no words for %s", key)
		}
	}
	for key := range en.say {
		if !used[key] {
			t.Errorf("nobody says %s", key)
		}
	}
}

func TestChoice(t *testing.T) {
	s := newSite(t)
	for _, tt := range []struct {
		chosen, accept string
		want           lang.Tag
	}{
		{"", "ky-KG,ky;q=0.9,ru;q=0.8", "ky"},
		{"ur", "ky", "ur"},
		{"", "", "en"},
		{"", "xx, de;q=0.9, ru;q=0.1, kk;q=0.5", "kk"},
		{"", "fa-AF", "fa"},
		{"", "prs", "fa"}, // Dari
		{"", "uz-Latn-UZ", "uz"},
		{"", "km;q=0, am;q=0.2", "am"},
		{"", "km;q=x, am;q=NaN", "en"},
		{"<script>", "*", "en"},
		{strings.Repeat("a-", 9000), strings.Repeat("q,", 9000), "en"},
	} {
		if got := s.Words(tt.chosen, tt.accept).Tag; got != tt.want {
			t.Errorf("Words(%.20q, %.40q) = %s, want %s", tt.chosen, tt.accept, got, tt.want)
		}
	}
}

func TestDay(t *testing.T) {
	s := newSite(t)
	for _, tt := range []struct {
		tag        lang.Tag
		date, want string
	}{
		{"en", "2025-03-01", "1 March 2025"},
		{"en", "spring", "spring"},
		{"ky", "2025-03-01", "2025-жылдын 1-марты"},
	} {
		if got := s.wordsOf(string(tt.tag)).Day(tt.date); got != tt.want {
			t.Errorf("%s: %s is %q, want %q", tt.tag, tt.date, got, tt.want)
		}
	}
}
