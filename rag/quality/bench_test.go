package quality

import (
	"fmt"
	"strings"
	"testing"

	"tilgate/internal/personal"
	"tilgate/rag"
)

// BenchmarkDocument looks at documents of 2 kB in four scripts.
func BenchmarkDocument(b *testing.B) {
	all, err := personal.New(nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, tt := range []struct {
		what   string
		finder *personal.Finder
	}{{"no personal data", nil}, {"of one country", kyrgyz(b)}, {"of all countries", all}} {
		for _, text := range []string{birth, tax, water, order} {
			item := doc("ky", "a.docx", "Төрөлүш жөнүндө күбөлүк", head(strings.Repeat(text+" № 14, 12.03.2026. ", 9), 2000))
			cut := rag.Split(item.Document)
			b.Run(fmt.Sprintf("%s/%.6s", tt.what, text), func(b *testing.B) {
				c := New(Options{Personal: tt.finder})
				b.SetBytes(int64(len(item.Text)))
				for b.Loop() {
					c.Document(item, "ky", "ky", 0.9, cut)
				}
			})
		}
	}
}
