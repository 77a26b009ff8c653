package lang

import "testing"

func TestParseTag(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"ky", "ky"}, {"KY", "ky"}, {"kir", "ky"}, {"uz_cyrl", "uz-Cyrl"}, {"uz-Cyrl-UZ", "uz-Cyrl-UZ"},
		{"fil", "tl"}, {"tgl", "tl"}, {"sh", "sr-Latn"}, {"ckb", "ckb"}, {"nob", "no"}, {"arb", "ar"},
		{" am ", "am"}, {"zho", "zh"}, {"aze-Latn", "az-Latn"}, {"zh-TW", "zh-TW"}, {"und", "und"},
	} {
		if got, err := ParseTag(tt.in); err != nil || got != Tag(tt.want) {
			t.Errorf("ParseTag(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
	for _, bad := range []string{"", "кыргызча", "a", "toolonglanguage", "ky-", "../ky", "ky\x00"} {
		if got, err := ParseTag(bad); err == nil {
			t.Errorf("ParseTag(%q) = %q without an error", bad, got)
		}
	}
}

func TestTagParts(t *testing.T) {
	tag := Tag("uz-Cyrl-UZ")
	if tag.Base() != "uz" || tag.Script() != "Cyrl" || tag.Parent() != "uz-Cyrl" || Tag("uz").Parent() != "" || Tag("uz").Script() != "" {
		t.Errorf("parts of %s: %s %s %s", tag, tag.Base(), tag.Script(), tag.Parent())
	}
}

func TestScriptOf(t *testing.T) {
	for text, want := range map[string]Script{
		"Баланын туулгандыгы жөнүндө күбөлүк": "Cyrl",
		"بچے کی پیدائش کا اندراج":             "Arab",
		"জন্ম নিবন্ধন":                        "Beng",
		"ការចុះបញ្ជីកំណើត":                    "Khmr",
		"የልደት ምዝገባ":                           "Ethi",
		"PIN код деген эмне":                  "Cyrl",
		"2024 — 15%":                          Zyyy,
		"":                                    Zyyy,
		"東京です":                                "Jpan",
		"出生登记":                                "Hani",
		"출생 신고":                               "Kore",
	} {
		if got := ScriptOf(text); got != want {
			t.Errorf("ScriptOf(%q) = %s, want %s", text, got, want)
		}
	}
}

func FuzzParseTag(f *testing.F) {
	f.Add("ky")
	f.Add("uz-Cyrl-UZ")
	f.Fuzz(func(t *testing.T, s string) {
		tag, err := ParseTag(s)
		if err != nil {
			return
		}
		again, err := ParseTag(string(tag))
		if err != nil || again != tag {
			t.Errorf("ParseTag(%q) = %q, and parsed again %q, %v", s, tag, again, err)
		}
	})
}

func TestIn(t *testing.T) {
	for _, tt := range []struct {
		tag    Tag
		script Script
		want   Tag
	}{
		{"uz", "Latn", "uz"}, {"uz", "Cyrl", "uz-Cyrl"}, {"ky", "Cyrl", "ky"}, {"ky", "Arab", "ky-Arab"},
		{"sr", "Latn", "sr-Latn"}, {"ug", "Arab", "ug"}, {"uz-Cyrl", "Latn", "uz-Cyrl"}, {Und, "Latn", Und}, {"", "Latn", ""}, {"ky", "", "ky"},
		{"km", "Khmr", "km"}, {"am", "Ethi", "am"}, {"pa", "Arab", "pa-Arab"}, {"tt", "Latn", "tt-Latn"},
	} {
		if got := tt.tag.In(tt.script); got != tt.want {
			t.Errorf("%s in %s is %s, want %s", tt.tag, tt.script, got, tt.want)
		}
	}
}
