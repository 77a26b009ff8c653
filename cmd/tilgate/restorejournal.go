package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"

	"tilgate/internal/fault"
	"tilgate/internal/wholefile"
	"tilgate/rag/qdrant"
	"tilgate/serving/ledger"
)

// restoreJournal, in the data folder, says that what lies ready is to take the
// place of what is there. A restore is decided in the moment in which it is
// there: whoever starts next does what it says.
const restoreJournal = "restore.json"

// stageName is the folder, in each that something is restored to, in which it
// is made ready, and in which what was there lies aside.
const stageName = ".restore"

const journalFormat = 1

type journal struct {
	Format int            `json:"format"`
	Moves  []move         `json:"moves"`
	Ledger bool           `json:"ledger,omitempty"` // a Postgres server has one ready
	Shown  []qdrant.Shown `json:"shown,omitempty"`  // versions that a Qdrant server has ready
	Stages []string       `json:"stages"`           // folders to be removed at the end
	Keep   bool           `json:"keep,omitempty"`   // what lies aside stays
}

// A move puts something in the place of what is there, which goes aside. It may
// be repeated, and undone, wherever it was cut off.
type move struct {
	New string `json:"new,omitempty"` // empty: nothing comes
	To  string `json:"to"`
	Old string `json:"old"`
}

func (m move) apply() error {
	comes := m.New != "" && exists(m.New)
	if exists(m.To) && !exists(m.Old) && (comes || m.New == "") {
		if err := rename(m.To, m.Old); err != nil {
			return err
		}
	}
	if !comes {
		return nil
	}
	return rename(m.New, m.To)
}

func (m move) undo() error {
	if m.New != "" && exists(m.To) && !exists(m.New) {
		if err := rename(m.To, m.New); err != nil {
			return err
		}
	}
	if !exists(m.Old) {
		return nil
	}
	return rename(m.Old, m.To)
}

// exists reports whether something is there, a link that leads nowhere too.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func rename(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Dir(from)), syncFolder(filepath.Dir(to)))
}

func (c Config) inData(name string) string { return filepath.Join(c.Data, name) }

// write decides that what the journal says is done.
func (j journal) write(c Config) error {
	_, err := wholefile.Private(c.inData(restoreJournal), func(w io.Writer) error { return json.NewEncoder(w).Encode(j) })
	return err
}

func (c Config) readJournal() (j journal, ok bool, err error) {
	text, err := os.ReadFile(c.inData(restoreJournal))
	if errors.Is(err, fs.ErrNotExist) || c.Data == "" {
		return j, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &j)
	}
	if err == nil && j.Format != journalFormat {
		err = fault.Unsupported.Errorf("it is of format %d, this program knows %d: end it with the release that began it", j.Format, journalFormat)
	}
	if err != nil {
		err = fmt.Errorf("reading what a restore was to do, %s: %w", c.inData(restoreJournal), err)
	}
	return j, err == nil, err
}

// loadConfig reads a configuration whose data folder is not just being restored.
func loadConfig(path string, getenv func(string) string) (Config, error) {
	c, err := readConfig(path, getenv)
	if err == nil && c.Data != "" && exists(c.inData(restoreJournal)) {
		return c, fault.Unavailable.Errorf("a restore into %s was cut off, or is just being ended; tilgate serve or tilgate restore ends it", c.Data)
	}
	return c, err
}

// endRestore does what a restore that was cut off had decided, and removes what
// one that had decided nothing has left. The place must be locked.
func (c Config) endRestore(ctx context.Context) (done bool, err error) {
	j, ok, err := c.readJournal()
	if err != nil {
		return false, err
	}
	if !ok {
		return false, c.removeStages()
	}
	if err := j.apply(); err != nil {
		return false, fmt.Errorf("ending a restore that was cut off: %w", err)
	}
	if err := j.finish(ctx, c); err != nil {
		return false, fmt.Errorf("ending a restore that was cut off: %w", err)
	}
	return true, nil
}

func (j journal) apply() error {
	for _, m := range j.Moves {
		if err := m.apply(); err != nil {
			return err
		}
	}
	return nil
}

// undo puts everything back, and takes the decision back.
func (j journal) undo(c Config) error {
	for _, m := range slices.Backward(j.Moves) {
		if err := m.undo(); err != nil {
			return err
		}
	}
	return errors.Join(os.Remove(c.inData(restoreJournal)), syncFolder(c.Data))
}

// finish switches servers over, once all files are in their places.
func (j journal) finish(ctx context.Context, c Config) error {
	if err := j.switchLedger(ctx, c); err != nil {
		return err
	}
	return j.end(ctx, c)
}

