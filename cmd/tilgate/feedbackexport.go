package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"tilgate/internal/wholefile"
	"tilgate/serving/feedback"
	"tilgate/serving/ledger"
)

func (p *program) feedbackExportCommand() *cobra.Command {
	var f ledgerFlags
	var form, out string
	var agreements int
	cmd := f.add(p, "feedback", &cobra.Command{Use: "export --as FORM", Short: "Write feedback as data to train and to measure with",
		Long: `Write feedback as data to train and to measure with, one JSON object a line:

  sft    conversations: the question, and the correction or an answer that was
         found good
  dpo    pairs: the question, the correction, and the answer that it corrects
  eval   items of a suite, for a task of kind rag or open
  qrels  which documents answer a question and which do not: a folder with
         qrels.txt, in the columns of trec_eval, and queries.jsonl

Only what its person gave to be trained on is written; no flag changes that. Two
people must have agreed with it, and none may reject it. Each row says its
language and script, the digest of the adapter, the versions of the knowledge
bases, the consent, the licence and the id of the feedback. Personal data is
hidden again, by what is known of it today. The same feedback gives the same
bytes.`,
		Example: "  tilgate feedback export --as sft --out sft.jsonl\n  tilgate feedback export --as qrels --out judged",
		Args:    exactly(0, "no arguments")})
	cmd.Flags().StringVar(&form, "as", "", "sft, dpo, eval or qrels")
	cmd.Flags().StringVar(&out, "out", "", "file to write, or folder for qrels; standard output if not given")
	cmd.Flags().IntVar(&agreements, "agreements", 2, "people who must agree; 0 writes what nobody has reviewed")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		e := feedback.Export{Form: feedback.Form(form), Agreements: agreements}
		switch {
		case !slices.Contains(feedback.Forms, e.Form):
			return usageError{fmt.Errorf("--as: %q is none of %s", form, join(feedback.Forms))}
		case agreements < 0:
			return usageError{fmt.Errorf("--agreements: %d is below 0", agreements)}
		case e.Form == feedback.Qrels && out == "":
			return usageError{errors.New("--out is missing; it names the folder for judgements and their questions")}
		}
		return p.exportFeedback(cmd.Context(), f, e, out)
	}
	return cmd
}

func (p *program) exportFeedback(ctx context.Context, f ledgerFlags, e feedback.Export, out string) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	if e.Mask, err = c.mask(); err != nil {
		return err
	}
	return p.onLedger(ctx, f, func(r *ledger.Reader) error {
		list, err := r.ListFeedback(ctx, feedback.Query{Tenant: f.tenant})
		if err != nil {
			return err
		}
		if out == "" {
			_, err := e.Write(p.out, list)
			return err
		}
		rows, err := writeExport(e, out, list)
		if err != nil {
			return err
		}
		return p.print(f.json, exported{rows, out})
	})
}

// writeExport writes files that only their owner reads.
func writeExport(e feedback.Export, out string, list []feedback.Feedback) (rows int, err error) {
	fill := func(w io.Writer) (err error) {
		rows, err = e.Write(w, list)
		return err
	}
	if e.Form != feedback.Qrels {
		_, err = wholefile.Private(out, fill)
		return rows, err
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return 0, err
	}
	_, err = wholefile.Private(filepath.Join(out, "queries.jsonl"), func(questions io.Writer) error {
		e.Questions = questions
		_, err := wholefile.Private(filepath.Join(out, "qrels.txt"), fill)
		return err
	})
	return rows, err
}

type exported struct {
	Rows int    `json:"rows"`
	Out  string `json:"out"`
}

func (e exported) String() string {
	if e.Rows == 1 {
		return "1 row is in " + e.Out
	}
	return fmt.Sprintf("%d rows are in %s", e.Rows, e.Out)
}
