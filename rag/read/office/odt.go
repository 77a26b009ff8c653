package office

import (
	"bytes"
	"context"
	"io"

	"tilgate/internal/fault"
	"tilgate/internal/safezip"
	"tilgate/rag/read"
)

// An odt is an OpenDocument text being read.
type odt struct {
	*stream                  // of the file that is being read
	zip     *safezip.Archive // nil if the document is one flat file
	paper   *paper
	styles  openStyles
	faces   map[string]string          // families of fonts by the names that styles have for them
	formats map[string]*[levels]format // of lists, by their styles
	outline counter                    // of headings
	counts  map[string]*counter        // of lists, by their style, and by "#" and their id
}

func (r reader) odt(ctx context.Context, f read.File, c *read.Content) (read.Item, error) {
	item := f.Item()
	d := &odt{paper: newPaper(&item, r.most), styles: openStyles{}, faces: map[string]string{}, formats: map[string]*[levels]format{}, counts: map[string]*counter{}}
	flat, err := isFlat(c)
	if err != nil {
		return item, err
	}
	if flat {
		err = d.flat(ctx, c)
	} else {
		err = d.zipped(ctx, c)
	}
	if err != nil {
		return item, err
	}
	d.paper.done()
	return item, nil
}

// isFlat reports whether the file is the XML of a document. Only a declaration
// and comments may stand before the name of its root.
func isFlat(c *read.Content) (bool, error) {
	head := make([]byte, 4096)
	n, err := c.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return false, err
	}
	head = bytes.TrimSpace(bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf")))
	return bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("office:document")), nil
}

func (d *odt) flat(ctx context.Context, c *read.Content) error {
	if c.Size > limits.File {
		return read.TooLarge(c.Size, limits.File)
	}
	d.stream = newStream(ctx, c)
	return damaged(d.each(d.root))
}

var errEncrypted = fault.Invalid.Errorf("it is protected with a password; open it, take the password away and save it")

// zipped reads the files in the zip file.
func (d *odt) zipped(ctx context.Context, c *read.Content) error {
	zip, err := unzip(c)
	if err != nil {
		return err
	}
	d.zip = zip
	if !zip.Has("content.xml") {
		return notOpen(zip)
	}
	for _, part := range []struct{ name, miss string }{
		{"META-INF/manifest.xml", "whether it is encrypted is not known"},
		{"meta.xml", "its title and date are not known"},
		{"styles.xml", "headings and numbers may be missing"},
	} {
		if zip.Has(part.name) {
			if err := d.paper.spare(ctx, part.name, part.miss, d.part(ctx, part.name)); err != nil {
				return err
			}
		}
	}
	return d.part(ctx, "content.xml")
}

func (d *odt) part(ctx context.Context, name string) error {
	return parse(ctx, d.zip, name, func(s *stream, e element) error {
		d.stream = s
		return d.root(e)
	})
}

// notOpen says what a zip file is that is no OpenDocument text.
func notOpen(zip *safezip.Archive) error {
	switch {
	case zip.Has("encrypted-package"):
		return errEncrypted
	case zip.Has("word/document.xml"):
		return fault.Invalid.Errorf("it is a Word document under another name; give it the ending .docx")
	}
	return fault.Invalid.Errorf("the zip file holds no OpenDocument text; it has no content.xml")
}

// root reads one of the files, or all of them in one.
func (d *odt) root(e element) error {
	switch e.tag {
	case "manifest:manifest":
		return d.each(d.manifest)
	case "office:document", "office:document-content", "office:document-styles", "office:document-meta":
		return d.each(d.section)
	}
	return fault.Invalid.Errorf("it is no OpenDocument file")
}

func (d *odt) manifest(e element) error {
	if e.tag == "manifest:encryption-data" {
		return errEncrypted
	}
	return d.each(d.manifest)
}

func (d *odt) section(e element) error {
	switch e.tag {
	case "office:meta":
		return d.each(func(e element) error { return d.meta(d.paper.item, e) })
	case "office:font-face-decls":
		return d.each(d.face)
	case "office:styles", "office:automatic-styles":
		return d.each(d.style)
	case "office:body":
		return d.each(func(e element) error {
			if e.tag != "office:text" {
				return fault.Invalid.Errorf("it is an OpenDocument file, but no text; spreadsheets and slides have other readers")
			}
			return d.each(d.blocks(d.paper))
		})
	}
	return nil
}
