package office

import (
	"context"
	"path"
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/safezip"
	"tilgate/rag/read"
)

// A docx is an Office Open XML text document being read.
type docx struct {
	*stream // of the part that is being read
	ctx     context.Context
	zip     *safezip.Archive
	paper   *paper
	styles  *styles
	numbers *numbers
	notes   map[string]string // footnotes and endnotes by the tag of their reference and their id
	fields  []field           // that are open
	carry   *block            // a paragraph that goes on in the next; mostly nil
}

func (r reader) docx(ctx context.Context, f read.File, c *read.Content) (read.Item, error) {
	item := f.Item()
	zip, err := unzip(c)
	if err != nil {
		return item, err
	}
	d := &docx{ctx: ctx, zip: zip, paper: newPaper(&item, r.most), styles: newStyles(), numbers: newNumbers(), notes: map[string]string{}}
	whole, err := d.relations("")
	if err != nil {
		return item, err
	}
	main, err := d.mainPart(whole["officeDocument"])
	if err != nil {
		return item, err
	}
	if err := d.prepare(whole, main); err != nil {
		return item, err
	}
	if err := d.part(main, d.root); err != nil {
		return item, err
	}
	d.paper.done()
	return item, nil
}

// mainPart finds the part with the document's text; the package says its name.
func (d *docx) mainPart(name string) (string, error) {
	switch main := d.find(name); {
	case main != "":
		return main, nil
	case d.zip.Has("word/document.xml"):
		return "word/document.xml", nil
	case d.zip.Has("mimetype") && d.zip.Has("content.xml"):
		return "", fault.Invalid.Errorf("it is an OpenDocument file under another name; give it the ending .odt")
	}
	return "", fault.Invalid.Errorf("the zip file holds no Word document; it has no word/document.xml")
}

// prepare reads all that must be known before the text.
func (d *docx) prepare(whole map[string]string, main string) error {
	kinds, err := d.relations(main)
	if err != nil {
		return err
	}
	for _, part := range []struct {
		name string
		root func(element) error
		miss string
	}{
		{whole["core-properties"], d.core, "its title and date are not known"},
		{whole["custom-properties"], d.custom, "what it replaces is not known"},
		{kinds["styles"], d.readStyles, "headings are not told from other paragraphs"},
		{kinds["numbering"], d.readNumbers, "the numbers of lists and articles are left out"},
		{kinds["footnotes"], d.readNotes, "footnotes are left out"},
		{kinds["endnotes"], d.readNotes, "endnotes are left out"},
	} {
		if name := d.find(part.name); name != "" {
			if err := d.paper.spare(d.ctx, name, part.miss, d.part(name, part.root)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *docx) part(name string, root func(element) error) error {
	return parse(d.ctx, d.zip, name, func(s *stream, e element) error {
		d.stream = s
		return root(e)
	})
}

// relations returns the parts that a part goes with, by their kind; those of
// the whole package if the name is empty. There may be none.
func (d *docx) relations(part string) (map[string]string, error) {
	kinds := map[string]string{}
	folder, base := path.Split(part)
	name := d.find(folder + "_rels/" + base + ".rels")
	if name == "" {
		return kinds, nil
	}
	err := d.part(name, func(element) error {
		return d.each(func(e element) error {
			kind := path.Base(e.attr("Type"))
			if kinds[kind] == "" && e.attr("TargetMode") != "External" && len(kinds) < 1000 {
				kinds[kind] = resolve(folder, e.attr("Target"))
			}
			return nil
		})
	})
	return kinds, d.paper.spare(d.ctx, name, "parts may be missing", err)
}

// resolve returns the name of a part that is given as seen from a folder.
func resolve(folder, target string) string {
	if strings.HasPrefix(target, "/") {
		return strings.TrimPrefix(path.Clean(target), "/")
	}
	return path.Join(folder, target)
}

// find returns the name of a part as the zip file writes it, or "" if it has
// none. Names of parts do not differ by case.
func (d *docx) find(name string) string {
	if name == "" || d.zip.Has(name) {
		return name
	}
	for _, other := range d.zip.Names() {
		if strings.EqualFold(other, name) {
			return other
		}
	}
	return ""
}

// core reads the title, the date and the language of the package.
func (d *docx) core(element) error {
	return d.each(func(e element) error { return d.meta(d.paper.item, e) })
}

// readNotes reads footnotes or endnotes.
func (d *docx) readNotes(element) error {
	return d.each(func(e element) error {
		if e.tag != "w:footnote" && e.tag != "w:endnote" || e.attr("type") != "" && e.attr("type") != "normal" {
			return nil
		}
		c := &cell{paper: d.paper}
		if err := d.fill(c); err != nil {
			return err
		}
		return keep(d.notes, e.tag+"Reference "+e.attr("id"), strings.TrimSpace(c.text()))
	})
}
