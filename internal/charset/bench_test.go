package charset

import (
	"strings"
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	for name, data := range map[string]string{"utf-8": strings.Repeat(inKyrgyz+"\n", 2000), "windows-1251": strings.Repeat(encode(b, "windows-1251", inRussian)+"\n", 4000)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, _, _, err := Decode([]byte(data), ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMojibake is of text that is well, as nearly all is.
func BenchmarkMojibake(b *testing.B) {
	for name, line := range map[string]string{"Kyrgyz": inKyrgyz, "Russian": inRussian, "French": inFrench, "Khmer": inKhmer} {
		text := strings.Repeat(line+"\n", 1000)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, ok := Mojibake(text); ok {
					b.Fatal("it was repaired")
				}
			}
		})
	}
}
