package office

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/read"
)

// A block is one paragraph as it is shown.
type block struct {
	paper *paper
	text  strings.Builder
	level int // of a heading, from 1
	title bool

	item  bool // of a list, or numbered
	depth int
	mark  string // that stands before it, of headings too

	bold, plain bool     // whether it has letters that are
	notes       []string // footnotes and endnotes
	boxes       []string // text boxes that hang on it

	legacy string // the font that it cannot be read without
	zawgyi bool   // some of it is in a Zawgyi font
}

// write adds text that is seen in a look. What is over the limit of the whole
// document is dropped, and fit says so.
func (b *block) write(text string, l look) {
	if strings.Contains(text, "\u00AD") { // a place where a word may be parted
		text = strings.ReplaceAll(text, "\u00AD", "")
	}
	text = l.shown(text)
	if b.paper.left -= len(text); b.paper.left < 0 || text == "" {
		return
	}
	b.text.WriteString(text)
	if at := strings.IndexFunc(text, unicode.IsLetter); at >= 0 {
		letter, _ := utf8.DecodeRuneInString(text[at:])
		b.bold = b.bold || l.bold == on
		b.plain = b.plain || l.bold != on
		b.paper.voices.add(voice{l.langs, lang.ScriptOfRune(letter)}, len(text))
		b.font(text, l)
	}
}

// note adds a footnote.
func (b *block) note(text string) {
	if b.paper.left -= len(text); text != "" && b.paper.left >= 0 {
		b.notes = append(b.notes, text)
	}
}

// unmark takes the mark off the last note, where its author has written one.
func (b *block) unmark(mark string) {
	if last := len(b.notes) - 1; last >= 0 {
		b.notes[last] = strings.TrimSpace(strings.TrimPrefix(b.notes[last], mark))
	}
}

// noted returns the text with its notes behind it, each in brackets. The text
// has no sign where a note belongs: answers cite passages by such signs.
func (b *block) noted() string {
	if len(b.notes) == 0 {
		return b.text.String()
	}
	return b.text.String() + "\n[" + strings.Join(b.notes, "]\n[") + "]"
}

// A target is where blocks and the rows of tables go: a document, or a cell.
type target interface {
	block(*block) error
	row(cells []string, head bool) error
	endTable()
}

// A paper is a document being written.
type paper struct {
	item   *read.Item
	text   rag.Builder
	most   int // bytes of text that it may have
	left   int // of these; what is written twice counts twice
	voices voices
	n      int    // paragraphs so far
	lost   []loss // to legacy fonts

	title, heading string // the first paragraph in the style of titles, and a heading that all begins with
	pictures       int
}

func newPaper(item *read.Item, most int) *paper {
	return &paper{item: item, most: most, left: most, voices: voices{}}
}

func (p *paper) newBlock() *block { return &block{paper: p} }

// fit reports a text that has grown too long.
func (p *paper) fit() error {
	if p.left < 0 || p.text.Len() > p.most {
		return fault.TooLarge.Errorf("it has more than %d MB of text", p.most>>20)
	}
	return nil
}

// maxHeading is in letters: what is longer is a paragraph that was given the
// look of a heading.
const maxHeading = 300

func (p *paper) block(b *block) error {
	if p.readable(b) {
		p.write(b)
	}
	for _, box := range b.boxes {
		p.text.Paragraph(box)
	}
	return p.fit()
}

func (p *paper) write(b *block) {
	text := b.text.String()
	marked := strings.TrimSpace(b.mark + " " + text)
	switch {
	case strings.TrimSpace(text) == "":
		p.text.Paragraph(b.noted())
	case b.level > 0 && utf8.RuneCountInString(text) <= maxHeading:
		if p.text.Len() == 0 {
			p.heading = marked
		}
		if b.title && p.title == "" {
			p.title = text
		}
		p.text.Heading(b.level, marked)
		b.text.Reset()
		p.text.Paragraph(b.noted())
	case b.item && b.level == 0:
		p.text.Item(b.depth, b.mark, b.noted())
	case b.mark != "":
		p.text.Paragraph(b.mark + " " + b.noted())
	default:
		p.text.Paragraph(b.noted())
	}
}

func (p *paper) row(cells []string, head bool) error {
	if head {
		p.text.HeadRow(cells...)
	} else {
		p.text.Row(cells...)
	}
	return p.fit()
}

func (p *paper) endTable() { p.text.EndTable() }

// done puts what was written into the item.
func (p *paper) done() {
	p.text.Put(&p.item.Document)
	p.reportLost()
	if p.item.Text == "" && p.pictures > 0 {
		p.note(read.Scanned, "", "the document is pictures without text; recognise their text first (OCR)")
	}
	if p.item.Title == "" {
		p.item.Title = p.title
	}
	if p.item.Title == "" {
		p.item.Title = p.heading
	}
	p.item.Title = strings.Join(strings.Fields(p.item.Title), " ")
	p.item.Hint = p.voices.hint(p.item.Hint)
}

// maxNotes is how many notes a document gets.
const maxNotes = 100

func (p *paper) note(kind read.NoteKind, where, text string) {
	if len(p.item.Notes) >= maxNotes {
		return
	}
	p.item.Notes = append(p.item.Notes, read.Note{Kind: kind, Where: where, Text: text})
}

// spare makes a note of an error in a part that the text can do without. It
// returns errors that must end the reading.
func (p *paper) spare(ctx context.Context, name, miss string, err error) error {
	if err == nil || ctx.Err() != nil || fault.TooLarge.Is(err) || errors.Is(err, errEncrypted) {
		return err
	}
	p.note(read.LeftOut, name, "this part is damaged: "+miss)
	return nil
}

// A cell is a target whose text stands in one place, without paragraphs: the
// cell of a table, a text box or a footnote.
type cell struct {
	paper       *paper
	parts       []string
	bold, plain bool
}

func (c *cell) text() string { return strings.Join(c.parts, "\n") }

func (c *cell) block(b *block) error {
	c.bold, c.plain = c.bold || b.bold, c.plain || b.plain
	if c.paper.readable(b) {
		c.parts = append(c.parts, strings.TrimSpace(b.mark+" "+b.noted()))
	}
	c.parts = append(c.parts, b.boxes...)
	return c.paper.fit()
}

// row puts a row of a table within a table into the text.
func (c *cell) row(cells []string, _ bool) error {
	var full []string
	for _, text := range cells {
		if text = strings.TrimSpace(text); text != "" {
			full = append(full, text)
		}
	}
	if len(full) > 0 {
		line := strings.Join(full, ", ") + ";"
		c.paper.left -= len(line)
		c.parts = append(c.parts, line)
	}
	return c.paper.fit()
}

func (c *cell) endTable() {
	if n := len(c.parts); n > 0 {
		c.parts[n-1] = strings.TrimSuffix(c.parts[n-1], ";")
	}
}
