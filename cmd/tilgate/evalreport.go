package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/evals"
	"tilgate/evals/report"
	"tilgate/evals/results"
	"tilgate/evals/score"
	"tilgate/internal/fault"
	"tilgate/internal/wholefile"
)

// summaryFile is the report of a finished run as JSON, for the commands that
// need no answers.
const summaryFile = "summary.json"

// conclude marks a run as finished, makes its scores and writes its reports.
func conclude(folder *results.Folder, plan plan) (evals.Report, []evals.Sample, error) {
	meta := folder.Meta
	if meta.Ended.IsZero() {
		meta.Ended = time.Now().UTC().Truncate(time.Second)
	}
	if err := folder.End(meta); err != nil {
		return evals.Report{}, nil, err
	}
	r, samples := reportOf(folder, plan)
	return r, samples, writeReports(folder.Dir, r, samples)
}

// finish concludes a run and prints its table.
func (p *program) finish(asJSON bool, folder *results.Folder, plan plan) error {
	r, samples, err := conclude(folder, plan)
	if err != nil {
		return err
	}
	if r.Failed > 0 {
		fault := fmt.Errorf("%d of %d cases have no answer, the first for this reason: %s\ntilgate eval run --resume %s --again asks them again", r.Failed, len(samples), firstError(samples), folder.Dir)
		if r.Failed == len(samples) {
			return fault
		}
		fmt.Fprintln(p.err, fault)
	}
	if asJSON {
		return json.NewEncoder(p.out).Encode(r)
	}
	if err := report.Table(p.out, r); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.out, "\nReport: %s\n", filepath.Join(folder.Dir, "report.html"))
	return err
}

// reportOf makes the scores of a run.
func reportOf(folder *results.Folder, plan plan) (evals.Report, []evals.Sample) {
	samples := folder.Samples(plan.cases)
	r := evals.Report{Meta: folder.Meta, Summaries: score.Summarise(folder.Meta.Models, samples), Pairs: score.Pairs(folder.Meta.Models, samples)}
	for _, s := range samples {
		if s.Result.Error != "" {
			r.Failed++
		}
	}
	return r, samples
}

func writeReports(dir string, r evals.Report, samples []evals.Sample) error {
	history, err := readHistory(filepath.Dir(dir))
	if err != nil {
		return err
	}
	history = slices.DeleteFunc(history, func(h evals.Report) bool { return h.Meta.Name == r.Meta.Name })
	for name, fill := range map[string]func(io.Writer) error{
		summaryFile:   func(w io.Writer) error { return json.NewEncoder(w).Encode(r) },
		"report.md":   func(w io.Writer) error { return report.Markdown(w, r) },
		"report.html": func(w io.Writer) error { return report.HTML(w, r, samples, history) },
	} {
		if _, err := wholefile.Write(filepath.Join(dir, name), fill); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return report.LMEval(dir, r, samples)
}

// readHistory reads the reports of the runs in a folder, oldest first.
func readHistory(dir string) ([]evals.Report, error) {
	found, err := filepath.Glob(filepath.Join(dir, "*", summaryFile))
	if err != nil {
		return nil, err
	}
	var list []evals.Report
	for _, path := range found {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var r evals.Report
		if err := json.Unmarshal(data, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if r.Meta.Format == results.Format {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b evals.Report) int { return a.Meta.Started.Compare(b.Meta.Started) })
	return list, nil
}

// openRun reads a run, finished or not, with the cases of its suites.
func openRun(dir string) (*results.Folder, plan, error) {
	folder, err := results.Read(dir)
	if err != nil {
		return nil, plan{}, err
	}
	meta := folder.Meta
	cases, err := newPlan(&meta)
	if err == nil {
		err = folder.Fits(cases.cases)
	}
	if err != nil {
		return nil, plan{}, fmt.Errorf("reading the run in %s: %w", dir, err)
	}
	return folder, cases, nil
}

func (p *program) evalReportCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "report DIR", Short: "Write the reports of a run again, also of one that was broken off",
		Args: exactly(1, "the folder of the run"),
		RunE: func(_ *cobra.Command, args []string) error {
			folder, plan, err := openRun(args[0])
			if err != nil {
				return err
			}
			r, samples := reportOf(folder, plan)
			if err := writeReports(args[0], r, samples); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(p.out).Encode(r)
			}
			return report.Table(p.out, r)
		}}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (p *program) evalCompareCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "compare BASE-DIR SYSTEM-DIR", Short: "Compare two runs on the cases that both have answered",
		Long: `Compare two runs on the cases that both have answered, task by task, with a
paired test: McNemar's where answers are right or wrong in one prompt, and else
the paired bootstrap by items. P-values are also given after Holm's correction
over all comparisons. Of runs with several models the first counts.`,
		Args: exactly(2, "the folders of the two runs"),
		RunE: func(_ *cobra.Command, args []string) error {
			pairs, err := compareRuns(args[0], args[1])
			if err != nil {
				return err
			}
			return p.print(asJSON, pairs)
		}}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

