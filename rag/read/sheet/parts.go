package sheet

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/safezip"
	"tilgate/rag/read"
)

// Limits of a workbook. Excelize keeps the file in memory, every part but
// sheets and long lists of strings, and a row at a time.
const (
	maxFile    = 256 << 20
	maxOther   = 32 << 20  // bytes of a part that is no sheet
	maxMarkup  = 2 << 20   // bytes between two tags
	maxCells   = 16384     // of a row
	maxPlaces  = 200 << 20 // of cells, with those that are empty, of a sheet
	maxStrings = 4 << 20
	maxMerges  = 100_000
)

var limits = safezip.Limits{File: 640 << 20, Total: 1 << 30, Ratio: 400}

// parts is what there is to know of a workbook before it is opened.
type parts struct {
	sheets map[string]*part // by path
	rels   map[string]string
	names  map[string]string // path by the name of the sheet
}

// A part is one sheet.
type part struct {
	merges []merge
}

// look reads all parts of a workbook, and refuses what Excelize would be
// harmed by.
func look(ctx context.Context, c *read.Content) (*parts, error) {
	archive, err := safezip.Open(c, c.Size, limits)
	if err != nil {
		return nil, err
	}
	if archive.Has("xl/workbook.bin") {
		return nil, fault.Invalid.Errorf("it is a binary workbook (.xlsb); save it as .xlsx")
	}
	if !archive.Has("xl/workbook.xml") && !archive.Has("_rels/.rels") {
		return nil, fault.Invalid.Errorf("it is no Excel workbook")
	}
	p := &parts{sheets: map[string]*part{}}
	for _, name := range archive.Names() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r, err := archive.Open(name)
		if err != nil {
			return nil, err
		}
		err = p.lookAt(ctx, name, r)
		r.Close()
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *parts) lookAt(ctx context.Context, name string, r io.Reader) error {
	low := strings.ToLower(name)
	switch {
	case strings.HasPrefix(low, "xl/worksheets/sheet"):
		s := &part{}
		p.sheets[name] = s
		return s.scan(ctx, r)
	case low == "xl/sharedstrings.xml":
		return scanStrings(ctx, r)
	}
	data, err := io.ReadAll(io.LimitReader(r, maxOther+1))
	if err == nil && len(data) > maxOther {
		err = fault.TooLarge.Errorf("its part %s is over %d MB", path.Base(name), maxOther>>20)
	}
	if err != nil {
		return err
	}
	switch low {
	case "xl/workbook.xml":
		return p.readNames(data)
	case "xl/_rels/workbook.xml.rels":
		return p.readRels(data)
	}
	return nil
}

// readNames and readRels find the part of each sheet. What they do not find is
// no harm: it is known without its merged cells.
func (p *parts) readNames(data []byte) error {
	var book struct {
		Sheets []struct {
			Name string `xml:"name,attr"`
			ID   string `xml:"id,attr"` // of the relationship
		} `xml:"sheets>sheet"`
	}
	if err := xml.Unmarshal(data, &book); err != nil {
		return fault.Invalid.Errorf("its list of sheets is broken: %v", err)
	}
	p.names = map[string]string{}
	for _, s := range book.Sheets {
		p.names[s.Name] = s.ID
	}
	return nil
}

func (p *parts) readRels(data []byte) error {
	var rels struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := xml.Unmarshal(data, &rels); err != nil {
		return fault.Invalid.Errorf("its relationships are broken: %v", err)
	}
	p.rels = map[string]string{}
	for _, r := range rels.All {
		p.rels[r.ID] = r.Target
	}
	return nil
}

// of returns the part of a sheet.
func (p *parts) of(sheet string) *part {
	target := p.rels[p.names[sheet]]
	if !strings.HasPrefix(target, "/") {
		target = path.Join("xl", target)
	}
	if s := p.sheets[strings.TrimPrefix(target, "/")]; s != nil {
		return s
	}
	return &part{}
}

// scan looks at a sheet, and finds its merged cells.
func (s *part) scan(ctx context.Context, r io.Reader) error {
	cells, width, places := 0, 0, 0
	return tags(ctx, r, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "row":
			places += width
			cells, width = 0, 0
		case "c":
			width = max(width+1, columnOf(e))
			if cells++; cells > maxCells {
				return fault.TooLarge.Errorf("a row has more than %d cells", maxCells)
			}
			if places > maxPlaces {
				return fault.TooLarge.Errorf("its rows are too wide")
			}
		case "mergeCell":
			for _, a := range e.Attr {
				if m, ok := mergeOf(a.Value); ok && a.Name.Local == "ref" && len(s.merges) < maxMerges {
					s.merges = append(s.merges, m)
				}
			}
		}
		return nil
	})
}

// columnOf returns the column of a cell, from 1, or 0 if it does not say.
func columnOf(cell xml.StartElement) int {
	for _, a := range cell.Attr {
		if a.Name.Local == "r" {
			return byLetter(strings.TrimRight(a.Value, "0123456789")) + 1
		}
	}
	return 0
}

func scanStrings(ctx context.Context, r io.Reader) error {
	n := 0
	return tags(ctx, r, func(e xml.StartElement) error {
		if e.Name.Local == "si" {
			if n++; n > maxStrings {
				return fault.TooLarge.Errorf("it has more than %d different texts", maxStrings)
			}
		}
		return nil
	})
}

// tags calls do with the tags of a part. XML that is broken ends it without an
// error: what stands before is read all the same.
func tags(ctx context.Context, r io.Reader, do func(xml.StartElement) error) error {
	dense := &markup{r: r}
	d := xml.NewDecoder(dense)
	d.Strict = false
	for n := 0; ; n++ {
		token, err := d.RawToken()
		if dense.err != nil && !errors.Is(dense.err, io.EOF) {
			return dense.err
		}
		if err != nil {
			return nil
		}
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if e, ok := token.(xml.StartElement); ok {
			if err := do(e); err != nil {
				return err
			}
		}
	}
}

// markup is a reader of XML that has tags throughout: what stands between two
// of them is kept in memory.
type markup struct {
	r   io.Reader
	gap int
	err error
}

func (m *markup) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if at := bytes.LastIndexByte(p[:n], '>'); at >= 0 {
		m.gap = n - at
	} else {
		m.gap += n
	}
	if m.gap > maxMarkup {
		err = fault.TooLarge.Errorf("a cell has over %d MB", maxMarkup>>20)
	}
	m.err = err
	return n, err
}
