package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"tilgate/adapters"
	"tilgate/internal/bundle"
	"tilgate/internal/sign"
	"tilgate/rag"
	"tilgate/rag/engine"
	"tilgate/rag/forget"
	"tilgate/rag/qdrant"
	"tilgate/serving/audit"
	"tilgate/serving/auth"
	"tilgate/serving/ledger"
)

// stageForgotten puts together what must not come back: what was forgotten when
// the backup was made, here since then, and in lists from elsewhere.
func (r *restoring) stageForgotten(ctx context.Context) error {
	to := readyAt(r.c.Data, "")
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if part, ok := r.has(bundle.State, areaData, forget.FileName); ok {
		if err := r.unpack(ctx, part, filepath.Join(to, forget.FileName), 0o600); err != nil {
			return err
		}
	}
	var err error
	if r.forgotten, err = forget.Open(to); err != nil {
		return err
	}
	for _, file := range append([]string{r.c.inData(forget.FileName)}, r.flags.forgotten...) {
		if file != r.c.inData(forget.FileName) && !exists(file) {
			return usageError{fmt.Errorf("--forgotten: there is no %s", file)}
		}
		entries, err := forget.Read(file)
		if err != nil {
			return err
		}
		more, err := r.forgotten.Merge(entries)
		if err != nil {
			return err
		}
		r.grown = r.grown || more
	}
	if r.flags.wants(onlyKnowledge) || r.flags.wants(onlyData) {
		r.moves(r.c.Data, forget.FileName)
	}
	return nil
}

func (r *restoring) stageKnowledge(ctx context.Context) error {
	if err := r.openStage(ctx); err != nil {
		return err
	}
	for _, part := range r.from.Of(bundle.KB) {
		if err := r.stageKB(ctx, part); err != nil {
			return err
		}
	}
	if r.c.Qdrant.Address == "" {
		r.moves(r.c.Data, "catalog.db", "collections")
		return nil
	}
	return r.others(ctx)
}

// openStage opens the store that is filled: the server, in which versions are
// out of sight at first, or a new embedded one beside the old.
func (r *restoring) openStage(ctx context.Context) error {
	if r.c.Qdrant.Address != "" {
		store, closeStore, err := openStore(ctx, r.c, quietLog())
		r.store, r.closers = store, append(r.closers, closeStore)
		return err
	}
	embedded, err := engine.Open(readyAt(r.c.Data, ""), engine.Options{Log: quietLog()})
	if err != nil {
		return err
	}
	r.closers = append(r.closers, func() { embedded.Close() })
	client, err := embedded.Client()
	if err != nil {
		return err
	}
	r.closers = append(r.closers, func() { client.Close() })
	r.store = qdrant.New(client, qdrant.Options{Site: r.c.Qdrant.Site})
	return nil
}

func (r *restoring) stageKB(ctx context.Context, part bundle.Part) error {
	tenant, kb, _ := strings.Cut(part.Name, ".")
	rule := r.forgotten.For(tenant, kb)
	keep := func(p rag.Passage) bool {
		return !rule.Names(rag.Key{Lang: p.Lang, Doc: p.Doc}) && !rule.Says(p.Text)
	}
	if rule.Empty() {
		keep = nil
	}
	bar := r.p.newProgress("restoring "+kb, int64(part.Knowledge.Put))
	defer bar.end()
	x := r.store.For(tenant)
	return r.reading(ctx, part, func(from io.Reader) error {
		m, err := x.Import(ctx, qdrant.Import{KB: kb, State: part.Knowledge.State, From: from, Keep: keep,
			Progress: func(done int) { bar.set(int64(done), done) }})
		if err != nil {
			return err
		}
		r.imported = append(r.imported, m)
		if r.c.Qdrant.Address == "" {
			err = qdrant.ShowAll(ctx, m) // in the store that nobody sees yet
		} else if named, ok := m.Names(); ok {
			r.journal.Shown = append(r.journal.Shown, named)
		}
		r.report.Knowledge = append(r.report.Knowledge, kbRestored{Name: part.Name, Passages: m.Passages - m.Dropped, Dropped: m.Dropped})
		return err
	})
}

