package dataset

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"tilgate/internal/lang"
)

var holes = regexp.MustCompile(`\{\{[^}]*\}\}`)

// TestPrompts holds every text to the holes of the English one beside it, and
// to the script of its language.
func TestPrompts(t *testing.T) {
	names, err := fs.Glob(promptFiles, "prompts/*.toml")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, file := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "prompts/"), ".toml")
		if name == "copa-asked" {
			continue
		}
		table := promptFile[string](name)
		for tag, text := range table {
			want, got := holesOf(table["en"]), holesOf(strings.ReplaceAll(text, "{{field asked}}", "{{field question}}"))
			want = slices.DeleteFunc(want, func(h string) bool { return h == "{{lang}}" && !slices.Contains(got, h) })
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s: it names %v, the English one %v", file, tag, got, want)
			}
			checkScript(t, file, tag, text)
		}
		if table["en"] == "" || table["en2"] == "" {
			t.Errorf("%s: there are not two in English", file)
		}
	}
	asked := promptFile[map[string]string]("copa-asked")
	for tag, texts := range asked {
		if len(texts) != 2 || texts["cause"] == "" || texts["effect"] == "" {
			t.Errorf("copa-asked, %s: %v, want cause and effect", tag, texts)
		}
		checkScript(t, "copa-asked", tag, texts["cause"]+texts["effect"])
	}
	for tag := range promptFile[string]("copa") {
		if asked[tag] == nil && tag.Base() == tag && tag != "en" && tag != "en2" {
			t.Errorf("copa, %s: it is not in copa-asked", tag)
		}
	}
}

func holesOf(text string) []string {
	list := holes.FindAllString(text, -1)
	slices.Sort(list)
	return slices.Compact(list)
}

func checkScript(t *testing.T, file string, tag lang.Tag, text string) {
	t.Helper()
	code := strings.TrimSuffix(string(tag), "2")
	if parsed, err := lang.ParseTag(code); err != nil || string(parsed) != code {
		t.Errorf("%s: %s is not a tag, but %s is: %v", file, tag, parsed, err)
	}
	script, _ := language.Make(code).Script()
	want := lang.Script(script.String())
	if want == "Hans" || want == "Hant" {
		want = "Hani"
	}
	if got := lang.ScriptOf(holes.ReplaceAllString(text, "")); got != want {
		t.Errorf("%s, %s: it is in %s, want %s", file, tag, got, want)
	}
	if !norm.NFC.IsNormalString(text) {
		t.Errorf("%s, %s: it is not in NFC", file, tag)
	}
}
