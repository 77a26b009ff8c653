package translit

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"tilgate/internal/lang"
)

// A Candidate is what a text would be, had another keyboard layout been on.
type Candidate struct {
	Layout string     // that was meant: "ru", "th"; "en" is QWERTY
	Tags   []lang.Tag // languages that are typed with it; none for QWERTY, which most are
	Text   string
	Sound  bool // Text is spelled as its script allows, which a slip seldom is
}

// Retyped returns what a text would be, had the layout that was meant been on:
// ghbdtn is привет, and руддщ is hello. Text in Latin letters was meant for any
// of the layouts, other text for QWERTY. Candidates that read the same are
// one. They say nothing about which is right, or whether the text was right as
// it stands: let a detector of languages judge those that are Sound. It cannot
// tell good Thai from bad, since Thai is the only language of its script.
func Retyped(text string) []Candidate {
	script := lang.ScriptOf(text)
	if script == "Kore" {
		script = "Hang"
	}
	var list []Candidate
	for _, m := range keymaps() {
		switch {
		case script == "Latn":
			list = addCandidate(list, text, Candidate{Layout: m.name, Tags: slices.Clone(m.tags), Text: m.fromQwerty(text)})
		case script == m.script:
			if out := m.toQwerty(text); lang.ScriptOf(out) == "Latn" && !strings.ContainsFunc(out, m.writes) {
				list = addCandidate(list, text, Candidate{Layout: "en", Text: out})
			}
		}
	}
	return list
}

// writes reports letters of the layout's script: one that is left over shows
// that the text was typed with another.
func (m keymap) writes(r rune) bool { return lang.ScriptOfRune(r) == m.script }

func addCandidate(list []Candidate, text string, c Candidate) []Candidate {
	if c.Text == text {
		return list
	}
	c.Sound = sound(c.Text)
	for i := range list {
		if list[i].Text == c.Text {
			list[i].Tags = append(list[i].Tags, c.Tags...)
			return list
		}
	}
	return append(list, c)
}

func (m keymap) fromQwerty(text string) string {
	out := m.from.Replace(text)
	if m.script == "Hang" {
		return composeHangul(out)
	}
	return out
}

func (m keymap) toQwerty(text string) string {
	if m.script == "Hang" {
		text = decomposeHangul(text)
	}
	return m.to.Replace(norm.NFC.String(text))
}
