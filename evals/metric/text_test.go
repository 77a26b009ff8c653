package metric

import (
	"strings"
	"testing"
)

// What sacreBLEU 2.6.0 says of one text.
func TestSettings(t *testing.T) {
	const hyp, ref = "Бала мектепке кеч барды.", "Бала мектепке эрте барды кечээ."
	for _, tt := range []struct {
		m         Text
		hyp, ref  string
		score     float64
		signature string
	}{
		{BLEU{Effective: true}, hyp, ref, 20.80119537801062, "case:mixed|eff:yes|tok:13a|smooth:exp"},
		{BLEU{Effective: true, Smooth: SmoothFloor}, hyp, ref, 11.062691203042489, "case:mixed|eff:yes|tok:13a|smooth:floor[0.10]"},
		{BLEU{Effective: true, Smooth: SmoothAddK}, hyp, ref, 33.08516361499262, "case:mixed|eff:yes|tok:13a|smooth:add-k[1.00]"},
		{BLEU{Effective: true, Smooth: SmoothNone}, hyp, ref, 0, "case:mixed|eff:yes|tok:13a|smooth:none"},
		{ChrF{Lower: true, Space: true}, hyp, ref, 60.60981535128214, "case:lc|eff:yes|nc:6|nw:0|space:yes"},
		{ChrFPP, "үй", "Үй чоң", 7.575757575757576, "case:mixed|eff:yes|nc:6|nw:2|space:no"},
		{ChrF{Words: 2, Epsilon: true}, "үй", "Үй чоң", 2.840909090909095, "case:mixed|eff:no|nc:6|nw:2|space:no"},
		{TER{}, "The cat, sat.", "the cat sat", 200.0 / 3, "case:lc|tok:tercom|norm:no|punct:yes|asian:no"},
		{TER{NoPunct: true}, "The cat, sat.", "the cat sat", 0, "case:lc|tok:tercom|norm:no|punct:no|asian:no"},
		{TER{NoPunct: true, Case: true}, "The cat, sat.", "the cat sat", 100.0 / 3, "case:mixed|tok:tercom|norm:no|punct:no|asian:no"},
		{TER{Normalize: true}, "the cat's. 摄入。", "the cat's. 摄入。", 40, "case:lc|tok:tercom|norm:yes|punct:yes|asian:no"}, // its mistake
		{TER{Normalize: true, Asian: true}, "摄 入 。", "摄入。", 0, "case:lc|tok:tercom|norm:yes|punct:yes|asian:yes"},
		{TER{NoPunct: true, Asian: true}, "摄 入 。", "摄入。", 200, "case:lc|tok:tercom|norm:no|punct:no|asian:yes"},
	} {
		if got := Sentence(tt.m, tt.hyp, []string{tt.ref}); !near(got, tt.score, 1e-9) {
			t.Errorf("%s %s of %q: %v, want %v", tt.m.Name(), tt.signature, tt.hyp, got, tt.score)
		}
		if got := tt.m.Signature(1); got != "nrefs:1|"+tt.signature+"|version:2.6.0" {
			t.Errorf("signature %s, want %s", got, tt.signature)
		}
	}
}

func TestLower(t *testing.T) {
	far := strings.Repeat("a", 122) + " "
	for _, tt := range []struct{ text, want string }{
		{"Үй ЧОҢ", "үй чоң"},
		{"İstanbul", "i\u0307stanbul"},
		{"ΣΟΦΟΣ ΣΑΣ", "σοφος σας"},
		{"ΣΟΦΟΣ. ΣΑΣ'", "σοφος. σας'"},
		{"Σ ΑΣ.Β ΑΣ1", "σ ασ.β ας1"},
		{"ΑΣ'Β", "ασ'β"},
		{far + "ΣΑΣ ደ", far + "σας ደ"}, // the 128th byte is inside the word, where x/text/cases ends a buffer
	} {
		if got := lower(tt.text); got != tt.want {
			t.Errorf("lower(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// A count grows beyond the table that it begins with, and is emptied.
func TestGramCount(t *testing.T) {
	c := newGramCount()
	var symbols []uint32
	for i := range uint32(5000) {
		symbols = append(symbols, i%2500)
	}
	for range 3 {
		c.clear()
		if n := c.add(symbols, 4, wordBits); n != 4997 {
			t.Fatalf("%d n-grams", n)
		}
		if n := c.take(symbols[:1000], 4, wordBits) + c.take(symbols[:1000], 4, wordBits) + c.take(symbols[:1000], 4, wordBits); n != 2*997 {
			t.Errorf("%d n-grams match, of 997 that stand there twice", n)
		}
	}
	c.clear()
	if n := c.take(symbols, 4, wordBits); n != 0 {
		t.Errorf("%d n-grams match nothing", n)
	}
	if n := c.add(symbols[:2], 4, wordBits); n != 0 {
		t.Errorf("two words have %d n-grams of four", n)
	}
}
