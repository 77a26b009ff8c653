package quality

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// FuzzReport: whatever a file says about itself, a report of it is short, is
// valid, and acts on nothing.
func FuzzReport(f *testing.F) {
	f.Add("ky", "desk/a.pdf", "Арыз", birth, "page 3", "it is a picture")
	f.Add("ur", "ٹیکس.html:12", "ٹیکس", tax, "", "")
	f.Add(evil, evil, evil, evil, evil, evil)
	f.Add("km", "a/"+water, water, water, "\u17d2", "e\u0301\u0301\u0301\u0301")
	finder := kyrgyz(f)
	f.Fuzz(func(t *testing.T, tag, where, title, body, place, note string) {
		if len(body) > 1<<16 {
			t.Skip()
		}
		c := New(Options{KB: title, Personal: finder})
		for _, id := range []string{where, where + "2"} {
			item := doc(lang.Tag(tag), id, title, body, read.Note{Kind: read.Scanned, Where: place, Text: note}, read.Note{Kind: read.NoteKind(place), Text: note})
			item.Where = where
			c.Document(item, lang.Tag(tag), lang.Tag(place), 0.9, nil)
		}
		c.Fault(where, errors.New(note))
		r := c.Report()
		html, plain := page(t, r), text(t, r)
		checkStandsAlone(t, html)
		checkHarmless(t, "page", html)
		checkHarmless(t, "text", plain)
		if data, err := json.Marshal(r); err != nil || !utf8.Valid(data) {
			t.Errorf("JSON: %v", err)
		}
		if len(html) > 400_000 || len(plain) > 100_000 || !utf8.ValidString(html) || !utf8.ValidString(plain) {
			t.Errorf("%d bytes of HTML and %d of text", len(html), len(plain))
		}
	})
}
