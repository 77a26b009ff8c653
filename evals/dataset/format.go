package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A format is how a data set is published.
type format struct {
	// items reads the items in one file, in the order in which they stand.
	items func(r *reader, name string) ([]evals.Item, error)
	// suite reads a folder as it is published, in the languages that are asked
	// for.
	suite func(r *reader, langs []lang.Tag) (*evals.Suite, error)
}

var formats = map[string]format{
	"beir": {suite: beirSuite},
}

// Formats are the names of the formats, in order.
func Formats() []string {
	var names []string
	for name := range formats {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Items reads one file of a format.
func Items(name string, fsys fs.FS, file string) ([]evals.Item, error) {
	f, ok := formats[name]
	if !ok || f.items == nil {
		return nil, fault.Invalid.Errorf("no format %q has a file of items; the formats are %s", name, strings.Join(Formats(), ", "))
	}
	return f.items(&reader{FS: fsys}, file)
}

// Suite reads a folder of a format as it is published: a task for each language
// that is there, or for each of langs. The digest is over the files that were
// read.
func Suite(name string, fsys fs.FS, langs []lang.Tag) (*evals.Suite, error) {
	f, ok := formats[name]
	if !ok {
		return nil, fault.Invalid.Errorf("there is no format %q; the formats are %s", name, strings.Join(Formats(), ", "))
	}
	r := &reader{FS: fsys}
	s, err := f.suite(r, langs)
	if err != nil {
		return nil, err
	}
	if len(s.Tasks) == 0 {
		return nil, fault.NotFound.Errorf("the folder has nothing in these languages in the format %s", name)
	}
	s.Name, s.Digest = name, r.digest()
	for _, t := range s.Tasks {
		t.Suite = name
	}
	return s, nil
}

// A reader reads files, and remembers which.
type reader struct {
	fs.FS
	read []string // digest and name
}

func (r *reader) file(name string) ([]byte, error) {
	data, err := fs.ReadFile(r.FS, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	r.read = append(r.read, fmt.Sprintf("%s %s\n", hex.EncodeToString(sum[:]), name))
	return data, nil
}

// digest is the SHA-256 over what was read, in the order of the names.
func (r *reader) digest() string {
	slices.SortFunc(r.read, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(r.read), "")))
	return hex.EncodeToString(sum[:])
}

// wanted reports whether a language is among those asked for.
func wanted(tag lang.Tag, langs []lang.Tag) bool {
	return len(langs) == 0 || slices.ContainsFunc(langs, func(l lang.Tag) bool { return l == tag || l == tag.Base() })
}
