package pdf

import (
	"cmp"
	"strings"

	"tilgate/internal/fault"
)

// A sheet is what stands on one page, as it is painted. Coordinates are points,
// y grows upwards, and the page is turned so that most of its text is upright.
type sheet struct {
	width, height float64
	glyphs        []glyph // in the order that they are painted in
	fonts         []font
	rules         []box   // lines that may belong to tables
	rtl           bool    // most of its letters are read from the right
	pictures      float64 // share of the page that images cover
}

// A glyph is a letter, or several that were drawn as one.
type glyph struct {
	text    string
	x0, x1  float64
	y       float64 // of the line that it stands on
	size    float64
	font    int
	object  int  // that painted it, with its neighbours
	several bool // the file says that it is more than one letter
	strange bool // the file does not say which letter it is
}

type font struct {
	name string // without the tag of a subset
	bold bool
}

type box struct{ x0, y0, x1, y1 float64 }

// What one page may have. A page of dense print has 10,000 letters.
const (
	maxObjects = 300_000
	maxLetters = 300_000
	maxDepth   = 12
	maxRules   = 4_000
	maxFonts   = 500
	maxLine    = 2_000 // glyphs; what takes the square of their number stays quick
)

// A collector makes a sheet of a page that is open in a guest.
type collector struct {
	*guest
	page, text uint64
	painters   map[uint64]*painter
	actual     map[uint64]string // what a span says in place of its letters
	fonts      map[uint64]int    // by pdfium's handle
	named      map[fontLetter]bool
	turns      [4]int // letters, by how they are turned
	letters    []letter
	objects    int
	said       int // bytes of actual
	sheet      sheet
	bounds     box
}

// collect reads page n of a document: a sheet of what most of its text is
// turned like, and one more for each other way that text is turned.
func (g *guest) collect(doc uint64, n int) ([]sheet, error) {
	page := g.call("FPDF_LoadPage", doc, uint64(n))
	if page == 0 {
		return nil, cmp.Or(g.err, error(fault.Invalid.Errorf("it is broken")))
	}
	defer g.call("FPDF_ClosePage", page)
	c := collector{guest: g, page: page, painters: map[uint64]*painter{}, actual: map[uint64]string{}, fonts: map[uint64]int{}, named: map[fontLetter]bool{}}
	c.measure()
	if err := c.walk("FPDFPage_CountObjects", "FPDFPage_GetObject", page, identity, 0); err != nil {
		return nil, err
	}
	c.strip()
	c.text = g.call("FPDFText_LoadPage", page)
	if c.text == 0 {
		return nil, cmp.Or(g.err, error(fault.Invalid.Errorf("its text is broken")))
	}
	defer g.call("FPDFText_ClosePage", c.text)
	if err := c.read(); err != nil {
		return nil, err
	}
	return c.finish(), g.err
}

func (c *collector) measure() {
	c.bounds = box{0, 0, 612, 792}
	if c.ok("FPDF_GetPageBoundingBox", c.page, c.scratch) {
		f := c.floats(4)
		c.bounds = box{f[0], f[3], f[2], f[1]}
	}
}

// walk goes through the objects of a page or of a form in it.
func (c *collector) walk(count, get string, of uint64, m matrix, depth int) error {
	n := c.int(count, of)
	for i := range n {
		if c.objects++; c.objects > maxObjects {
			return fault.TooLarge.Errorf("it has over %d objects", maxObjects)
		}
		object := c.call(get, of, uint64(i))
		switch c.int("FPDFPageObj_GetType", object) {
		case 1: // text
			c.painters[object] = &painter{order: c.objects, span: c.span(object), at: c.matrix(object).then(m)}
		case 2: // path
			if len(c.sheet.rules) < maxRules && c.ok("FPDFPageObj_GetIsActive", object, c.scratch) {
				c.sheet.rules = append(c.sheet.rules, c.box(object, m)...)
			}
		case 3: // image
			for _, b := range c.box(object, m) {
				c.sheet.pictures += c.share(b)
			}
		case 5: // form
			if depth < maxDepth {
				if err := c.walk("FPDFFormObj_CountObjects", "FPDFFormObj_GetObject", object, c.matrix(object).then(m), depth+1); err != nil {
					return err
				}
			}
		}
		if c.err != nil {
			return c.err
		}
	}
	return nil
}

// font returns the number of a font on the sheet.
func (c *collector) font(handle uint64) int {
	if n, ok := c.fonts[handle]; ok {
		return n
	}
	if len(c.sheet.fonts) == maxFonts {
		return 0
	}
	name := c.bytes(256, func(at, size uint64) int { return c.int("FPDFFont_GetBaseFontName", handle, at, size) })
	f := font{name: strings.TrimRight(string(name), "\x00")}
	if _, bare, ok := strings.Cut(f.name, "+"); ok {
		f.name = bare
	}
	lower := strings.ToLower(f.name)
	f.bold = strings.Contains(lower, "bold") || strings.Contains(lower, "black") || strings.Contains(lower, "heavy")
	n := len(c.sheet.fonts)
	c.sheet.fonts = append(c.sheet.fonts, f)
	c.fonts[handle] = n
	return n
}

func (c *collector) box(object uint64, m matrix) []box {
	at := c.scratch
	if !c.ok("FPDFPageObj_GetBounds", object, at, at+4, at+8, at+12) {
		return nil
	}
	f := c.floats(4)
	x0, y0 := m.apply(f[0], f[1])
	x1, y1 := m.apply(f[2], f[3])
	return []box{{min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)}}
}

func (c *collector) share(b box) float64 {
	w := min(b.x1, c.bounds.x1) - max(b.x0, c.bounds.x0)
	h := min(b.y1, c.bounds.y1) - max(b.y0, c.bounds.y0)
	whole := (c.bounds.x1 - c.bounds.x0) * (c.bounds.y1 - c.bounds.y0)
	if w <= 0 || h <= 0 || whole <= 0 {
		return 0
	}
	return w * h / whole
}
