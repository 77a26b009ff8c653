package web

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"tilgate/internal/lang"
)

// Words is what the page says in one language.
type Words struct {
	Tag lang.Tag
	Dir string
	say map[string]string
}

// Name is that of the language, in itself.
func (w *Words) Name() string { return w.say["name"] }

// Say returns a sentence, with values put in for {names}: name, value, and so
// on. A key that does not exist gives nothing.
func (w *Words) Say(key string, values ...string) string {
	text := w.say[key]
	for i := 0; i+1 < len(values); i += 2 {
		text = strings.ReplaceAll(text, "{"+values[i]+"}", values[i+1])
	}
	return text
}

// Has reports whether there is a sentence.
func (w *Words) Has(key string) bool { return w.say[key] != "" }

// readWords reads the files that linguists edit, in order of their names.
func readWords() ([]*Words, error) {
	files, err := wordFiles.ReadDir("strings")
	if err != nil {
		return nil, err
	}
	var list []*Words
	for _, f := range files {
		w := &Words{Tag: lang.Tag(strings.TrimSuffix(f.Name(), ".toml")), Dir: "ltr"}
		if _, err := toml.DecodeFS(wordFiles, path.Join("strings", f.Name()), &w.say); err != nil {
			return nil, fmt.Errorf("reading %s: %w", f.Name(), err)
		}
		if d := lang.Direction(w.Say("title")); d != "" {
			w.Dir = d
		}
		list = append(list, w)
	}
	slices.SortStableFunc(list, func(a, b *Words) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

// fallback is the language of readers whose own has no words here.
const fallback lang.Tag = "en"

// stead says whose words readers of another language can read, where there is
// hardly a difference in writing.
var stead = map[lang.Tag]lang.Tag{"prs": "fa", "pbt": "ps", "pst": "ps", "azj": "az", "uzn": "uz", "khk": "mn", "swh": "sw", "crh": "tr"}

// Words returns what the page says to a reader: in the language chosen, or
// that which the browser asks for most, of those that there are.
func (s *Site) Words(chosen, acceptLanguage string) *Words {
	if w := s.wordsOf(chosen); w != nil {
		return w
	}
	for _, wish := range wishes(acceptLanguage) {
		if w := s.wordsOf(wish); w != nil {
			return w
		}
	}
	return s.wordsOf(string(fallback))
}

// wordsOf returns nil if there are none for the language, or its parents.
func (s *Site) wordsOf(name string) *Words {
	tag, err := lang.ParseTag(name)
	if err != nil {
		return nil
	}
	for _, t := range []lang.Tag{tag, tag.Base(), stead[tag.Base()]} {
		for _, w := range s.words {
			if w.Tag == t {
				return w
			}
		}
	}
	return nil
}

const mostWishes = 20

// wishes returns the languages of an Accept-Language header, that liked best
// first.
func wishes(header string) []string {
	type wish struct {
		name string
		q    float64
	}
	var list []wish
	for item := range strings.SplitSeq(header, ",") {
		name, param, _ := strings.Cut(item, ";")
		q := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(param), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(value, 64); err != nil || !(q >= 0) {
				continue
			}
		}
		if name = strings.TrimSpace(name); q > 0 && len(list) < mostWishes {
			list = append(list, wish{name, q})
		}
	}
	slices.SortStableFunc(list, func(a, b wish) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	var names []string
	for _, w := range list {
		names = append(names, w.name)
	}
	return names
}
