package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/rag/engine"
	"tilgate/rag/qdrant"
	"tilgate/serving/audit"
	"tilgate/serving/ledger"
)

// Areas of files in a backup, which are the names of parts of kind State.
const (
	areaAbout    = "about"    // aboutBackup
	areaAdapters = "adapters" // the folder of language files, weights and verdicts
	areaConfig   = "config"   // the configuration, its manifests and patterns
	areaData     = "data"     // the data folder, without what has a part of its own
	areaKeys     = "keys"     // the file of callers

	aboutFile = "backup.json"
	keysFile  = "keys.toml"
)

// Parts of kind Ledger and Log, in the order in which they are read.
const (
	ledgerName  = "ledger"
	pendingPart = "pending.jsonl" // before rows: see ledger.Pending
	rowsPart    = "rows.jsonl"
	secretPart  = "secret"
	auditName   = "audit"
	auditPart   = "audit.tar"
)

// A backing is a backup under way.
type backing struct {
	c      Config
	config string // path
	aside  string // folder with room
	store  *qdrant.Store
	about  *aboutBackup
	left   []string // files that are not carried
	close  func()
}

// openBackup opens the store: the server, or the data folder, or the service
// that has it open.
func (p *program) openBackup(ctx context.Context, c Config, config, aside string) (*backing, error) {
	b := &backing{c: c, config: config, aside: aside, about: newAboutBackup(c)}
	store, closeStore, err := openStore(ctx, c, quietLog())
	if err != nil && c.Qdrant.Address == "" {
		client, dialErr := engine.Dial(ctx, c.Data)
		if dialErr != nil {
			return nil, fmt.Errorf("%w; and it lets nobody read beside it: %w", err, dialErr)
		}
		store, closeStore, err = qdrant.New(client, qdrant.Options{}), func() { client.Close() }, nil
	}
	b.store, b.close = store, closeStore
	return b, err
}

// sources lists all parts. They are filled in the order of kinds and names.
func (b *backing) sources(ctx context.Context) ([]bundle.Source, error) {
	all, err := b.knowledge(ctx)
	if err != nil {
		return nil, err
	}
	all = append(all, b.ledger(ctx)...)
	all = append(all, b.audit()...)
	files, err := b.files()
	if err != nil {
		return nil, err
	}
	about := func(w io.Writer) error {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(b.about)
	}
	return append(append(all, files...), b.part(bundle.State, areaAbout, aboutFile, about)), nil
}

func (b *backing) part(kind bundle.Kind, name, file string, fill func(io.Writer) error) bundle.Source {
	return bundle.Source{Kind: kind, Name: name, File: file, Fill: func(w io.Writer) (*bundle.Knowledge, error) { return nil, fill(w) }}
}

// exportTries is how often a knowledge base that is being changed is read, with
// longer and longer pauses: nine minutes in all.
const exportTries = 9

