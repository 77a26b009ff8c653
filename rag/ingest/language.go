package ingest

import (
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/rag"
	"tilgate/rag/read"
)

// Languages say how the language of a document is known. What its author named
// counts first, then what the operator said of its source, then what its words
// look like, then what its format says, which is often a program's default.
type Languages struct {
	Default  lang.Tag      // of documents that do not name theirs; may be empty
	Detector *lid.Detector // may be nil
	Always   bool          // look at the words of all documents, so that Found can tell who is wrong
}

// Found is what is known of the language of a document.
type Found struct {
	Lang       lang.Tag // that it is stored in
	Declared   lang.Tag // by author or operator, or by the format if that decided; empty if by none
	Detected   lang.Tag // lang.Und if nothing was sure; empty if nobody looked
	Confidence float64  // of Detected
}

// sure is how confident the detector must be to be believed alone.
const sure = 0.7

func (l Languages) find(item read.Item) (Found, error) {
	f := Found{Declared: item.Lang}
	if f.Declared == "" {
		f.Declared = l.Default
	}
	f.Lang = f.Declared
	if l.Detector != nil && (f.Lang == "" || l.Always) {
		guess := l.Detector.Detect(sampleOf(item.Document), lid.Options{})
		f.Detected, f.Confidence = guess.Tag.In(guess.Script), guess.Confidence
	}
	if f.Lang == "" && f.Confidence >= sure {
		f.Lang = f.Detected
	}
	if f.Lang == "" {
		f.Lang, f.Declared = item.Hint, item.Hint
	}
	if f.Lang == "" || f.Lang == lang.Und {
		return f, errLanguage
	}
	return f, nil
}

var errLanguage = fault.Invalid.Errorf("its language is not known: say it with --lang, or in the file")

// among finds the language of a document that is too short to tell, among those
// that the others are in.
func (l Languages) among(item read.Item, others []lang.Tag) (Found, error) {
	f := Found{Detected: lang.Und}
	if l.Detector != nil && len(others) > 0 {
		guess := l.Detector.Detect(sampleOf(item.Document), lid.Options{Set: others, Floor: -1})
		f.Lang, f.Confidence = guess.Tag.In(guess.Script), guess.Confidence
	}
	if f.Lang == lang.Und && len(others) == 1 {
		f.Lang = others[0] // a document of numbers, say
	}
	if f.Lang == "" || f.Lang == lang.Und {
		return f, errLanguage
	}
	return f, nil
}

// sampleBytes are looked at: some 300 letters of most scripts, after which the
// detector hardly learns more.
const sampleBytes = 800

// sampleOf returns a piece from the middle of a document: its beginning is
// often a letterhead in another language.
func sampleOf(d rag.Document) string {
	if len(d.Text) <= sampleBytes {
		return d.Title + "\n" + d.Text
	}
	from := (len(d.Text) - sampleBytes) / 2
	return strings.ToValidUTF8(d.Text[from:from+sampleBytes], "") // letters are not cut
}
