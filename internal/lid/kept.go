package lid

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"tilgate/internal/lang"
)

// Measure reports on how well d does on the sentences of dir that Train keeps
// aside. If only names a source, which d was trained without, all sentences of
// that source count and no other.
func Measure(ctx context.Context, d *Detector, dir, only string) ([]Kept, error) {
	all, err := readCorpus(ctx, dir, nil)
	if err != nil {
		return nil, err
	}
	if only == "" {
		return measure(d, keptOf(all)), nil
	}
	return measure(d, slices.DeleteFunc(all, func(s sentence) bool { return s.source != only })), nil
}

// keptOf returns the sentences that are for measuring.
func keptOf(all []sentence) []sentence {
	return slices.DeleteFunc(all, func(s sentence) bool { return partOf(s.text) != forTest })
}

// A Kept is a report on one kind of text that was kept aside in training.
type Kept struct {
	Name   string `json:"name"`
	Report Report `json:"report"`
}

// measure reports on sentences: as they are, cropped, as typed on a poor
// keyboard, and in a second script.
func measure(d *Detector, sentences []sentence) []Kept {
	kinds := []string{"sentences", "20 characters", "interface", "keyboard", "second script"}
	lines := map[string]*strings.Builder{}
	for _, k := range kinds {
		lines[k] = &strings.Builder{}
	}
	made, coreSet := conversions(), setOf(core)
	for _, s := range sentences {
		keep(lines, s, made, coreSet[s.tag])
	}
	var kept []Kept
	for _, set := range []struct {
		name string
		o    Options
	}{{"", Options{}}, {" of the large", Options{Set: everyday()}}} {
		for _, k := range kinds {
			kept = append(kept, Kept{k + set.name, Evaluate(d, strings.NewReader(lines[k].String()), set.o)})
		}
	}
	return kept
}

// keep writes s to the kinds of text that it is an example of. Only in ours,
// the languages that Tilgate is made for, are all kinds of interest.
func keep(lines map[string]*strings.Builder, s sentence, made []conversion, ours bool) {
	line := func(kind, text string) {
		lines[kind].WriteString(string(s.tag) + "\t" + text + "\n")
	}
	if ours {
		if s.source == "wikipedia_app" {
			line("interface", s.text)
			return
		}
		line("sentences", s.text)
		if crop := middle(s.text, 20); groupOf(lang.ScriptOf(crop)) == s.group {
			line("20 characters", crop)
		}
		if text, ok := mistyped(s.tag, s.group, s.text); ok {
			line("keyboard", text)
		}
	}
	for _, c := range made {
		if c.tag == s.tag && c.from == s.group {
			line("second script", c.write(s.text))
		}
	}
}

// middle returns n characters of text from a third of its length on, wherever
// that falls.
func middle(text string, n int) string {
	from := len(prefix(text, max(0, utf8.RuneCountInString(text)-n)/3))
	return prefix(text[from:], n)
}

// everyday are the languages a deployment may choose among: those that Tilgate
// is made for and the large ones.
func everyday() []lang.Tag {
	return append(sortedKeys(setOf(core)), sortedKeys(setOf(large))...)
}
