package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/evals"
	"tilgate/evals/dataset"
	"tilgate/evals/results"
	"tilgate/evals/score"
	"tilgate/internal/lang"
	"tilgate/internal/verdict"
	"tilgate/serving"
)

// runsFolder is where runs are kept if nobody says otherwise.
const runsFolder = "tilgate-evals"

type runFlags struct {
	targetFlags
	models, langs, prompts []string
	out, resume, cache     string
	judge                  string
	workers, tries         int
	limit, shots           int
	loglik, again, json    bool
	seed                   uint64

	// of tilgate eval gate
	trial    bool
	subjects map[lang.Tag]verdict.Subject
}

func (f *runFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.targetFlags.add(cmd)
	flags.StringSliceVar(&f.models, "model", []string{"auto"}, "models to ask; the others are compared with the first")
	flags.StringSliceVar(&f.langs, "lang", nil, "languages of the tasks to ask, such as ky,kk; all if not given")
	flags.StringSliceVar(&f.prompts, "prompt", nil, "prompts to use, by name; all if not given")
	flags.StringVar(&f.out, "out", "", "folder to make for the run; one in "+runsFolder+" if not given")
	flags.StringVar(&f.cache, "cache", "", "file to keep answers in, and to take those from that a model of the same name gave before")
	flags.StringVar(&f.judge, "judge", "", "model of the target that judges what cannot be counted: rubrics, and whether passages support an answer")
	flags.IntVar(&f.limit, "limit", 0, "ask only the first so many items of a task; 0 asks all")
	flags.IntVar(&f.shots, "shots", -1, "examples before each item; -1 takes all that the task has")
	flags.BoolVar(&f.loglik, "loglik", false, "compare choices and labels by log-likelihood, instead of reading a letter out of an answer")
	flags.Uint64Var(&f.seed, "seed", 1234, "seed that models are given")
	flags.BoolVar(&f.json, "json", false, "print JSON")
}

func (f *targetFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.target, "target", "", "server or configuration file to ask")
	cmd.Flags().StringVar(&f.api, "api", "", "what the server speaks: openai or ollama; found out if not given")
	cmd.Flags().BoolVar(&f.bare, "bare", false, "have a Tilgate answer without its knowledge bases what is not about them; the key needs the scope eval")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 10*time.Minute, "how long one answer may take")
}

func (f *runFlags) addAsking(cmd *cobra.Command) {
	cmd.Flags().IntVar(&f.workers, "workers", 8, "cases that are asked at once")
	cmd.Flags().IntVar(&f.tries, "tries", 4, "times that a case is asked when the server is busy or down")
}

func (p *program) evalRunCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{Use: "run SUITE...", Short: "Ask models the questions of suites, score the answers, and write reports",
		Long: `Ask models the questions of suites, score the answers, and write reports.

` + suiteHelp + strings.Join(dataset.Formats(), ", ") + `.

` + targetHelp + `

A run is a folder: run.json says what it is, results.jsonl has each answer as it
comes, and at the end come results.json and samples_*.jsonl in the form of
lm-evaluation-harness, report.md and report.html. A run that was broken off goes
on with --resume DIR; what it has answered is not asked again, and --again asks
anew what ended in an error. Models are asked at temperature 0 with the seed.`,
		Example: `  tilgate eval run namuna --lang ky,kk
  tilgate eval run xcopa:data/xcopa --target http://localhost:11434 --model qwen2.5:7b,ky-tuned --loglik
  tilgate eval run --resume tilgate-evals/2026-05-01T10-00-00`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.evalRun(cmd, f, args)
		}}
	f.add(cmd)
	f.addAsking(cmd)
	cmd.Flags().StringVar(&f.resume, "resume", "", "folder of a run to go on with")
	cmd.Flags().BoolVar(&f.again, "again", false, "with --resume: ask again what ended in an error")
	return cmd
}

func (p *program) evalRun(cmd *cobra.Command, f runFlags, args []string) error {
	if f.resume != "" {
		var fixed []string
		for _, name := range []string{"model", "lang", "prompt", "out", "cache", "judge", "bare", "limit", "shots", "loglik", "seed"} {
			if cmd.Flags().Changed(name) {
				fixed = append(fixed, "--"+name)
			}
		}
		if len(args) > 0 || len(fixed) > 0 {
			return usageError{fmt.Errorf("--resume takes suites and settings from the run; only --target, --workers, --tries, --timeout and --again may stand beside it, not %s", strings.Join(append(args, fixed...), " "))}
		}
		return p.resumeRun(cmd.Context(), f)
	}
	if len(args) == 0 {
		return usageError{errors.New("which suite? see tilgate eval run --help")}
	}
	return p.newRun(cmd.Context(), f, args)
}

func (p *program) newRun(ctx context.Context, f runFlags, args []string) error {
	folder, plan, err := newFolder(&f, args)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := p.askAll(ctx, f, folder, plan); err != nil {
		return err
	}
	return p.finish(f.json, folder, plan)
}

// newFolder makes the folder of a new run, and lays out its cases.
func newFolder(f *runFlags, args []string) (*results.Folder, plan, error) {
	langs, err := parseTags(f.langs)
	if err != nil {
		return nil, plan{}, err
	}
	if len(f.models) != len(slices.Compact(slices.Sorted(slices.Values(f.models)))) {
		return nil, plan{}, usageError{errors.New("--model names a model twice")}
	}
	meta := evals.Meta{Version: buildVersion().Version, Started: time.Now().UTC().Truncate(time.Second), Target: f.target, Models: f.models, Langs: langs,
		Seed: f.seed, Shots: f.shots, Limit: f.limit, LogLik: f.loglik, Prompts: f.prompts, Judge: f.judge,
		Bare: f.bare, Trial: f.trial, Subjects: f.subjects}
	for _, arg := range args {
		meta.Suites = append(meta.Suites, evals.SuiteRef{Path: arg})
	}
	cases, err := newPlan(&meta)
	if err != nil {
		return nil, cases, err
	}
	meta.Name = meta.Started.Format("2006-01-02T15-04-05")
	if f.out == "" {
		f.out = filepath.Join(runsFolder, meta.Name)
	} else {
		meta.Name = filepath.Base(f.out)
	}
	folder, err := results.Create(f.out, meta)
	return folder, cases, err
}

