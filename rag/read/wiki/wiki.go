// Package wiki reads whole wikis: the XML dumps of MediaWiki, and ZIM files.
//
// Both are larger than memory, so both are streamed, a page at a time. A dump
// passes through four steps, each of which ends on whatever it is given: unpack
// (bzip2, gzip, zstd), tokens (the dump's plain XML), strip (wikitext without
// templates, links and tags) and blocks (lines to headings, lists and tables).
// Between the last two, bytes below a space have meanings of their own, which
// marks.go lists: what an author wrote literally must not look like markup.
//
// A ZIM file holds HTML, which another package reads; Options.HTML brings it.
package wiki

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tilgate/rag"
)

// Options are what readers of wikis may be told. The zero value reads the
// articles of dumps; ZIM files need HTML.
type Options struct {
	// Namespaces of a dump whose pages are read, by their numbers; none means
	// 0, the articles.
	Namespaces []int

	// HTML puts the text of a page of a ZIM file into b, and returns the
	// page's own title if it has one. The page is good until it returns.
	HTML func(ctx context.Context, page []byte, b *rag.Builder) (title string, err error)
}

// day returns the day of a date or timestamp, or "" if it is neither.
func day(stamp string) string {
	if len(stamp) < len(time.DateOnly) {
		return ""
	}
	stamp = stamp[:len(time.DateOnly)]
	if _, err := time.Parse(time.DateOnly, stamp); err != nil {
		return ""
	}
	return stamp
}

// isWeb reports whether a URL is one of the web: sources become links, and a
// file may say anything.
func isWeb(url string) bool {
	return strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")
}

// inURL writes a title as it stands in a URL. Letters of all scripts stay:
// people read sources, and browsers escape them.
func inURL(title string) string {
	var b strings.Builder
	for i := range len(title) {
		switch c := title[i]; {
		case c == ' ':
			b.WriteByte('_')
		case c < ' ' || c == 0x7f || strings.IndexByte("%?#\"<>[]{}|\\^`", c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
