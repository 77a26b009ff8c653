package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/evals/golden"
)

func (p *program) evalVerifyCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "verify FILE...", Short: "Compute the values in golden files anew, and compare",
		Long: `Compute the values in golden files anew, and compare: files that hold inputs
beside what a reference program (sacreBLEU, the SQuAD and MLQA scripts,
trec_eval, SciPy, NumPy, lm-evaluation-harness) made of them. For each metric it
prints how many values agree, the largest difference, and the first rows that
differ. The exit status is 1 if any do, or if none could be compared. Values
that are in a file and not compared are named.

What a file holds is told by its rows, not by its name. Of a ranking, name
golden.json or its folder: golden.qrels and golden.run lie beside it. Values of
ROUGE take their texts from a file of translations that is named too, or lies
beside them.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("which golden files? see tilgate eval verify --help")}
			}
			var r *golden.Report
			failed, err := unlessStopped(cmd.Context(), func() (err error) {
				r, err = golden.Verify(args)
				return err
			})
			if err = cmp.Or(err, failed); err != nil {
				return err
			}
			if err := p.print(asJSON, verified{r}); err != nil {
				return err
			}
			if n := r.Differ(); n > 0 {
				return fmt.Errorf("%d of %d values differ", n, n+r.Agree())
			}
			if r.Agree() == 0 {
				return errors.New("no value could be compared")
			}
			return nil
		}}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

type verified struct{ *golden.Report }

func (v verified) String() string {
	var b strings.Builder
	width := 0
	for _, m := range v.Metrics {
		width = max(width, len(m.Name))
	}
	for _, m := range v.Metrics {
		fmt.Fprintf(&b, "%-*s %6d of %-6d agree   largest difference %.3g, allowed %.3g\n", width, m.Name, m.Agree, m.Agree+m.Differ, m.Largest, m.Tolerance)
		for _, d := range m.First {
			fmt.Fprintf(&b, "  %s: ours %s, theirs %s\n", d.Where, shown(d.Ours), shown(d.Theirs))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.NotChecked)) {
		fmt.Fprintf(&b, "%s: %d not checked\n", name, v.NotChecked[name])
	}
	for _, note := range v.Notes {
		fmt.Fprintln(&b, note)
	}
	fmt.Fprintf(&b, "%d of %d values agree", v.Agree(), v.Agree()+v.Differ())
	return b.String()
}

// shown is a value on one line.
func shown(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}
