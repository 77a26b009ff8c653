package rag

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// law is a document of chapters, whose sentences all differ.
func law(chapters, sentences int, r *rand.Rand) Document {
	var b Builder
	for c := range chapters {
		b.Heading(2, fmt.Sprintf("%d-глава. Төлөмдөр", c+1))
		for range sentences / 5 {
			var p strings.Builder
			for range 5 {
				fmt.Fprintf(&p, "Төлөм %d танга, аны %d күндүн ичинде төлөш керек болот. ", r.IntN(1e6), r.IntN(1e6))
			}
			b.Paragraph(p.String())
		}
	}
	d := Document{ID: "law", Title: "Мыйзам", Lang: "ky"}
	b.Put(&d)
	return d
}

func ids(passages []Passage) map[string]bool {
	set := map[string]bool{}
	for _, p := range passages {
		set[p.ID] = true
	}
	return set
}

// TestStable: an edit changes the passages around it, and no others, wherever
// it is and whether or not it moves all that follows.
func TestStable(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	worst, sum, n := 0, 0, 0
	for range 60 {
		d := law(1, 600, r) // no heading helps
		before := Split(d)
		if len(ids(before)) != len(before) {
			t.Fatalf("%d passages have %d ids", len(before), len(ids(before)))
		}
		at := d.Marks[0].End + r.IntN(len(d.Text)/2)
		at += strings.Index(d.Text[at:], "Төлөм")
		for _, edit := range []string{"Жаңы сүйлөм кошулду. ", strings.Repeat("Дагы бир сүйлөм. ", 40)} {
			changed := d
			changed.Text = d.Text[:at] + edit + d.Text[at:]
			changed.Marks = nil
			for _, m := range d.Marks {
				if m.At > at {
					m.At, m.End = m.At+len(edit), m.End+len(edit)
				}
				changed.Marks = append(changed.Marks, m)
			}
			fresh := 0
			old := ids(before)
			for _, p := range Split(changed) {
				if !old[p.ID] {
					fresh++
				}
			}
			if fresh == 0 {
				t.Error("an edit changed nothing")
			}
			worst, sum, n = max(worst, fresh), sum+fresh, n+1
		}
	}
	t.Logf("an edit gives new ids to %.1f passages, at most %d", float64(sum)/float64(n), worst)
	if worst > 8 || float64(sum)/float64(n) > 3 {
		t.Errorf("an edit gives new ids to %.1f passages, at most %d", float64(sum)/float64(n), worst)
	}
}

func TestStableIDs(t *testing.T) {
	d := Document{ID: "a", Lang: "ky", Text: "Суу таза."}
	again := d
	again.ID, again.Date = "b", "2026-01-01"
	if a, b := Split(d)[0].ID, Split(again)[0].ID; a != b || a == "" {
		t.Errorf("ids %q and %q of the same words", a, b)
	}
	twice := law(1, 5, rand.New(rand.NewPCG(1, 1)))
	twice.Text, twice.Marks = strings.Repeat(strings.Repeat("Бул жерде эч нерсе жок. ", 40)+"\n\n", 5), nil
	if got := Split(twice); len(ids(got)) != len(got) || len(got) < 3 {
		t.Errorf("%d passages that say the same have %d ids", len(got), len(ids(got)))
	}
}