// others names what a Qdrant server has and the backup has not: it stays.
func (r *restoring) others(ctx context.Context) error {
	bases, err := r.store.Bases(ctx)
	for _, b := range bases {
		if _, ok := r.has(bundle.KB, b.Tenant+"."+b.KB, ""); !ok {
			r.report.Notes = append(r.report.Notes, fmt.Sprintf("kb %s.%s is not in the backup, and stays on the server", b.Tenant, b.KB))
		}
	}
	return err
}

func (r *restoring) stageLedger(ctx context.Context) error {
	o, ok := r.c.ledger()
	rows, has := r.has(bundle.Ledger, ledgerName, rowsPart)
	if !ok || !has {
		return nil
	}
	erased, err := ledger.Erasures(ctx, o)
	if err != nil {
		return err
	}
	ready := o
	ready.Folder, ready.Log = readyAt(r.c.Data, "ledger"), quietLog()
	if err := os.MkdirAll(ready.Folder, 0o700); err != nil {
		return err
	}
	if part, ok := r.has(bundle.Ledger, ledgerName, secretPart); ok {
		if err := r.unpack(ctx, part, filepath.Join(ready.Folder, ledger.Secret), 0o600); err != nil {
			return err
		}
	}
	r.journal.Ledger = o.Address != ""
	var l ledger.Loaded
	if err := r.reading(ctx, rows, func(from io.Reader) (err error) {
		l, err = ledger.Load(ctx, ready, from, erased)
		return err
	}); err != nil {
		return err
	}
	if part, ok := r.has(bundle.Ledger, ledgerName, pendingPart); ok {
		if err := r.reading(ctx, part, func(from io.Reader) error { return ledger.PutPending(ready.Folder, from) }); err != nil {
			return err
		}
	}
	if o.Address == "" { // what waited is brought in now; a server is reached at the next start
		kept, err := ledger.Open(ctx, ready)
		if err == nil {
			err = kept.Close()
		}
		if err != nil {
			return err
		}
	}
	r.report.Ledger = &ledgerRestored{Rows: l.Tables, Erased: l.Erased, Schema: l.Schema, Pending: r.report.About.Ledger.Pending}
	r.moves(r.c.Data, "ledger")
	return nil
}

func (r *restoring) stageAudit(ctx context.Context) error {
	part, has := r.has(bundle.Log, auditName, auditPart)
	if r.c.Audit.Folder == "" || !has {
		return nil
	}
	ready := readyAt(r.c.Audit.Folder, "")
	var chain audit.Chain
	err := r.reading(ctx, part, func(from io.Reader) (err error) {
		chain, err = audit.Extract(from, ready)
		return err
	})
	broken := r.report.About.Audit.Broken
	if err != nil && broken == "" {
		return err
	}
	a := &auditRestored{Records: chain.Records, Head: chain.Head.String(), Broken: broken}
	r.report.Audit = a
	if a.Kept = broken == "" && goesOn(r.c.Audit.Folder, chain.Head); a.Kept {
		return os.RemoveAll(ready)
	}
	if broken == "" {
		if err := audit.Note(ready, "restored", r.restoredFrom()); err != nil {
			return err
		}
	}
	here, err := present(r.c.Audit.Folder, func(name string) bool { return isHidden(name) || name == "lock" })
	if err != nil {
		return err
	}
	come, err := present(ready, func(name string) bool { return isHidden(name) || name == "lock" })
	r.moves(r.c.Audit.Folder, bothOf(here, come)...)
	return err
}

func (r *restoring) restoredFrom() string {
	return fmt.Sprintf("a backup of %s, made on %s, was restored", r.report.About.Made.Format("2006-01-02 15:04:05 MST"), r.report.About.Host)
}

// goesOn reports whether the audit log in a folder is whole, and goes on from a
// head.
func goesOn(folder string, head audit.Hash) bool {
	if _, err := audit.Verify(folder); err != nil {
		return false
	}
	ok, err := audit.Holds(folder, head)
	return err == nil && ok
}

