package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tilgate/rag/sources"
)

type syncFlags struct {
	config                           string
	rebuild, dry, all, unsafe, watch bool
	maxRemoved                       float64
	asJSON                           bool
}

func (p *program) kbSyncCommand() *cobra.Command {
	var f syncFlags
	cmd := &cobra.Command{Use: "sync MANIFEST…", Short: "Make knowledge bases what their sources are now",
		Long: `Make knowledge bases what their sources are now: what is new or changed is
stored, what is gone is removed, and the rest is left alone, by its content. A
manifest is a TOML file:

  name = "health"               # of the knowledge base
  tenant = "moh"                # whose it is
  site = "kg"                   # where it may be stored, as [qdrant] site says
  languages = ["ky", "ru"]      # that its documents are in
  licence = "CC-BY-4.0"
  every = "24h"                 # while tilgate serve runs, or with --watch
  keep = 3                      # versions
  max_removed = 0.3             # more of it than that never goes at once
  [check]                       # of a new version, before it is searched
  questions = "questions.jsonl" # {"question", "lang", "doc"}
  max_drop = 2.0                # points of nDCG@10
  [[source]]
  path = "docs"                 # a folder or file, from the manifest
  include = ["**/*.pdf"]
  lang = "ky"                   # of documents that do not name theirs
  base = "https://moh.example/docs/"
  [[source]]
  site = "https://moh.example/ky/"
  depth = 5
  rate = 2.0                    # requests a second
  [[source]]
  path = "corpus.jsonl"
  fields = { text = "content", lang = "language", domain = "domain", domains = ["health"] }
  [[source]]
  path = "faq.xlsx"
  columns = { question = "Суроо", answer = "Жооп" }

With --rebuild everything is read again into a new version, which is checked
against the one before and then searched in its place, in one step. Until then,
and if it fails, the version before is searched; tilgate kb rollback goes back.

Nothing is removed because it could not be read. What was forgotten (tilgate kb
forget) stays out. A service on the same data folder keeps the knowledge bases
itself that knowledge = ["health.toml"] names in its configuration.`,
		Example: "  tilgate kb sync health.toml --dry-run\n  tilgate kb sync health.toml --rebuild",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("sync takes manifests; see tilgate kb sync --help")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return p.kbSync(cmd, f, args) }}
	p.configFlag(cmd, &f.config)
	flags := cmd.Flags()
	flags.BoolVar(&f.rebuild, "rebuild", false, "read everything into a new version, check it, and search it")
	flags.BoolVar(&f.dry, "dry-run", false, "say what would change, and change nothing")
	flags.BoolVar(&f.all, "all", false, "read also what has not changed since the last run")
	flags.BoolVar(&f.unsafe, "unsafe", false, "with --rebuild: search the new version though it fails its checks")
	flags.BoolVar(&f.watch, "watch", false, "go on, and sync again as every in the manifests says")
	flags.Float64Var(&f.maxRemoved, "max-removed", 0, "share of the documents that may be removed; what the manifest says if not given")
	flags.BoolVar(&f.asJSON, "json", false, "print JSON")
	return cmd
}

func (p *program) kbSync(cmd *cobra.Command, f syncFlags, files []string) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	if f.maxRemoved < 0 || f.maxRemoved > 1 {
		return usageError{fmt.Errorf("--max-removed is %v; it is a share from 0 to 1", f.maxRemoved)}
	}
	if f.unsafe && !f.rebuild || f.rebuild && f.dry {
		return usageError{errors.New("--unsafe goes with --rebuild, and --rebuild not with --dry-run")}
	}
	var faults []error
	for _, file := range files {
		if err := p.syncOne(cmd.Context(), c, f, file); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", file, err))
		}
	}
	if !f.watch || cmd.Context().Err() != nil {
		return errors.Join(faults...)
	}
	for _, err := range faults {
		fmt.Fprintln(p.err, "tilgate:", err)
	}
	return p.watchManifests(cmd.Context(), c, f, files)
}

func (p *program) syncOne(ctx context.Context, c Config, f syncFlags, file string) error {
	m, err := sources.ReadManifest(file)
	if err != nil {
		return err
	}
	if f.maxRemoved > 0 {
		m.MaxRemoved = f.maxRemoved
	}
	c.keep = m.Keep
	return p.withKeeper(ctx, c, func(k *keeper) error {
		j := k.of(m)
		j.Sync, j.Rebuild, j.All, j.Dry, j.Unsafe = true, f.rebuild, f.all || f.rebuild, f.dry, f.unsafe
		return p.runJob(ctx, j, f.asJSON)
	})
}

// watchManifests syncs each manifest when its time has come, until ctx ends.
func (p *program) watchManifests(ctx context.Context, c Config, f syncFlags, files []string) error {
	f.rebuild, f.unsafe = false, false
	return timetable(ctx, files, func(file string) error {
		err := p.syncOne(ctx, c, f, file)
		if err != nil && ctx.Err() == nil {
			fmt.Fprintf(p.err, "tilgate: %s: %v\n", file, err)
		}
		return err
	})
}
