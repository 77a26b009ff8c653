package translit

import (
	"bufio"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"tilgate/internal/lang"
)

// sharedText returns up to 300 sentences a label and source of the text that
// the language detector is trained on.
func sharedText(t *testing.T, sources ...string) map[string][]string {
	dir := os.Getenv("TILGATE_SHARED")
	if dir == "" {
		t.Skip("TILGATE_SHARED names no folder of training text")
	}
	all := map[string][]string{}
	for _, source := range sources {
		file, err := os.Open(filepath.Join(dir, "data", "lid", source+".tsv.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		unzipped, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for lines := bufio.NewScanner(unzipped); lines.Scan(); {
			label, text, _ := strings.Cut(lines.Text(), "\t")
			if n[label]++; n[label] <= 300 {
				all[label] = append(all[label], text)
			}
		}
	}
	return all
}

func isLatin(r rune) bool { return unicode.Is(unicode.Latin, r) }

// wordsOf returns the words of text, with one apostrophe for all.
func wordsOf(text string) []string {
	text = strings.Map(func(r rune) rune {
		if apostrophe(r) {
			return 'ʼ'
		}
		return r
	}, text)
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
}

// TestRoundTripShared measures how many words of real text come back.
func TestRoundTripShared(t *testing.T) {
	text := sharedText(t, "ntrex", "udhr", "common_voice")
	ntrex := map[lang.Tag]string{"az": "aze-Latn", "ba": "bak", "kk": "kaz", "ky": "kir", "sr": "srp-Cyrl", "tt": "tat", "tg": "tgk-Cyrl", "tk": "tuk", "ug": "uig", "uz": "uzb"}
	floors := map[string]float64{"ky Latn plain": 0.80, "ky Arab china": 0.95, "kk Arab tote": 0.85, "kk Latn 2021": 0.97, "kk Latn 2018": 0.97,
		"kk Latn 2017": 0.97, "tt Latn zamanalif": 0.94, "tg Latn plain": 0.85, "mn Latn plain": 0.50}
	for _, tag := range Tags() {
		for _, a := range Alphabets(tag) {
			if a.OneWay {
				continue
			}
			came, all := 0, 0
			for _, line := range append(text[string(tag)], text[ntrex[tag]]...) {
				for _, w := range wordsOf(line) {
					if lang.ScriptOf(w) != a.Main || a.Main != "Latn" && strings.ContainsFunc(w, isLatin) {
						continue
					}
					all++
					if got := a.Read(a.Write(w)); strings.Join(wordsOf(got), "") == w || a.Script == "Arab" && strings.EqualFold(got, w) {
						came++
					}
				}
			}
			name := strings.Join([]string{string(tag), string(a.Script), a.Name}, " ")
			rate := float64(came) / float64(all)
			t.Logf("%-18s %6.2f %% of %d words", name, 100*rate, all)
			floor := floors[name]
			if floor == 0 {
				floor = 0.993 // foreign names and misspelled words aside, all
			}
			if rate < floor {
				t.Errorf("%s: %.2f %% of words come back, and %.2f %% should", name, 100*rate, 100*floor)
			}
		}
	}
}

// alike are letters that people choose between.
var alike = strings.NewReplacer("é", "ë", "ك", "ک", "ڬ", "ݢ", "ى", "ي")

// TestLikePeople compares with what people wrote in the other script: the
// Declaration of Human Rights, which some languages have in two. The two texts
// are not always of one edition, so that words are looked for anywhere in it.
func TestLikePeople(t *testing.T) {
	text := sharedText(t, "udhr")
	for _, tt := range []struct {
		tag      lang.Tag
		from, to string
		script   lang.Script
		floor    float64
	}{
		{"az", "az", "az-Cyrl", "Cyrl", 0.99}, {"az", "az-Cyrl", "az", "Latn", 0.99}, {"uz", "uz", "uz-Cyrl", "Cyrl", 0.99}, {"uz", "uz-Cyrl", "uz", "Latn", 0.99},
		{"sr", "sr", "sr-Latn", "Latn", 0.99}, {"sr", "sr-Latn", "sr", "Cyrl", 0.99}, {"ug", "ug", "ug-Latn", "Latn", 0.92}, {"ug", "ug-Latn", "ug", "Arab", 0.94},
		{"ms", "ms", "ms-Arab", "Arab", 0.75},
	} {
		theirs := map[string]bool{}
		for _, line := range text[tt.to] {
			for _, w := range wordsOf(line) {
				theirs[strings.ToLower(alike.Replace(w))] = true
			}
		}
		same, all := 0, 0
		var not []string
		for _, line := range text[tt.from] {
			got, _ := To(tt.tag, tt.script, line)
			for _, w := range wordsOf(got) {
				if all++; theirs[strings.ToLower(alike.Replace(w))] {
					same++
				} else {
					not = append(not, w)
				}
			}
		}
		rate := float64(same) / float64(all)
		t.Logf("%s to %s: %.1f %% of %d words", tt.from, tt.to, 100*rate, all)
		if testing.Verbose() {
			t.Log(not[:min(len(not), 40)])
		}
		if rate < tt.floor {
			t.Errorf("%s to %s: %.1f %% of the words are as people write them, and %.0f %% should be", tt.from, tt.to, 100*rate, 100*tt.floor)
		}
	}
}
