// Package golden compares what Tilgate computes with what other programs have.
//
// A golden file holds inputs beside the values that a reference program made of
// them. Which of the shapes a file has is told by its rows, not by its name.
// Every value in it is computed anew and compared; a value that is not is
// counted by its name, so that nothing passes unseen.
package golden

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	v := &verifier{report: &Report{NotChecked: map[string]int{}}, texts: map[string]mtRow{}, byName: map[string]*Metric{}}
	var files []string
	for _, p := range paths {
		if info, err := os.Stat(p); err != nil {
			return nil, err
		} else if info.IsDir() {
			p = filepath.Join(p, "golden.json")
		}
		files = append(files, p)
	}
	// ROUGE is about texts that stand in another file: that is read first.
	slices.SortStableFunc(files, func(a, b string) int { return btoi(isRouge(a)) - btoi(isRouge(b)) })
	for _, p := range files {
		if err := v.file(p); err != nil {
			return nil, err
		}
	}
	return v.report, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A verifier compares, and remembers what later rows refer to.
type verifier struct {
	report *Report
	byName map[string]*Metric
	where  string // of the row

	texts   map[string]mtRow            // rows of texts, by id
	foreign bool                        // the rows of ROUGE are about other texts than those
	systems map[string]significanceRow  // the last of each language
	qa      map[string]map[string][]two // language, profile: em and f1 of the rows so far
	answers []answerRow                 // of a pair of models
}

// maxLine is the longest row, in bytes.
const maxLine = 64 << 20

func (v *verifier) file(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	v.systems, v.qa, v.answers = map[string]significanceRow{}, map[string]map[string][]two{}, nil
	if isRanking(data) {
		v.where = path
		return v.ranking(path, data)
	}
	if isRouge(path) {
		if err := v.prepareRouge(path, data); err != nil {
			return err
		}
	}
	return v.lines(path, data)
}

func (v *verifier) lines(path string, data []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		v.where = fmt.Sprintf("%s:%d", path, n)
		if err := v.row(lines.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", v.where, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", path, n+1, err)
	}
	if n == 0 {
		return fault.Invalid.Errorf("%s is empty", path)
	}
	return nil
}

// row finds out what a row is, and compares it.
func (v *verifier) row(line []byte) error {
	var theirs map[string]any
	if err := json.Unmarshal(line, &theirs); err != nil {
		return err
	}
	for _, s := range shapes {
		if s.is(theirs) {
			ours, err := s.compute(v, line)
			if err != nil {
				return err
			}
			v.compareRow(s, ours, theirs)
			return nil
		}
	}
	return fault.Invalid.Errorf("no golden file has rows like this one, with the fields %s", strings.Join(names(theirs), ", "))
}

func names(row map[string]any) []string {
	var list []string
	for k := range row {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// A shape is a kind of row.
type shape struct {
	name      string
	is        func(row map[string]any) bool
	compute   func(v *verifier, line []byte) (ours map[string]any, err error)
	inputs    string                    // fields that are no values, apart by spaces
	tolerance func(name string) float64 // of a value, by its name in the row
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

var shapes = slices.Concat(textShapes, significanceShapes, answerShapes, rougeShapes, statShapes, pairShapes,
	[]shape{{name: "meta", is: typed("meta"), compute: func(*verifier, []byte) (map[string]any, error) { return nil, nil }, inputs: "*"}})

func (v *verifier) compareRow(s shape, ours, theirs map[string]any) {
	inputs := strings.Fields(s.inputs)
	if id, ok := theirs["id"].(string); ok {
		v.where += " " + id
	}
	for _, name := range names(theirs) {
		value, ok := ours[name]
		switch {
		case ok:
			v.compare(s, name, value, theirs[name])
		case name == "type", slices.Contains(inputs, name), s.inputs == "*":
		default:
			v.report.NotChecked[s.name+"."+name]++
		}
	}
}

// compare compares a value with another that has the shape of JSON.
func (v *verifier) compare(s shape, name string, ours, theirs any) {
	switch t := theirs.(type) {
	case map[string]any:
		o, ok := ours.(map[string]any)
		if !ok {
			v.count(s, name, false, ours, theirs, 0)
			return
		}
		for _, k := range names(t) {
			if value, ok := o[k]; ok {
				v.compare(s, name+"."+k, value, t[k])
			} else {
				v.report.NotChecked[s.name+"."+name+"."+k]++
			}
		}
	case []any:
		o, ok := list(ours)
		if !ok || len(o) != len(t) {
			v.count(s, name, false, ours, theirs, 0)
			return
		}
		for i := range t {
			v.compare(s, name, o[i], t[i])
		}
	case float64:
		o, ok := number(ours)
		difference := math.Abs(o - t)
		v.count(s, name, ok && difference <= s.tolerance(name), ours, theirs, difference)
	case nil:
		o, ok := number(ours)
		v.count(s, name, ours == nil || ok && math.IsNaN(o), ours, theirs, 0)
	default:
		v.count(s, name, ours == theirs, ours, theirs, 0)
	}
}

func (v *verifier) count(s shape, name string, agrees bool, ours, theirs any, difference float64) {
	name = s.name + "." + name
	m := v.byName[name]
	if m == nil {
		m = &Metric{Name: name, Tolerance: s.tolerance(strings.TrimPrefix(name, s.name+"."))}
		v.byName[name] = m
		v.report.Metrics = append(v.report.Metrics, m)
	}
	if !math.IsNaN(difference) {
		m.Largest = max(m.Largest, difference)
	}
	if agrees {
		m.Agree++
		return
	}
	if m.Differ++; len(m.First) < firstRows {
		m.First = append(m.First, Difference{v.where, printable(ours), theirs})
	}
}

// printable is a value that JSON has.
func printable(v any) any {
	if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return fmt.Sprint(f)
	}
	return v
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case bool:
		return float64(btoi(v)), true
	}
	return 0, false
}

func list(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case []float64:
		return anys(v), true
	case []int32:
		var out []any
		for _, n := range v {
			out = append(out, int(n))
		}
		return out, true
	case []bool:
		return anys(v), true
	case [][]int32:
		return anys(v), true
	case []string:
		return anys(v), true
	case []map[string]any:
		return anys(v), true
	}
	return nil, false
}

func anys[T any](list []T) []any {
	var out []any
	for _, v := range list {
		out = append(out, v)
	}
	return out
}

func parse[T any](line []byte) (T, error) {
	var row T
	err := json.Unmarshal(line, &row)
	return row, err
}
