package near

import (
	"strings"
	"testing"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// FuzzAdd: a text is like itself with a mark more, however long it is and
// wherever it is cut into pieces.
func FuzzAdd(f *testing.F) {
	f.Add(false, birth, uint16(3))
	f.Add(false, water, uint16(500))
	f.Add(true, strings.Repeat("ျမန္မာစာ ", 40), uint16(1))
	f.Add(false, "\u202e\x00\xff\xfe"+tax, uint16(70))
	f.Add(false, strings.Repeat("e\u0301\u0323", 300), uint16(100))
	f.Fuzz(func(t *testing.T, burmese bool, text string, times uint16) {
		text = strings.Repeat(text+" ", 1+int(times)%1000)
		if len(text) > 1<<18 || strings.TrimSpace(text) == "" {
			t.Skip()
		}
		tag := lang.Tag("ky")
		if burmese {
			tag = "my"
		}
		finder := New(Options{})
		finder.Add(rag.Key{Lang: tag, Doc: "a"}, text)
		finder.Add(rag.Key{Lang: tag, Doc: "b"}, text+".")
		if in, over := finder.Compared(); in != 2 || over != 0 {
			t.Fatalf("%d documents are compared", in)
		}
		one, two := sign(tag, text), sign(tag, text+".")
		if groups := finder.Groups(); (len(groups) == 1) == (one.short || two.short) {
			t.Fatalf("a text of %d bytes is in %d groups; %d slots agree", len(text), len(groups), one.agree(two))
		}
	})
}