func bothOf(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// stageFiles makes the files of an area ready, and has them take the place of
// all in a folder but what is to be kept.
func (r *restoring) stageFiles(ctx context.Context, area, dir string, keep func(name string) bool, skip func(file string) bool) error {
	here, err := present(dir, keep)
	if err != nil {
		return err
	}
	n := 0
	for _, part := range r.area(area) {
		first, _, _ := strings.Cut(part.File, "/")
		if keep(first) || skip(part.File) {
			continue
		}
		if err := r.unpack(ctx, part, readyAt(dir, filepath.FromSlash(part.File)), 0o600); err != nil {
			return err
		}
		here = append(here, first)
		n++
	}
	r.report.Files[area] = n
	r.moves(dir, bothOf(here, nil)...)
	return nil
}

func (r *restoring) stageAdapters(ctx context.Context) error {
	if r.c.Adapters == "" || len(r.area(areaAdapters)) == 0 {
		return nil
	}
	none := func(string) bool { return false }
	if err := r.stageFiles(ctx, areaAdapters, r.c.Adapters, isHidden, none); err != nil {
		return err
	}
	// What would keep a service from taking the files is found before they are there.
	_, err := adapters.Load(adapterOptions(r.c), adapters.BundledFiles(), os.DirFS(readyAt(r.c.Adapters, "")))
	return err
}

func (r *restoring) stageKeys(ctx context.Context) error {
	path, err := filepath.Abs(r.c.keysFile().Path)
	if err != nil {
		return err
	}
	dir, name := filepath.Split(path)
	if part, ok := r.has(bundle.State, areaKeys, keysFile); ok {
		if err := r.unpack(ctx, part, readyAt(dir, name), 0o600); err != nil {
			return err
		}
		if _, err := (auth.File{Path: readyAt(dir, name)}).Read(); err != nil {
			return err
		}
		r.report.Files[areaKeys] = 1
	}
	r.moves(dir, name)
	return nil
}

func (r *restoring) stageData(ctx context.Context) error {
	skip := func(file string) bool {
		if r.grown && strings.HasPrefix(file, "reports/") {
			r.report.Left = append(r.report.Left, file)
			return true
		}
		return file == forget.FileName
	}
	keep := func(name string) bool { return r.c.elsewhere(name) || name == forget.FileName }
	if err := r.stageFiles(ctx, areaData, r.c.Data, keep, skip); err != nil {
		return err
	}
	if len(r.report.Left) > 0 {
		r.report.Notes = append(r.report.Notes, "reports are left out, since documents were forgotten that they may quote; the next sync makes new ones")
	}
	if trust := readyAt(r.c.Data, path.Base(r.c.trustFile())); exists(trust) {
		if _, err := sign.ReadTrust(trust); err != nil {
			return err
		}
	}
	return nil
}

// abandon removes what lies ready on servers.
func (r *restoring) abandon() {
	ctx := context.Background()
	if o, ok := r.c.ledger(); ok && r.journal.Ledger {
		_ = ledger.Abandon(ctx, o)
	}
	if len(r.journal.Shown) == 0 {
		return
	}
	if store, closeStore, err := openStore(ctx, r.c, quietLog()); err == nil {
		_ = store.DropNamed(ctx, r.journal.Shown...) // the next import removes them too
		closeStore()
	}
}

// committed does what comes after everything is in its place: an audit log that
// stays says that something was restored.
func (r *restoring) committed() error {
	if a := r.report.Audit; a != nil && a.Kept {
		if err := audit.Note(r.c.Audit.Folder, "restored", r.restoredFrom()); err != nil {
			r.report.Notes = append(r.report.Notes, "the audit log could not say that something was restored: "+err.Error())
		}
	}
	if r.flags.keepOld {
		r.report.Old = keptName + " in " + r.c.Data
	}
	if r.c.Adapters != "" { // a service asks for it, be it empty
		return os.MkdirAll(r.c.Adapters, 0o755)
	}
	return nil
}

// restoreConfig unpacks the configuration alone, into a new folder.
func (p *program) restoreConfig(ctx context.Context, f restoreFlags, path string) error {
	b, closeFile, err := p.openForRestore(ctx, f, path)
	if err != nil {
		return err
	}
	defer closeFile()
	r := &restoring{p: p, flags: f, from: b}
	if _, err := readAbout(ctx, b); err != nil {
		return err
	}
	if err := os.Mkdir(f.configTo, 0o700); err != nil {
		return fmt.Errorf("--config-to: %w", err)
	}
	for _, part := range r.area(areaConfig) {
		if err := r.unpack(ctx, part, filepath.Join(f.configTo, filepath.FromSlash(part.File)), 0o600); err != nil {
			return errors.Join(err, os.RemoveAll(f.configTo))
		}
	}
	_, err = fmt.Fprintf(p.out, "The configuration, signed by %s, is in %s: compare the key, then look through it for what is of the old machine, such as folders and addresses.\n", b.Key, f.configTo)
	return err
}
