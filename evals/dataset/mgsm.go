package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

var figure = regexp.MustCompile(`^-?\d[\d,]*(\.\d+)?$`)

// mgsmItems reads MGSM, whose sums have no ids; they are named by their line.
func mgsmItems(r *reader, name string) ([]placed, error) {
	lines, err := r.textLines(name)
	if err != nil {
		return nil, err
	}
	var items []placed
	for i, l := range lines {
		at := fmt.Sprintf("%s:%d", name, i+1)
		cells := strings.Split(l, "\t")
		if len(cells) != 2 {
			return nil, fault.Invalid.Errorf("%s: %d cells, not a sum and its result", at, len(cells))
		}
		if !figure.MatchString(cells[1]) {
			return nil, fault.Invalid.Errorf("%s: the result %q is no number", at, cells[1])
		}
		items = append(items, placed{evals.Item{ID: strconv.Itoa(i + 1), Text: cells[0], Gold: evals.Texts{cells[1]}}, at})
	}
	return items, nil
}

func mgsmTasks(r *reader, langs []lang.Tag) ([]part, error) {
	dir := "."
	if r.has("mgsm") {
		dir = "mgsm"
	}
	parts, err := eachFile(r, path.Join(dir, "mgsm_*.tsv"), langs, func(tag lang.Tag) part {
		return part{Task: &evals.Task{Name: "sums", Kind: evals.Number, Lang: tag, MaxTokens: 512}, prompts: "number"}
	})
	if file := path.Join(dir, "exemplars.py"); err == nil && len(parts) > 0 && r.has(file) {
		err = r.exemplars(file, parts)
	}
	return parts, err
}

var (
	pieces   = regexp.MustCompile(`"\s*\n\s*"`)          // a text goes on in the next line
	dangling = regexp.MustCompile(`,\s*([}\]])`)         // a comma with nothing after it
	heading  = regexp.MustCompile(`^[^:：]{1,80}[:：]\s*`) // "Question: ", in any language
)

// exemplars gives tasks the worked examples of exemplars.py. That file is
// Python, but what it says differs from JSON in two habits only.
func (r *reader) exemplars(name string, parts []part) error {
	data, err := r.file(name)
	if err != nil {
		return err
	}
	_, dict, ok := bytes.Cut(data, []byte("MGSM_EXEMPLARS = "))
	if !ok {
		return fault.Invalid.Errorf("%s: there is no MGSM_EXEMPLARS", name)
	}
	var shots map[string]map[string]struct{ Q, A string }
	dict = dangling.ReplaceAll(pieces.ReplaceAll(dict, nil), []byte("$1"))
	if err := json.NewDecoder(bytes.NewReader(dict)).Decode(&shots); err != nil {
		return fmt.Errorf("%s: MGSM_EXEMPLARS: %w", name, err)
	}
	for _, p := range parts {
		for _, n := range byNumber(shots[p.code]) {
			q, a := heading.ReplaceAllString(shots[p.code][n].Q, ""), heading.ReplaceAllString(shots[p.code][n].A, "")
			if blank(q) || blank(a) {
				return fault.Invalid.Errorf("%s: MGSM_EXEMPLARS[%q][%q] has no question or no answer", name, p.code, n)
			}
			p.Shots = append(p.Shots, evals.Item{ID: "example-" + n, Text: q, Gold: evals.Texts{a}})
		}
	}
	return nil
}
