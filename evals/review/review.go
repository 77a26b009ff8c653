// Package review has people compare answers.
//
// A sheet has a question a row and two answers, in an order that was drawn for
// each row, so that nobody who fills it in can tell which model wrote which. A
// reviewer writes 1, 2 or = beside it. The key, a file of its own, says which
// was which; whoever counts keeps it. Sheets come back as CSV or XLSX from any
// number of reviewers, and what they agree on beyond chance is given by
// language.
package review

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/wholefile"
)

// A Row is a question and two answers.
type Row struct {
	ID       string
	Lang     lang.Tag
	Question string
	First    string
	Second   string
}

// A Key says which model wrote which answer of a sheet.
type Key struct {
	Base   string            `json:"base"`
	System string            `json:"system"`
	Seed   uint64            `json:"seed"`
	Rows   map[string]KeyRow `json:"rows"`
}

// A KeyRow is what a sheet does not say about a row.
type KeyRow struct {
	Case        string   `json:"case"`
	Lang        lang.Tag `json:"lang"`
	SystemFirst bool     `json:"system_first"`
}

// Pairs lays out a sheet of at most n rows: cases that both models have
// answered, and differently. Which cases, and in which order, depends on the
// seed alone; the rows are spread over the languages evenly.
func Pairs(samples []evals.Sample, base, system string, n int, seed uint64) ([]Row, Key, error) {
	key := Key{Base: base, System: system, Seed: seed, Rows: map[string]KeyRow{}}
	both := matched(samples, base, system)
	if len(both) == 0 {
		return nil, key, fault.Invalid.Errorf("%s and %s have not answered any case both, and differently", base, system)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	random.Shuffle(len(both), func(i, j int) { both[i], both[j] = both[j], both[i] })
	var rows []Row
	for i, p := range spread(both, n) {
		row := Row{ID: fmt.Sprintf("r%04d", i+1), Lang: p[0].Case.Task.Lang, Question: question(p[0].Case),
			First: p[0].Result.Answer.Text, Second: p[1].Result.Answer.Text}
		first := random.IntN(2) == 0
		if first {
			row.First, row.Second = row.Second, row.First
		}
		key.Rows[row.ID] = KeyRow{p[0].Case.Key(), row.Lang, first}
		rows = append(rows, row)
	}
	return rows, key, nil
}

func question(c evals.Case) string {
	text := c.Item.Text
	if c.Item.Context != "" {
		text = c.Item.Context + "\n\n" + text
	}
	return text
}

// matched returns the answers of both models to a case, in the order of the
// cases.
func matched(samples []evals.Sample, base, system string) [][2]evals.Sample {
	theirs := map[string]evals.Sample{}
	for _, s := range samples {
		if s.Result.Model == base && s.Result.Error == "" {
			theirs[s.Case.Key()] = s
		}
	}
	var both [][2]evals.Sample
	for _, s := range samples {
		b, ok := theirs[s.Case.Key()]
		if s.Result.Model == system && s.Result.Error == "" && ok && strings.TrimSpace(b.Result.Answer.Text) != strings.TrimSpace(s.Result.Answer.Text) {
			both = append(both, [2]evals.Sample{b, s})
		}
	}
	return both
}

// spread takes n pairs, a language after the other in turn.
func spread(pairs [][2]evals.Sample, n int) [][2]evals.Sample {
	turn := map[lang.Tag]int{}
	type placed struct {
		pair [2]evals.Sample
		turn int
	}
	var all []placed
	for _, p := range pairs {
		tag := p[0].Case.Task.Lang
		all = append(all, placed{p, turn[tag]})
		turn[tag]++
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.turn, b.turn) })
	var taken [][2]evals.Sample
	for _, p := range all[:min(n, len(all))] {
		taken = append(taken, p.pair)
	}
	return taken
}

// WriteKey writes a key for nobody else's eyes.
func WriteKey(path string, k Key) error {
	_, err := wholefile.Private(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(k)
	})
	return err
}

// ReadKey reads what WriteKey wrote.
func ReadKey(path string) (Key, error) {
	var k Key
	data, err := os.ReadFile(path)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(data, &k); err != nil {
		return k, fmt.Errorf("%s is not the key of a sheet: %w", path, err)
	}
	if len(k.Rows) == 0 {
		return k, fault.Invalid.Errorf("%s is not the key of a sheet: it has no rows", path)
	}
	return k, nil
}
