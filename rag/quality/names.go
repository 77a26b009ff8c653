package quality

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// How much a report shows, in characters.
const (
	mostTitle = 160
	mostPlace = 300
	mostText  = 400
)

// name is what a report calls a document.
func (c *Collector) name(item read.Item, tag lang.Tag) Document {
	return Document{ID: c.show(item.ID, mostPlace), Lang: tag, Title: c.show(item.Title, mostTitle), Where: c.show(item.Where, mostPlace)}
}

// show returns at most n characters of a text that comes from a document,
// without the personal data in it. It is a copy, so that what it was cut from
// can go.
func (c *Collector) show(text string, n int) string {
	text = head(text, 4*utf8.UTFMax*n) // so that a number is masked before it is cut
	if c.o.Personal != nil {
		text, _ = c.o.Personal.Mask(text)
		text = longNumber.ReplaceAllStringFunc(text, c.maskNumber)
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	for i := range text {
		if n--; n < 0 {
			return text[:i] + "…"
		}
	}
	return strings.Clone(text)
}

// In text, scan_21503199000123-1 is no number of a person but a part of some
// longer one. As the name of a file it is.
var longNumber = regexp.MustCompile(`\p{Nd}{7,}`)

func (c *Collector) maskNumber(number string) string {
	masked, _ := c.o.Personal.Mask(number)
	return masked
}

// head returns at most n bytes of a text.
func head(text string, n int) string {
	if len(text) <= n {
		return text
	}
	at := n
	for at > n-utf8.UTFMax && !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at]
}

// sample returns pieces of a text that tell its script: of its beginning, where
// a letterhead may be in another, its middle and its end.
func sample(text string) string {
	const each = 128
	if len(text) <= 3*each {
		return text
	}
	middle := len(text) / 2
	return text[:each] + text[middle:middle+each] + text[len(text)-each:]
}

// ending returns what the name of a file ends with, such as ".docx" or
// ".xml.bz2"; an address and a line number may be part of the name.
func ending(where string) string {
	if u, err := url.Parse(where); err == nil && u.Host != "" {
		where = u.Path
	}
	name := strings.ToLower(path.Base(where))
	if i := strings.LastIndexByte(name, ':'); i > 0 && strings.Trim(name[i+1:], "0123456789") == "" {
		name = name[:i]
	}
	ext := path.Ext(name)
	switch ext {
	case ".gz", ".bz2", ".xz", ".zst":
		ext = path.Ext(strings.TrimSuffix(name, ext)) + ext
	}
	if len(ext) < 2 || len(ext) > 16 || strings.Trim(ext, ".abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return ""
	}
	return strings.Clone(ext)
}
