package pdf

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// A pdfFile is one that is being written. Object 1 is the catalog and object 2
// the tree of pages.
type pdfFile struct {
	objects []string
	streams map[int][]byte
	trailer string
	catalog string
	kids    []int
	codes   map[string]map[rune]int // by font
	fonts   map[string]int
	key     []byte // of an encrypted file
	encrypt string
}

func newPDF() *pdfFile {
	return &pdfFile{objects: make([]string, 2), streams: map[int][]byte{}, codes: map[string]map[rune]int{}, fonts: map[string]int{}}
}

// add adds an object and returns its number.
func (p *pdfFile) add(body string) int {
	p.objects = append(p.objects, body)
	return len(p.objects)
}

func (p *pdfFile) stream(dict string, data []byte) int {
	n := p.add(dict)
	p.streams[n] = data
	return n
}

// deflated adds a stream that is compressed.
func (p *pdfFile) deflated(dict string, data []byte) int {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	w.Write(data)
	w.Close()
	return p.stream(dict+" /Filter /FlateDecode", out.Bytes())
}

// A drawing is what is painted on a page.
type drawing struct {
	strings.Builder
	file  *pdfFile
	image int
}

// page adds a page.
func (p *pdfFile) page(draw func(d *drawing)) {
	d := &drawing{file: p}
	draw(d)
	p.pageOf(p.stream("", []byte(d.String())), d.image)
}

func (p *pdfFile) pageOf(content, image int) {
	resources := "/Font << /Helvetica << /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
	for name := range p.codes {
		resources += fmt.Sprintf(" /%s %d 0 R", name, p.font(name))
	}
	resources += " >>"
	if image > 0 {
		resources += fmt.Sprintf(" /XObject << /Im %d 0 R >>", image)
	}
	p.kids = append(p.kids, p.add(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << %s >> >>", content, resources)))
}

// font returns the object of a font, which is filled in when the file is
// written.
func (p *pdfFile) font(name string) int {
	if p.fonts[name] == 0 {
		p.fonts[name] = p.add("")
	}
	return p.fonts[name]
}

// text paints a text as it stands, each letter half as wide as it is high. The
// letters have no shape, so that pdfium passes over one that stands alone, or on
// its side; latin paints such.
func (d *drawing) text(x, y, size float64, font, text string) {
	d.spaced(x, y, size, font, text, 0)
}

// spaced paints a text with so much taken back after each letter, in 1/1000 of
// its size.
func (d *drawing) spaced(x, y, size float64, font, text string, back int) {
	codes := d.file.codes[font]
	if codes == nil {
		codes = map[rune]int{}
		d.file.codes[font] = codes
	}
	fmt.Fprintf(d, "BT /%s %g Tf 1 0 0 1 %g %g Tm [", font, size, x, y)
	for _, r := range text {
		if codes[r] == 0 {
			codes[r] = len(codes) + 1
		}
		fmt.Fprintf(d, "<%04x> %d ", codes[r], back)
	}
	d.WriteString("] TJ ET\n")
}

// latin paints a text in Helvetica.
func (d *drawing) latin(x, y, size float64, text string) {
	fmt.Fprintf(d, "BT /Helvetica %g Tf 1 0 0 1 %g %g Tm (%s) Tj ET\n", size, x, y, text)
}

func (d *drawing) line(x0, y0, x1, y1 float64) {
	fmt.Fprintf(d, "%g %g m %g %g l S\n", x0, y0, x1, y1)
}

// lines paints lines of text below each other.
func (d *drawing) lines(x, y, size float64, lines ...string) {
	for i, l := range lines {
		d.text(x, y-float64(i)*size*1.3, size, "F", l)
	}
}

// unmapped are letters that a font is not to name.
const unmapped = "¤"

// several are glyphs that are named as more than one letter.
var several = map[rune]string{'Ⅱ': "لى"}

func (p *pdfFile) writeFonts() {
	for name, codes := range p.codes {
		var cmap strings.Builder
		cmap.WriteString("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n" +
			"1 begincodespacerange <0000> <ffff> endcodespacerange\n")
		for r, code := range codes {
			if strings.ContainsRune(unmapped, r) {
				continue
			}
			fmt.Fprintf(&cmap, "1 beginbfchar <%04x> <", code)
			for _, u := range utf16.Encode([]rune(cmp.Or(several[r], string(r)))) {
				fmt.Fprintf(&cmap, "%04x", u)
			}
			cmap.WriteString("> endbfchar\n")
		}
		cmap.WriteString("endcmap end end\n")
		unicode := p.stream("", []byte(cmap.String()))
		base := "ABCDEF+" + name
		descriptor := p.add(fmt.Sprintf("<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>", base))
		cid := p.add(fmt.Sprintf("<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R /DW 500 /CIDToGIDMap /Identity >>", base, descriptor))
		p.objects[p.font(name)-1] = fmt.Sprintf("<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", base, cid, unicode)
	}
}

// bytes writes the file.
func (p *pdfFile) bytes() []byte {
	p.writeFonts()
	kids := ""
	for _, k := range p.kids {
		kids += fmt.Sprintf(" %d 0 R", k)
	}
	p.objects[0] = "<< /Type /Catalog /Pages 2 0 R " + p.catalog + " >>"
	if p.objects[1] == "" {
		p.objects[1] = fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s ] >>", len(p.kids), kids)
	}
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	offsets := make([]int, len(p.objects))
	for i, body := range p.objects {
		n := i + 1
		offsets[i] = out.Len()
		fmt.Fprintf(&out, "%d 0 obj\n", n)
		if data, ok := p.streams[n]; ok {
			data = p.encrypted(n, data)
			fmt.Fprintf(&out, "<< /Length %d %s >>\nstream\n%s\nendstream", len(data), body, data)
		} else {
			out.WriteString(body)
		}
		out.WriteString("\nendobj\n")
	}
	xref := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R %s %s >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, p.trailer, p.encrypt, xref)
	return out.Bytes()
}

// lock encrypts the file as PDF 1.3 did: whoever opens it needs the password
// user, which may be empty.
func (p *pdfFile) lock(user string) {
	const pad = "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A"
	padded := func(s string) []byte { return []byte((s + pad)[:32]) }
	hash := md5.Sum(padded("owner"))
	owner := crypt(hash[:5], padded(user))
	id := strings.Repeat("i", 16)
	permissions := binary.LittleEndian.AppendUint32(nil, 0xFFFFFFC0)
	hash = md5.Sum(bytes.Join([][]byte{padded(user), owner, permissions, []byte(id)}, nil))
	p.key = hash[:5]
	p.encrypt = fmt.Sprintf("/ID [<%x> <%x>] /Encrypt << /Filter /Standard /V 1 /R 2 /O <%x> /U <%x> /P -64 >>",
		id, id, owner, crypt(p.key, []byte(pad)))
}

func (p *pdfFile) encrypted(n int, data []byte) []byte {
	if p.key == nil {
		return data
	}
	hash := md5.Sum(append(bytes.Clone(p.key), byte(n), byte(n>>8), byte(n>>16), 0, 0))
	return crypt(hash[:10], data)
}

func crypt(key, data []byte) []byte {
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(data))
	c.XORKeyStream(out, data)
	return out
}
