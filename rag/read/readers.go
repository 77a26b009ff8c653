package read

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Readers are readers by the ending of the files that they read, in small
// letters, such as ".pdf" or ".xml.bz2".
type Readers map[string]Reader

// For returns the reader of a file, and its ending; the longest ending counts.
func (r Readers) For(name string) (reader Reader, ending string) {
	base := strings.ToLower(path.Base(name))
	for i := range len(base) {
		if base[i] == '.' && i > 0 {
			if found, ok := r[base[i:]]; ok {
				return found, base[i:]
			}
		}
	}
	return nil, ""
}

// Endings lists the endings, sorted.
func (r Readers) Endings() []string { return slices.Sorted(maps.Keys(r)) }
