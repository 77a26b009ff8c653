package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tilgate/evals/metric"
	"tilgate/evals/stats"
	"tilgate/internal/fault"
)

type scoreFlags struct {
	metrics, refs                      []string
	hyp, tokenize, profile, lang, word string
	sentence, lower, confidence, json  bool
}

func (p *program) evalScoreCommand() *cobra.Command {
	var f scoreFlags
	cmd := &cobra.Command{Use: "score --metric M --hyp FILE --ref FILE", Short: "Score texts against references, as the sacreBLEU command line does",
		Long: `Score texts against references, as the sacreBLEU command line does. Both are
files with one text a line; - reads standard input. --ref may be given several
times, for several references of each line.

The metrics: bleu, chrf, chrf++ and ter agree with sacreBLEU 2.6.0 and print its
signature; em and f1 are those of question answering under a --profile; rouge1,
rouge2 and rougeL count --words of the kind that is named.`,
		Example: `  tilgate eval score --metric chrf++ --hyp out.ky --ref ref.ky
  tilgate eval score --metric bleu,ter --hyp out.ky --ref a.ky --ref b.ky --confidence`,
		Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error { return p.evalScore(f) }}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.metrics, "metric", nil, "bleu, chrf, chrf++, ter, em, f1, rouge1, rouge2, rougeL; several may be named")
	flags.StringVar(&f.hyp, "hyp", "", "file of the texts to score")
	flags.StringArrayVar(&f.refs, "ref", nil, "file of references")
	flags.StringVar(&f.tokenize, "tokenize", "13a", "words of bleu: 13a, intl, char or none")
	flags.StringVar(&f.profile, "profile", "squad", "rules of em and f1: squad, mlqa, mlqa-lmeval or chars")
	flags.StringVar(&f.lang, "lang", "", "language, for the rules of mlqa")
	flags.StringVar(&f.word, "words", "word", "words of rouge: google, word or char")
	flags.BoolVar(&f.lower, "lowercase", false, "bleu and chrf compare small letters")
	flags.BoolVar(&f.sentence, "sentence", false, "print a score for each line")
	flags.BoolVar(&f.confidence, "confidence", false, "print the interval that 95 % of 1000 resamples lie in")
	flags.BoolVar(&f.json, "json", false, "print JSON, one object a line")
	return cmd
}

// A scorable is a metric as this command computes it.
type scorable struct {
	metric.Text
	one metric.Text // for a single sentence
}

func (f scoreFlags) metric(name string) (scorable, error) {
	var m, one metric.Text
	switch strings.ToLower(name) {
	case "bleu":
		b := metric.BLEU{Tokenizer: metric.Tokenizer(f.tokenize), Lower: f.lower}
		if !slices.Contains([]metric.Tokenizer{metric.Tok13a, metric.TokIntl, metric.TokChar, metric.TokNone}, b.Tokenizer) {
			return scorable{}, usageError{fmt.Errorf("--tokenize is %q; it is 13a, intl, char or none", f.tokenize)}
		}
		m, b.Effective = b, true
		one = b
	case "chrf":
		m = metric.ChrF{Lower: f.lower}
	case "chrf++", "chrfpp":
		m = metric.ChrF{Words: 2, Lower: f.lower}
	case "ter":
		m = metric.TER{}
	case "em", "f1":
		p := metric.Profile(f.profile)
		switch {
		case !slices.Contains([]metric.Profile{metric.SQuAD, metric.MLQA, metric.MLQAHarness, metric.Chars}, p):
			return scorable{}, usageError{fmt.Errorf("--profile is %q; it is squad, mlqa, mlqa-lmeval or chars", f.profile)}
		case !p.Knows(f.lang):
			return scorable{}, usageError{fmt.Errorf("--profile %s has no rules for --lang %q", f.profile, f.lang)}
		}
		m = metric.Answers{Profile: p, Lang: f.lang, Exact: strings.EqualFold(name, "em")}
	case "rouge1", "rouge2", "rougel":
		w := metric.RougeWords(f.word)
		if !slices.Contains([]metric.RougeWords{metric.Google, metric.UnicodeWords, metric.UnicodeChars}, w) {
			return scorable{}, usageError{fmt.Errorf("--words is %q; it is google, word or char", f.word)}
		}
		m = metric.Rouge{Words: w, N: map[string]int{"rouge1": 1, "rouge2": 2}[strings.ToLower(name)]}
	default:
		return scorable{}, usageError{fmt.Errorf("--metric: %q is none of bleu, chrf, chrf++, ter, em, f1, rouge1, rouge2, rougeL", name)}
	}
	if one == nil {
		one = m
	}
	return scorable{m, one}, nil
}

