// Package office reads text documents of word processors: Office Open XML
// (.docx, .docm, .dotx) and OpenDocument (.odt, .ott, .fodt).
//
// A document's XML is read as a stream, element by element, and never stands
// in memory as a tree. What both formats know of a paragraph, a list's numbers
// and a table's rows is written once, in block.go, count.go and table.go; the
// two readers only find these. A paragraph is kept whole or left out whole: a
// law with words missing may say its opposite.
//
// Numbers of lists and articles are not in the text of a document, they are
// counted when it is shown. Here they are counted as word processors do,
// because people ask for "article 3.2".
package office

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/safezip"
	"tilgate/rag/read"
)

// DOCX returns the reader of Office Open XML text documents.
func DOCX() read.Reader { return read.ReaderFunc(reader{read.MaxText}.docx) }

// ODT returns the reader of OpenDocument texts, in a zip file or as one flat
// XML file.
func ODT() read.Reader { return read.ReaderFunc(reader{read.MaxText}.odt) }

// A reader reads both formats.
type reader struct {
	most int // bytes of text that a document may have
}

// limits are those of the zip file. The XML of a document that is mostly text
// is ten times as large as the text.
var limits = safezip.Limits{File: 640 << 20, Total: 1 << 30, Ratio: 400}

// unzip opens the zip file that a document is, or says what it is instead.
func unzip(c *read.Content) (*safezip.Archive, error) {
	head := make([]byte, 512)
	n, err := c.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch head = bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf")); {
	case n == 0:
		return nil, fault.Invalid.Errorf("the file is empty")
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return nil, oldFormat(c, head)
	case bytes.HasPrefix(head, []byte(`{\rtf`)):
		return nil, fault.Invalid.Errorf("it is a rich text file (RTF) under another name; open it in a word processor and save it as DOCX")
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return nil, fault.Invalid.Errorf("it is a PDF file under another name; give it the ending .pdf")
	case bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")):
		return nil, fault.Invalid.Errorf("it is a file of HTML or XML under another name; open it in a word processor and save it as DOCX")
	}
	return safezip.Open(c, c.Size, limits)
}

// oldFormat says which of the documents it is that were in OLE containers
// before there were zip files, or are still when they are encrypted. The names
// of a container's streams stand in its directory, in UTF-16.
func oldFormat(c *read.Content, head []byte) error {
	directory := make([]byte, 64<<10)
	if len(head) == 512 {
		sector := int64(head[48]) | int64(head[49])<<8 | int64(head[50])<<16
		n, _ := c.ReadAt(directory, (sector+1)<<min(head[30], 12))
		directory = directory[:n]
	}
	has := func(name string) bool {
		return bytes.Contains(directory, []byte(strings.Join(strings.Split(name, ""), "\x00")))
	}
	switch {
	case has("EncryptedPackage"):
		return fault.Invalid.Errorf("it is protected with a password; open it, take the password away and save it")
	case has("WordDocument"):
		return fault.Invalid.Errorf("it is a Word document of before 2007 (.doc); open it in a word processor and save it as DOCX")
	case has("Workbook"):
		return fault.Invalid.Errorf("it is an Excel file of before 2007 (.xls); save it as XLSX")
	case has("PowerPoint Document"):
		return fault.Invalid.Errorf("it is a PowerPoint file of before 2007 (.ppt); save it as PDF")
	}
	return fault.Invalid.Errorf("it is a file of an Office program of before 2007; open it there and save it as DOCX")
}

// parse reads one XML file out of the zip file. The elements at its root go to do.
func parse(ctx context.Context, zip *safezip.Archive, name string, do func(*stream, element) error) error {
	file, err := zip.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	s := newStream(ctx, file)
	if err := damaged(s.each(func(e element) error { return do(s, e) })); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
