package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/rag/forget"
	"tilgate/rag/qdrant"
)

// A restoring is a restore under way.
type restoring struct {
	p     *program
	c     Config
	flags restoreFlags
	from  *bundle.Bundle

	report    restoredReport
	forgotten *forget.List // of the place and of the backup
	grown     bool         // it has more than the backup's
	store     *qdrant.Store
	imported  []*qdrant.Imported
	journal   journal
	began     bool     // something lies ready
	closers   []func() // in order
}

// run makes everything ready, and changes nothing.
func (r *restoring) run(ctx context.Context) (err error) {
	if r.report.About, err = readAbout(ctx, r.from); err != nil {
		return err
	}
	r.report.Key, r.report.Parts, r.report.Files = r.from.Key, len(r.from.Parts), map[string]int{}
	r.journal = journal{Format: journalFormat, Keep: r.flags.keepOld, Stages: r.c.stages()}
	if err := r.occupied(); err != nil {
		return err
	}
	if err := r.room(); err != nil {
		return err
	}
	r.began = true
	for _, step := range []struct {
		only string
		do   func(context.Context) error
	}{
		{"", r.stageForgotten}, {onlyKnowledge, r.stageKnowledge}, {onlyLedger, r.stageLedger}, {onlyAudit, r.stageAudit},
		{onlyAdapters, r.stageAdapters}, {onlyKeys, r.stageKeys}, {onlyData, r.stageData},
	} {
		if step.only != "" && !r.flags.wants(step.only) {
			continue
		}
		if err := step.do(ctx); err != nil {
			return err
		}
	}
	return r.ask(ctx)
}

// readyAt is where something of a folder lies ready.
func readyAt(dir, name string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir // which the move will then say is not there
	}
	return filepath.Join(abs, stageName, "new", name)
}

// moves has what lies ready in a folder take the place of what has its name.
func (r *restoring) moves(dir string, names ...string) {
	for _, name := range names {
		ready := readyAt(dir, name)
		root := filepath.Dir(filepath.Dir(filepath.Dir(ready)))
		m := move{New: ready, To: filepath.Join(root, name), Old: filepath.Join(root, stageName, "old", name)}
		if !exists(ready) {
			m.New = ""
		}
		r.journal.Moves = append(r.journal.Moves, m)
	}
}

// present lists what of a folder would go aside.
func present(dir string, keep func(name string) bool) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		if !keep(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func isHidden(name string) bool { return strings.HasPrefix(name, ".") }

// occupied refuses a place in which something is kept, without --force.
func (r *restoring) occupied() error {
	if r.flags.force || r.flags.dryRun {
		return nil
	}
	names, err := present(r.c.Data, func(name string) bool {
		return name == backupSecretFile || name == "LOCK" || name == filepath.Base(claimPath("")) || isHidden(name) || strings.HasSuffix(name, ".lock")
	})
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return fault.Invalid.Errorf("%s is not empty, there is %s; with --force what is there makes room, and comes back if anything fails", r.c.Data, join(names))
	}
	return nil
}

// growth is how much larger a knowledge base is in the embedded store than in a
// backup, at most.
const growth = 2

// room refuses a backup for which there is too little room on disk.
func (r *restoring) room() error {
	need := map[string]int64{}
	for _, part := range r.from.Parts {
		switch {
		case part.Kind == bundle.KB && r.c.Qdrant.Address == "":
			need[r.c.Data] += growth * part.Size
		case part.Kind == bundle.Log && r.c.Audit.Folder != "":
			need[r.c.Audit.Folder] += part.Size
		case part.Kind == bundle.State && part.Name == areaAdapters && r.c.Adapters != "":
			need[r.c.Adapters] += part.Size
		case part.Kind != bundle.KB:
			need[r.c.Data] += part.Size
		}
	}
	for dir, bytes := range need {
		bytes += 1 << 20 // of databases that are new
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if d, err := diskAt(dir); err == nil && d.free < uint64(bytes) {
			return fault.Invalid.Errorf("%s needs about %.1f MB on disk, beside what is there, and %.1f MB are free", dir, float64(bytes)/1e6, float64(d.free)/1e6)
		}
	}
	return nil
}

// unpack writes a part to a path, on disk when it returns.
func (r *restoring) unpack(ctx context.Context, part bundle.Part, to string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return r.reading(ctx, part, func(from io.Reader) error {
		f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, from)
		return errors.Join(err, f.Sync(), f.Close())
	})
}

// reading reads a part to its end, where its hash is compared.
func (r *restoring) reading(ctx context.Context, part bundle.Part, do func(io.Reader) error) error {
	from, err := r.from.Unpack(ctx, part)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := do(from); err != nil {
		return fmt.Errorf("%s: %w", part.ID(), err)
	}
	_, err = io.Copy(io.Discard, from)
	return err
}

// has returns a part, if the backup has it.
func (r *restoring) has(kind bundle.Kind, name, file string) (bundle.Part, bool) {
	i := slices.IndexFunc(r.from.Parts, func(p bundle.Part) bool { return p.Kind == kind && p.Name == name && p.File == file })
	if i < 0 {
		return bundle.Part{}, false
	}
	return r.from.Parts[i], true
}

// area lists the files of one area.
func (r *restoring) area(name string) (list []bundle.Part) {
	for _, p := range r.from.Of(bundle.State) {
		if p.Name == name {
			list = append(list, p)
		}
	}
	return list
}

// commit decides, and puts what lies ready in its place. What cannot be done is
// undone, unless a server has switched over already.
func (r *restoring) commit(ctx context.Context) error {
	r.closeAll()
	if err := r.journal.write(r.c); err != nil {
		return errors.Join(fmt.Errorf("nothing was changed: %w", err), os.Remove(r.c.inData(restoreJournal)))
	}
	r.began = false // from here on the journal says what is to be done
	err := r.journal.apply()
	if err == nil {
		err = r.journal.switchLedger(ctx, r.c)
	}
	if err == nil {
		if err = r.journal.end(ctx, r.c); err == nil {
			return nil
		}
		if r.journal.Ledger {
			return fmt.Errorf("the restore is not ended; start it again, or the service: %w", err)
		}
	}
	if undone := r.journal.undo(r.c); undone != nil {
		return fmt.Errorf("the restore could be neither ended nor undone; start it again: %w", errors.Join(err, undone))
	}
	r.began = true
	return fmt.Errorf("the old state is back: %w", err)
}

func (r *restoring) closeAll() {
	for _, f := range slices.Backward(r.closers) {
		f()
	}
	r.closers = nil
}

// close removes what lies ready, unless it was put into its place.
func (r *restoring) close(done bool) {
	r.closeAll()
	if done || !r.began {
		return
	}
	r.abandon()
	_ = r.c.removeStages() // what stays, the next removes
}
