package dataset

import (
	"path"
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

const (
	ntrexSource = "newstest2019-src.eng.txt"
	ntrexRef    = "newstest2019-ref."
)

// ntrexItems reads a translation of NTREX, whose source lies beside it.
func ntrexItems(r *reader, name string) ([]placed, error) {
	return r.pairs(path.Join(path.Dir(name), ntrexSource), name)
}

// ntrexTasks makes a task from English into each language, and from Russian
// into those that are asked for.
func ntrexTasks(r *reader, langs []lang.Tag) ([]part, error) {
	const dir = "NTREX-128/"
	sources := []struct {
		tag  lang.Tag
		file string
	}{{"en", dir + ntrexSource}}
	if russian := dir + ntrexRef + "rus.txt"; len(langs) > 0 && r.has(russian) {
		sources = append(sources, struct {
			tag  lang.Tag
			file string
		}{"ru", russian})
	}
	var parts []part
	for _, s := range sources {
		targets, err := eachFile(r, dir+ntrexRef+"*.txt", langs, func(tag lang.Tag) part { return translation(s.tag, tag) })
		if err != nil {
			return nil, err
		}
		for _, p := range targets {
			if p.Lang.Base() == s.tag {
				continue
			}
			if p.items, err = r.pairs(s.file, p.file); err != nil {
				return nil, err
			}
			parts = append(parts, p)
		}
	}
	return sorted(parts), r.ntrexDocuments(parts)
}

// ntrexDocuments tells which lines are of one article, where the folder says
// it. They do not vary alone.
func (r *reader) ntrexDocuments(parts []part) error {
	const name = "DOCUMENT_IDS.tsv"
	if len(parts) == 0 || !r.has(name) {
		return nil
	}
	documents, err := r.textLines(name)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if len(p.items) != len(documents) {
			return fault.Invalid.Errorf("%s has %d lines, but %s has %d", p.file, len(p.items), name, len(documents))
		}
		for i := range p.items {
			p.items[i].Cluster = strings.TrimSpace(documents[i])
		}
	}
	return nil
}
