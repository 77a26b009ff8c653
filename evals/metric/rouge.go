package metric

import (
	"regexp"
	"strings"
)

// A RougeWords says what ROUGE takes for words.
type RougeWords string

// Google is what the rouge_score package does: it knows ASCII only, and finds
// no word in Burmese.
const (
	Google       RougeWords = "google"
	UnicodeWords RougeWords = "word" // runs of letters, marks and digits
	UnicodeChars RougeWords = "char" // each of them by itself
)

var (
	asciiWord   = regexp.MustCompile(`[a-z0-9]+`)
	unicodeWord = regexp.MustCompile(`[\p{L}\p{M}\p{N}]+`)
	unicodeChar = regexp.MustCompile(`[\p{L}\p{M}\p{N}]`)
)

func (w RougeWords) of(s string) []string {
	s = lower(s)
	switch w {
	case Google:
		return asciiWord.FindAllString(s, -1)
	case UnicodeChars:
		return unicodeChar.FindAllString(s, -1)
	}
	return unicodeWord.FindAllString(s, -1)
}

// RougeN is the F-score of n-grams of words (Lin 2004), from 0 to 1.
func (w RougeWords) RougeN(n int, hyp, ref string) float64 {
	return overlapF1(ngrams(w.of(hyp), n), ngrams(w.of(ref), n))
}

func ngrams(words []string, n int) []string {
	var out []string
	for i := 0; i+n <= len(words); i++ {
		out = append(out, strings.Join(words[i:i+n], " "))
	}
	return out
}

// RougeL is the F-score of the longest common subsequence of words, from 0
// to 1.
func (w RougeWords) RougeL(hyp, ref string) float64 {
	h, r := w.of(hyp), w.of(ref)
	same := float64(longestCommon(h, r))
	if same == 0 {
		return 0
	}
	precision, recall := same/float64(len(h)), same/float64(len(r))
	return (2 * precision * recall) / (precision + recall)
}

func longestCommon(a, b []string) int {
	before, now := make([]int, len(b)+1), make([]int, len(b)+1)
	for _, x := range a {
		for j, y := range b {
			if x == y {
				now[j+1] = before[j] + 1
			} else {
				now[j+1] = max(before[j+1], now[j])
			}
		}
		before, now = now, before
	}
	return before[len(b)]
}
