package crawl

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"tilgate/internal/fault"
)

// A frontier keeps which URLs are to be asked for, and which were.
type frontier struct {
	max   int // URLs in all
	alike int // URLs that look alike
	depth int // links from where the crawl began

	seen  map[string]bool
	count map[string]int // of URLs found by links, by what they look like
	next  []found
	full  bool // there were more URLs than max
}

type found struct {
	url   *url.URL
	depth int
	by    Found
}

// admit keeps a URL that was not seen before for the next round. The error says
// why it is left out, if somebody may wonder.
func (f *frontier) admit(e found) error {
	switch {
	case f.seen[key(e.url)] || e.depth > max(f.depth, 0):
		return nil
	case len(f.seen) >= f.max:
		f.full = true
		return nil
	}
	if e.by == ByLink {
		if err := f.trap(e.url); err != nil {
			return err
		}
	}
	f.seen[key(e.url)] = true
	f.next = append(f.next, e)
	return nil
}

// round returns the URLs that were admitted of the least depth.
func (f *frontier) round() []found {
	slices.SortFunc(f.next, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.depth, b.depth), cmp.Compare(a.url.String(), b.url.String()))
	})
	n := 0
	for n < len(f.next) && f.next[n].depth == f.next[0].depth {
		n++
	}
	urls := f.next[:n]
	f.next = slices.Clone(f.next[n:])
	return urls
}

// The most that paths of real sites have.
const (
	maxRepeats  = 3  // of one name within a path
	maxSegments = 30 // of a path
)

// trap returns why a URL looks as if the site made it up: calendars without
// end, links that add to their own path.
func (f *frontier) trap(u *url.URL) error {
	segments := strings.Split(u.EscapedPath(), "/")
	if len(segments) > maxSegments {
		return fault.Forbidden.Errorf("paths of more than %d parts are left out", maxSegments)
	}
	times := map[string]int{}
	for _, s := range segments[1:] {
		if times[s]++; times[s] > maxRepeats {
			return fault.Forbidden.Errorf("paths that repeat a part more than %d times are left out", maxRepeats)
		}
	}
	looks := pattern(u)
	for _, l := range looks {
		if f.count[l] >= f.alike {
			return fault.Forbidden.Errorf("links lead to more than %d pages like %q; the others are left out", f.alike, l)
		}
	}
	for _, l := range looks {
		f.count[l]++
	}
	return nil
}

// pattern returns what a URL looks like with "0" for numbers and values of the
// query, and without the query.
func pattern(u *url.URL) []string {
	path := numbers(u.Path)
	if u.RawQuery == "" {
		return []string{path}
	}
	var names []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(part, "=")
		names = append(names, numbers(name))
	}
	slices.Sort(names)
	return []string{path + "?" + strings.Join(slices.Compact(names), "&"), u.Path + "?*"}
}

func numbers(s string) string {
	var b strings.Builder
	within := false
	for _, r := range s {
		digit := unicode.IsDigit(r)
		if !digit {
			b.WriteRune(r)
		} else if !within {
			b.WriteByte('0')
		}
		within = digit
	}
	return b.String()
}
