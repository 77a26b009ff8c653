package pdf

import (
	"image"
	"unicode"

	"tilgate/rag/read"
)

// A page with fewer letters than this that has pictures on more than half of it
// is one that was scanned.
const fewLetters = 60

// recognise reads a page that is a picture with OCR, and says what came of it.
func (s *session) recognise(p *page, one sheet, letters int) error {
	n := p.number - 1
	scanned := letters < fewLetters && one.pictures > 0.5 || letters == 0 && len(one.rules) >= manyRules
	switch {
	case scanned:
	case letters == 0 && one.pictures == 0:
		if !p.refused {
			s.note(n, read.Note{Kind: read.Empty, Text: "there is nothing on it"})
		}
		return nil
	default:
		return nil
	}
	if s.ocr == nil {
		s.note(n, read.Note{Kind: read.Scanned, Text: "it is a picture; install tesseract with the data of its language, or read it with OCR before"})
		return nil
	}
	languages, err := s.ocr.languages(s.item.Hint)
	if err != nil {
		s.note(n, read.Note{Kind: read.Scanned, Text: "it is a picture: " + err.Error()})
		return nil
	}
	var picture *image.Gray
	err = s.within(func(g *guest) (err error) {
		picture, err = g.picture(s.doc, n)
		return err
	})
	if err != nil {
		return err
	}
	text, err := s.ocr.read(s.ctx, picture, languages)
	switch {
	case err != nil:
		s.note(n, read.Note{Kind: read.Scanned, Text: "it is a picture: " + err.Error()})
	case lettersOf(text) <= letters || lettersOf(text) == 0:
		s.note(n, read.Note{Kind: read.Scanned, Text: "it is a picture, on which " + s.ocr.command + " finds no text"})
	default:
		p.pieces, p.plain = nil, text
		s.note(n, read.Note{Kind: read.Recognised, Text: "it is a picture, read by " + s.ocr.command + " in " + languages})
	}
	return nil
}

// manyRules is how many shapes a page without letters has if its text was
// painted as shapes.
const manyRules = 300

func lettersOf(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
