package near

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"tilgate/internal/lang"
	"tilgate/rag"
)

const (
	birth = "Баланын төрөлүшү жөнүндө күбөлүк алуу үчүн ата-эненин бири жашаган жериндеги калкты тейлөө борборуна кайрылат. Арызга паспорт жана төрөт үйүнүн маалымкаты тиркелет. Күбөлүк үч жумуш күнүндө акысыз берилет."
	water = "ទឹកស្អាត\u200bត្រូវ\u200bបាន\u200bផ្គត់ផ្គង់\u200bដោយ\u200bរដ្ឋាភិបាល\u200bខេត្ត។ អ្នកស្រុក\u200bត្រូវ\u200bចុះឈ្មោះ\u200bនៅ\u200bសាលាឃុំ ដោយ\u200bយក\u200bអត្តសញ្ញាណប័ណ្ណ និង\u200bសៀវភៅ\u200bគ្រួសារ\u200bមក\u200bជាមួយ។ ការ\u200bចុះឈ្មោះ\u200bមិន\u200bបង់\u200bប្រាក់\u200bទេ។"
	tax   = "ٹیکس گوشوارہ جمع کرانے کی آخری تاریخ تیس ستمبر ہے۔ شہری اپنا گوشوارہ ضلعی دفتر میں یا آن لائن جمع کرا سکتے ہیں۔ تاخیر کی صورت میں جرمانہ عائد ہو گا جس کی رقم دفتر بتائے گا۔"
)

func TestGroups(t *testing.T) {
	for _, tt := range []struct {
		what string
		tag  lang.Tag
		a, b string
		want string // "same", "near" or ""
	}{
		{"the same", "ky", birth, birth, "same"},
		{"another script of capitals and marks", "ky", birth, strings.ToUpper(strings.ReplaceAll(birth, ".", " —")), "near"},
		{"typed without Kyrgyz letters", "ky", birth, strings.NewReplacer("ө", "о", "ү", "у", "ң", "н").Replace(birth), "near"},
		{"another number of days", "ky", birth, strings.Replace(birth, "үч жумуш", "беш жумуш", 1), "near"},
		{"lines as a PDF breaks them", "ky", birth, strings.ReplaceAll(birth, " ", "\n"), "near"},
		{"a sentence more", "ky", birth, birth + " Телефон: 115.", "near"},
		{"half of it", "ky", birth, birth[:len(birth)/2], ""},
		{"another text", "ky", birth, "Пенсия дайындоо үчүн жараан социалдык фонддун аймактык бөлүмүнө арыз, эмгек китепчесин жана айлык акысы тууралуу маалымкатты тапшырат. Пенсия арыз берилген күндөн тартып төлөнөт.", ""},
		{"Khmer without its hidden spaces", "km", water, strings.ReplaceAll(water, "\u200b", ""), "near"},
		{"Khmer with another word", "km", water, strings.Replace(water, "ខេត្ត", "ស្រុក", 1), "near"},
		{"Urdu with an Arabic keyboard's letters", "ur", tax, strings.NewReplacer("ی", "ي", "ک", "ك").Replace(tax), "near"},
		{"two languages", "ur", tax, birth, ""},
		{"short and the same", "ky", "115", "115", "same"},
		{"short and another", "ky", "Арыз № 1", "Арыз № 2", ""},
		{"empty", "ky", "", "", ""},
		{"white space", "ky", " \n", " \n", ""},
		{"one letter for long", "ky", strings.Repeat("а", 5000), strings.Repeat("а", 5001), ""}, // of such a set there is nothing to estimate
	} {
		t.Run(tt.what, func(t *testing.T) {
			f := New(Options{})
			f.Add(rag.Key{Lang: tt.tag, Doc: "b"}, tt.b)
			f.Add(rag.Key{Lang: tt.tag, Doc: "a"}, tt.a)
			got := ""
			for _, p := range slices.Concat(f.Groups()...) {
				if got = "near"; p.Same {
					got = "same"
				}
				if p.A.Doc != "a" || p.B.Doc != "b" || p.Similarity < DefaultThreshold || p.Same != (p.Similarity == 1 && tt.a == tt.b) {
					t.Errorf("the pair is %+v", p)
				}
			}
			if got != tt.want {
				t.Errorf("they are found to be %q, want %q; %d of %d slots agree", got, tt.want, sign(tt.tag, tt.a).agree(sign(tt.tag, tt.b)), slots)
			}
		})
	}
}

