package wiki

import (
	"bytes"
	"strings"
)

// variants are the languages whose wikis write words in several scripts or
// regions, -{kk-cyrl:Қазақ; kk-latn:Qazaq}-, with the forms that are taken
// first. In other wikis -{ is text.
var variants = map[string][]string{
	"ban": {"ban"},
	"crh": {"crh-latn", "crh"},
	"gan": {"gan-hans", "gan"},
	"iu":  {"ike-cans", "iu"},
	"kk":  {"kk-cyrl", "kk-kz", "kk"},
	"ku":  {"ku-latn", "ku"},
	"sh":  {"sh-latn", "sh"},
	"shi": {"shi-latn", "shi"},
	"sr":  {"sr-ec", "sr-cyrl", "sr"},
	"tg":  {"tg", "tg-cyrl"},
	"tly": {"tly"},
	"uz":  {"uz-latn", "uz"},
	"wuu": {"wuu-hans", "wuu"},
	"zh":  {"zh-hans", "zh-cn", "zh"},
}

func (s *stripper) dash() {
	rest := s.src[s.at:]
	if s.site.variants != nil && len(rest) > 2 && rest[1] == '{' && rest[2] != '{' && s.push('-', 0) {
		s.at += 2
		return
	}
	s.out = append(s.out, '-')
	s.at++
}

// closeVariants closes what -{ opened, if the brace that was read and the byte
// at hand do.
func (s *stripper) closeVariants() bool {
	if s.site.variants == nil || s.at == len(s.src) || s.src[s.at] != '-' {
		return false
	}
	i := s.find('-')
	if i < 0 {
		return false
	}
	s.at++
	text := s.take(i)
	if flags, rest, ok := bytes.Cut(text, []byte("|")); ok {
		if bytes.ContainsAny(flags, "HT-") && !bytes.ContainsFunc(flags, isSmall) {
			return true // a rule or a title, which is not shown
		}
		text = rest
	}
	s.out = append(s.out, s.variant(text)...)
	return true
}

func isSmall(r rune) bool { return r >= 'a' && r <= 'z' }

// variant returns the form of a text that is taken. Text without forms is
// itself.
func (s *stripper) variant(text []byte) []byte {
	forms := map[string][]byte{}
	var chosen []byte
	for form := range bytes.SplitSeq(text, []byte(";")) {
		if len(bytes.TrimSpace(form)) == 0 {
			continue
		}
		code, words, ok := bytes.Cut(form, []byte(":"))
		if i := bytes.Index(code, []byte("=>")); i >= 0 {
			code = code[i+2:]
		}
		key := strings.ToLower(string(bytes.TrimSpace(code)))
		if !ok || !isLanguage(key) && s.site.variants[0] != key || len(forms) == maxDepth {
			return text
		}
		forms[key] = bytes.TrimSpace(words)
		if chosen == nil {
			chosen = forms[key]
		}
	}
	for _, code := range s.site.variants {
		if words, ok := forms[code]; ok {
			return words
		}
	}
	return chosen
}
