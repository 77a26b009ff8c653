package lid

import (
	"slices"
	"strings"
	"unicode"

	"tilgate/internal/lang"
)

// Each model learns one class more, Und, that stands for no language at all:
// what a cat types, or what programs are written in. It is never answered. Its
// probability is taken from that of the languages, so that gibberish is not
// given the name of the nearest.

const (
	manyGibberish = 2400 // lines
	latinKeys     = "qwertyuiopasdfghjklzxcvbnm"
	jargon        = "https www com org html php http url json xml utf npm src img href div px css js fmt func var nil null int str " +
		"bool def elif println printf stdout stdin args argv usr bin tmp cfg async const struct enum regex sql png pdf mp3 xyz id uuid"
	russianKeys = "йцукенгшщзхъфывапролджэячсмитьбю"
)

// withGibberish adds the class Und to the classes of one group, in its place
// by tag. Groups of one language need none: whatever is in Thai letters is Thai.
func withGibberish(classes []*class) []*class {
	if len(classes) < 2 {
		return classes
	}
	und := &class{tag: lang.Und, group: classes[0].group, made: true}
	rng := random(len(classes))
	for i := range manyGibberish {
		texts := classes[i%len(classes)].text[forTraining]
		if len(texts) == 0 {
			continue
		}
		text := scrambled(&rng, prefix(texts[rng.below(len(texts))], 80))
		switch keys := keysOf(und.group); {
		case keys != nil && i%2 == 0:
			text = keysPressed(&rng, keys)
		case und.group == "Latn" && i%3 == 0:
			words := strings.Fields(jargon)
			shuffle(&rng, words)
			text = strings.Join(words[:1+rng.below(6)], " ")
		}
		p := forTraining
		if i%keptAside == 0 {
			p = forCalibration
		}
		und.text[p] = append(und.text[p], text)
	}
	at, _ := slices.BinarySearchFunc(classes, lang.Und, func(c *class, tag lang.Tag) int {
		return strings.Compare(string(c.tag), string(tag))
	})
	return slices.Insert(classes, at, und)
}

// scrambled returns text with its letters in another order, its words as long
// as before.
func scrambled(rng *random, text string) string {
	runes := []rune(strings.ToLower(text))
	var places []int
	for i, r := range runes {
		if unicode.IsLetter(r) || unicode.IsMark(r) {
			places = append(places, i)
		}
	}
	for i := len(places) - 1; i > 0; i-- {
		a, b := places[i], places[rng.below(i+1)]
		runes[a], runes[b] = runes[b], runes[a]
	}
	return string(runes)
}

func keysOf(group lang.Script) []rune {
	switch group {
	case "Latn":
		return []rune(latinKeys)
	case "Cyrl":
		return []rune(russianKeys)
	}
	return nil
}

// keysPressed returns words of keys, each near the one before.
func keysPressed(rng *random, keys []rune) string {
	var out strings.Builder
	for range 1 + rng.below(5) {
		at := rng.below(len(keys))
		for range 3 + rng.below(7) {
			out.WriteRune(keys[at])
			if at += rng.below(5) - 1; rng.below(4) == 0 {
				at = rng.below(len(keys))
			}
			at = (at + len(keys)) % len(keys)
		}
		out.WriteByte(' ')
	}
	return out.String()
}