// TestHeads: headings begin passages and are their context; long tables are cut
// between rows, under the rows that head them.
func TestHeads(t *testing.T) {
	var b Builder
	filler := strings.Repeat("Бул жерде төлөмдөр жөнүндө айтылат. ", 20)
	b.Heading(1, "Жалпы бөлүм")
	b.Paragraph(filler)
	b.Heading(2, "Төлөмдөр")
	b.Paragraph(filler)
	b.HeadRow("Кызмат", "Баасы")
	for i := range 200 {
		b.Row(fmt.Sprintf("Күбөлүк %d", i), fmt.Sprintf("%d танга", i))
	}
	b.Heading(2, "Мөөнөттөр")
	b.Item(0, "1)", "Отуз күн")
	b.Item(0, "2)", "Кырк күн")
	d := Document{ID: "law", Title: "Мыйзам", Lang: "ky"}
	b.Put(&d)
	got := Splitter{Overlap: -1}.Split(d)
	checkSplit(t, d, got)
	rows := 0
	for i, p := range got {
		first, _, _ := strings.Cut(p.Text, "\n")
		switch {
		case i == 0 && p.Head != "":
			t.Errorf("the first passage stands under %q", p.Head)
		case strings.HasPrefix(first, "Күбөлүк"):
			rows++
			if want := "Жалпы бөлүм › Төлөмдөр\nКызмат | Баасы"; p.Head != want {
				t.Errorf("passage %d of the table stands under %q, want %q", i, p.Head, want)
			}
		case first == "Төлөмдөр" && p.Head != "Жалпы бөлүм":
			t.Errorf("the second chapter stands under %q", p.Head)
		}
		for line := range strings.Lines(p.Text) {
			if strings.HasPrefix(line, "Күбөлүк") && !strings.Contains(line, "танга") {
				t.Errorf("passage %d cuts the row %q", i, line)
			}
		}
		if strings.HasSuffix(p.Text, "Баасы") || strings.HasSuffix(p.Text, "Төлөмдөр") || strings.HasSuffix(p.Text, "Мөөнөттөр") {
			t.Errorf("passage %d ends with what heads the next", i)
		}
	}
	if last := got[len(got)-1].Text; rows < 2 || !strings.Contains(last, "1) Отуз күн\n2) Кырк күн") {
		t.Errorf("%d passages begin with a row; the last is %q", rows, last)
	}
}

// TestSmallTable: a table that is no longer than two passages stays whole.
func TestSmallTable(t *testing.T) {
	var b Builder
	for range 8 {
		b.Paragraph(strings.Repeat("Бул жерде төлөмдөр жөнүндө айтылат. ", 12))
		for i := range 30 {
			b.Row(fmt.Sprintf("Күбөлүк %d", i), "40 танга")
		}
	}
	d := Document{ID: "law", Lang: "ky"}
	b.Put(&d)
	got := Splitter{Overlap: -1}.Split(d)
	checkSplit(t, d, got)
	for i, p := range got {
		if strings.Count(p.Text, "Күбөлүк 0 |") != strings.Count(p.Text, "Күбөлүк 29 |") {
			t.Errorf("passage %d holds a part of a table: %q", i, p.Text)
		}
	}
}

func TestOverlap(t *testing.T) {
	d := law(2, 100, rand.New(rand.NewPCG(3, 3)))
	plain, got := Splitter{Overlap: -1}.Split(d), Split(d)
	if len(plain) != len(got) || len(got) < 5 {
		t.Fatalf("%d passages, without overlap %d", len(got), len(plain))
	}
	shares := 0
	for i := range got {
		if i == 0 || got[i].Text == plain[i].Text {
			continue
		}
		shares++
		first, _, _ := strings.Cut(got[i].Text, " болот.")
		if !strings.HasSuffix(got[i-1].Text, first+" болот.") {
			t.Errorf("passage %d begins with %q, which is not the end of the one before", i, first)
		}
		whole := join(got[i-1], got[i])
		if strings.Count(whole.Text, first) != 1 || !strings.HasSuffix(whole.Text, plain[i].Text) {
			t.Errorf("joined, passages %d and %d say %q twice", i-1, i, first)
		}
	}
	if shares < len(got)/2 {
		t.Errorf("%d of %d passages share a sentence", shares, len(got))
	}
	for i, p := range (Splitter{Letters: 300}).Split(d) {
		if n := letters(p.Text); n > 600 || n < 100 {
			t.Errorf("passage %d has %d letters, want about 300", i, n)
		}
	}
}

func TestShared(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"Бир. Эки.", "Эки. Үч.", len("Эки.")},
		{"Бир. Эки.", "Үч.", 0},
		{"", "Үч.", 0},
		{"а. а. а.", "а. а. б.", len("а. а.")},
		{"а. а. а", "а. б.", len("а")},
	} {
		if got := shared(tt.a, tt.b); got != tt.want {
			t.Errorf("shared(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
