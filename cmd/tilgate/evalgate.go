package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/evals"
	"tilgate/evals/gate"
	"tilgate/evals/results"
	"tilgate/evals/score"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/sign"
	"tilgate/internal/verdict"
	"tilgate/serving"
)

type gateFlags struct {
	runFlags
	config, secret, run string
	train, kb           []string
	every               time.Duration
	rule                gate.Rule
}

func (p *program) evalGateCommand() *cobra.Command {
	var f gateFlags
	cmd := &cobra.Command{Use: "gate SUITE... --lang TAGS", Short: "Compare adapters with their bases on a suite, and sign verdicts on them",
		Long: `Compare adapters with their bases on a suite, and sign verdicts on them.

Each language's own weights and their base answer the same items, under the same
prompt and out of the same passages. The test is paired: McNemar's where answers
are right or wrong in one prompt, and else the paired bootstrap by items, with
Holm's correction over all tasks and languages. The verdict is promote (better
by the least effect and significant), block (worse in that way, or not in its
language), or no_evidence. With --secret it is signed and put beside the
weights, where a running service sees it: what is promoted answers from then on,
and what is blocked no longer does. No evidence leaves a verdict that still
holds as it is.

--every makes it a watch: it asks again at that interval, and an adapter that
has become worse is rolled back. --run reads a finished run of this command
instead of asking. Items that stand in the training files named with --train
(13 words in a row) are left out and counted; those that stand in --kb are
reported.

` + targetHelp + ` Its key needs the scope eval. A target that is a server must
be one that serves the configuration of --config.`,
		Example: `  tilgate eval gate namuna --lang ky --config tilgate.toml --secret gate.secret
  tilgate eval gate ./ky-exams --lang ky --secret gate.secret --train ky-train.jsonl --every 24h`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.evalGate(cmd, f, args) }}
	f.add(cmd)
	f.addAsking(cmd)
	for _, name := range []string{"model", "cache"} {
		cmd.Flags().Lookup(name).Hidden = true
	}
	p.configFlag(cmd, &f.config)
	flags := cmd.Flags()
	flags.StringVar(&f.secret, "secret", "", "file that tilgate adapter gate made; without it nothing is signed")
	flags.StringVar(&f.run, "run", "", "folder of a finished run of this command, to be read instead of asking")
	flags.StringSliceVar(&f.train, "train", nil, "files that the adapter was trained on, of text or JSON lines")
	flags.StringSliceVar(&f.kb, "kb", nil, "files or folders of the knowledge base, to report items that stand in it")
	flags.DurationVar(&f.every, "every", 0, "ask again at this interval, until it is stopped")
	flags.Float64Var(&f.rule.Alpha, "alpha", .05, "chance of a false alarm that is accepted, over all tests")
	flags.Float64Var(&f.rule.MinEffect, "min-effect", .01, "least difference that counts, as a share: .01 is one point")
	flags.IntVar(&f.rule.MinN, "min-n", 200, "least number of items that count as evidence")
	return cmd
}

func (p *program) evalGate(cmd *cobra.Command, f gateFlags, args []string) error {
	switch {
	case f.run != "" && (len(args) > 0 || f.every > 0):
		return usageError{errors.New("--run reads a run; no suite and no --every may stand beside it")}
	case f.run == "" && (len(args) == 0 || len(f.langs) == 0):
		return usageError{errors.New("which suite, and which --lang? see tilgate eval gate --help")}
	case cmd.Flags().Changed("model"):
		return usageError{errors.New("--model has no place here: the adapter is compared with its base; tilgate eval run compares models")}
	case f.cache != "":
		return usageError{errors.New("--cache has no place here: other weights may have answered before")}
	case f.every < 0 || f.every > 0 && f.every < time.Minute:
		return usageError{fmt.Errorf("--every is %s; a minute is the least", f.every)}
	}
	f.bare = true // its key has the scope anyway
	if f.target == "" {
		f.target = f.config
	}
	if f.every == 0 {
		return p.gateOnce(cmd.Context(), f, args)
	}
	out := f.out
	repeat(cmd.Context(), f.every, func(began time.Time) {
		if out != "" {
			f.out = filepath.Join(out, began.UTC().Format("2006-01-02T15-04-05"))
		} else {
			f.out = ""
		}
		if err := p.gateOnce(cmd.Context(), f, args); err != nil && cmd.Context().Err() == nil {
			fmt.Fprintln(p.err, "this time nothing was judged:", err) // the server may be back by the next
		}
	})
	return nil
}

