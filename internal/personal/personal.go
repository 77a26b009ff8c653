package personal

import "io/fs"

type Finder struct{ Finds func(string) []Match }
type Match struct {
	Start, End          int
	Kind, Country, Name string
}

func (f *Finder) Find(text string) []Match           { return f.Finds(text) }
func (f *Finder) Mask(text string) (string, []Match) { return text, nil }

func New(countries []string, extra fs.FS) (*Finder, error) { return nil, nil }