func (j journal) switchLedger(ctx context.Context, c Config) error {
	if o, ok := c.ledger(); ok && j.Ledger {
		return ledger.Adopt(ctx, o)
	}
	return nil
}

func (j journal) end(ctx context.Context, c Config) error {
	if len(j.Shown) > 0 {
		store, closeStore, err := openStore(ctx, c, quietLog())
		if err != nil {
			return err
		}
		defer closeStore()
		if err := store.ShowNamed(ctx, j.Shown...); err != nil {
			return err
		}
	}
	if j.Keep {
		if err := j.keepOld(); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Remove(c.inData(restoreJournal)), syncFolder(c.Data)); err != nil {
		return err
	}
	if j.Keep {
		return nil
	}
	for _, dir := range j.Stages {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// keepOld gives what lies aside a name that no restore removes.
func (j journal) keepOld() error {
	for _, dir := range j.Stages {
		old, kept := filepath.Join(dir, "old"), filepath.Join(filepath.Dir(dir), keptName)
		if !exists(old) {
			continue
		}
		if err := os.RemoveAll(kept); err != nil {
			return err
		}
		if err := rename(old, kept); err != nil {
			return err
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	return nil
}

// keptName is the folder of what was there before, with --keep-old.
const keptName = ".before-restore"

// stages are where things may lie ready.
func (c Config) stages() (list []string) {
	for _, dir := range []string{c.Data, c.Adapters, c.Audit.Folder, filepath.Dir(c.keysFile().Path)} {
		if dir == "" {
			continue
		}
		if stage, err := filepath.Abs(filepath.Join(dir, stageName)); err == nil && !slices.Contains(list, stage) {
			list = append(list, stage)
		}
	}
	return list
}

func (c Config) removeStages() error {
	var errs []error
	for _, dir := range c.stages() {
		if exists(dir) {
			errs = append(errs, os.RemoveAll(dir))
		}
	}
	return errors.Join(errs...)
}

// placeLock, in the data folder, is shared by services, and held alone by a
// restore.
const placeLock = "service.lock"

// lockPlace makes sure that nobody uses a place while it is restored.
func (c Config) lockPlace(ctx context.Context) (unlock func(), err error) {
	release, err := claimData(ctx, c.Data, quietLog()) // against other machines, which locks may not reach
	if err != nil {
		return nil, err
	}
	var locks []*flock.Flock
	unlock = func() {
		for _, l := range locks {
			_ = l.Unlock()
		}
		locks = nil
		release()
	}
	paths := []string{c.inData(placeLock), c.inData("LOCK")}
	if c.Audit.Folder != "" && exists(c.Audit.Folder) {
		paths = append(paths, filepath.Join(c.Audit.Folder, "lock"))
	}
	if c.Adapters != "" && exists(c.Adapters) {
		paths = append(paths, filepath.Join(c.Adapters, ".lock"))
	}
	for _, path := range paths {
		l := flock.New(path)
		ok, err := l.TryLock()
		if err == nil && !ok {
			err = fault.Unavailable.Errorf("%s is in use (%s is locked): stop the service, or wait for the command that changes it", c.Data, path)
		}
		if err != nil {
			unlock()
			return nil, err
		}
		locks = append(locks, l)
	}
	if folder := ledgerFolder(c); folder != "" {
		if used, err := ledger.InUse(folder); err != nil || used {
			unlock()
			return nil, errors.Join(err, fault.Unavailable.Errorf("the ledger in %s is in use: stop the service", folder))
		}
	}
	return unlock, nil
}

// enterPlace has a service share its place with others, after ending a restore
// that was cut off.
func enterPlace(ctx context.Context, path string, getenv func(string) string) (c Config, leave func(), err error) {
	if c, err = readConfig(path, getenv); err != nil || c.Data == "" {
		return c, func() {}, err
	}
	if err := os.MkdirAll(c.Data, 0o755); err != nil {
		return c, nil, err
	}
	if exists(c.inData(restoreJournal)) || slices.ContainsFunc(c.stages(), exists) {
		unlock, err := c.lockPlace(ctx)
		if err != nil {
			return c, nil, err
		}
		_, err = c.endRestore(ctx)
		unlock()
		if err != nil {
			return c, nil, err
		}
	}
	l := flock.New(c.inData(placeLock))
	if ok, err := l.TryRLock(); err != nil || !ok {
		return c, nil, errors.Join(err, fault.Unavailable.Errorf("%s is just being restored; start again when that is done", c.Data))
	}
	return c, func() { _ = l.Unlock() }, nil
}
