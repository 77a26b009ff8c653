package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/internal/bundle"
	"tilgate/rag"
	"tilgate/rag/forget"
	"tilgate/rag/qdrant"
)

type importFlags struct {
	bundleFlags
	tenant, suites, ollamaModels string
	keep                         int
	dryRun, withoutModels        bool
}

func (p *program) bundleImportCommand() *cobra.Command {
	var f importFlags
	cmd := f.add(p, &cobra.Command{Use: "import FILE", Short: "Bring in what a bundle carries",
		Long: `Bring in what a bundle carries, if its signer is trusted for bundles.

All of it is checked and made ready out of sight first. Then models take their
place in Ollama's folder, or, of GGUF files, in models in the data folder; language
files and adapters in the folder of adapters, suites in a folder of suites, and
last of all the knowledge bases are switched, in one step. If anything fails or is
killed before, all is as it was; a run that was cut off is repeated. A program that
the bundle carries is put in place by setup alone.

A knowledge base becomes the next version of the one of its name; tilgate kb
rollback is the way back. A bundle of changes needs exactly the state that it
changes. Weights answer here only as tilgate adapter list says: a verdict counts
if its own signer is trusted for verdicts, whoever signed the bundle.`,
		Example: "  tilgate bundle import desk.tilgate --dry-run\n  tilgate bundle import desk.tilgate",
		Args:    oneBundle,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.keep < 1 {
				return usageError{fmt.Errorf("--keep is %d; it must be at least 1", f.keep)}
			}
			r, err := p.bundleImport(cmd.Context(), f, args[0])
			if err != nil {
				return err
			}
			return p.print(f.json, r)
		}})
	tenantFlag(cmd, &f.tenant)
	cmd.Flags().StringVar(&f.suites, "suites", "", "folder to put suites in; suites in the data folder if not given")
	cmd.Flags().StringVar(&f.ollamaModels, "ollama-models", "", "folder of Ollama's models; where Ollama usually has it if not given")
	cmd.Flags().IntVar(&f.keep, "keep", qdrant.DefaultKeep, "versions of a knowledge base to keep")
	cmd.Flags().BoolVar(&f.withoutModels, "without-models", false, "leave out the models that it carries")
	cmd.Flags().BoolVar(&f.dryRun, "dry-run", false, "check everything, say what would change, and change nothing")
	return cmd
}

func (p *program) bundleImport(ctx context.Context, f importFlags, path string) (imported, error) {
	room, err := p.adapterRoom(f.config)
	if err != nil {
		return imported{}, err
	}
	room.keep = f.keep
	unlock, err := room.lockImports()
	if err != nil {
		return imported{}, err
	}
	defer unlock()
	b, err := bundle.Open(path)
	if err != nil {
		return imported{}, err
	}
	defer b.Close()
	whose, err := room.signerOf(b, path)
	if err != nil {
		return imported{}, err
	}
	if err := b.Verify(ctx); err != nil {
		return imported{}, err
	}
	i := &importRun{program: p, room: room, flags: f, bundle: b,
		report: imported{Bundle: b.Name, SignedBy: whose, DryRun: f.dryRun, Files: []filesImported{}, Knowledge: []kbImported{}}}
	defer i.close()
	if err := i.prepare(ctx); err != nil {
		return imported{}, fmt.Errorf("importing %s: %w; nothing was changed", path, err)
	}
	i.report.Models = lookForModels(ctx, room.Config, b.Needs)
	if f.dryRun {
		return i.report, nil
	}
	if err := i.commit(ctx); err != nil {
		return imported{}, fmt.Errorf("importing %s: %w; repeat the import", path, err)
	}
	return i.report, nil
}

// lockImports keeps two imports apart, also where the store is a server.
func (c Config) lockImports() (unlock func(), err error) {
	if err := os.MkdirAll(c.Data, 0o755); err != nil {
		return nil, err
	}
	return lockFile(filepath.Join(c.Data, "import.lock"), "another import into "+c.Data+" is running")
}

// An importRun is an import under way.
type importRun struct {
	*program
	room   adapterRoom
	flags  importFlags
	bundle *bundle.Bundle
	report imported

	folders []*placing
	kbs     []*qdrant.Imported
	shown   bool
	cleanup []func()
}

// close removes what was made ready and is not in force, the last first.
func (i *importRun) close() {
	for _, f := range slices.Backward(i.cleanup) {
		f()
	}
}

// prepare makes everything ready out of sight. Nothing is changed by it.
func (i *importRun) prepare(ctx context.Context) error {
	if err := i.prepareModels(ctx); err != nil {
		return err
	}
	if err := i.prepareLanguages(ctx); err != nil {
		return err
	}
	if err := i.prepareSuites(ctx); err != nil {
		return err
	}
	parts := i.bundle.Of(bundle.KB)
	if len(parts) == 0 {
		return nil
	}
	store, closeStore, err := openStore(ctx, i.room.Config, quietLog())
	if err != nil {
		return err
	}
	i.cleanup = append(i.cleanup, closeStore)
	x := store.For(i.flags.tenant)
	for _, part := range parts {
		if err := i.prepareKB(ctx, x, part); err != nil {
			return err
		}
	}
	return nil
}

