package plain

import (
	"cmp"
	"strings"
)

// Fields says how the rows of a JSONL file name what a document has. An empty
// name is the default, which is the name of the field in small letters; case
// does not count. A name with dots is a path: "meta.lang" is the lang within
// the meta.
type Fields struct {
	ID, Title, Text, Lang, Source, Date, Sector string

	Edition, Replaces, ReplacedBy string // of rag.Document; defaults are "edition", "replaces", "replaced_by"

	// Rows of a corpus can be chosen by what they are about, which is the sector
	// of those that name none, and by how good they are said to be. Rows that
	// are not chosen are passed over in silence.
	Domain     string   // default "domain"
	Domains    []string // the only ones that are read; none means all
	Quality    string   // default "quality_score"
	MinQuality float64  // at least; rows that do not say are passed over
}

// What a row can say.
const (
	rowID = iota
	rowTitle
	rowText
	rowLang
	rowSource
	rowDate
	rowSector
	rowEdition
	rowReplaces
	rowReplacedBy
	rowDomain
	rowQuality
	rowFields
)

// paths are where each field stands.
type paths [rowFields][]string

func (f Fields) paths() (p paths) {
	for i, name := range [rowFields]string{
		cmp.Or(f.ID, "id"), cmp.Or(f.Title, "title"), cmp.Or(f.Text, "text"), cmp.Or(f.Lang, "lang"), cmp.Or(f.Source, "source"),
		cmp.Or(f.Date, "date"), cmp.Or(f.Sector, "sector"),
		cmp.Or(f.Edition, "edition"), cmp.Or(f.Replaces, "replaces"), cmp.Or(f.ReplacedBy, "replaced_by"), cmp.Or(f.Domain, "domain"), cmp.Or(f.Quality, "quality_score"),
	} {
		p[i] = strings.Split(name, ".")
	}
	return p
}

// wants reports whether a row is among those that were chosen.
func (f Fields) wants(r *row) bool {
	if len(f.Domains) > 0 && !f.inDomain(r.value[rowDomain]) {
		return false
	}
	return f.MinQuality == 0 || r.quality() >= f.MinQuality
}

func (f Fields) inDomain(domain string) bool {
	for _, d := range f.Domains {
		if strings.EqualFold(d, domain) {
			return true
		}
	}
	return false
}