func (b *backing) knowledge(ctx context.Context) (all []bundle.Source, err error) {
	bases, err := b.store.Bases(ctx)
	if err != nil {
		return nil, err
	}
	for _, base := range bases {
		pause := time.Second
		all = append(all, bundle.Source{Kind: bundle.KB, Name: base.Tenant + "." + base.KB, Again: exportTries, Aside: b.aside,
			Fill: func(w io.Writer) (*bundle.Knowledge, error) {
				k, err := b.export(ctx, base, w)
				if errors.Is(err, bundle.ErrAgain) {
					err = errors.Join(err, sleep(ctx, pause))
					pause *= 2
				}
				return k, err
			}})
	}
	return all, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// export writes a knowledge base as it is at one moment. It is read twice: where
// each passage is the same both times, all of them were so together at the moment
// between the two.
func (b *backing) export(ctx context.Context, base qdrant.Base, w io.Writer) (*bundle.Knowledge, error) {
	x := b.store.For(base.Tenant)
	content, err := x.Export(ctx, base.KB, nil, w)
	if fault.NotFound.Is(err) { // it was dropped just now
		return nil, bundle.ErrUnchanged
	}
	if err != nil {
		return nil, err
	}
	after, err := x.State(ctx, base.KB)
	if err != nil {
		return nil, err
	}
	if after != content.State {
		return nil, fmt.Errorf("knowledge base %s was being changed each time that it was read; back up when its sync is done: %w", base.KB, bundle.ErrAgain)
	}
	return &bundle.Knowledge{Langs: content.Langs, Passages: content.Passages, State: content.State, Put: content.Put, Removed: content.Removed}, nil
}

func (b *backing) ledger(ctx context.Context) []bundle.Source {
	o, ok := b.c.ledger()
	if !ok {
		return nil
	}
	if o.Address == "" {
		if _, err := os.Stat(filepath.Join(o.Folder, "ledger.db")); err != nil {
			return nil // it keeps one from its first start on
		}
	}
	return []bundle.Source{
		b.part(bundle.Ledger, ledgerName, pendingPart, func(w io.Writer) (err error) {
			b.about.Ledger.Pending, err = ledger.Pending(o.Folder, w)
			return err
		}),
		b.part(bundle.Ledger, ledgerName, rowsPart, func(w io.Writer) (err error) {
			b.about.Ledger.Dumped, err = ledger.Dump(ctx, o, w)
			return err
		}),
		b.file(bundle.Ledger, ledgerName, secretPart, filepath.Join(o.Folder, ledger.Secret)),
	}
}

func (b *backing) audit() []bundle.Source {
	folder := b.c.Audit.Folder
	if folder == "" {
		return nil
	}
	if files, err := audit.Files(folder); err == nil && len(files) == 0 {
		return nil
	}
	return []bundle.Source{b.part(bundle.Log, auditName, auditPart, func(w io.Writer) error {
		// What is wrong with it must not keep anybody from having a copy.
		chain, err := audit.Verify(folder)
		if err != nil {
			b.about.Audit.Broken = err.Error()
		}
		b.about.Audit.Records, b.about.Audit.Head = chain.Records, chain.Head.String()
		return audit.Copy(folder, w)
	})}
}

// file carries a file as it is when its turn comes. One that is gone by then is
// left out.
func (b *backing) file(kind bundle.Kind, area, name, from string) bundle.Source {
	return b.part(kind, area, name, func(w io.Writer) error {
		f, err := os.Open(from)
		if errors.Is(err, fs.ErrNotExist) {
			return bundle.ErrUnchanged
		}
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	})
}

func (b *backing) files() (all []bundle.Source, err error) {
	c := b.c
	if all, err = b.folder(areaData, c.Data, c.elsewhere); err != nil {
		return nil, err
	}
	if c.Adapters != "" {
		more, err := b.folder(areaAdapters, c.Adapters, func(string) bool { return false })
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	if c.Personal.Folder != "" {
		more, err := b.folder(areaConfig, c.Personal.Folder, func(string) bool { return false })
		if err != nil {
			return nil, err
		}
		for _, s := range more {
			s.File = path.Join("personal", s.File)
			all = append(all, s)
		}
	}
	all = append(all, b.file(bundle.State, areaKeys, keysFile, c.keysFile().Path))
	if b.config != "" {
		all = append(all, b.file(bundle.State, areaConfig, "tilgate.toml", b.config))
	}
	for i, m := range c.Knowledge {
		all = append(all, b.file(bundle.State, areaConfig, fmt.Sprintf("manifests/%d/%s", i+1, filepath.Base(m)), m))
	}
	return all, nil
}

// elsewhere reports what of the data folder has a part of its own, or is made
// again.
func (c Config) elsewhere(name string) bool {
	if slices.Contains([]string{"catalog.db", "collections", "ledger", "sources", vectorsFile, backupSecretFile, restoreJournal, filepath.Base(claimPath("")), "LOCK"}, name) ||
		strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".lock") || strings.HasSuffix(name, ".sock") {
		return true
	}
	place, err := filepath.Abs(filepath.Join(c.Data, name))
	for _, other := range []string{c.Audit.Folder, c.Adapters, c.keysFile().Path, c.Personal.Folder} {
		if abs, e := filepath.Abs(other); other != "" && err == nil && e == nil && abs == place {
			return true
		}
	}
	return false
}

// folder lists the files below a folder, without those whose name in it is
// elsewhere. A folder that is not there has none. Where links lead to is
// carried, as a file.
func (b *backing) folder(area, dir string, elsewhere func(name string) bool) (all []bundle.Source, err error) {
	err = filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || at == dir {
			return err
		}
		name, err := filepath.Rel(dir, at)
		if err != nil {
			return err
		}
		skip := strings.HasPrefix(d.Name(), ".") || filepath.Dir(name) == "." && elsewhere(name)
		switch {
		case skip && d.IsDir():
			return fs.SkipDir
		case skip || d.IsDir():
			return nil
		}
		info, err := os.Stat(at)
		if err != nil || !info.Mode().IsRegular() {
			b.left = append(b.left, at)
			return nil
		}
		all = append(all, b.file(bundle.State, area, filepath.ToSlash(name), at))
		return nil
	})
	if err != nil {
		err = fault.Internal.Wrap(err, "listing "+dir)
	}
	return all, err
}