func (p *program) resumeRun(ctx context.Context, f runFlags) error {
	folder, err := results.Resume(f.resume)
	if err != nil {
		return err
	}
	defer folder.Close()
	meta := folder.Meta
	before := slices.Clone(meta.Suites)
	plan, err := newPlan(&meta)
	if err != nil {
		return err
	}
	for i, s := range before {
		if meta.Suites[i].Digest != s.Digest {
			return fmt.Errorf("the suite %s has changed since the run began (SHA-256 %.12s, then %.12s); begin a new run", s.Path, meta.Suites[i].Digest, s.Digest)
		}
	}
	if err := folder.Fits(plan.cases); err != nil {
		return err
	}
	if f.again {
		if err := folder.Forget(); err != nil {
			return err
		}
	}
	f.seed, f.judge, f.bare = meta.Seed, meta.Judge, meta.Bare
	if f.target == "" {
		f.target = meta.Target
	}
	if err := p.askAll(ctx, f, folder, plan); err != nil {
		return err
	}
	return p.finish(f.json, folder, plan)
}

// A plan is the cases of a run.
type plan struct {
	tasks []*evals.Task
	cases []evals.Case
}

// newPlan reads the suites that a run names, writes into meta what they are,
// and lays out the cases: suite by suite, task by task, prompt by prompt.
func newPlan(meta *evals.Meta) (plan, error) {
	var p plan
	for i, ref := range meta.Suites {
		s, err := openSuite(ref.Path, meta.Langs)
		if err != nil {
			return p, err
		}
		meta.Suites[i] = evals.SuiteRef{Name: s.Name, Path: ref.Path, Version: s.Version, Licence: s.Licence, Digest: s.Digest}
		keepTasks(s, meta.Langs)
		for _, t := range s.Tasks {
			narrow(t, *meta)
			cases, err := t.Cases(meta.Shots)
			if err != nil {
				return p, err
			}
			p.tasks, p.cases = append(p.tasks, t), append(p.cases, cases...)
		}
	}
	meta.Cases = len(p.cases)
	if len(p.cases) == 0 {
		return p, fmt.Errorf("nothing to ask: no task of these suites is in %s, or none has a prompt named %s", orAny(join(meta.Langs)), orAny(strings.Join(meta.Prompts, ", ")))
	}
	return p, nil
}

func orAny(list string) string {
	if list == "" {
		return "any language"
	}
	return list
}

// narrow leaves of a task what the run asks.
func narrow(t *evals.Task, meta evals.Meta) {
	if meta.Limit > 0 {
		t.Items = t.Items[:min(meta.Limit, len(t.Items))]
	}
	if len(meta.Prompts) > 0 {
		t.Prompts = slices.DeleteFunc(t.Prompts, func(p evals.Prompt) bool { return !slices.Contains(meta.Prompts, p.Name) })
	}
	if meta.LogLik && slices.Contains([]evals.Kind{evals.MultipleChoice, evals.Classification}, t.Kind) {
		t.LogLik = true
	}
}

// askAll asks what the folder has no answer to.
func (p *program) askAll(ctx context.Context, f runFlags, folder *results.Folder, plan plan) error {
	server, stop, err := p.dial(ctx, f.targetFlags, f.seed)
	if err != nil {
		return err
	}
	defer stop()
	run := evals.Run{Models: folder.Meta.Models, Targets: map[string]evals.Target{}, Workers: f.workers, Tries: f.tries, Done: folder.Has, Scorer: score.Scorer{}}
	for _, m := range run.Models {
		if folder.Meta.Trial {
			run.Targets[m] = server.With(map[string]any{"weights": m}).Target(serving.Auto)
		} else {
			run.Targets[m] = server.Target(m)
		}
	}
	if f.judge != "" {
		run.Scorer = score.Scorer{Judge: server.Target(f.judge)}
	}
	if f.cache != "" {
		cache, err := results.OpenCache(f.cache, fmt.Sprintf("%s %d %v", f.target, f.seed, f.bare))
		if err != nil {
			return err
		}
		defer cache.Close()
		run.Cache = cache
	}
	if err := p.work(ctx, run, folder, plan); err != nil {
		return brokenOff(err, folder)
	}
	return nil
}

func (p *program) work(ctx context.Context, run evals.Run, folder *results.Folder, plan plan) error {
	total := len(plan.cases) * len(run.Models)
	done := len(folder.Results)
	bar := p.newCount("asking", total)
	bar.set(done)
	defer bar.end()
	run.Keep = func(r evals.Result) error {
		done++
		bar.set(done)
		return folder.Keep(r)
	}
	return run.Ask(ctx, plan.cases)
}

// brokenOff says how to go on.
func brokenOff(err error, folder *results.Folder) error {
	then := ""
	if folder.Meta.Trial {
		then = ", and tilgate eval gate --run " + folder.Dir + " then judges"
	}
	return fmt.Errorf("%w\n%d of %d answers are kept; tilgate eval run --resume %s goes on%s", err, len(folder.Results), folder.Meta.Cases*len(folder.Meta.Models), folder.Dir, then)
}