// TestGroupsOfMany: groups are whole, in order, and have a pair less than
// documents.
func TestGroupsOfMany(t *testing.T) {
	f := New(Options{})
	for i := range 40 {
		text := birth
		switch {
		case i%4 == 1:
			text = strings.Replace(birth, "үч", fmt.Sprint(i), 1)
		case i%4 == 2:
			text = tax
		case i%4 == 3:
			text = fmt.Sprintf("%s %d", water, i)
		}
		f.Add(rag.Key{Doc: fmt.Sprintf("%02d", i)}, text)
	}
	var got []string
	for _, g := range f.Groups() {
		same := 0
		for _, p := range g {
			if p.Same {
				same++
			}
		}
		got = append(got, fmt.Sprintf("%s: %d pairs, %d same", g[0].A.Doc, len(g), same))
	}
	want := []string{"00: 19 pairs, 9 same", "02: 9 pairs, 9 same", "03: 9 pairs, 0 same"}
	if !slices.Equal(got, want) {
		t.Errorf("groups %q, want %q", got, want)
	}
}

// TestOrder: neither the order of adding nor goroutines change the answer.
func TestOrder(t *testing.T) {
	texts := manyTexts(300)
	groups := func(step int) [][]Pair {
		f := New(Options{})
		var wait sync.WaitGroup
		for i := range texts {
			n := i * step % len(texts)
			add := func() { f.Add(rag.Key{Lang: "ky", Doc: fmt.Sprint(n)}, texts[n]) }
			if step == 1 {
				add()
			} else {
				wait.Go(add)
			}
		}
		wait.Wait()
		return f.Groups()
	}
	first := groups(1)
	if len(first) < 50 {
		t.Fatalf("only %d groups", len(first))
	}
	for _, step := range []int{7, 113} {
		if !reflect.DeepEqual(first, groups(step)) {
			t.Errorf("in steps of %d the groups are others", step)
		}
	}
}

func TestLimit(t *testing.T) {
	f := New(Options{Limit: 2})
	for i := range 5 {
		f.Add(rag.Key{Doc: fmt.Sprint(i)}, birth)
	}
	if in, over := f.Compared(); in != 2 || over != 3 || len(f.Groups()[0]) != 1 {
		t.Errorf("%d documents compared and %d beyond the limit, want 2 and 3", in, over)
	}
}

func TestThreshold(t *testing.T) {
	for _, tt := range []struct {
		threshold float64
		rows      int
		want      int // groups
	}{{0, 9, 0}, {0.3, 2, 1}, {0.95, 16, 0}, {7, 16, 0}, {-1, 2, 1}} {
		f := New(Options{Threshold: tt.threshold})
		f.Add(rag.Key{Doc: "a"}, birth)
		f.Add(rag.Key{Doc: "b"}, birth[:len(birth)/2])
		if got := f.Groups(); len(got) != tt.want {
			t.Errorf("with threshold %v, half a text is in %d groups, want %d", tt.threshold, len(got), tt.want)
		}
		if got := newJoiner(nil, f.threshold).rows; got != tt.rows {
			t.Errorf("with threshold %v, bands have %d rows, want %d", tt.threshold, got, tt.rows)
		}
	}
}

// TestMemory: what a document takes, and no piece of the text it was cut from.
func TestMemory(t *testing.T) {
	const documents = 2000
	f := New(Options{})
	before := heap()
	for i := range documents {
		file := fmt.Sprintf("desk/documents/%06d ", i) + strings.Repeat(birth, 5) + fmt.Sprint(i)
		f.Add(rag.Key{Lang: "ky", Doc: file[:22]}, file)
	}
	each := (heap() - before) / documents
	if each < slots*2 || each > 750 {
		t.Errorf("a document takes %d bytes, want at most 750", each)
	}
	runtime.KeepAlive(f)
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestManyOfOneForm: comparing does not take the square of the time.
func TestManyOfOneForm(t *testing.T) {
	f := New(Options{})
	s := sign("ky", birth)
	for i := range 20_000 {
		other := *s
		other.text.Lo = uint64(i)
		other.slots[i%slots]++ // no two are the same
		other.slots[i/slots]++
		f.docs = append(f.docs, document{rag.Key{Doc: fmt.Sprint(i)}, &other})
	}
	if g := f.Groups(); len(g) != 1 || len(g[0]) != 19_999 {
		t.Errorf("%d groups, want all in one", len(g))
	}
}

// TestManyUnlikeInABand: nor does it when documents agree in a band alone.
func TestManyUnlikeInABand(t *testing.T) {
	f := New(Options{})
	for i := range 20_000 {
		s := &signature{}
		s.text.Lo = uint64(i)
		for k := 9; k < slots; k++ {
			s.slots[k] = uint16(scatter(uint64(i*slots + k)))
		}
		f.docs = append(f.docs, document{rag.Key{Doc: fmt.Sprint(i)}, s})
	}
	if g := f.Groups(); len(g) != 0 {
		t.Errorf("%d groups of documents that share 9 slots", len(g))
	}
}