func (p *program) evalScore(f scoreFlags) error {
	for name, missing := range map[string]bool{"metric": len(f.metrics) == 0, "hyp": f.hyp == "", "ref": len(f.refs) == 0} {
		if missing {
			return usageError{fmt.Errorf("--%s is missing; see tilgate eval score --help", name)}
		}
	}
	var metrics []scorable
	for _, name := range f.metrics {
		m, err := f.metric(name)
		if err != nil {
			return err
		}
		metrics = append(metrics, m)
	}
	hyps, refs, err := p.texts(f.hyp, f.refs)
	if err != nil {
		return err
	}
	for _, m := range metrics {
		if err := p.printScores(f, m, hyps, refs); err != nil {
			return err
		}
	}
	return nil
}

// texts reads the texts and, for each, its references.
func (p *program) texts(hyp string, ref []string) (hyps []string, refs [][]string, err error) {
	if hyps, err = p.lines(hyp); err != nil {
		return nil, nil, err
	}
	refs = make([][]string, len(hyps))
	for _, path := range ref {
		lines, err := p.lines(path)
		if err != nil {
			return nil, nil, err
		}
		if len(lines) != len(hyps) {
			return nil, nil, fault.Invalid.Errorf("%s has %d lines, but %s has %d: line n of one is compared with line n of the other", path, len(lines), hyp, len(hyps))
		}
		for i, l := range lines {
			refs[i] = append(refs[i], l)
		}
	}
	empty := 0
	for _, h := range hyps {
		if strings.TrimSpace(h) == "" {
			empty++
		}
	}
	if empty > 0 {
		fmt.Fprintf(p.err, "%d of %d lines of %s are empty; they are scored as they are\n", empty, len(hyps), hyp)
	}
	return hyps, refs, nil
}

// lines reads a text a line. A byte order mark at the start and the carriage
// returns of Windows are no part of the text.
func (p *program) lines(path string) ([]string, error) {
	data, err := readFileOr(path, p.in)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(data) == 0 {
		return nil, fault.Invalid.Errorf("%s is empty", path)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for i, l := range lines {
		if !utf8.ValidString(l) {
			return nil, fault.Invalid.Errorf("%s:%d: the line is not UTF-8", path, i+1)
		}
		lines[i] = strings.TrimSuffix(l, "\r")
	}
	return lines, nil
}

func readFileOr(path string, in io.Reader) ([]byte, error) {
	if path == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(path)
}

// scoreLine is what is printed, with sacreBLEU's names.
type scoreLine struct {
	Name      string   `json:"name"`
	Score     float64  `json:"score"`
	Signature string   `json:"signature"`
	Line      int      `json:"line,omitempty"` // of a sentence, from 1
	N         int      `json:"n,omitempty"`    // texts
	Mean      *float64 `json:"confidence_mean,omitempty"`
	Half      *float64 `json:"confidence_var,omitempty"`
}

func (l scoreLine) String() string {
	if l.Line > 0 {
		return fmt.Sprintf("%s = %.4f", l.Name, l.Score)
	}
	text := fmt.Sprintf("%s|%s = %.4f", l.Name, l.Signature, l.Score)
	if l.Mean != nil {
		text += fmt.Sprintf(" (μ = %.4f ± %.4f)", *l.Mean, *l.Half)
	}
	return text
}

func (p *program) printScores(f scoreFlags, m scorable, hyps []string, refs [][]string) error {
	if f.sentence {
		for i, h := range hyps {
			line := scoreLine{Name: m.Name(), Score: metric.Sentence(m.one, h, refs[i]), Signature: m.one.Signature(len(refs[i])), Line: i + 1}
			if err := p.print(f.json, line); err != nil {
				return err
			}
		}
		return nil
	}
	counts := metric.Counts(m.Text, hyps, refs)
	line := scoreLine{Name: m.Name(), Score: m.Score(metric.Sum(counts)), Signature: m.Signature(len(refs[0])), N: len(hyps)}
	if f.confidence {
		mean, half := stats.Interval(counts, m.Score, 1000, stats.Seed)
		line.Mean, line.Half = &mean, &half
	}
	return p.print(f.json, line)
}
