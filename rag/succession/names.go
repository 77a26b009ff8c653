package succession

import (
	"net/url"
	"path"
	"strings"

	"tilgate/rag"
)

// names finds documents by the names that others give them. It knows those
// alone that somebody gave.
type names map[string][]int // into the documents

// namesIn finds what is named in documents and rules.
func namesIn(docs []rag.Document, rules []Rule) names {
	n := names{}
	given := func(d rag.Document, name string) {
		for _, key := range readings(d, name) {
			n[key] = nil
		}
	}
	for _, d := range docs {
		for _, name := range d.Replaces {
			given(d, name)
		}
		if d.ReplacedBy != "" {
			given(d, d.ReplacedBy)
		}
	}
	for _, r := range rules {
		if r.By != "" {
			given(rag.Document{}, r.By)
		}
	}
	if len(n) == 0 {
		return n
	}
	for i, d := range docs {
		seen := map[string]bool{"": true}
		for _, key := range []string{"i" + d.ID, "f" + d.Origin, address(d.ID), address(d.Source), address(d.Origin)} {
			if list, wanted := n[key]; wanted && !seen[key] {
				n[key] = append(list, i)
			}
			seen[key] = true
		}
	}
	return n
}

// find returns the documents of a name, as a document gives it.
func (n names) find(d rag.Document, name string) []int {
	for _, key := range readings(d, name) {
		if found := n[key]; len(found) > 0 {
			return found
		}
	}
	return nil
}

// readings are what a name may mean in a document, the likeliest first: an id,
// an address, a file, an id or file in the same folder.
func readings(d rag.Document, name string) []string {
	name = strings.TrimSpace(name)
	out := []string{"i" + name}
	if at := address(name); at != "" {
		return append(out, at)
	}
	file := path.Clean(name)
	out = append(out, "f"+file)
	if folder := path.Dir(d.ID); folder != "." && !strings.Contains(d.ID, "://") {
		out = append(out, "i"+path.Join(folder, name))
	}
	if folder := path.Dir(d.Origin); folder != "." && !strings.Contains(d.Origin, "://") {
		out = append(out, "f"+path.Join(folder, name))
	}
	return out
}

// address returns what is the same in all ways to write the address of a page:
// without scheme, "www.", fragment and a slash at the end. What is no address
// gives nothing.
func address(text string) string {
	if !strings.Contains(text, "://") {
		return ""
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" {
		return ""
	}
	at := "//" + strings.TrimPrefix(strings.ToLower(u.Host), "www.") + strings.TrimSuffix(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		at += "?" + u.RawQuery
	}
	return at
}
