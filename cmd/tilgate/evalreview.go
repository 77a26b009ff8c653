package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/evals/review"
	"tilgate/internal/fault"
)

func (p *program) evalReviewCommand() *cobra.Command {
	return group(&cobra.Command{Use: "review", Short: "Have people compare the answers of two models",
		Long: `Have people compare the answers of two models.

export writes a sheet with a question a row and two answers whose order was
drawn, and a key that says which is whose. Give the sheet to several reviewers,
who write 1, 2 or = into each row, and keep the key. import counts what they
found, by language, with Cohen's kappa and Krippendorff's alpha.`},
		p.evalReviewExportCommand(), p.evalReviewImportCommand())
}

func (p *program) evalReviewExportCommand() *cobra.Command {
	var f struct {
		models   []string
		out, key string
		n        int
		seed     uint64
	}
	cmd := &cobra.Command{Use: "export DIR --out SHEET", Short: "Write a sheet of blinded pairs out of a run",
		Example: "  tilgate eval review export tilgate-evals/2026-05-01T10-00-00 --out review.xlsx",
		Args:    exactly(1, "the folder of the run"),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case f.out == "":
				return usageError{errors.New("--out is missing: the sheet to write, .xlsx or .csv")}
			case f.n < 1:
				return usageError{fmt.Errorf("--n is %d; a sheet has at least one row", f.n)}
			}
			folder, plan, err := openRun(args[0])
			if err != nil {
				return err
			}
			models := f.models
			if len(models) == 0 {
				models = folder.Meta.Models
			}
			if len(models) != 2 {
				return fault.Invalid.Errorf("two models are compared; --model BASE,SYSTEM names them out of %s", strings.Join(folder.Meta.Models, ", "))
			}
			for _, m := range models {
				if !slices.Contains(folder.Meta.Models, m) {
					return fault.Invalid.Errorf("the run did not ask %s, only %s", m, strings.Join(folder.Meta.Models, ", "))
				}
			}
			rows, key, err := review.Pairs(folder.Samples(plan.cases), models[0], models[1], f.n, f.seed)
			if err != nil {
				return err
			}
			if f.key == "" {
				f.key = f.out + ".key.json"
			}
			if err := errors.Join(review.Write(f.out, rows), review.WriteKey(f.key, key)); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.out, "%d rows in %s, for the reviewers. Keep %s, which says which answer is whose.\n", len(rows), f.out, f.key)
			return err
		}}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.models, "model", nil, "base and system, out of those of the run; its two if it has two")
	flags.StringVar(&f.out, "out", "", "sheet to write, .xlsx or .csv")
	flags.StringVar(&f.key, "key", "", "file for the key; the sheet's name and .key.json if not given")
	flags.IntVar(&f.n, "n", 100, "rows at most")
	flags.Uint64Var(&f.seed, "seed", 1, "that rows and their order are drawn with")
	return cmd
}

func (p *program) evalReviewImportCommand() *cobra.Command {
	var keyPath string
	var asJSON bool
	cmd := &cobra.Command{Use: "import SHEET... --key KEY", Short: "Count what reviewers found, and how far they agree",
		Example: "  tilgate eval review import aida.xlsx bakyt.csv --key review.xlsx.key.json",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 || keyPath == "" {
				return usageError{errors.New("which sheets, and which --key? see tilgate eval review import --help")}
			}
			key, err := review.ReadKey(keyPath)
			if err != nil {
				return err
			}
			var sheets []map[string]review.Choice
			for _, path := range args {
				s, err := review.Read(path)
				if err != nil {
					return err
				}
				sheets = append(sheets, s)
			}
			outcomes, err := review.Count(key, sheets)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(p.out).Encode(outcomes)
			}
			fmt.Fprintf(p.out, "system %s, base %s\n", key.System, key.Base)
			for _, o := range outcomes {
				fmt.Fprintln(p.out, o)
			}
			return nil
		}}
	cmd.Flags().StringVar(&keyPath, "key", "", "key of the sheet")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
