// Package plain reads text: plain, Markdown and JSONL.
//
// Files in other encodings than UTF-8 are decoded, with a note that says so.
// Plain text stays as it is, line by line. Markdown loses its marks; what they
// say of headings, tables and lists goes into the document's marks. JSONL has a
// document on each line, and is read as a stream, compressed or not: such files
// may be larger than memory.
//
// Before changing how Markdown is read, know that its parser takes time that
// grows with the square of some constructs, and with the product of others.
// tame.go counts them first, and text that has too many is read as plain text.
package plain

import (
	"context"
	"strings"

	"tilgate/internal/charset"
	"tilgate/rag/read"
)

// Text returns a reader of plain text, in which nothing is a mark.
func Text() read.Reader {
	return read.ReaderFunc(func(_ context.Context, f read.File, c *read.Content) (item read.Item, err error) {
		item = f.Item()
		item.Text, item.Notes, err = load(c)
		return item, err
	})
}

// load reads a whole file as text with plain line ends.
func load(c *read.Content) (text string, notes []read.Note, err error) {
	data, err := c.All(read.MaxText)
	if err != nil {
		return "", nil, err
	}
	text, encoding, sure, err := charset.Decode(data, "")
	if err != nil {
		return "", nil, err
	}
	if len(text) > read.MaxText {
		return "", nil, read.TooLarge(int64(len(text)), read.MaxText)
	}
	notes = encodingNote(encoding, sure)
	if repaired, ok := charset.Mojibake(text); ok {
		text = repaired
		notes = append(notes, read.Note{Kind: read.Encoding, Text: "it was once decoded wrongly, and was repaired"})
	}
	return lineEnds(text), notes, nil
}

// encodingNote says which encoding a file is in, unless that goes without
// saying.
func encodingNote(encoding string, sure bool) []read.Note {
	switch {
	case encoding == "utf-8" && sure:
		return nil
	case encoding == "utf-8":
		return []read.Note{{Kind: read.Encoding, Text: "it is not all UTF-8; broken characters read \ufffd"}}
	case sure:
		return []read.Note{{Kind: read.Encoding, Text: "it was read as " + encoding}}
	}
	return []read.Note{{Kind: read.Encoding, Text: "it was read as " + encoding + ", which is a guess; UTF-8 needs none"}}
}

func lineEnds(text string) string {
	if !strings.Contains(text, "\r") {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}
