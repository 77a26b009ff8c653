package sources

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"tilgate/internal/fault"
	"tilgate/rag/read"
)

// A listed file is one to be read.
type listed struct {
	read.File
	reader read.Reader
	origin string
}

// files yields the documents of a folder or a file.
func (s *Set) files(ctx context.Context, source Source, yield func(read.Item, error) bool) {
	list, closeFolder, err := s.list(ctx, source, yield)
	defer closeFolder()
	if errors.Is(err, errStop) || ctx.Err() != nil {
		return
	}
	if err != nil {
		yield(unread(source.Name(), err))
		return
	}
	for _, f := range list {
		s.total.Add(f.Size)
	}
	before := int64(0)
	config := s.config(source)
	for r := range ahead(ctx, s.o.Ahead, list, func(ctx context.Context, f listed, out chan<- event) { s.readFile(ctx, f, config, out) }) {
		s.begin(r.origin)
		var done *seen
		for e := range r.events {
			if e.done != nil {
				done = e.done
				continue
			}
			e.item.Origin = r.origin
			e.item.Read += before
			s.now.failed = s.now.failed || e.err != nil
			if !yield(e.item, e.err) {
				return
			}
		}
		before += r.Size
		s.end(done)
	}
}

// list finds the files of a source, in order of their names. Symbolic links
// are followed within the folder, never out of it; names that begin with a dot
// are passed over.
func (s *Set) list(ctx context.Context, source Source, yield func(read.Item, error) bool) ([]listed, func(), error) {
	at, err := s.m.at(source)
	if err != nil {
		return nil, func() {}, err
	}
	closeFolder, only := at.close, at.only
	w := walk{set: s, source: source, fsys: at.fsys, readers: s.o.Reader(source), yield: yield}
	if only != "" {
		f, err := w.file(only, at.info)
		if f.reader == nil && err == nil {
			err = fault.Invalid.Errorf("files that can be read end in %s", strings.Join(w.readers.Endings(), ", "))
		}
		f.Name, f.origin, f.ID = source.Name(), source.Name(), documentID(only)
		f.Source = source.published("")
		return []listed{f}, closeFolder, err
	}
	err = fs.WalkDir(w.fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return w.visit(p, d, err)
	})
	return w.list, closeFolder, err
}

// A place is a folder to walk through, or a file in it.
type place struct {
	fsys  fs.FS
	only  string // the file
	info  fs.FileInfo
	close func()
}

func (m Manifest) at(source Source) (place, error) {
	if m.FS != nil {
		fsys, err := fs.Sub(m.FS, source.Name())
		return place{fsys: fsys, close: func() {}}, err
	}
	name, err := filepath.EvalSymlinks(m.Place(source.Path))
	if err != nil {
		return place{}, err
	}
	p := place{}
	if p.info, err = os.Stat(name); err != nil {
		return p, err
	}
	if !p.info.IsDir() {
		p.only = filepath.Base(name)
		name = filepath.Dir(name)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return p, err
	}
	p.fsys, p.close = root.FS(), func() { root.Close() }
	return p, nil
}

type walk struct {
	set     *Set
	source  Source
	fsys    fs.FS
	readers read.Readers
	yield   func(read.Item, error) bool
	list    []listed
}

var errStop = errors.New("nobody reads on")

func (w *walk) visit(p string, d fs.DirEntry, err error) error {
	switch {
	case err != nil && p == ".":
		return err
	case err != nil: // a folder that cannot be read
		return w.fault(p, err, fs.SkipDir)
	case p != "." && (strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "~$")): // the latter are Word's locks
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	case d.IsDir():
		return nil
	}
	info, err := d.Info()
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if info, err = fs.Stat(w.fsys, p); err == nil && info.IsDir() {
			return nil // a link to a folder could lead in circles
		}
	}
	if err != nil {
		return w.fault(p, err, nil)
	}
	if !info.Mode().IsRegular() || !w.source.wanted(p) {
		return nil
	}
	f, err := w.file(p, info)
	if err != nil {
		return w.fault(p, err, nil)
	}
	if f.reader == nil {
		w.set.Passed[strings.ToLower(path.Ext(p))]++
		return nil
	}
	w.list = append(w.list, f)
	return nil
}