type comparedRuns struct {
	Base   string       `json:"base"`
	System string       `json:"system"`
	Pairs  []evals.Pair `json:"pairs"`
}

func compareRuns(base, system string) (comparedRuns, error) {
	both := comparedRuns{Base: base, System: system}
	var samples []evals.Sample
	var names []string
	for i, dir := range []string{base, system} {
		folder, plan, err := openRun(dir)
		if err != nil {
			return both, err
		}
		first := folder.Meta.Models[0]
		name := fmt.Sprintf("%d: %s", i+1, first)
		names = append(names, name)
		for _, s := range folder.Samples(plan.cases) {
			if s.Result.Model == first {
				s.Result.Model = name
				samples = append(samples, s)
			}
		}
	}
	both.Pairs = score.Pairs(names, samples)
	if len(both.Pairs) == 0 {
		return both, fault.Invalid.Errorf("the runs in %s and %s have no task in common that both have answered", base, system)
	}
	return both, nil
}

func (c comparedRuns) String() string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s against %s\n", c.System, c.Base)
	// A report of nothing but pairs.
	if err := report.Table(&b, evals.Report{Pairs: c.Pairs}); err != nil {
		return err.Error()
	}
	return strings.TrimRight(b.String(), "\n")
}

func (p *program) evalHistoryCommand() *cobra.Command {
	var f struct {
		dir, task, lang string
		json            bool
	}
	cmd := &cobra.Command{Use: "history", Short: "List the main scores of finished runs, oldest first",
		Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			history, err := readHistory(f.dir)
			if err != nil {
				return err
			}
			if _, err := os.Stat(f.dir); errors.Is(err, fs.ErrNotExist) {
				return fault.NotFound.Errorf("there is no folder %s; --dir names the one that the runs are in", f.dir)
			}
			lines := historyLines(history, f.task, f.lang)
			if f.json {
				return json.NewEncoder(p.out).Encode(lines)
			}
			for _, l := range lines {
				fmt.Fprintln(p.out, l)
			}
			return nil
		}}
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "dir", runsFolder, "folder that the runs are in")
	flags.StringVar(&f.task, "task", "", "only tasks whose name begins so, such as namuna/rag")
	flags.StringVar(&f.lang, "lang", "", "only tasks in this language")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

type historyLine struct {
	Run     string    `json:"run"`
	Started time.Time `json:"started"`
	evals.Summary
}

func (l historyLine) String() string {
	return fmt.Sprintf("%s  %-28s %-24s %-8s %9.4f  [%.4f, %.4f]  n %d", l.Run, l.Task, l.Model, l.Metric, l.Value, l.Low, l.High, l.N)
}

func historyLines(history []evals.Report, task, tag string) []historyLine {
	lines := []historyLine{}
	for _, r := range history {
		for _, s := range r.Summaries {
			if s.Main && s.Prompt == "" && strings.HasPrefix(s.Task, task) && (tag == "" || string(s.Lang.Base()) == tag || string(s.Lang) == tag) {
				lines = append(lines, historyLine{r.Meta.Name, r.Meta.Started, s})
			}
		}
	}
	return lines
}
