package pdf

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// span returns the mark of an object that says what its letters mean, and
// notes what it says.
func (c *collector) span(object uint64) uint64 {
	for i := c.int("FPDFPageObj_CountMarks", object) - 1; i >= 0; i-- {
		mark := c.call("FPDFPageObj_GetMark", object, uint64(i))
		if _, ok := c.actual[mark]; ok {
			return mark
		}
		said := func(at, size uint64) int {
			if !c.ok("FPDFPageObjMark_GetParamBlobValue", mark, c.name("ActualText"), at, size, c.length) {
				return -1
			}
			return c.lengthOut()
		}
		if said(0, 0) < 0 {
			continue
		}
		data := c.bytes(min(maxSpan, maxSpans-c.said), said)
		c.said += len(data)
		c.actual[mark] = decode(data)
		return mark
	}
	return 0
}

// decode decodes a text string of a PDF.
func decode(s []byte) string {
	switch {
	case bytes.HasPrefix(s, []byte("\xFE\xFF")), bytes.HasPrefix(s, []byte("\xFF\xFE")):
		var order binary.ByteOrder = binary.BigEndian
		if s[0] == 0xFF {
			order = binary.LittleEndian
		}
		var units []uint16
		for s = s[2:]; len(s) > 1; s = s[2:] {
			units = append(units, order.Uint16(s))
		}
		return string(utf16.Decode(units))
	case bytes.HasPrefix(s, []byte("\xEF\xBB\xBF")):
		return strings.ToValidUTF8(string(s[3:]), "\uFFFD")
	}
	latin := make([]rune, len(s))
	for i, b := range s {
		latin[i] = rune(b) // PDFDocEncoding, but for dashes and quotes
	}
	return string(latin)
}

// How many bytes one ActualText may have, and all of a page. What is beyond
// counts as nothing.
const (
	maxSpan  = 64 << 10
	maxSpans = 4 << 20
)

// strip takes the spans off, since pdfium repeats what a span says when another
// letter is painted between its letters, and gives it the place of the first of
// them only.
func (c *collector) strip() {
	for object, p := range c.painters {
		if p.span == 0 {
			continue
		}
		for i := c.int("FPDFPageObj_CountMarks", object) - 1; i >= 0; i-- {
			mark := c.call("FPDFPageObj_GetMark", object, uint64(i))
			if _, ok := c.actual[mark]; ok {
				c.call("FPDFPageObj_RemoveMark", object, mark)
			}
		}
	}
}
