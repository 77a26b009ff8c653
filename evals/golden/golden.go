// Package golden compares what Tilgate computes with what other programs have.
//
// A golden file holds inputs beside the values that a reference program made of
// them. Which of the shapes a file has is told by its rows, not by its name.
// Every field of a row is either an input, a label, or a value that is computed
// anew and compared; anything else is counted by its name, so that nothing
// passes unseen.
package golden

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"tilgate/internal/fault"
)

// firstRows is how many rows that differ are shown of a metric.
const firstRows = 3

// A Report is what came of comparing files.
type Report struct {
	Metrics    []*Metric      `json:"metrics"` // in the order in which they were met
	NotChecked map[string]int `json:"not_checked"`
	Notes      []string       `json:"notes,omitempty"`
}

// A Metric is all values of one name.
type Metric struct {
	Name      string       `json:"name"`
	Agree     int          `json:"agree"`
	Differ    int          `json:"differ"`
	Largest   float64      `json:"largest_difference"` // among numbers
	Tolerance float64      `json:"tolerance"`
	First     []Difference `json:"first,omitempty"`
}

// A Difference is a value that is not what it should be.
type Difference struct {
	Where  string `json:"where"` // file:line, and the row's name if it has one
	Ours   any    `json:"ours"`
	Theirs any    `json:"theirs"`
}

// Agree is how many values agree.
func (r *Report) Agree() int {
	n := 0
	for _, m := range r.Metrics {
		n += m.Agree
	}
	return n
}

// Differ is how many values differ.
func (r *Report) Differ() int {
	n := 0
	for _, m := range r.Metrics {
		n += m.Differ
	}
	return n
}

// Verify compares every value in files. A folder stands for the files of a
// ranking in it.
func Verify(paths []string) (*Report, error) {
	v := &verifier{report: &Report{Metrics: []*Metric{}, NotChecked: map[string]int{}}, texts: map[string]mtRow{}, byName: map[string]*Metric{}}
	var files []file
	for _, p := range paths {
		f, err := read(p)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	// ROUGE is about texts that stand in another file: that is read first.
	slices.SortStableFunc(files, func(a, b file) int { return btoi(isRouge(a.data)) - btoi(isRouge(b.data)) })
	for _, f := range files {
		if err := v.file(f); err != nil {
			return nil, err
		}
	}
	return v.report, nil
}

// A file is read once: it may be a pipe.
type file struct {
	path string
	data []byte
}

func read(path string) (file, error) {
	info, err := os.Stat(path)
	if err != nil {
		return file{}, err
	}
	if info.IsDir() {
		path = filepath.Join(path, "golden.json")
	}
	data, err := os.ReadFile(path)
	return file{path, bytes.TrimPrefix(data, []byte("\ufeff"))}, err
}

// A verifier compares, and remembers what later rows refer to.
type verifier struct {
	report *Report
	byName map[string]*Metric
	data   []byte // of the file
	where  string // of the row

	texts   map[string]mtRow            // rows of texts, by id
	foreign bool                        // the rows of ROUGE are about other texts than those
	systems map[string]significanceRow  // the last of each language
	qa      map[string]map[string][]two // language, profile: em and f1 of the rows so far
	answers []answerRow                 // of a pair of models
}

func (v *verifier) file(f file) error {
	v.data, v.systems, v.qa, v.answers = f.data, map[string]significanceRow{}, map[string]map[string][]two{}, nil
	if len(bytes.TrimSpace(f.data)) == 0 {
		return fault.Invalid.Errorf("%s is empty", f.path)
	}
	if isRanking(f.data) {
		return v.ranking(f)
	}
	if isRouge(f.data) {
		if err := v.prepareRouge(f); err != nil {
			return err
		}
	}
	n := 0
	for line := range bytes.Lines(f.data) {
		n++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		v.where = fmt.Sprintf("%s:%d", f.path, n)
		if err := v.row(line); err != nil {
			return fmt.Errorf("%s:%d: %w", f.path, n, err)
		}
	}
	return nil
}

// row finds out what a row is, and compares it.
func (v *verifier) row(line []byte) error {
	if !utf8.Valid(line) {
		return fault.Invalid.Errorf("the row is not UTF-8")
	}
	theirs, err := parse[map[string]any](line)
	if err != nil {
		return err
	}
	for _, s := range shapes {
		if !s.is(theirs) {
			continue
		}
		if err := s.complete(theirs); err != nil {
			return err
		}
		ours, err := s.compute(v, line)
		if err != nil {
			return err
		}
		v.compareRow(s, ours, theirs)
		return nil
	}
	return fault.Invalid.Errorf("no golden file has rows like this one, with the fields %s", strings.Join(names(theirs), ", "))
}

// A shape is a kind of row.
type shape struct {
	name      string
	is        func(row map[string]any) bool
	compute   func(v *verifier, line []byte) (ours map[string]any, err error)
	inputs    string                    // fields that values are made of, apart by spaces; each must be there
	labels    string                    // fields that are neither inputs nor values
	tolerance func(name string) float64 // of a value, by its name in the row
}

// complete reports an input that is missing, or of which a part is.
func (s shape) complete(row map[string]any) error {
	for _, name := range strings.Fields(s.inputs) {
		value, ok := row[name]
		if !ok || value == nil {
			return fault.Invalid.Errorf("the field %s is missing", name)
		}
		lists := []any{value}
		if of, ok := value.(map[string]any); ok {
			lists = slices.Collect(maps.Values(of))
		}
		for _, l := range lists {
			if l, ok := l.([]any); ok && slices.Contains(l, nil) {
				return fault.Invalid.Errorf("%s: a value is null", name)
			}
		}
	}
	return nil
}

func typed(kind string, fields ...string) func(map[string]any) bool {
	return func(row map[string]any) bool {
		if kind != "" && row["type"] != kind {
			return false
		}
		for _, f := range fields {
			if _, ok := row[f]; !ok {
				return false
			}
		}
		return true
	}
}

func within(t float64) func(string) float64 { return func(string) float64 { return t } }

var shapes = slices.Concat(textShapes, significanceShapes, answerShapes, rougeShapes, statShapes, pairShapes, metaShapes)

// metaShapes are rows that say how a file was made.
var metaShapes = []shape{{name: "meta", is: typed("meta"), tolerance: within(0),
	compute: func(*verifier, []byte) (map[string]any, error) { return nil, nil },
	labels:  "tool note source text scale python_unicode tokenizers squad mlqa mlqa_lmeval"}}

func parse[T any](line []byte) (T, error) {
	var row T
	err := json.Unmarshal(line, &row)
	if bad := (*json.UnmarshalTypeError)(nil); errors.As(err, &bad) {
		err = fault.Invalid.Errorf("%s: %s stands where another kind of value should", cmp.Or(strings.ToLower(bad.Field), "the row"), bad.Value)
	}
	return row, err
}