// repeat calls do now and at every interval, until ctx ends. What takes longer
// than the interval is followed at once.
func repeat(ctx context.Context, every time.Duration, do func(began time.Time)) {
	for ctx.Err() == nil {
		began := time.Now()
		do(began)
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(began.Add(every))):
		}
	}
}

func (p *program) gateOnce(ctx context.Context, f gateFlags, args []string) error {
	room, err := p.adapterRoom(f.config)
	if err != nil {
		return err
	}
	signer, err := newSigner(room, f.secret)
	if err != nil {
		return err
	}
	if f.run == "" {
		if f.subjects, err = signer.subjects(ctx, f.langs); err != nil {
			return err
		}
	}
	folder, plan, err := p.gateRun(ctx, f, args)
	if err != nil {
		return err
	}
	r, samples := reportOf(folder, plan)
	gone, err := overlapping(plan, f.train)
	if err != nil {
		return err
	}
	inKB, err := overlapping(plan, f.kb)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(samples), func(s evals.Sample) bool {
		return slices.Contains(gone.ids[s.Case.Task.ID()], s.Case.Item.ID)
	})
	r.Summaries, r.Pairs = score.Summarise(folder.Meta.Models, left), score.Pairs(folder.Meta.Models, left)
	result := gated{Run: folder.Dir, Judgements: f.rule.Judge(r, gone.counts()), Train: gone.counts(), KB: inKB.counts(), Short: max(gone.short, inKB.short)}
	if len(result.Judgements) == 0 {
		return fmt.Errorf("nothing can be judged: adapter and base have answered no item both; %d answers of %s ended in an error, the first with: %s", r.Failed, folder.Dir, firstError(samples))
	}
	for _, j := range result.Judgements {
		put, err := signer.put(ctx, j, f.rule, folder.Meta)
		if err != nil {
			return err
		}
		result.Verdicts = append(result.Verdicts, put)
	}
	return p.print(f.json, result)
}

func firstError(samples []evals.Sample) string {
	for _, s := range samples {
		if s.Result.Error != "" {
			return s.Result.Error
		}
	}
	return "none"
}

// gateRun asks base and adapter, or reads a run in which they were asked.
func (p *program) gateRun(ctx context.Context, f gateFlags, args []string) (*results.Folder, plan, error) {
	if f.run != "" {
		folder, plan, err := openRun(f.run)
		if err == nil && !folder.Meta.Trial {
			err = fault.Invalid.Errorf("the run in %s asked %s, not an adapter and its base; tilgate eval gate asks those", f.run, strings.Join(folder.Meta.Models, ", "))
		}
		return folder, plan, err
	}
	f.trial, f.models = true, []string{string(serving.TryBase), string(serving.TryAdapter)}
	folder, plan, err := newFolder(&f.runFlags, args)
	if err != nil {
		return nil, plan, err
	}
	defer folder.Close()
	if err := p.askAll(ctx, f.runFlags, folder, plan); err != nil {
		return nil, plan, err
	}
	_, _, err = conclude(folder, plan)
	return folder, plan, err
}

// overlaps are the items of each task that stand in some files.
type overlaps struct {
	ids   map[string][]string
	short int
}

func (o overlaps) counts() map[string]int {
	counts := map[string]int{}
	for task, ids := range o.ids {
		if len(ids) > 0 {
			counts[task] = len(ids)
		}
	}
	return counts
}

// overlapping looks for the items of all tasks in files.
func overlapping(plan plan, paths []string) (overlaps, error) {
	o := overlaps{ids: map[string][]string{}}
	if len(paths) == 0 {
		return o, nil
	}
	files, err := filesUnder(paths)
	if err != nil {
		return o, err
	}
	for _, t := range plan.tasks {
		look := gate.NewOverlap()
		for _, item := range t.Items {
			look.Item(t.Lang, item.ID, append([]string{item.Text}, item.Gold...)...)
		}
		for _, path := range files {
			if err := lookThrough(look, t.Lang, path); err != nil {
				return o, err
			}
		}
		o.ids[t.ID()] = look.Found()
		o.short += look.Short()
	}
	return o, nil
}

