package quality

import (
	"cmp"
	"strings"
	"time"

	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// A Report is what a run says about the documents that it read. Its JSON is
// read by other programs: fields may be added, and none renamed.
type Report struct {
	KB         string        `json:"kb"`
	Time       time.Time     `json:"time"` // when the run began
	Seconds    float64       `json:"seconds"`
	Documents  int           `json:"documents"`
	Passages   int           `json:"passages"`
	Characters int           `json:"characters"`
	Pages      int           `json:"pages"` // of the formats that have any
	Changes    Changes       `json:"changes"`
	Findings   []Finding     `json:"findings"` // the most important first
	Languages  []Language    `json:"languages"`
	Declared   []Declaration `json:"declared"`
	Formats    []Format      `json:"formats"`
	Lengths    Lengths       `json:"passage_characters"`
	Notes      []Notes       `json:"notes"`

	WithoutText Listed      `json:"without_text"`
	Duplicates  Duplicates  `json:"duplicates"`
	Superseded  *Superseded `json:"superseded,omitempty"` // nil if no document says anything of the kind
	Personal    *Personal   `json:"personal,omitempty"`   // nil if nobody looked
	Faults      Faults      `json:"faults"`
}

// Changes are how many documents of the knowledge base a run changed.
type Changes struct {
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Removed   int `json:"removed"`
}

// A Document is one as reports name it: without personal data, and cut if it is
// long.
type Document struct {
	ID    string   `json:"id"`
	Lang  lang.Tag `json:"lang"`
	Title string   `json:"title,omitempty"`
	Where string   `json:"where,omitempty"` // it was read
}

// Place is where a document is found again.
func (d Document) Place() string { return cmp.Or(d.Where, d.ID) }

// Apart is the id of a document whose place does not say it.
func (d Document) Apart() string {
	if strings.HasSuffix(d.Place(), d.ID) {
		return ""
	}
	return d.ID
}

// An Example is a document with what is the matter with it.
type Example struct {
	Document
	Place      string  `json:"place,omitempty"`      // in the document: "page 3"
	Text       string  `json:"text,omitempty"`       // what is the matter
	Count      int     `json:"count,omitempty"`      // of the same in this document
	Confidence float64 `json:"confidence,omitempty"` // of the language that was detected
}

// A Listed is a number of documents, with the first of them.
type Listed struct {
	Documents int       `json:"documents"`
	Examples  []Example `json:"examples,omitempty"`
}

// A Language is how much there is in a language and a script. What is beyond
// 500 languages has an empty tag.
type Language struct {
	Tag        lang.Tag    `json:"tag"`
	Script     lang.Script `json:"script"`
	Documents  int         `json:"documents"`
	Passages   int         `json:"passages"`
	Characters int         `json:"characters"`
}

// A Declaration is how many documents of a declared language were detected to
// be in a language. Differs says that people who read the one do not read the
// other, and only then there are examples.
type Declaration struct {
	Declared lang.Tag `json:"declared"` // empty if none was
	Detected lang.Tag `json:"detected"` // empty if nobody looked, und if it was not clear
	Differs  bool     `json:"differs"`
	Listed
}

// A Format is how much there is in files of an ending. An empty ending stands
// for files without one, and for what is beyond 500 endings.
type Format struct {
	Ending     string `json:"ending"`
	Documents  int    `json:"documents"`
	Pages      int    `json:"pages"`
	Characters int    `json:"characters"`
}

// Lengths say how many characters passages have: of 100, five have at most P5,
// and five more than P95.
type Lengths struct {
	P5     int `json:"p5"`
	Median int `json:"median"`
	P95    int `json:"p95"`
}

// Notes are those of one kind. An example is the first of its document.
type Notes struct {
	Kind  read.NoteKind `json:"kind"`
	Count int           `json:"count"`
	Listed
}

// Duplicates are documents that are there more than once.
type Duplicates struct {
	Threshold float64 `json:"threshold"` // how alike near-duplicates are at least
	Compared  int     `json:"compared"`
	Left      int     `json:"left"` // not compared, because there are too many
	Same      Pairs   `json:"same"`
	Near      Pairs   `json:"near"`
}

// Pairs are documents each of which is like another that stands before it.
type Pairs struct {
	Documents int    `json:"documents"` // that could go
	Examples  []Pair `json:"examples,omitempty"`
}

// A Pair is two documents that are alike.
type Pair struct {
	A          Document `json:"a"`
	B          Document `json:"b"`
	Similarity float64  `json:"similarity"` // an estimate, 0 to 1
}

// Personal is the personal data that was found.
type Personal struct {
	Documents int     `json:"documents"` // that have any
	Sampled   int     `json:"sampled"`   // documents of which only the first megabyte was searched
	Kinds     []Finds `json:"kinds"`
}

// Finds are of one kind, as package personal names it.
type Finds struct {
	Kind  string `json:"kind"`
	Count int    `json:"count"`
	Listed
}

// Faults are what could not be read.
type Faults struct {
	Count    int     `json:"count"`
	Examples []Fault `json:"examples,omitempty"`
}

// A Fault is a file or a document that could not be read.
type Fault struct {
	Where string `json:"where"`
	Kind  string `json:"kind"` // of package fault
	Text  string `json:"text"`
}

// A Finding is a sentence about the documents, with what to do.
type Finding struct {
	Level     Level  `json:"level"`
	Kind      string `json:"kind"`
	Part      string `json:"part,omitempty"` // of the report, which says more: the name of its field
	Documents int    `json:"documents"`      // that it is about, or files
	Text      string `json:"text"`
	Do        string `json:"do,omitempty"`
}

// A Level is how much a finding matters.
type Level string

// The levels, from the highest.
const (
	Missing Level = "missing" // something will not be found by anyone
	Check   Level = "check"   // somebody has to decide
	Info    Level = "info"    // good to know
)
