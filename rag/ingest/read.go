package ingest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/read"
)

// An Item is a document with the place that it was read from.
type Item = read.Item

// A File is one that can be read: Markdown, plain text or JSONL.
type File struct {
	FS   fs.FS
	Path string // in FS
	Name string // as it is called in reports
	ID   string // of its document, unless the file says another
	Size int64
}

const (
	maxFile = 64 << 20 // of Markdown or text, which become one document
	maxLine = 16 << 20 // of JSONL
)

// Files lists what can be read at paths: files, and folders with all that is
// in them. A file of another kind is an error when it was named, and passed
// over when it was found in a folder.
func Files(paths []string) ([]File, error) {
	var files []File
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("listing files: %w", err)
		}
		if !info.IsDir() {
			name := filepath.Base(p)
			if !readable(name) {
				return nil, fault.Invalid.Errorf("%s: files that can be read end in .md, .txt or .jsonl", p)
			}
			files = append(files, File{os.DirFS(filepath.Dir(p)), name, p, documentID(name), info.Size()})
			continue
		}
		inside, err := Folder(os.DirFS(p), ".", p)
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", p, err)
		}
		files = append(files, inside...)
	}
	return files, nil
}

// Folder lists the files that can be read under root. Symbolic links are not
// followed, and names that begin with a dot are passed over.
func Folder(fsys fs.FS, root, name string) ([]File, error) {
	var files []File
	err := fs.WalkDir(fsys, root, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != root && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || !d.Type().IsRegular() || !readable(p):
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
		files = append(files, File{fsys, p, path.Join(filepath.ToSlash(name), rel), documentID(rel), info.Size()})
		return nil
	})
	return files, err
}

func readable(name string) bool {
	return slices.Contains([]string{".md", ".markdown", ".txt", ".jsonl"}, strings.ToLower(path.Ext(name)))
}

// documentID names a document after its file, without the ending.
func documentID(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// Documents reads files one after the other. Text whose file does not name a
// language is in tag; an empty tag makes that a fault.
func Documents(files []File, tag lang.Tag) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var before int64
		for _, f := range files {
			for item, err := range f.documents(tag) {
				item.Read += before
				if !yield(item, err) {
					return
				}
			}
			before += f.Size
		}
	}
}

func (f File) documents(tag lang.Tag) iter.Seq2[Item, error] {
	if strings.EqualFold(path.Ext(f.Path), ".jsonl") {
		return f.lines(tag)
	}
	return func(yield func(Item, error) bool) {
		yield(f.page(tag))
	}
}

// page reads a file that is one document.
func (f File) page(tag lang.Tag) (Item, error) {
	item := Item{Where: f.Name, Read: f.Size}
	if f.Size > maxFile {
		return item, fault.TooLarge.Errorf("%s: %d MB is over the limit of %d MB for one document", f.Name, f.Size>>20, maxFile>>20)
	}
	data, err := fs.ReadFile(f.FS, f.Path)
	if err != nil {
		return item, fmt.Errorf("reading %s: %w", f.Name, err)
	}
	d := rag.Document{ID: f.ID, Source: f.Name, Lang: tag}
	if d.Text, err = cleanText(data); err == nil && strings.ToLower(path.Ext(f.Path)) != ".txt" {
		err = markdown(&d)
	}
	if err == nil {
		err = check(d)
	}
	if err != nil {
		return item, fmt.Errorf("%s: %w", f.Name, err)
	}
	item.Document = d
	return item, nil
}

// lines reads a JSONL file. A broken line is a fault of its own.
func (f File) lines(tag lang.Tag) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		file, err := f.FS.Open(f.Path)
		if err != nil {
			yield(Item{Where: f.Name}, fmt.Errorf("reading %s: %w", f.Name, err))
			return
		}
		defer file.Close()
		r := bufio.NewReaderSize(file, 1<<16)
		var read int64
		for n := 1; ; n++ {
			line, err := readLine(r)
			read += int64(len(line))
			where := fmt.Sprintf("%s:%d", f.Name, n)
			if len(bytes.TrimSpace(line)) > 0 {
				item, lineErr := jsonLine(line, tag)
				item.Where, item.Read = where, read
				if lineErr != nil {
					lineErr = fmt.Errorf("%s: %w", where, lineErr)
				}
				if !yield(item, lineErr) {
					return
				}
			}
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(Item{Where: where, Read: read}, fmt.Errorf("%s: %w", where, err))
				return
			}
		}
	}
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return nil, fault.TooLarge.Errorf("the line is over %d MB; the rest of the file was not read", maxLine>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

func jsonLine(line []byte, tag lang.Tag) (Item, error) {
	var row struct{ ID, Title, Text, Lang, Source, Date, Sector string }
	line = bytes.TrimPrefix(line, []byte("\ufeff"))
	if !utf8.Valid(line) {
		return Item{}, fault.Invalid.Errorf("the line is not valid UTF-8")
	}
	if err := json.Unmarshal(line, &row); err != nil {
		return Item{}, fault.Invalid.Errorf(`broken JSON, want {"id": …, "title": …, "text": …, "lang": …, "source": …, "date": …}: %v`, err)
	}
	d := rag.Document{ID: row.ID, Title: row.Title, Text: row.Text, Lang: tag, Source: row.Source, Date: row.Date, Sector: row.Sector}
	if row.ID == "" {
		return Item{}, fault.Invalid.Errorf(`the line has no "id"`)
	}
	if err := setLang(&d, row.Lang); err != nil {
		return Item{}, err
	}
	return Item{Document: d}, check(d)
}

func setLang(d *rag.Document, tag string) (err error) {
	if tag != "" {
		d.Lang, err = lang.ParseTag(tag)
	}
	return err
}

// check reports what makes a document useless.
func check(d rag.Document) error {
	switch {
	case d.Lang == "":
		return fault.Invalid.Errorf("its language is not known: say it with --lang, or in the file")
	case strings.TrimSpace(d.Text) == "":
		return fault.Invalid.Errorf("it has no text")
	case len(d.ID) > 1024:
		return fault.Invalid.Errorf("its id has %d bytes; at most 1024", len(d.ID))
	}
	return nil
}

// cleanText checks that a file is text, and makes its line ends plain.
func cleanText(data []byte) (string, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return "", fault.Invalid.Errorf("it is not UTF-8 text; convert it first, for example with iconv -t UTF-8")
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return "", fault.Invalid.Errorf("it holds zero bytes, so it is not text")
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\r", "\n"), nil
}
