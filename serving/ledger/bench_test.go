package ledger

import (
	"fmt"
	"testing"

	"tilgate/serving"
)

func BenchmarkRecord(b *testing.B) {
	l := open(b, options(b))
	var list []serving.Exchange
	for i := range 64 {
		list = append(list, changed(func(x *serving.Exchange) { x.Caller.Name = fmt.Sprint("key ", i) }))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		l.Record(b.Context(), list[i%len(list)])
		i++
	}
}

// BenchmarkPut commits batches of 200 cells each.
func BenchmarkPut(b *testing.B) {
	for name, address := range map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return newDatabase(b) }} {
		b.Run(name, func(b *testing.B) {
			o := options(b)
			o.Address = address()
			l := open(b, o)
			settled(b, l)
			seq := int64(0)
			for b.Loop() {
				seq++
				x := batch{Writer: "bench", Seq: seq}
				for i := range 200 {
					x.Usage = append(x.Usage, usageRow{Labels: Labels{Day: "2026-11-28", Key: fmt.Sprint(i)}, Counts: Counts{Requests: 1}, Total: sparse{50: 1}, First: sparse{20: 1}})
				}
				if err := l.db.put(b.Context(), []batch{x}, false); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(200*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
