package serving

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"tilgate/adapters"
	"tilgate/internal/lang"
)

// A limit lets an answer grow to a number of bytes and ends it at the end of a
// sentence. It holds text until it knows that the sentence fits.
type limit struct {
	tag  lang.Tag
	most int
	said int // bytes let go
	held string
}

// errEnough ends an answer that is as long as was asked for.
var errEnough = errors.New("the answer is as long as was asked for")

// add takes the next text and returns what may be shown of it, with errEnough
// if that was the last.
func (l *limit) add(text string) (string, error) {
	l.held += text
	if l.said == 0 {
		l.held = strings.TrimLeftFunc(l.held, unicode.IsSpace)
	}
	var show strings.Builder
	for {
		n := SentenceEnd(l.tag, l.held)
		fits := l.said+len(strings.TrimRightFunc(l.held[:n], unicode.IsSpace)) <= l.most
		if !fits {
			show.WriteString(l.cut())
			return show.String(), errEnough
		}
		if n == len(l.held) {
			return show.String(), nil // more of it may come
		}
		show.WriteString(l.held[:n])
		l.said += n
		l.held = l.held[n:]
	}
}

// end returns what is held, at the end of an answer that ended by itself. One
// that the model broke off loses the sentence it had begun, unless that is all
// there is.
func (l *limit) end(finish string) string {
	text := strings.TrimRightFunc(l.held, unicode.IsSpace)
	if finish == "length" && l.said > 0 && lang.SentenceEnd(l.tag, text+" A") > len(text) {
		return ""
	}
	return text
}

// cut returns the beginning of a sentence that does not fit. It is empty if
// others were shown, which are an answer by themselves.
func (l *limit) cut() string {
	if l.said > 0 {
		return ""
	}
	if n := lang.SentenceEnd(l.tag, l.held); n < len(l.held) && n <= l.most {
		return l.held[:n] // what does not fit is a citation behind it
	}
	return shorten(l.held, l.most)
}

const ellipsis = "…"

// shorten returns the beginning of text with an ellipsis, in at most so many
// bytes: to a space if there is one in the latter half, else to the end of what
// readers take for a character. It cuts through no citation.
func shorten(text string, most int) string {
	n := 0
	for cluster := range lang.Graphemes(text) {
		if n+len(cluster) > most-len(ellipsis) {
			break
		}
		n += len(cluster)
	}
	if i := strings.LastIndexFunc(text[:n], unicode.IsSpace); i > n/2 {
		n = i
	}
	if at := markCut.FindStringIndex(text[:n]); at != nil {
		n = at[0]
	}
	return strings.TrimRightFunc(text[:n], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;:،؛၊፣", r) }) + ellipsis
}

// markCut is a citation that goes on.
var markCut = regexp.MustCompile(`\[\p{Nd}{0,3}$`)

// bounded tells the model how long the answer may be, where it is known what a
// character costs. The bytes are counted all the same, so it need not be exact:
// half as much again keeps the model from breaking off first.
func bounded(p Params, maxBytes int, a *adapters.Adapter, cost float64) Params {
	if maxBytes == 0 || cost <= 0 || a.System == "" {
		return p
	}
	perLetter := float64(len(a.System)) / float64(utf8.RuneCountInString(a.System))
	tokens := 1.5*slack*cost*float64(maxBytes)/perLetter + 16
	if p.MaxTokens == nil && tokens < mostTokens || p.MaxTokens != nil && tokens < float64(*p.MaxTokens) {
		p.MaxTokens = new(int(tokens))
	}
	return p
}

// mostTokens is more than any model says; a limit above it is none.
const mostTokens = 1 << 20
