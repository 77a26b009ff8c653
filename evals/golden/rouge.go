package golden

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tilgate/evals/metric"
)

var rougeShapes = []shape{{name: "rouge", is: typed("", "google", "word", "char"), compute: rouge, tolerance: within(1e-9), labels: "id lang hyp refs"}}

type rougeRow struct {
	Type, ID string
	Hyp      *string // of the row itself, if it has texts of its own
	Refs     []string
}

func rouge(v *verifier, line []byte) (map[string]any, error) {
	row, err := parse[rougeRow](line)
	if err != nil {
		return nil, err
	}
	text := mtRow{Hyp: row.Hyp, Refs: row.Refs}
	if text.Hyp == nil && !v.foreign {
		text = v.texts[row.ID]
	}
	if text.Hyp == nil {
		return nil, nil // its values are counted as not checked
	}
	if len(text.Refs) == 0 {
		return nil, errors.New("refs is empty")
	}
	ours := map[string]any{}
	for name, w := range map[string]metric.RougeWords{"google": metric.Google, "word": metric.UnicodeWords, "char": metric.UnicodeChars} {
		ours[name] = map[string]any{"rouge1": w.RougeN(1, *text.Hyp, text.Refs[0]), "rouge2": w.RougeN(2, *text.Hyp, text.Refs[0]), "rougeL": w.RougeL(*text.Hyp, text.Refs[0])}
	}
	return ours, nil
}

// isRouge reports whether a file may be about texts of another one.
func isRouge(data []byte) bool {
	head := data[:min(len(data), 4096)]
	return bytes.Contains(head, []byte(`"rouge1"`)) || bytes.Contains(head, []byte(`rouge_score`))
}

// prepareRouge finds the texts that rows of ROUGE are about: in the files that
// were named before, else in those beside it. All rows must have theirs; if one
// has none, the texts are another set, whose ids mean something else.
func (v *verifier) prepareRouge(f file) error {
	if len(v.texts) == 0 {
		if err := v.textsBeside(f.path); err != nil {
			return err
		}
	}
	v.foreign = false
	for line := range bytes.Lines(f.data) {
		row, err := parse[rougeRow](line)
		if _, there := v.texts[row.ID]; err == nil && row.ID != "" && row.Hyp == nil && !there {
			v.foreign = true
			v.report.Notes = append(v.report.Notes, fmt.Sprintf("%s is about texts that no file here has: %s is not among them", f.path, row.ID))
			return nil
		}
	}
	return nil
}

// textsBeside reads the texts that ROUGE is about out of the files beside it.
func (v *verifier) textsBeside(path string) error {
	beside, err := fs.Glob(os.DirFS(filepath.Dir(path)), "*.jsonl")
	if err != nil {
		return err
	}
	for _, name := range beside {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(path), name))
		if err != nil {
			return err
		}
		for line := range bytes.Lines(data) {
			if row, err := parse[mtRow](line); err == nil && row.Type == "sentence" && row.Hyp != nil {
				v.texts[row.ID] = row
			}
		}
	}
	return nil
}