func (w *walk) fault(p string, err, then error) error {
	if !w.yield(unread(path.Join(w.source.Name(), p), err)) {
		return errStop
	}
	return then
}

// file describes a file; its reader is nil if its kind is not read.
func (w *walk) file(p string, info fs.FileInfo) (listed, error) {
	name := path.Join(w.source.Name(), p)
	f := listed{origin: name, File: read.File{FS: w.fsys, Path: p, Name: name, ID: documentID(p), Source: w.source.published(p),
		Size: info.Size(), ModTime: info.ModTime()}}
	if f.reader, _ = w.readers.For(p); f.reader == nil {
		return f, nil
	}
	if strings.ToValidUTF8(p, "") != p {
		return f, fault.Invalid.Errorf("its name is not UTF-8; rename it, for example with convmv")
	}
	return f, nil
}

// published returns the URL of a file of a folder that is published; empty if
// it is not.
func (s Source) published(p string) string {
	if s.Base == "" {
		return ""
	}
	base, err := url.Parse(s.Base)
	if err != nil {
		return ""
	}
	return base.JoinPath(strings.Split(p, "/")...).String()
}

// hashed is from how many bytes on a file's hash is kept, by which one that was
// only touched is known. Reading smaller ones again costs no more than hashing.
const hashed = 16 << 10

// tooFresh is how long after a change a file may change again without its time
// telling.
const tooFresh = 2 * time.Second

// readFile sends a file's documents, or one item that says that nothing has
// changed; then what is to be remembered.
func (s *Set) readFile(ctx context.Context, f listed, config string, out chan<- event) {
	known, ok := s.o.State.get(f.origin)
	ok = ok && s.same(f.origin, config, known)
	now := seen{Size: f.Size, ModTime: f.ModTime, Config: config}
	if ok && known.Size == f.Size && known.ModTime.Equal(f.ModTime) {
		out <- event{item: same(f)}
		return
	}
	if s.o.State != nil && f.Size >= hashed {
		sum, err := sumOf(f.File)
		if err != nil {
			out <- event{item: f.Item(), err: f.Fault(err)}
			return
		}
		if now.Sum = sum; ok && known.Sum == sum {
			now.Docs, now.Digest = known.Docs, known.Digest
			out <- event{item: same(f)}
			out <- event{done: &now}
			return
		}
	}
	for item, err := range f.reader.Read(ctx, f.File) {
		select {
		case out <- event{item: item, err: err}:
		case <-ctx.Done():
			return
		}
	}
	if err := s.unchanged(f); err != nil {
		out <- event{item: f.Item(), err: f.Fault(err)}
		return
	}
	if time.Since(f.ModTime) < tooFresh {
		now.ModTime = time.Time{} // the sum must tell
	}
	out <- event{done: &now}
}

// same is the item that says that nothing has changed.
func same(f listed) read.Item {
	item := read.Item{Where: f.Name, Read: f.Size, Same: true}
	item.Origin = f.origin
	return item
}

// unchanged reports a file that was written while it was read.
func (s *Set) unchanged(f listed) error {
	info, err := fs.Stat(f.FS, f.Path)
	if err != nil {
		return err
	}
	if info.Size() != f.Size || !info.ModTime().Equal(f.ModTime) {
		return fault.Unavailable.Errorf("it changed while it was read; the next sync reads it again")
	}
	return nil
}

// sumOf hashes the bytes of a file.
func sumOf(f read.File) (string, error) {
	c, err := f.Open()
	if err != nil {
		return "", err
	}
	defer c.Close()
	h := xxh3.New()
	if _, err := io.Copy(h, c); err != nil {
		return "", err
	}
	sum := h.Sum128().Bytes()
	return hex.EncodeToString(sum[:]), nil
}
