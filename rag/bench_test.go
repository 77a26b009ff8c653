package rag

import (
	"strings"
	"testing"

	"tilgate/internal/lang"
)

// About a hundred words each.
var benchPages = map[lang.Tag]string{
	"ky": strings.Repeat("Баланын төрөлүшүн отуз күндүн ичинде каттатыңыз. Төрөлүштү каттоо акысыз, ал эми күбөлүктү райондук бөлүм ошол эле күнү берет. ", 6),
	"km": strings.Repeat("សូមចុះឈ្មោះកំណើតកូនក្នុងរយៈពេលសាមសិបថ្ងៃ។ ការចុះឈ្មោះមិនគិតថ្លៃទេ ហើយការិយាល័យស្រុកចេញសំបុត្រកំណើតនៅថ្ងៃដដែល។ ", 6),
	"ar": strings.Repeat("سجل ولادة الطفل خلال ثلاثين يوما. التسجيل مجاني، ويصدر مكتب الأحوال المدنية شهادة الميلاد في اليوم نفسه. ", 6),
}

func BenchmarkAnalyze(b *testing.B) {
	for _, tag := range []lang.Tag{"ky", "km", "ar"} {
		b.Run(string(tag), func(b *testing.B) {
			p := Passage{Lang: tag, Text: benchPages[tag]}
			b.SetBytes(int64(len(p.Text)))
			b.ReportAllocs()
			for b.Loop() {
				p.Vector()
			}
		})
	}
}

// benchHits are ten passages with ten sentences each.
func benchHits() []Passage {
	var hits []Passage
	for i := range 10 {
		p := kyHits[i%len(kyHits)]
		p.Text, p.Score = strings.Repeat(p.Text+" ", 3), float64(30-i)
		hits = append(hits, p)
	}
	return hits
}

func BenchmarkRelevance(b *testing.B) {
	q, h := Query{Text: "Аялдар канча жашында пенсияга чыгат?", Lang: "ky"}, Hits{Passages: benchHits(), N: 1000}
	b.ReportAllocs()
	for b.Loop() {
		Relevance(q, h)
	}
}

func BenchmarkQuotes(b *testing.B) {
	q, hits := Query{Text: "Аялдар канча жашында пенсияга чыгат?", Lang: "ky"}, benchHits()
	b.ReportAllocs()
	for b.Loop() {
		Quotes(q, hits, 2)
	}
}
