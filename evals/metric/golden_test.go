package metric

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// golden calls each with the rows of a golden file, which other programs made.
// It skips the test where there are none.
func golden(t *testing.T, name string, each func(row []byte)) {
	t.Helper()
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED is not set: no golden values to compare with")
	}
	f, err := os.Open(filepath.Join(shared, "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	rows := 0
	for lines.Scan() {
		each(lines.Bytes())
		rows++
	}
	if err := lines.Err(); err != nil || rows == 0 {
		t.Fatalf("%s: %d rows, %v", name, rows, err)
	}
}

func parse[T any](t *testing.T, row []byte) (v T) {
	t.Helper()
	if err := json.Unmarshal(row, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

type mtScore struct {
	Score   float64
	Counts  []float64
	Totals  []float64
	BP      float64
	SysLen  float64 `json:"sys_len"`
	RefLen  float64 `json:"ref_len"`
	Edits   float64 `json:"num_edits"`
	RefSize float64 `json:"ref_length"`
}

type mtRow struct {
	Type, ID, Hyp string
	Refs          []string
	Members       []string
	NRefs         any               `json:"nrefs"`
	Signatures    map[string]string `json:"signatures"`
	BLEU13a       mtScore           `json:"bleu_13a"`
	BLEUIntl      mtScore           `json:"bleu_intl"`
	BLEUChar      mtScore           `json:"bleu_char"`
	ChrF          mtScore           `json:"chrf"`
	ChrFPP        mtScore           `json:"chrfpp"`
	TER           mtScore           `json:"ter"`
	Tok13a        string            `json:"tok_13a"`
	TokIntl       string            `json:"tok_intl"`
}

func (r mtRow) scores() map[string]mtScore {
	return map[string]mtScore{"bleu_13a": r.BLEU13a, "bleu_intl": r.BLEUIntl, "bleu_char": r.BLEUChar,
		"chrf": r.ChrF, "chrfpp": r.ChrFPP, "ter": r.TER}
}

func textMetrics(effective bool) map[string]Text {
	return map[string]Text{
		"bleu_13a":  BLEU{Effective: effective},
		"bleu_intl": BLEU{Tokenizer: TokIntl, Effective: effective},
		"bleu_char": BLEU{Tokenizer: TokChar, Effective: effective},
		"chrf":      ChrF{},
		"chrfpp":    ChrFPP,
		"ter":       TER{},
	}
}

func TestGoldenText(t *testing.T) {
	byID := map[string]mtRow{}
	compared := 0
	golden(t, "mt.jsonl", func(line []byte) {
		row := parse[mtRow](t, line)
		switch row.Type {
		case "meta":
			for name, want := range row.Signatures {
				if got := textMetrics(false)[name].Signature(1); got != want {
					t.Errorf("%s: signature %s, want %s", name, got, want)
				}
			}
		case "sentence":
			byID[row.ID] = row
			for name, m := range textMetrics(true) {
				compared++
				if got, want := Sentence(m, row.Hyp, row.Refs), row.scores()[name]; !near(got, want.Score, 1e-6) {
					t.Errorf("%s of %s: %v, want %+v", name, row.ID, got, want)
				}
			}
			if got := strings.Join(Tok13a.Words(rstrip(row.Hyp)), " "); got != row.Tok13a {
				t.Errorf("%s: 13a words %q, want %q", row.ID, got, row.Tok13a)
			}
			if got := strings.Join(TokIntl.Words(rstrip(row.Hyp)), " "); got != row.TokIntl {
				t.Errorf("%s: intl words %q, want %q", row.ID, got, row.TokIntl)
			}
		case "corpus":
			hyps, refs := members(byID, row)
			for name, m := range textMetrics(false) {
				compared++
				if got, want := Corpus(m, hyps, refs), row.scores()[name]; !near(got, want.Score, 1e-6) {
					t.Errorf("%s of %s: %v, want %+v", name, row.ID, got, want)
				}
			}
		}
	})
	if compared < 600 {
		t.Errorf("only %d values compared", compared)
	}
}

// members returns the texts of a corpus row. The number in its name says which
// reference is meant, where not all are.
func members(byID map[string]mtRow, row mtRow) (hyps []string, refs [][]string) {
	for _, id := range row.Members {
		one := byID[id]
		hyps = append(hyps, one.Hyp)
		r := one.Refs
		if n, ok := row.NRefs.(float64); ok && n == 1 {
			at := 0
			if strings.HasSuffix(row.ID, "/ref1") {
				at = 1
			}
			r = r[at : at+1]
		}
		refs = append(refs, r)
	}
	return hyps, refs
}
