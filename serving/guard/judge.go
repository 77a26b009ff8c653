package guard

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tilgate/internal/lang"
	"tilgate/serving"
)

// A judge says whether text is in the language and in one of the scripts that
// were asked for. It remembers what it let pass, so that short pieces are seen
// together with what stood before them.
type judge struct {
	detector serving.Detector
	tag      lang.Tag
	scripts  []lang.Script
	before   string // the end of what passed
	begun    bool
}

// How many letters are needed to judge, and how sure the detector must be.
// After the reader has seen the beginning, stopping does more harm than a name
// in another language, so more is asked for.
const (
	lettersForScript   = 12
	lettersForLanguage = 20
	sureFirst          = 0.6
	sureLater          = 0.9
	seenBefore         = 200 // bytes of what passed that short pieces are seen with
)

// pass judges a piece, and takes it into what was let pass.
func (j *judge) pass(piece string) error {
	text := piece
	if countLetters(piece) < lettersForLanguage {
		text = j.before + piece
	}
	if miss := j.miss(text); miss != nil {
		return miss
	}
	j.begun = true
	j.before += piece
	if extra := len(j.before) - seenBefore; extra > 0 {
		j.before = strings.ToValidUTF8(j.before[extra:], "")
	}
	return nil
}

// miss returns a *serving.Miss, or nil for text that may be what was asked
// for.
func (j *judge) miss(text string) *serving.Miss {
	text = prose(text)
	letters := countLetters(text)
	if letters < lettersForScript {
		return nil
	}
	script := lang.ScriptOf(text)
	if !j.ours(script) {
		return &serving.Miss{What: "script", Got: serving.Language{Tag: j.detector.Detect(text, nil, nil).Tag, Script: script}}
	}
	if letters < lettersForLanguage {
		return nil
	}
	// Und here means less than 2 %: the others count for a fiftieth.
	if j.detector.Detect(text, []lang.Tag{j.tag}, nil).Tag != lang.Und {
		return nil
	}
	sure := sureFirst
	if j.begun {
		sure = sureLater
	}
	got := j.detector.Detect(text, nil, nil)
	if got.Tag == lang.Und || got.Confidence < sure || lang.Near(j.tag, got.Tag) {
		return nil
	}
	return &serving.Miss{What: "language", Got: got}
}

// ours reports whether script is one that the language is written in. Japanese
// and Chinese share theirs, as far as it shows.
func (j *judge) ours(script lang.Script) bool {
	if slices.Contains(j.scripts, script) {
		return true
	}
	return script == "Hani" && slices.Contains(j.scripts, "Jpan")
}

func countLetters(text string) int {
	n := 0
	for _, r := range text {
		if lang.ScriptOfRune(r) != lang.Zyyy {
			n++
		}
	}
	return n
}

// prose returns text without what is in no language: addresses and code.
func prose(text string) string {
	if !strings.ContainsAny(text, "/@`") {
		return text
	}
	var kept []string
	for _, word := range strings.Fields(text) {
		if strings.Contains(word, "://") || strings.Contains(word, "@") || strings.HasPrefix(word, "www.") || strings.Contains(word, "`") {
			continue
		}
		kept = append(kept, word)
	}
	return strings.Join(kept, " ")
}

// runes is utf8.RuneCountInString, by a shorter name.
func runes(text string) int { return utf8.RuneCountInString(text) }
