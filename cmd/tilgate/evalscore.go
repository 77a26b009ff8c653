package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
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
	width                              int
}

func (p *program) evalScoreCommand() *cobra.Command {
	var f scoreFlags
	cmd := &cobra.Command{Use: "score --metric M --hyp FILE --ref FILE", Short: "Score texts against references, as the sacreBLEU command line does",
		Long: `Score texts against references, as the sacreBLEU command line does. Both are
files with one text a line; - reads standard input. --ref may be given several
times, for several references of each line.

The metrics: bleu, chrf, chrf++ and ter agree with sacreBLEU 2.6.0 and print what
it prints; em and f1 are those of question answering under a --profile; rouge1,
rouge2 and rougeL count --words of the kind that is named. JSON has the scores
in all their digits.

A text ends where its line does, at a line feed; a carriage return before it and
a byte order mark at the start of the file are no part of it. Empty texts are
scored, and counted on standard error.`,
		Example: `  tilgate eval score --metric chrf++ --hyp out.ky --ref ref.ky
  tilgate eval score --metric bleu,ter --hyp out.ky --ref a.ky --ref b.ky --confidence`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.evalScore(cmd.Context(), f) }}
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
	flags.IntVar(&f.width, "width", 1, "digits after the point, except in JSON")
	flags.BoolVar(&f.json, "json", false, "print JSON, one object a line")
	return cmd
}

// check reports flags that are missing or do not go together.
func (f scoreFlags) check() error {
	stdin := 0
	for _, path := range append([]string{f.hyp}, f.refs...) {
		if path == "-" {
			stdin++
		}
	}
	switch {
	case len(f.metrics) == 0:
		return errors.New("--metric is missing; see tilgate eval score --help")
	case f.hyp == "":
		return errors.New("--hyp is missing; see tilgate eval score --help")
	case len(f.refs) == 0 || slices.Contains(f.refs, ""):
		return errors.New("--ref is missing; see tilgate eval score --help")
	case stdin > 1:
		return errors.New("standard input can be one of the files only")
	case f.sentence && f.confidence:
		return errors.New("--confidence is about all texts together; it has no place beside --sentence")
	case f.width < 0 || f.width > 17:
		return fmt.Errorf("--width is %d; it is from 0 to 17", f.width)
	}
	return nil
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

func (p *program) evalScore(ctx context.Context, f scoreFlags) error {
	if err := f.check(); err != nil {
		return usageError{err}
	}
	var metrics []scorable
	for _, name := range f.metrics {
		m, err := f.metric(name)
		if err != nil {
			return err
		}
		metrics = append(metrics, m)
	}
	hyps, refs, err := p.texts(ctx, f.hyp, f.refs)
	if err != nil {
		return err
	}
	for _, m := range metrics {
		if err := p.printScores(ctx, f, m, hyps, refs); err != nil {
			return err
		}
	}
	return nil
}

// texts reads the texts and, for each, its references.
func (p *program) texts(ctx context.Context, hyp string, ref []string) (hyps []string, refs [][]string, err error) {
	if hyps, err = p.lines(ctx, hyp); err != nil {
		return nil, nil, err
	}
	refs = make([][]string, len(hyps))
	for _, path := range ref {
		lines, err := p.lines(ctx, path)
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
func (p *program) lines(ctx context.Context, path string) ([]string, error) {
	var data []byte
	failed, err := unlessStopped(ctx, func() (err error) {
		data, err = readFileOr(path, p.in)
		return err
	})
	if err = cmp.Or(err, failed); err != nil {
		return nil, err
	}
	if path == "-" {
		path = "standard input"
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
	Parts     string   `json:"verbose_score,omitempty"`
	width     int
}

func (l scoreLine) String() string {
	text := fmt.Sprintf("%s|%s = %.*f", l.Name, l.Signature, l.width, l.Score)
	if l.Mean != nil {
		text += fmt.Sprintf(" (μ = %.*f ± %.*f)", l.width, *l.Mean, l.width, *l.Half)
	}
	if l.Parts != "" {
		text += " " + l.Parts
	}
	return text
}

func (p *program) printScores(ctx context.Context, f scoreFlags, m scorable, hyps []string, refs [][]string) error {
	if f.sentence {
		m.Text = m.one
	}
	counts, err := unlessStopped(ctx, func() [][]float64 { return metric.Counts(m, hyps, refs) })
	if err != nil {
		return err
	}
	line := scoreLine{Name: m.Name(), Signature: m.Signature(len(refs[0])), width: f.width}
	if f.sentence {
		for i, c := range counts {
			line.Line, line.Score, line.Parts = i+1, m.Score(c), scoreParts(m, c)
			if err := p.print(f.json, line); err != nil {
				return err
			}
		}
		return nil
	}
	sums := metric.Sum(counts)
	line.N, line.Score, line.Parts = len(hyps), m.Score(sums), scoreParts(m, sums)
	if f.confidence {
		const resamples = 1000
		around, err := unlessStopped(ctx, func() [2]float64 {
			mean, half := stats.Interval(counts, m.Score, resamples, stats.Seed)
			return [2]float64{mean, half}
		})
		if err != nil {
			return err
		}
		line.Mean, line.Half = &around[0], &around[1]
		first, rest, _ := strings.Cut(line.Signature, "|")
		line.Signature = fmt.Sprintf("%s|bs:%d|seed:%d|%s", first, resamples, stats.Seed, rest)
	}
	return p.print(f.json, line)
}

// unlessStopped returns what do returns, or that the program is to stop: do is
// then left alone, and ends with the process.
func unlessStopped[T any](ctx context.Context, do func() T) (T, error) {
	done := make(chan T, 1)
	go func() { done <- do() }()
	select {
	case v := <-done:
		return v, nil
	case <-ctx.Done():
		return *new(T), ctx.Err()
	}
}

// scoreParts is what BLEU is made of, as sacreBLEU prints it.
func scoreParts(m scorable, sums []float64) string {
	b, ok := m.Text.(metric.BLEU)
	if !ok {
		return ""
	}
	p := b.Parts(sums)
	var precisions []string
	for _, v := range p.Precisions {
		precisions = append(precisions, fmt.Sprintf("%.1f", v))
	}
	ratio := 0.0
	if p.RefLen > 0 {
		ratio = float64(p.HypLen) / float64(p.RefLen)
	}
	return fmt.Sprintf("%s (BP = %.3f ratio = %.3f hyp_len = %d ref_len = %d)", strings.Join(precisions, "/"), p.BP, ratio, p.HypLen, p.RefLen)
}