// keeps returns what may come in: what was forgotten here may not. It is nil if
// nothing was.
func (i *importRun) keeps(kb string) (func(rag.Passage) bool, error) {
	if i.room.Data == "" {
		return nil, nil
	}
	list, err := forget.Open(i.room.Data)
	if err != nil {
		return nil, err
	}
	rule := list.For(rag.TenantOf(i.flags.tenant), kb)
	if rule.Empty() {
		return nil, nil
	}
	return func(p rag.Passage) bool {
		return !rule.Names(rag.Key{Lang: p.Lang, Doc: p.Doc}) && !rule.Says(p.Text)
	}, nil
}

func (i *importRun) prepareKB(ctx context.Context, x *qdrant.Index, part bundle.Part) error {
	r, err := i.bundle.Unpack(ctx, part)
	if err != nil {
		return err
	}
	defer r.Close()
	bar := i.newProgress("importing "+part.Name, int64(part.Knowledge.Put))
	defer bar.end()
	keep, err := i.keeps(part.Name)
	if err != nil {
		return err
	}
	in := qdrant.Import{KB: part.Name, State: part.Knowledge.State, From: r, Keep: keep,
		Progress: func(done int) { bar.set(int64(done), done) }}
	if i.flags.dryRun {
		changes, err := x.Preview(ctx, in)
		i.report.Knowledge = append(i.report.Knowledge, kbImported{KB: part.Name, Passages: part.Knowledge.Passages, Changes: &changes})
		return err
	}
	m, err := x.Import(ctx, in)
	if err != nil {
		return err
	}
	i.kbs = append(i.kbs, m)
	i.cleanup = append(i.cleanup, func() {
		if !i.shown {
			_ = m.Discard(context.WithoutCancel(ctx)) // what stays, the next import removes
		}
	})
	i.report.Knowledge = append(i.report.Knowledge, kbImported{KB: m.KB, Passages: m.Passages - m.Dropped, Version: m.Version, Written: m.Written, Dropped: m.Dropped, Same: m.Same})
	return nil
}

// commit puts everything into force, the knowledge bases last.
func (i *importRun) commit(ctx context.Context) error {
	for _, f := range i.folders {
		if err := f.commit(); err != nil {
			return err
		}
	}
	i.shown = true // an error may come after the switch
	return qdrant.ShowAll(ctx, i.kbs...)
}

// imported is what an import has done, or would do.
type imported struct {
	Bundle    string          `json:"bundle"`
	SignedBy  string          `json:"signed_by"`
	DryRun    bool            `json:"dry_run"`
	Files     []filesImported `json:"files"`
	Knowledge []kbImported    `json:"knowledge"`
	Models    []modelFound    `json:"models"` // that it needs
}

// filesImported is about one language, adapter, model or suite.
type filesImported struct {
	Kind    bundle.Kind `json:"kind"`
	Name    string      `json:"name"`
	Folder  string      `json:"folder"`
	Changed []string    `json:"changed"` // files that are new or another
	Same    int         `json:"same"`    // files that were here
}

type kbImported struct {
	KB       string          `json:"kb"`
	Passages int             `json:"passages"`
	Version  int             `json:"version,omitempty"`
	Written  int             `json:"written"`
	Dropped  int             `json:"dropped"` // since they were forgotten here
	Same     bool            `json:"same"`
	Changes  *qdrant.Changes `json:"changes,omitempty"` // of a dry run
}

func (r imported) String() string {
	lines := []string{fmt.Sprintf("%s, signed by %s", r.Bundle, r.SignedBy)}
	if r.DryRun {
		lines[0] += ": what an import would change"
	}
	for _, f := range r.Files {
		line := fmt.Sprintf("%s %s: ", f.Kind, f.Name)
		if len(f.Changed) == 0 {
			line += "as it was"
		} else {
			line += fmt.Sprintf("%s in %s", strings.Join(f.Changed, " "), f.Folder)
		}
		lines = append(lines, line)
	}
	for _, k := range r.Knowledge {
		lines = append(lines, k.String())
	}
	for _, m := range r.Models {
		lines = append(lines, m.String())
	}
	return strings.Join(lines, "\n")
}

func (k kbImported) String() string {
	switch c := k.Changes; {
	case c != nil:
		return fmt.Sprintf("kb %s: %d passages; %d new, %d changed, %d removed, %d as they were", k.KB, k.Passages, c.Added, c.Changed, c.Removed, c.Same)
	case k.Same:
		return fmt.Sprintf("kb %s: version %d holds it already", k.KB, k.Version)
	}
	line := fmt.Sprintf("kb %s: version %d, %d passages, %d written; read back and searched now", k.KB, k.Version, k.Passages, k.Written)
	if k.Dropped > 0 {
		line += fmt.Sprintf("; %d left out, since they were forgotten here", k.Dropped)
	}
	return line
}
