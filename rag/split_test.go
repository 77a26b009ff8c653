package rag

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"tilgate/internal/lang"
)

// checkSplit reports what is wrong with the passages of any document.
func checkSplit(t *testing.T, d Document, passages []Passage) {
	t.Helper()
	at := 0
	for i, p := range passages {
		j := strings.Index(d.Text[at:], p.Text)
		if j < 0 || p.Text == "" || p.Text != strings.TrimSpace(p.Text) {
			t.Fatalf("passage %d, %q, is not the next piece of the document", i, p.Text)
		}
		if lost := strings.TrimSpace(d.Text[at : at+j]); lost != "" {
			t.Errorf("%q is lost before passage %d", lost, i)
		}
		at += j + len(p.Text)
		if p.N != i || p.Doc != d.ID || p.Lang != d.Lang || p.Title != d.Title || p.Source != d.Source || p.Date != d.Date || p.Sector != d.Sector {
			t.Errorf("passage %d does not say where it comes from: %+v", i, p)
		}
	}
	if lost := strings.TrimSpace(d.Text[at:]); lost != "" {
		t.Errorf("%q is lost at the end", lost)
	}
}

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		tag      lang.Tag
		sentence string
	}{
		{"ky", "Баланын төрөлүшүн отуз күндүн ичинде каттатыңыз. "},
		{"am", "የልጅዎን ልደት በሰላሳ ቀናት ውስጥ ያስመዝግቡ። "},
		{"zh", "请在三十天内登记孩子的出生。"},
		{"km", "សូមចុះឈ្មោះកំណើតកូនក្នុងរយៈពេលសាមសិបថ្ងៃ។ "},
		{"ur", "بچے کی پیدائش تیس دن کے اندر درج کرائیں۔ "},
		{"bn", "ত্রিশ দিনের মধ্যে শিশুর জন্ম নিবন্ধন করুন। "},
	} {
		fit := passageLetters(tt.sentence) / letters(strings.TrimSpace(tt.sentence)) // sentences a passage
		for _, sentences := range []int{1, fit / 2, fit, 2 * fit, 3 * fit, 3*fit + 1, 10 * fit} {
			d := Document{ID: "birth", Title: "Birth", Lang: tt.tag, Text: strings.Repeat(tt.sentence, sentences), Source: "a.md", Date: "2026-02-10", Sector: "civil"}
			got := Splitter{Overlap: -1}.Split(d)
			checkSplit(t, d, got)
			if least, most := (sentences+2*fit-1)/(2*fit), sentences/fit*2; len(got) < least || len(got) > max(1, most) {
				t.Errorf("%d times %q make %d passages, want %d to %d", sentences, tt.sentence, len(got), least, most)
			}
			shortest, longest := sentences, 0
			for _, p := range got {
				n := strings.Count(p.Text+" ", tt.sentence)
				shortest, longest = min(shortest, n), max(longest, n)
				if strings.TrimSpace(strings.ReplaceAll(p.Text+" ", tt.sentence, "")) != "" {
					t.Errorf("a passage does not hold whole sentences: %q", p.Text)
				}
			}
			if shortest < min(sentences, fit/2) || longest > fit*3/2+1 {
				t.Errorf("of %d times %q, passages have %d to %d; %d are usual", sentences, tt.sentence, shortest, longest, fit)
			}
		}
	}
	if got := Split(Document{ID: "blank", Lang: "en", Text: " \n\n "}); len(got) != 0 {
		t.Errorf("white space makes %d passages", len(got))
	}
}

// TestPassageLetters: about 130 words, in each script.
func TestPassageLetters(t *testing.T) {
	han, ethiopic, latin := passageLetters("请在三十天内登记"), passageLetters("የልጅዎን ልደት"), passageLetters("Register the birth")
	if !(200 <= han && han < ethiopic && ethiopic < latin && latin <= 2000) {
		t.Errorf("a passage has %d letters of Han, %d of Ethiopic, %d of Latin", han, ethiopic, latin)
	}
	if got := passageLetters(strings.Repeat("请在三十天内登记 ", 200) + strings.Repeat("Register ", 9000)); got != han {
		t.Errorf("a document that begins in Chinese has passages of %d letters, want %d", got, han)
	}
}

