package pdf

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tilgate/rag"
)

// A page is what is known of one when all have been read.
type page struct {
	number  int // from 1
	pieces  []piece
	plain   string // read by OCR, with an empty line between paragraphs
	refused bool   // some of its text means nothing without its font
}

// A document is put together when all of its pages are read: only then it shows
// what its usual size of letters is, and what stands on most pages.
type document struct {
	pages    []page
	body     float64   // size of the letters of running text
	leading  float64   // from line to line, in sizes
	sizes    []float64 // of headings, the largest first
	bodyBold bool
	hyphens  hyphenation

	out   rag.Builder
	title string // first heading
	para  paragraph
}

// A paragraph is what is being put together from lines.
type paragraph struct {
	parts []string // lines
	last  piece    // line
	level int      // of a heading; 0 if it is none
	mark  string
	at    float64 // where the mark stands, from the edge that the text begins at
	page  int
	bold  bool
}

// build puts the pages together.
func (d *document) build() {
	d.measure()
	d.hyphens = hyphens(d.pages)
	strip(d.pages)
	table := [2]int{}
	for _, p := range d.pages {
		if p.plain != "" {
			d.flush()
			for text := range strings.SplitSeq(p.plain, "\n\n") {
				d.out.Paragraph(joinLines(strings.Split(text, "\n"), never))
			}
		}
		for _, l := range p.pieces {
			if l.cells == nil {
				d.add(l, p.number)
				table = [2]int{}
				continue
			}
			d.flush()
			if now := [2]int{p.number, l.table}; now != table {
				d.out.EndTable()
				table = now
			}
			d.out.Row(l.cells...)
		}
	}
	d.flush()
}

// measure finds the sizes of letters.
func (d *document) measure() {
	letters, leads := map[float64]int{}, map[float64]int{}
	bold, all := 0, 0
	for _, p := range d.pages {
		for i, l := range p.pieces {
			if l.cells != nil {
				continue
			}
			letters[l.size] += l.letter
			all += l.letter
			if l.bold {
				bold += l.letter
			}
			if i > 0 && p.pieces[i-1].cells == nil && p.pieces[i-1].size == l.size {
				if lead := (p.pieces[i-1].y - l.y) / l.size; lead > 0.9 && lead < 3 {
					leads[math.Round(lead*20)/20]++
				}
			}
		}
	}
	d.body, d.leading = commonest(letters), commonest(leads)
	if d.leading == 0 {
		d.leading = 1.4
	}
	d.bodyBold = bold*2 > all
	for size := range letters {
		if size >= d.body*1.15 && size-d.body >= 1 {
			d.sizes = append(d.sizes, size)
		}
	}
	slices.SortFunc(d.sizes, func(a, b float64) int { return compare(b, a) })
	d.sizes = slices.CompactFunc(d.sizes, func(a, b float64) bool { return math.Abs(a-b) < 1 })
}

// level is the level of a heading in letters of a size; 0 if it is none.
func (d *document) level(l piece) int {
	for i, size := range d.sizes {
		if l.size > size-1 {
			return i + 1
		}
	}
	return 0
}

// add adds a line.
func (d *document) add(l piece, number int) {
	level := d.level(l)
	mark, rest := "", l.text
	if level == 0 {
		mark, rest = d.item(l)
	}
	if mark == "" && len(d.para.parts) > 0 && level == d.para.level && d.goesOn(l, number) {
		d.para.parts = append(d.para.parts, l.text)
		d.para.last, d.para.page = l, number
		d.para.bold = d.para.bold && l.bold
		return
	}
	d.flush()
	d.para = paragraph{parts: []string{rest}, last: l, level: level, mark: mark, at: l.indent(), page: number, bold: l.bold}
}

// item returns the mark of a line that begins an item of a list. What looks
// like a number with a full stop may stand within a sentence.
func (d *document) item(l piece) (mark, rest string) {
	mark, rest = listMark(l.text)
	if mark == "" || isBullet(mark) || len(d.para.parts) == 0 || d.para.mark != "" || ends(d.para.last.text) || d.para.last.short(l) {
		return mark, rest
	}
	return "", l.text
}

// indent is how far from the edge of its column a line begins.
func (p piece) indent() float64 {
	if p.rtl && p.x0 > p.column.x0+p.size/2 {
		return p.column.x1 - p.x1
	} else if p.rtl {
		return 0 // it takes the whole line, or stands on the left
	}
	return p.x0 - p.column.x0
}

// short reports whether a line ends so far from the edge of its column that the
// first word of the next would have had room.
func (p piece) short(next piece) bool {
	if partsWord(p.text, next.text) {
		return false
	}
	room := p.column.x1 - p.x1
	if p.rtl {
		room = p.x0 - p.column.x0
	}
	return room > next.firstWord()+0.8*p.size
}

// goesOn reports whether a line belongs to the paragraph before it.
func (d *document) goesOn(l piece, number int) bool {
	last := d.para.last
	if math.Abs(l.size-last.size) > 0.1*max(l.size, last.size) {
		return false
	}
	gap := (last.y - l.y) / l.size
	if number != d.para.page || gap < 0 || last.column != l.column {
		return d.para.level == 0 && !ends(last.text) && !last.short(l) && last.bold == l.bold && !startsUpper(l.text) &&
			utf8.RuneCountInString(last.text) > 20
	}
	switch {
	case gap > 1.3*d.leading && gap > 1.6:
		return false
	case d.para.level > 0:
		return true
	case last.bold != l.bold && (len(d.para.parts) == 1 || l.bold):
		return false
	case d.para.mark != "":
		return l.indent() > d.para.at+0.3*l.size && !last.short(l) || !last.short(l) && !ends(last.text)
	case last.short(l):
		return false
	}
	return l.indent() < last.indent()+0.8*l.size
}

// startsUpper reports whether a line begins with a capital letter.
func startsUpper(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsUpper(r)
}

// flush ends the paragraph.
func (d *document) flush() {
	p := d.para
	d.para = paragraph{}
	if len(p.parts) == 0 {
		return
	}
	text := joinLines(p.parts, d.hyphens.drops)
	const longest = 200 // letters of a heading
	length := utf8.RuneCountInString(text)
	switch {
	case p.level > 0 && length <= longest:
		d.heading(p.level, text)
	case p.mark != "" && !d.boldHeading(p, text):
		mark := p.mark
		if isBullet(mark) {
			mark = ""
		}
		d.out.Item(int(p.at/(2*p.last.size)), mark, text)
	case d.boldHeading(p, text):
		d.heading(len(d.sizes)+1, strings.TrimSpace(p.mark+" "+text))
	default:
		d.out.Paragraph(text)
	}
}

// boldHeading reports whether a paragraph is a heading that is only bold.
func (d *document) boldHeading(p paragraph, text string) bool {
	length := utf8.RuneCountInString(text)
	return p.bold && !d.bodyBold && !isBullet(p.mark) && len(p.parts) <= 2 && length >= 3 && length <= 120 && !ends(text) &&
		strings.ContainsFunc(text, unicode.IsLetter)
}

func (d *document) heading(level int, text string) {
	if d.title == "" {
		d.title = text
	}
	d.out.Heading(level, text)
}
