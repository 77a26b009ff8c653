package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/internal/wholefile"
)

func (p *program) langCommand() *cobra.Command {
	return group(&cobra.Command{Use: "lang", Short: "Show and check the languages served, detect languages, convert scripts"},
		p.langListCommand(), p.langShowCommand(), p.langCheckCommand(), p.langDetectCommand(), p.langConvertCommand(),
		p.langRetypeCommand(), p.langCostCommand(), p.langTrainCommand())
}

type detectFlags struct {
	set   []string
	tsv   string
	spans bool
	json  bool
}

func (p *program) langDetectCommand() *cobra.Command {
	var f detectFlags
	cmd := &cobra.Command{Use: "detect [TEXT]", Short: "Say what language a text is in",
		Long: `Say what language a text is in, with the script and the probability that this
is right. "und" is an honest "not sure".

With --tsv it reads lines of label, tab, text, and prints how often the answer
was right: the mean over the languages, each language, and what was confused.`,
		Example: "  tilgate lang detect \"Кандайсыз?\"\n  tilgate lang detect --set ky,kk,ru --tsv sentences.tsv",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return p.langDetect(f, args) }}
	cmd.Flags().StringSliceVar(&f.set, "set", nil, "answer only these languages, such as ky,kk,ru")
	cmd.Flags().StringVar(&f.tsv, "tsv", "", "file of label<TAB>text to score")
	cmd.Flags().BoolVar(&f.spans, "spans", false, "for text that switches languages: each stretch and its language")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func (p *program) langDetect(f detectFlags, args []string) error {
	var o lid.Options
	for _, s := range f.set {
		tag, err := lang.ParseTag(s)
		if err != nil {
			return usageError{fmt.Errorf("--set: %w", err)}
		}
		o.Set = append(o.Set, tag)
	}
	switch {
	case f.tsv != "":
		file, err := os.Open(f.tsv)
		if err != nil {
			return err
		}
		defer file.Close()
		return p.print(f.json, lid.Evaluate(lid.Default(), file, o))
	case len(args) == 0:
		return usageError{fmt.Errorf("lang detect takes a text, in quotes, or --tsv FILE")}
	case f.spans:
		return p.print(f.json, newSpans(args[0], lid.Default().Spans(args[0], o)))
	}
	return p.print(f.json, detection(lid.Default().Detect(args[0], o)))
}

type detection struct {
	Tag        lang.Tag    `json:"tag"`
	Script     lang.Script `json:"script"`
	Confidence float64     `json:"confidence"`
}

func (d detection) String() string { return fmt.Sprintf("%s %s %.3f", d.Tag, d.Script, d.Confidence) }

type span struct {
	Start int    `json:"start"` // bytes
	End   int    `json:"end"`
	Text  string `json:"text"`
	detection
}

type spans []span

func newSpans(text string, found []lid.Span) spans {
	out := spans{}
	for _, s := range found {
		out = append(out, span{s.Start, s.End, text[s.Start:s.End], detection(s.Guess)})
	}
	return out
}

func (s spans) String() string {
	var lines []string
	for _, x := range s {
		lines = append(lines, fmt.Sprintf("%s  %q", x.detection, x.Text))
	}
	return strings.Join(lines, "\n")
}

func (p *program) langTrainCommand() *cobra.Command {
	var out string
	var o lid.TrainOptions
	cmd := &cobra.Command{Use: "train DIR", Short: "Train the detector from DIR/*.tsv.gz",
		Long: `Train the detector from DIR/*.tsv.gz, lines of label, tab and sentence. Labels may
be ISO 639-1, 639-3 or BCP 47. The same text and seed give the same bytes. The
figures printed are on sentences that were kept aside.`,
		Example: "  tilgate lang train ./lid --out weights.bin",
		Args:    exactly(1, "the folder of the training text"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Logf = func(format string, a ...any) { fmt.Fprintf(p.err, format+"\n", a...) }
			return p.langTrain(cmd.Context(), args[0], out, o)
		}}
	cmd.Flags().StringVar(&out, "out", "weights.bin", "file to write")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 0, "of all that is drawn by chance")
	cmd.Flags().StringSliceVar(&o.Without, "without", nil, "sources to leave out, such as ntrex")
	return cmd
}

func (p *program) langTrain(ctx context.Context, dir, out string, o lid.TrainOptions) error {
	t, err := lid.Train(ctx, dir, o)
	if err != nil {
		return err
	}
	_, err = wholefile.Write(out, func(w io.Writer) error {
		_, err := w.Write(t.Weights)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%s: %d bytes, %d labels, from %d sentences\n", out, len(t.Weights), t.Labels, t.Sentences)
	for _, k := range t.Kept {
		fmt.Fprintln(p.out, k)
	}
	return nil
}