// TestSplitLong: text without the end of a sentence is cut at spaces, and
// where it has none, between letters.
func TestSplitLong(t *testing.T) {
	for _, tt := range []struct {
		tag  lang.Tag
		unit string
		n    int
	}{
		{"ky", "аты жөнү туулган жылы ", 400},
		{"ky", "а", 100_000},
		{"km", "ការចុះឈ្មោះឥតគិតថ្លៃ", 400}, // ឈ្មោះ is two letters tied by a coeng, and marks
		{"th", "จดทะเบียนเกิดภายในสามสิบวันโดยไม่เสียค่าธรรมเนียม", 400},
		{"my", "မွေးစာရင်းကိုအခမဲ့မှတ်ပုံတင်ပါ", 400},
		{"hi", "क्ष्म्य", 1000},
		{"zh", "登记免费", 1000},
		{"en", "👩‍🌾", 2000}, // three code points
	} {
		d := Document{ID: "long", Lang: tt.tag, Text: strings.Repeat(tt.unit, tt.n)}
		passages := Splitter{Overlap: -1}.Split(d)
		checkSplit(t, d, passages)
		if want := utf8.RuneCountInString(d.Text) / 3000; len(passages) < want {
			t.Errorf("%d passages in %s, want %d at least", len(passages), tt.tag, want)
		}
		for i, p := range passages {
			first, _ := utf8.DecodeRuneInString(p.Text)
			last, _ := utf8.DecodeLastRuneInString(p.Text)
			if unicode.IsMark(first) || first == zwj || last == zwj || last == '\u17D2' || last == '\u1039' || last == '\u094D' && i < len(passages)-1 {
				t.Errorf("in %s, passage %d is cut inside a letter: it begins with %U and ends with %U", tt.tag, i, first, last)
			}
			if strings.Contains(tt.unit, " ") && i < len(passages)-1 && !strings.Contains(d.Text, p.Text+" ") {
				t.Errorf("passage %d is cut inside a word: …%s", i, p.Text[len(p.Text)-20:])
			}
			if n := utf8.RuneCountInString(p.Text); n > 2*passageLetters(d.Text) {
				t.Errorf("in %s, passage %d has %d letters", tt.tag, i, n)
			}
		}
	}
}

// TestSplitLinear: four times as much text without an end takes four times as
// long, not sixteen times.
func TestSplitLinear(t *testing.T) {
	for _, unit := range []string{"а", "ក្ក", "12 "} {
		took := func(bytes int) time.Duration {
			d := Document{ID: "mb", Lang: "km", Text: strings.Repeat(unit, bytes/len(unit))}
			start := time.Now()
			if got := (Splitter{Overlap: -1}).Split(d); len(got) < bytes/10_000 {
				t.Errorf("%d bytes of %q are in %d passages", bytes, unit, len(got))
			}
			return time.Since(start)
		}
		// The machine may be busy with something else, but hardly ten times.
		var once, four time.Duration
		for range 10 {
			if once, four = took(1<<17), took(1<<19); four < 9*once {
				break
			}
		}
		if four > 9*once {
			t.Errorf("128 kB of %q take %v, 512 kB %v", unit, once, four)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add("ky", "Биринчи сүйлөм. Экинчи сүйлөм!\n\n- үчүнчү")
	f.Add("km", strings.Repeat("ឈ្មោះ", 700))
	f.Add("th", strings.Repeat("จด ", 900)+"\xff")
	f.Add("hi", strings.Repeat("\u094D", 2500))
	f.Add("en", strings.Repeat(" ", 3000)+"x"+strings.Repeat(".", 2000))
	f.Fuzz(func(t *testing.T, tag, text string) {
		d := Document{ID: "f", Lang: lang.Tag(tag), Text: text}
		checkSplit(t, d, Splitter{Overlap: -1}.Split(d))
	})
}
