package near

import (
	"fmt"
	"testing"
	"unicode/utf8"

	"tilgate/rag"
)

// BenchmarkAdd adds documents of 2 kB.
func BenchmarkAdd(b *testing.B) {
	for n, a := range alphabets {
		v := newVocabulary(n, 1)
		text := v.join(v.text(500))
		for len(text) > 2000 {
			_, size := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-size]
		}
		b.Run(string(a.tag), func(b *testing.B) {
			f := New(Options{Limit: 1 << 30})
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				f.docs = f.docs[:0]
				f.Add(rag.Key{Lang: a.tag, Doc: "a"}, text)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "documents/s")
		})
	}
}

// BenchmarkGroups looks for groups in 100,000 documents, a tenth of which are
// like another.
func BenchmarkGroups(b *testing.B) {
	f := New(Options{})
	base := manyTexts(10_000)
	for i := range 100_000 {
		s := *sign("ky", base[i%len(base)])
		s.text.Lo = uint64(i)
		if i%10 != 0 {
			for k := range s.slots {
				s.slots[k] = uint16(scatter(uint64(i*slots + k)))
			}
		}
		f.docs = append(f.docs, document{rag.Key{Doc: fmt.Sprint(i)}, &s})
	}
	for b.Loop() {
		f.Groups()
	}
	b.ReportMetric(float64(len(f.Groups())), "groups")
}
