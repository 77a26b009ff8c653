package plain

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/zeebo/xxh3"

	"tilgate/internal/fault"
	"tilgate/rag/read"
)

// A row is a line of a JSONL file. It is used again for the next line.
type row struct {
	paths paths
	value [rowFields]string
	dec   *jsontext.Decoder
	buf   bytes.Buffer
}

func newRow(p paths) *row { return &row{paths: p, dec: jsontext.NewDecoder(&bytes.Buffer{})} }

// parse reads what a line says.
func (r *row) parse(line []byte) error {
	if !utf8.Valid(line) {
		return fault.Invalid.Errorf("the line is not valid UTF-8")
	}
	r.value = [rowFields]string{}
	r.buf.Reset()
	r.buf.Write(line)
	// Half of a surrogate pair in an escape is common in what was crawled.
	r.dec.Reset(&r.buf, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if r.dec.PeekKind() != '{' && r.dec.PeekKind() != jsontext.KindInvalid {
		return fault.Invalid.Errorf(`the line is no JSON object, want {"id": …, "title": …, "text": …}`)
	}
	err := r.object(0, -1)
	if err == nil {
		if _, err = r.dec.ReadToken(); err == io.EOF {
			return nil
		}
		return fault.Invalid.Errorf("broken JSON: there is more after the object")
	}
	return fault.Invalid.Errorf(`broken JSON, want {"id": …, "title": …, "text": …, "lang": …, "source": …, "date": …}: %v`, err)
}

// object reads an object that stands at depth in the path of field parent; a
// parent of -1 has all fields.
func (r *row) object(depth, parent int) error {
	if _, err := r.dec.ReadToken(); err != nil { // {
		return err
	}
	for r.dec.PeekKind() == '"' {
		name, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		if err := r.member(name.String(), depth, parent); err != nil {
			return err
		}
	}
	_, err := r.dec.ReadToken() // }
	return err
}

// member reads the value of one name.
func (r *row) member(name string, depth, parent int) error {
	for i, path := range r.paths {
		if len(path) <= depth || !strings.EqualFold(path[depth], name) || parent >= 0 && !samePrefix(path, r.paths[parent], depth) {
			continue
		}
		switch {
		case len(path) == depth+1:
			return r.read(i)
		case r.dec.PeekKind() == '{':
			return r.object(depth+1, i)
		}
	}
	return r.dec.SkipValue()
}

func samePrefix(a, b []string, depth int) bool {
	for i := range depth {
		if i >= len(a) || i >= len(b) || !strings.EqualFold(a[i], b[i]) {
			return false
		}
	}
	return true
}

// read reads the value of a field: a string, a number, or a list of them,
// which are paragraphs.
func (r *row) read(field int) error {
	switch r.dec.PeekKind() {
	case '"', '0':
		value, err := r.dec.ReadValue()
		r.value[field] = clean(unquote(value))
		return err
	case '[':
		return r.list(field)
	}
	return r.dec.SkipValue()
}

func (r *row) list(field int) error {
	var b strings.Builder
	if _, err := r.dec.ReadToken(); err != nil { // [
		return err
	}
	for k := r.dec.PeekKind(); k != ']'; k = r.dec.PeekKind() {
		if k != '"' && k != '0' {
			if err := r.dec.SkipValue(); err != nil {
				return err
			}
			continue
		}
		value, err := r.dec.ReadValue()
		if err != nil {
			return err
		}
		if b.Len() > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(clean(unquote(value)))
	}
	r.value[field] = b.String()
	_, err := r.dec.ReadToken() // ]
	return err
}

// quality returns how good the row is said to be.
func (r *row) quality() float64 {
	q, err := strconv.ParseFloat(r.value[rowQuality], 64)
	if err != nil {
		return math.Inf(-1)
	}
	return q
}

// fill gives an item what the row says.
func (r *row) fill(item *read.Item) (err error) {
	d, v := &item.Document, &r.value
	d.ID, d.Title, d.Sector = v[rowID], v[rowTitle], cmp.Or(v[rowSector], v[rowDomain])
	d.Text = lineEnds(v[rowText])
	if v[rowSource] != "" {
		d.Source = v[rowSource]
	}
	SetDate(item, v[rowDate])
	item.SetEdition(v[rowEdition])
	item.AddReplaced(strings.Split(v[rowReplaces], "\n\n")...) // a list is paragraphs
	item.SetReplacedBy(v[rowReplacedBy])
	if d.ID == "" {
		d.ID = contentID(d.Title, d.Text)
	}
	if v[rowLang] != "" {
		d.Lang, err = Tag(v[rowLang])
	}
	return err
}

// clean leaves out zero bytes, which are no text, and are what data bases end
// strings with.
func clean(text string) string { return strings.ReplaceAll(text, "\x00", "") }

// contentID names a document after what it says, so that it keeps its name
// when lines move.
func contentID(title, text string) string {
	sum := xxh3.HashString128(title + "\x00" + text).Bytes()
	return hex.EncodeToString(sum[:])
}
