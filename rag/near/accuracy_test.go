package near

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// alphabets to make words of, and what stands between words.
var alphabets = []struct {
	tag     lang.Tag
	letters string
	space   string
}{
	{"ky", "аәбвгдежзийклмнңоөпрстуүхчшыэюя", " "},
	{"ur", "ابپتٹجچحخدڈرزسشعغفقکگلمنوہی", " "},
	{"hi", "अआइईकखगघचजटडतथदनपबभमयरलवशसह", " "},
	{"am", "ሀለመሰረሸቀበተነአከወዘየደገጠፈ", " "},
	{"th", "กขคงจชซญดตถทนบปผพมยรลวสหอ", ""},
	{"km", "កខគឃងចឆជញដណតថទធនបផពមយរលវសហអ", ""},
}

// A vocabulary has words that texts are made of.
type vocabulary struct {
	words []string
	space string
	rand  *rand.Rand
}

func newVocabulary(n int, seed uint64) *vocabulary {
	a := alphabets[n]
	v := &vocabulary{space: a.space, rand: rand.New(rand.NewPCG(seed, uint64(n)))}
	letters := []rune(a.letters)
	for range 1500 {
		word := make([]rune, 2+v.rand.IntN(8))
		for i := range word {
			word[i] = letters[v.rand.IntN(len(letters))]
		}
		v.words = append(v.words, string(word))
	}
	return v
}

// text has n words, few of them often, as in any language.
func (v *vocabulary) text(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = v.word()
	}
	return list
}

func (v *vocabulary) word() string {
	return v.words[int(math.Pow(float64(len(v.words)), v.rand.Float64()))-1]
}

// edited changes a text as offices do: words replaced, left out, added, and
// a paragraph moved.
func (v *vocabulary) edited(text []string, share float64) []string {
	var out []string
	for _, w := range text {
		switch p := v.rand.Float64(); {
		case p < share/2:
			out = append(out, v.word())
		case p < share*3/4:
		case p < share:
			out = append(out, w, v.word())
		default:
			out = append(out, w)
		}
	}
	if from := len(out) / 3; len(out) > 30 && v.rand.IntN(3) == 0 {
		out = append(append(append([]string{}, out[from:from+10]...), out[:from]...), out[from+10:]...)
	}
	return out
}

func (v *vocabulary) join(words []string) string { return strings.Join(words, v.space) }

func manyTexts(n int) []string {
	v := newVocabulary(0, 1)
	var list []string
	for len(list) < n {
		text := v.text(120)
		list = append(list, v.join(text), v.join(v.edited(text, 0.03)), v.join(v.edited(text, 0.06)))
	}
	return list[:n]
}

// jaccard is how alike two texts are, by the book.
func jaccard(tag lang.Tag, a, b string) float64 {
	x, y := shingles(tag, a), shingles(tag, b)
	both := 0
	for s := range x {
		if y[s] {
			both++
		}
	}
	return float64(both) / float64(len(x)+len(y)-both)
}

func shingles(tag lang.Tag, text string) map[string]bool {
	var letters []rune
	for w := range lang.Words(lang.Fold(tag, text)) {
		letters = append(letters, []rune(w)...)
	}
	set := map[string]bool{}
	for i := 0; i+shingle <= len(letters); i++ {
		set[string(letters[i:i+shingle])] = true
	}
	return set
}

// TestEstimate: the estimate is right on average, and as sure as 256 slots
// make it, also where a text has fewer shingles than there are slots.
func TestEstimate(t *testing.T) {
	for n, a := range alphabets {
		for _, words := range []int{15, 60, 250} {
			var bias, square, allowed float64
			const pairs = 60
			for i := range pairs {
				v := newVocabulary(n, uint64(words+i)) // errors in texts of the same words go together
				text := v.text(words)
				x, y := v.join(text), v.join(v.edited(text, float64(i%30)/60))
				want := jaccard(a.tag, x, y)
				off := float64(sign(a.tag, x).agree(sign(a.tag, y)))/slots - want
				bias, square, allowed = bias+off, square+off*off, allowed+want*(1-want)/slots
			}
			err, limit := math.Sqrt(square/pairs), math.Sqrt(allowed/pairs)
			t.Logf("%s, %4d words: standard error %.4f (%.4f for 256 independent hashes), bias %+.4f", a.tag, words, err, limit, bias/pairs)
			if err > 1.35*limit || math.Abs(bias/pairs) > 0.01 {
				t.Errorf("%s, %d words: standard error %.4f, want about %.4f; bias %+.4f", a.tag, words, err, limit, bias/pairs)
			}
		}
	}
}

// TestRecall: of pairs that are 0.9 alike, 99 in 100 are found; of those that
// are not 0.7 alike, none.
func TestRecall(t *testing.T) {
	found, alike, wrong, unlike := 0, 0, 0, 0
	for n, a := range alphabets {
		v := newVocabulary(n, 7)
		f := New(Options{})
		exact := map[string]float64{}
		for i := range 250 {
			id, text := fmt.Sprintf("%s-%03d", a.tag, i), v.text(30+i/2)
			x, y := v.join(text), v.join(v.edited(text, float64(i%25)/100))
			exact[id] = jaccard(a.tag, x, y)
			f.Add(rag.Key{Lang: a.tag, Doc: id}, x)
			f.Add(rag.Key{Lang: a.tag, Doc: id + "-b"}, y)
		}
		joined := map[string]bool{}
		for _, g := range f.Groups() {
			for _, p := range g {
				if p.B.Doc != p.A.Doc+"-b" {
					t.Errorf("%s and %s have nothing in common", p.A.Doc, p.B.Doc)
				}
				joined[p.A.Doc] = true
			}
		}
		for id, j := range exact {
			switch {
			case j >= 0.9:
				alike++
				if joined[id] {
					found++
				}
			case j < 0.7:
				unlike++
				if joined[id] {
					wrong++
				}
			}
		}
	}
	t.Logf("%d of %d pairs of 0.9 or more found, %d of %d below 0.7", found, alike, wrong, unlike)
	if alike < 250 || unlike < 500 || found*100 < alike*99 || wrong > 0 {
		t.Errorf("%d of %d pairs of 0.9 or more are found, want 99 %%; %d of %d below 0.7, want none", found, alike, wrong, unlike)
	}
}
