package engine

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	pb "github.com/qdrant/go-client/qdrant"
)

// A tokenizer cuts text for a text index. Without parameters it is Qdrant's
// default: words of letters and digits, in lower case.
type tokenizer struct {
	kind      pb.TokenizerType
	keepCase  bool
	min, max  int // length of a token in runes; max 0 is no limit
	stopwords map[string]bool
}

func newTokenizer(p *pb.TextIndexParams) (tokenizer, error) {
	t := tokenizer{kind: p.GetTokenizer(), min: int(p.GetMinTokenLen()), max: int(p.GetMaxTokenLen())}
	t.keepCase = p != nil && p.Lowercase != nil && !p.GetLowercase()
	switch {
	case p.GetStemmer() != nil:
		return t, unimplemented("stemming in text indexes")
	case p.GetAsciiFolding():
		return t, unimplemented("ASCII folding in text indexes")
	case len(p.GetStopwords().GetLanguages()) > 0:
		return t, unimplemented("the stopwords of a language in text indexes")
	case p.GetPhraseMatching():
		return t, unimplemented("phrase matching in text indexes")
	case t.kind == pb.TokenizerType_Multilingual:
		return t, unimplemented("the multilingual tokenizer in text indexes")
	}
	t.stopwords = setOf(p.GetStopwords().GetCustom())
	return t, nil
}

func (t tokenizer) words(text string) []string {
	if t.kind == pb.TokenizerType_Whitespace {
		return strings.Fields(text)
	}
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

func (t tokenizer) normal(word string) (string, bool) {
	if !t.keepCase {
		word = strings.ToLower(word)
	}
	return word, !t.stopwords[word]
}

func (t tokenizer) fits(n int) bool {
	return n >= t.min && (t.max == 0 || n <= t.max)
}

// document returns the tokens a stored text is found by, each once.
func (t tokenizer) document(text string) []string {
	var out []string
	for _, word := range t.words(text) {
		word, ok := t.normal(word)
		if !ok {
			continue
		}
		if t.kind == pb.TokenizerType_Prefix {
			n := 0
			for i, r := range word {
				if n++; t.fits(n) {
					out = append(out, word[:i+utf8.RuneLen(r)])
				}
			}
		} else if t.fits(utf8.RuneCountInString(word)) {
			out = append(out, word)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// query returns the tokens to look for: as document, but of the prefixes of a
// word only the longest.
func (t tokenizer) query(text string) []string {
	if t.kind != pb.TokenizerType_Prefix {
		return t.document(text)
	}
	var out []string
	for _, word := range t.words(text) {
		word, ok := t.normal(word)
		if runes := []rune(word); ok && len(runes) >= t.min {
			if t.max > 0 && len(runes) > t.max {
				runes = runes[:t.max]
			}
			out = append(out, string(runes))
		}
	}
	return out
}
