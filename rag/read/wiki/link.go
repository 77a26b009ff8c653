package wiki

import (
	"bytes"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

func (s *stripper) openBracket() {
	if bytes.HasPrefix(s.src[s.at:], []byte("[[")) {
		s.push('[', 0)
		s.at += 2
		return
	}
	if rest := s.src[s.at+1:]; isURL(rest) && s.push('/', 0) {
		s.out = append(s.out, linkBegins)
		s.at++
		for s.at < len(s.src) && !strings.ContainsRune(" \t\n[]<", rune(s.src[s.at])) {
			s.at++
		}
		return
	}
	s.out = append(s.out, '[')
	s.at++
}

func (s *stripper) closeBracket() {
	if n := len(s.stack); n > 0 && s.stack[n-1].kind == '/' {
		s.stack = s.stack[:n-1]
		s.out = append(s.out, linkEnds)
		s.at++
		return
	}
	if bytes.HasPrefix(s.src[s.at:], []byte("]]")) {
		s.at += 2
		if i := s.find('['); i >= 0 {
			s.link(s.take(i))
		}
		return
	}
	s.out = append(s.out, ']')
	s.at++
}

// schemes are what external links begin with.
var schemes = []string{"http://", "https://", "//", "ftp://", "mailto:", "news:", "irc://", "tel:"}

// isURL reports whether text begins as the address of an external link does.
func isURL(text []byte) bool {
	for _, scheme := range schemes {
		if len(text) > len(scheme) && text[0]|0x20 == scheme[0]|0x20 && strings.EqualFold(string(text[:len(scheme)]), scheme) {
			return true
		}
	}
	return false
}

// link puts out the text of a link, whose inside was taken off the output:
// nothing for files, categories and the page's names in other languages.
func (s *stripper) link(inner []byte) {
	target, label, labelled := bytes.Cut(inner, []byte("|"))
	if isURL(target) {
		_, label, _ := bytes.Cut(inner, []byte(" "))
		s.out = append(append(s.out, label...), linkEnds)
		return
	}
	target = bytes.TrimSpace(target)
	if text, ok := bytes.CutPrefix(target, []byte(":")); ok {
		target = text
	} else if s.site.hides(target) {
		s.hole = len(s.out)
		return
	}
	if labelled && len(bytes.TrimSpace(label)) > 0 {
		target = label
	}
	s.out = append(s.out, target...)
}

// hides reports whether a link to target does not stand where it was written:
// it puts a picture there, or is listed beside the page.
func (s *site) hides(target []byte) bool {
	head := target[:min(len(target), longestNamespace)]
	prefix, name, ok := bytes.Cut(head, []byte(":"))
	if !ok {
		return false
	}
	key := namespaceKey(string(prefix))
	if ns, ok := s.namespaces[key]; ok {
		return ns == nsMedia || ns == nsFile || ns == nsCategory
	}
	return isFile(target) || len(name) > 0 && name[0] != ' ' && key == string(prefix) && isLanguage(key)
}

// longestNamespace is how many bytes a namespace's name may have.
const longestNamespace = 256

// namespaceKey is a namespace's name as it is compared.
func namespaceKey(name string) string {
	return strings.ToLower(strings.TrimSpace(strings.ReplaceAll(name, "_", " ")))
}

// isFile reports whether a target is a file by its ending. Dumps do not list
// the old names of the namespace of files, such as Изображение in Russian.
func isFile(target []byte) bool {
	i := bytes.LastIndexByte(target, '.')
	if i < 0 || len(target)-i > 5 {
		return false
	}
	switch strings.ToLower(string(target[i+1:])) {
	case "jpg", "jpeg", "png", "svg", "gif", "tif", "tiff", "webp", "ogg", "oga", "ogv", "webm", "mp3", "wav", "djvu":
		return true
	}
	return false
}

// isLanguage reports whether a prefix is the code of a wiki's language: ky,
// be-x-old, zh-min-nan.
func isLanguage(prefix string) bool {
	if prefix == "simple" {
		return true
	}
	base, rest, _ := strings.Cut(prefix, "-")
	if len(base) < 2 || len(base) > 3 || strings.IndexFunc(rest, notCode) >= 0 {
		return false
	}
	_, err := language.ParseBase(base)
	return err == nil
}

func notCode(r rune) bool { return r != '-' && (r > unicode.MaxASCII || !unicode.IsLower(r)) }
