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
	whole, text := prose(j.before+piece, len(j.before), j.scripts[0])
	if countLetters(text) < lettersForLanguage {
		text = whole
	}
	if miss := j.miss(text); miss != nil {
		return miss
	}
	j.begun = true
	j.remember(piece)
	return nil
}

// remember keeps the end of what passed. Of an address that is cut off there,
// its mark is kept, so that the rest is known for what it is.
func (j *judge) remember(piece string) {
	j.before += piece
	extra := len(j.before) - seenBefore
	if extra <= 0 {
		return
	}
	mark := ""
	for _, w := range wordsIn(j.before) {
		if w.start < extra && extra < w.end && isCode(j.before[w.start:w.end]) {
			mark = "://"
		}
	}
	j.before = mark + strings.ToValidUTF8(j.before[extra:], "")
}

// miss returns a *serving.Miss, or nil for prose that may be what was asked
// for.
func (j *judge) miss(text string) *serving.Miss {
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
	if got.Tag == lang.Und || got.Confidence < sure || lang.Near(j.tag, got.Tag) || j.scripts[0] == "Latn" && alikeInLatin(j.tag, got.Tag) {
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

// alikeInLatin reports whether what parts two languages is their script: who asks
// in Latin letters reads an answer in those in either.
func alikeInLatin(a, b lang.Tag) bool {
	a, b = a.Base(), b.Base()
	for _, pair := range [][2]lang.Tag{{"hi", "ur"}, {"fa", "tg"}} {
		if pair[0] == a && pair[1] == b || pair[0] == b && pair[1] == a {
			return true
		}
	}
	return false
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

// runes is utf8.RuneCountInString, by a shorter name.
func runes(text string) int { return utf8.RuneCountInString(text) }
