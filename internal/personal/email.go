package personal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest parts of an address, in bytes, by RFC 5321.
const (
	maxLocal  = 64
	maxDomain = 255
)

// emails finds e-mail addresses. In scripts without spaces an address stands
// among letters, so one that begins in ASCII ends where ASCII does.
func emails(text string) []Match {
	var found []Match
	for at := 0; ; at++ {
		i := strings.IndexByte(text[at:], '@')
		if i < 0 {
			return found
		}
		at += i
		start, end := localStart(text, at), domainEnd(text, at+1)
		if start < at && end > at {
			found = append(found, Match{start, end, Email, "", "", sure})
		}
	}
}

func localStart(text string, at int) int {
	start, wide := at, at > 0 && text[at-1] >= 0x80
	for start > 0 && at-start <= maxLocal {
		r, size := utf8.DecodeLastRuneInString(text[:start])
		if !mailRune(r, wide) && !strings.ContainsRune("._%+-", r) {
			break
		}
		start -= size
	}
	if at-start > maxLocal {
		return at
	}
	return start + len(text[start:at]) - len(strings.TrimLeft(text[start:at], ".-%+"))
}

// domainEnd returns the end of the domain that begins at start, or 0 if there
// is none.
func domainEnd(text string, start int) int {
	end, wide := start, start < len(text) && text[start] >= 0x80
	for end < len(text) && end-start <= maxDomain {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !mailRune(r, wide) && r != '.' && r != '-' {
			break
		}
		end += size
	}
	domain := strings.TrimRight(text[start:end], ".-")
	dot := strings.LastIndexByte(domain, '.')
	if len(domain) > maxDomain || dot < 1 || strings.Contains(domain, "..") || utf8.RuneCountInString(domain[dot+1:]) < 2 || digit(domain[dot+1]) {
		return 0
	}
	return start + len(domain)
}

func mailRune(r rune, wide bool) bool {
	if r < 0x80 {
		return alnum(byte(r))
	}
	return wide && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r))
}
