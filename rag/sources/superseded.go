package sources

import (
	"fmt"
	"slices"
	"strings"

	"tilgate/rag"
	"tilgate/rag/succession"
)

// A Superseded names documents that do not hold any more, whatever they say
// themselves. It takes effect at the next sync; nothing need be read again.
type Superseded struct {
	Documents []string `toml:"documents"` // ids, addresses, or files from the manifest; patterns as in Source.Include
	By        string   `toml:"by"`        // id, address or file of what took their place; empty if nothing did
}

func (s Superseded) check() error {
	if len(s.Documents) == 0 || slices.Contains(s.Documents, "") {
		return fmt.Errorf(`name documents, such as ["archive/**", "pension-2019"]`)
	}
	return checkPatterns(s.Documents)
}

// names reports whether a document is among those that are named.
func (s Superseded) names(d rag.Document) bool {
	for _, name := range []string{d.ID, d.Origin, d.Source} {
		if name != "" && (slices.Contains(s.Documents, name) || matchAny(s.Documents, strings.TrimPrefix(name, "./"))) {
			return true
		}
	}
	return false
}

// Rules are what the manifest says of which documents hold.
func (m Manifest) Rules() []succession.Rule {
	var rules []succession.Rule
	for _, s := range m.Superseded {
		rules = append(rules, succession.Rule{Old: s.names, By: s.By})
	}
	return rules
}
