package lid

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
	"unicode/utf8"

	"tilgate/internal/lang"
)

func FuzzDetect(f *testing.F) {
	for _, s := range sentences[:12] {
		f.Add(s.text)
	}
	f.Add("\xff\xfeкод PIN 汉字かな한글 ' ’")
	f.Fuzz(func(t *testing.T, text string) {
		d := Default()
		g := d.Detect(text, Options{})
		if !(g.Confidence >= 0 && g.Confidence <= 1.0001) {
			t.Errorf("Detect(%q): confidence %v", text, g.Confidence)
		}
		at := 0
		for _, s := range d.Spans(text, Options{Set: []lang.Tag{"ky", "ru", "en"}}) {
			if s.Start != at || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("Spans(%q): %d..%d after %d", text, s.Start, s.End, at)
			}
			if utf8.ValidString(text) && !utf8.ValidString(text[s.Start:s.End]) {
				t.Errorf("Spans(%q) cut a character at %d or %d", text, s.Start, s.End)
			}
			at = s.End
		}
		if at != 0 && at != len(text) {
			t.Errorf("Spans(%q) end at %d of %d", text, at, len(text))
		}
	})
}

// tinyModels are two models that fit a few hundred bytes.
func tinyModels() []model {
	m := model{scripts: []lang.Script{"Cyrl"}, labels: []lang.Tag{"kk", "ky"}, dim: 16, buckets: 4, rows: make([]byte, 32),
		weight: make([]float32, 32), bias: make([]float32, 2)}
	one := model{scripts: []lang.Script{"Thai"}, labels: []lang.Tag{"th"}, dim: 16, weight: make([]float32, 16), bias: make([]float32, 1)}
	for i := range m.temp {
		m.temp[i], one.temp[i] = 1, 1
	}
	return []model{m, one}
}

func FuzzLoad(f *testing.F) {
	good := encode(tinyModels())
	f.Add(good[len(fileMagic) : len(good)-4])
	f.Add([]byte{})
	f.Add([]byte{0xff, 0xff})
	f.Fuzz(func(t *testing.T, body []byte) {
		data := append([]byte(fileMagic), body...)
		data = binary.LittleEndian.AppendUint32(data, crc32.ChecksumIEEE(data))
		d, err := Load(bytes.NewReader(data))
		if err != nil {
			return
		}
		d.Detect("Баланын күбөлүгү", Options{})
		d.Spans("Баланын күбөлүгү and a few words", Options{})
	})
}

func TestLoadDamaged(t *testing.T) {
	good := encode(tinyModels())
	if _, err := Load(bytes.NewReader(good)); err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if _, err := Load(bytes.NewReader(good[:n])); err == nil {
			t.Errorf("Load of the first %d of %d bytes is no error", n, len(good))
		}
		bad := bytes.Clone(good)
		bad[n] ^= 0x55
		if _, err := Load(bytes.NewReader(bad)); err == nil {
			t.Errorf("Load with byte %d changed is no error", n)
		}
		body := good[len(fileMagic) : len(good)-4]
		if n < len(body) {
			if _, err := readModels(body[:n]); err == nil {
				t.Errorf("%d of %d bytes of models are no error", n, len(body))
			}
		}
	}
}

func BenchmarkDetect100(b *testing.B) {
	text := prefix("Баланын туулгандыгы жөнүндө күбөлүктү кайдан алсам болот жана ага кандай документтер керек экенин айтып бериңиз", 100)
	for name, text := range map[string]string{"Cyrl": text, "Latn": prefix("Ni nyaraka gani zinahitajika ili kumwona daktari hospitalini na shule ya kijiji chetu imejengwa upya mwaka huu", 100)} {
		b.Run(name, func(b *testing.B) {
			d := Default()
			b.ReportAllocs()
			for b.Loop() {
				d.Detect(text, Options{})
			}
		})
	}
}

// BenchmarkAlphabet is the other part of the first detection's cost.
func BenchmarkAlphabet(b *testing.B) {
	for b.Loop() {
		newAlphabet()
	}
}

func BenchmarkSpans(b *testing.B) {
	text := "Мен эртең келем, бирок документтерди кайда тапшырам? Please tell me when the office opens tomorrow morning"
	for b.Loop() {
		Default().Spans(text, Options{})
	}
}

func BenchmarkLoad(b *testing.B) {
	b.SetBytes(int64(len(embedded)))
	for b.Loop() {
		if _, err := Load(strings.NewReader(embedded)); err != nil {
			b.Fatal(err)
		}
	}
}
