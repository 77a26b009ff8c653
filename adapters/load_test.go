package adapters

import (
	"strings"
	"testing"
	"testing/fstest"

	"tilgate/internal/lang"
)

func TestBundled(t *testing.T) {
	set, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range set.Tags() {
		a, _ := set.For(tag)
		script := lang.ScriptOf(a.System)
		if script != a.Scripts[0] {
			t.Errorf("%s: the system prompt is written in %s, its first script is %s", tag, script, a.Scripts[0])
		}
		for _, s := range []string{a.Say.NotFound, a.Say.Quoting, a.Say.Translated, a.Say.Blocked, a.Say.Handover, a.Name} {
			if got := lang.ScriptOf(s); got != a.Scripts[0] {
				t.Errorf("%s: %q is written in %s, want %s", tag, s, got, a.Scripts[0])
			}
		}
		if !strings.Contains(a.System, "[1]") {
			t.Errorf("%s: the system prompt does not show how to cite: [1]", tag)
		}
	}
	for _, tag := range []lang.Tag{"ky", "ur", "bn", "km", "am", "sw", "en"} {
		if _, ok := set.For(tag); !ok {
			t.Errorf("there is no adapter for %s", tag)
		}
	}
}

func TestFor(t *testing.T) {
	set, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	if a, ok := set.For("ky-Latn-KG"); !ok || a.Tag != "ky" {
		t.Errorf("For(ky-Latn-KG) = %v, %v, want ky", a, ok)
	}
	if a, ok := set.For("xx"); ok {
		t.Errorf("For(xx) = %v", a)
	}
}

const good = `
tag = "ky"
name = "Кыргызча"
english = "Kyrgyz"
scripts = ["Cyrl"]
kind = "prompt_only"
reviewed = "none"
system = "Кыргызча жооп бериңиз [1]."
insist = "Кыргызча гана."
terms = "Терминдер:"
[say]
not_found = "Табылган жок."
quoting = "Үзүндү:"
translated = "Которулган."
blocked = "Болбойт."
handover = "Кызматкерге өткөрөм."
unable = "Жооп даяр эмес."
`

func TestLoadFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		old  string
		new  string
		want []string
	}{
		{"unknown key", "[say]", "colour = 1\n[say]", []string{"reading adapter x", "colour", "no such key"}},
		{"bad tag", `tag = "ky"`, `tag = "кыргыз"`, []string{"tag:", "is not a language tag"}},
		{"two faults at once", "scripts = [\"Cyrl\"]\nkind = \"prompt_only\"", "scripts = [\"cyrillic\"]\nkind = \"magic\"",
			[]string{"ISO 15924", "magic"}},
		{"missing sentence", `quoting = "Үзүндү:"`, "", []string{"say.quoting is missing"}},
		{"missing instructions", "insist = \"Кыргызча гана.\"\nterms = \"Терминдер:\"", "", []string{"insist is missing", "terms is missing"}},
		{"wrong type", `scripts = ["Cyrl"]`, `scripts = "Cyrl"`, []string{"scripts"}},
		{"not TOML", `tag = "ky"`, `tag = `, []string{"line 2"}},
	} {
		_, err := Load(fstest.MapFS{"x.toml": {Data: []byte(strings.Replace(good, tt.old, tt.new, 1))}})
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v does not say %q", tt.name, err, want)
			}
		}
	}
	if _, err := Load(fstest.MapFS{"x.toml": {Data: []byte(good)}, "y.toml": {Data: []byte(good)}}); err == nil {
		t.Error("two files for one tag were taken")
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("an empty folder was taken")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(good)
	f.Fuzz(func(t *testing.T, text string) {
		set, err := Load(fstest.MapFS{"x.toml": {Data: []byte(text)}})
		if err == nil && len(set.Tags()) != 1 {
			t.Errorf("one file without a fault gave %d adapters", len(set.Tags()))
		}
	})
}
