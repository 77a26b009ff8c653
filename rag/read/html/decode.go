package html

import (
	"bytes"
	"fmt"
	"mime"
	"regexp"
	"strings"

	"tilgate/internal/charset"
	"tilgate/rag/read"
)

// maxHead is how far into a page its encoding may be declared. Browsers look
// at 1,024 bytes; some pages have a long comment before.
const maxHead = 8 << 10

var (
	metaCharset = regexp.MustCompile(`(?i)<meta\s[^>]*charset\s*=\s*["']?\s*([\w.:-]+)`)
	xmlEncoding = regexp.MustCompile(`^\s*<\?xml\s[^>]*encoding\s*=\s*["']([\w.:-]+)`)
)

// decode returns a page in UTF-8, and whether it is XHTML.
func decode(data []byte, contentType string) (page string, xml bool, notes []read.Note, err error) {
	kind, params, _ := mime.ParseMediaType(contentType)
	declared := params["charset"]
	head := data[:min(len(data), maxHead)]
	if declared == "" {
		declared = declaredIn(head)
	}
	page, encoding, sure, err := charset.Decode(data, declared)
	if err != nil {
		return "", false, nil, err
	}
	if !sure {
		notes = []read.Note{{Kind: read.Encoding, Text: fmt.Sprintf("its encoding was guessed to be %s, or bytes of it mean nothing; save it as UTF-8", encoding)}}
	}
	xml = kind == "application/xhtml+xml" || strings.HasPrefix(strings.TrimLeft(page[:min(len(page), maxHead)], " \r\n\t"), "<?xml")
	return page, xml, notes, nil
}

func declaredIn(head []byte) string {
	if m := xmlEncoding.FindSubmatch(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))); m != nil {
		return string(m[1])
	}
	if m := metaCharset.FindSubmatch(head); m != nil {
		return string(m[1])
	}
	return ""
}