func lookThrough(look *gate.Overlap, tag lang.Tag, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := look.Lines(tag, file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func filesUnder(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		err := filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// A signer signs verdicts and puts them where they count.
type signer struct {
	room   adapterRoom
	secret *sign.Secret // nil: nothing is signed
}

func newSigner(room adapterRoom, path string) (signer, error) {
	s := signer{room: room}
	if path == "" {
		return s, nil
	}
	secret, err := readSecret(path)
	if err != nil {
		return s, err
	}
	if _, err := room.folder(); err != nil {
		return s, err
	}
	s.secret = &secret
	return s, errors.Join(room.trusts(secret), room.outside(path))
}

// put signs a verdict, unless it would put "no evidence" in the place of one
// that still holds.
func (s signer) put(ctx context.Context, j gate.Judgement, rule gate.Rule, meta evals.Meta) (putVerdict, error) {
	done := putVerdict{Lang: j.Lang, Decision: j.Decision}
	if s.secret == nil {
		done.Note = "not signed: no --secret"
		return done, nil
	}
	a, err := s.room.weighted(string(j.Lang))
	if err != nil {
		return done, err
	}
	asked, ok := meta.Subjects[j.Lang]
	if !ok {
		return done, fault.Invalid.Errorf("the run %s does not say which weights it asked, since nobody meant to sign; ask again with --secret", meta.Name)
	}
	subject, err := s.subject(ctx, a)
	if err != nil {
		return done, err
	}
	if subject != asked {
		return done, fault.Invalid.Errorf("the weights, the prompt or the base of %s have changed since the run %s asked them, so nothing is known of those there are now; ask again", j.Lang, meta.Name)
	}
	if old := a.Verdict; j.Decision == verdict.NoEvidence && old != nil && old.Subject == subject && old.Decision != verdict.NoEvidence {
		done.Note = fmt.Sprintf("the verdict of %s stays: %s", old.Time.Format(time.DateOnly), old.Decision)
		return done, nil
	}
	v := verdict.Verdict{Tag: j.Lang, Subject: subject, Decision: j.Decision, Because: j.Because, Time: time.Now().UTC().Truncate(time.Second),
		Evidence: &verdict.Evidence{Suites: suiteDigests(meta), Run: meta.Name, Alpha: rule.Alpha, MinEffect: rule.MinEffect, MinN: rule.MinN, Tests: j.Tests}}
	data, err := verdict.Sign(v, *s.secret)
	if err != nil {
		return done, err
	}
	folder, err := s.room.folder()
	if err != nil {
		return done, err
	}
	done.File, err = folder.PutVerdict(j.Lang, data)
	return done, err
}

func (s signer) subject(ctx context.Context, a *adapters.Adapter) (verdict.Subject, error) {
	server, err := s.room.server("")
	if err != nil {
		return verdict.Subject{}, err
	}
	defer server.Close()
	return subjectOn(ctx, server, a)
}

// subjects is what is about to be asked, so that nothing else is signed later.
func (s signer) subjects(ctx context.Context, langs []string) (map[lang.Tag]verdict.Subject, error) {
	if s.secret == nil {
		return nil, nil
	}
	all := map[lang.Tag]verdict.Subject{}
	for _, tag := range langs {
		a, err := s.room.weighted(tag)
		if err != nil {
			return nil, err
		}
		if all[a.Tag], err = s.subject(ctx, a); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func suiteDigests(meta evals.Meta) string {
	var all []string
	for _, s := range meta.Suites {
		all = append(all, s.Digest)
	}
	return strings.Join(all, " ")
}

type putVerdict struct {
	Lang     lang.Tag         `json:"lang"`
	Decision verdict.Decision `json:"decision"`
	File     string           `json:"file,omitempty"`
	Note     string           `json:"note,omitempty"`
}

// gated is what the command prints.
type gated struct {
	Run        string           `json:"run"`
	Judgements []gate.Judgement `json:"judgements"`
	Verdicts   []putVerdict     `json:"verdicts"`
	Train      map[string]int   `json:"overlap_train"`
	KB         map[string]int   `json:"overlap_kb"`
	Short      int              `json:"too_short_to_look_for"`
}

func (g gated) String() string {
	var b strings.Builder
	for i, j := range g.Judgements {
		fmt.Fprintf(&b, "%s: %s\n  %s\n", j.Lang, j.Decision, j.Because)
		for _, t := range j.Tests {
			fmt.Fprintf(&b, "  %-32s %s, n %d", t.Task, t.Decision, t.N)
			if t.LangOK >= 0 {
				fmt.Fprintf(&b, ", %.1f %% in the right language", 100*t.LangOK)
			}
			if t.Unread > 0 {
				fmt.Fprintf(&b, ", %.1f %% unread", 100*t.Unread)
			}
			if n := g.Train[t.Task]; n > 0 {
				fmt.Fprintf(&b, ", %d items left out that it was trained on", n)
			}
			if n := g.KB[t.Task]; n > 0 {
				fmt.Fprintf(&b, ", %d items stand in the knowledge base", n)
			}
			b.WriteByte('\n')
		}
		if v := g.Verdicts[i]; v.File != "" {
			fmt.Fprintf(&b, "  signed, in %s\n", v.File)
		} else {
			fmt.Fprintf(&b, "  %s\n", v.Note)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
