package serving

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tilgate/internal/lang"
)

func TestLimit(t *testing.T) {
	for _, tt := range []struct {
		tag    lang.Tag
		most   int
		text   string
		want   string
		enough bool
	}{
		{"ky", 100, "Аялдар 58 жаштан чыгат.", "Аялдар 58 жаштан чыгат.", false},
		{"ky", 41, "Аялдар 58 жаштан чыгат. Эркектер 63.", "Аялдар 58 жаштан чыгат.", true},
		{"ky", 41, "Аялдар 58 жаштан чыгат.  ", "Аялдар 58 жаштан чыгат.", false},
		{"ky", 43, "Аялдар 58 жаштан чыгат [1]. Эркектер 63 жаштан.", "Аялдар 58 жаштан чыгат…", true}, // the mark is whole or not there
		{"ky", 44, "Аялдар 58 жаштан чыгат [1]. Эркектер 63 жаштан.", "Аялдар 58 жаштан чыгат [1].", true},
		{"ky", 100, "Ооба [1]. Аялдар 58 жаштан чыгат. [1][2] Эркектер 63 жаштан чыгат. [3]", "Ооба [1]. Аялдар 58 жаштан чыгат. [1][2]", true},
		{"ky", 42, "Аялдар 58 жаштан чыгат. [1] Эркектер 63.", "Аялдар 58 жаштан чыгат.", true},
		{"ky", 60, "Ооба. Аялдар 58 жаштан пенсияга чыгат. [1] Эркектер 63.", "Ооба.", true}, // not without its source
		{"am", 60, "ሰላም። ልጅ በተወለደ በ30 ቀናት ውስጥ ልደቱን ያስመዝግቡ።", "ሰላም።", true},
		{"am", 40, "ልጅ በተወለደ በ30 ቀናት ውስጥ ልደቱን ያስመዝግቡ።", "ልጅ በተወለደ በ30…", true},
		{"my", 40, "ကလေးမွေးဖွားပြီးရက်ပေါင်းသုံးဆယ်အတွင်း။", "ကလေးမွေးဖွား…", true}, // no vowel without its letter
		{"th", 60, "กรุณาแจ้งการเกิดภายในวันที่กำหนด", "กรุณาแจ้งการเกิดภาย…", true},
		{"ur", 70, "بچے کا اندراج 30 دن کے اندر کرائیں۔ اندراج مفت ہے۔", "بچے کا اندراج 30 دن کے اندر کرائیں۔", true},
		{"ky", 30, strings.Repeat("а", 40), strings.Repeat("а", 13) + "…", true},
	} {
		for size := 1; size <= 50; size += 7 {
			got, enough := limited(tt.tag, tt.most, tt.text, size)
			if got != tt.want || enough != tt.enough {
				t.Errorf("%s, %d bytes, by %d: %q %v, want %q %v", tt.tag, tt.most, size, got, enough, tt.want, tt.enough)
			}
		}
	}
}

// limited gives a limit a text, some letters at a time.
func limited(tag lang.Tag, most int, text string, size int) (got string, enough bool) {
	l := limit{tag: tag, most: most}
	for letters := []rune(text); len(letters) > 0; {
		n := min(size, len(letters))
		show, err := l.add(string(letters[:n]))
		if got += show; err != nil {
			return got, true
		}
		letters = letters[n:]
	}
	return got + l.end("stop"), false
}

func FuzzLimit(f *testing.F) {
	f.Add("Аялдар 58 жаштан чыгат. [1][2] Эркектер [12] 63. Т. Рысқұлов", uint8(40), uint8(3))
	f.Add("กรุณาแจ้ง [๑๒]การเกิด", uint8(20), uint8(1))
	f.Fuzz(func(t *testing.T, text string, most, size uint8) {
		text = strings.ToValidUTF8(text, "")
		limit := int(most) + 20
		got, enough := limited("ky", limit, text, int(size)+1)
		if len(got) > limit || !utf8.ValidString(got) {
			t.Errorf("%d bytes of %q: %q", limit, text, got)
		}
		body, short := strings.CutSuffix(got, ellipsis)
		trimmed := strings.TrimSpace(text)
		if !strings.HasPrefix(trimmed, body) && !strings.HasPrefix(trimmed, got) {
			t.Errorf("%q is no beginning of %q", got, text)
		}
		if !enough && strings.TrimSpace(got) != trimmed {
			t.Errorf("%q lost something of %q", got, text)
		}
		if enough && short && markCut.MatchString(body) && !strings.HasPrefix(trimmed, got) {
			t.Errorf("%q cuts a citation of %q", got, text)
		}
	})
}

// endless talks until nobody listens.
type endless struct {
	said    int
	stopped bool
}

func (e *endless) Chat(ctx context.Context, _ Prompt) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		defer func() { e.stopped = ctx.Err() != nil }()
		for ctx.Err() == nil {
			e.said++
			if !yield(Chunk{Text: "Аялдар 58 жаштан пенсияга чыгат [1]. "}, nil) {
				return
			}
		}
	}
}

// TestMaxBytes asks a model that never ends.
func TestMaxBytes(t *testing.T) {
	w := newWorld(t, Options{})
	model := &endless{}
	w.model = model
	r := user(question)
	r.MaxBytes = 200
	a := w.ask(t.Context(), r)
	want := strings.TrimSpace(strings.Repeat("Аялдар 58 жаштан пенсияга чыгат [1]. ", 3))
	if a.err != nil || a.text != want || a.done.Finish != "length" || len(a.done.Citations) != 3 || !a.done.Usage.Estimated {
		t.Errorf("%q, %+v, %v", a.text, a.done, a.err)
	}
	if !model.stopped || model.said > 8 {
		t.Errorf("the model went on: %+v", model)
	}
}

// TestMaxBytesEnds asks models that end by themselves, or fail.
func TestMaxBytesEnds(t *testing.T) {
	length := says("Ооба. Аялдар 58 жаштан")
	length.end.Finish = "length"
	for _, tt := range []struct {
		name         string
		model        Model
		text, finish string
	}{
		{"short", says("Аялдар ", "58 жаштан."), "Аялдар 58 жаштан.", "stop"},
		{"broken off", length, "Ооба.", "length"},
		{"lost before a sentence was whole", fails(errors.New("gone"), "Аялдар 58"), "Үзүндү [1].", "stop"},
	} {
		w := newWorld(t, Options{})
		w.model = tt.model
		r := user(question)
		r.MaxBytes = 150
		if a := w.ask(t.Context(), r); a.err != nil || a.text != tt.text || a.done.Finish != tt.finish {
			t.Errorf("%s: %q, %+v, %v", tt.name, a.text, a.done, a.err)
		}
	}
}

// TestBounded tells the model about the limit where the cost is known.
func TestBounded(t *testing.T) {
	for _, tt := range []struct {
		cost  float64
		asked *int
		bytes int // 0 for 200
		want  int // 0 for none
	}{{0, nil, 0, 0}, {0, new(30), 0, 30}, {0.4, nil, 0, 90}, {0.4, new(30), 0, 30}, {0.4, new(3000), 0, 90},
		{0.4, nil, math.MaxInt, 0}, {0.4, new(30), math.MaxInt, 30}} {
		w := newWorld(t, Options{Cost: func(string, lang.Tag) float64 { return tt.cost }})
		w.model = says("Ооба.")
		r := user(question)
		r.MaxBytes, r.Params.MaxTokens = cmp.Or(tt.bytes, 200), tt.asked
		w.ask(t.Context(), r)
		got := 0
		if n := w.prompts[0].Params.MaxTokens; n != nil {
			got = *n
		}
		if got < tt.want-5 || got > tt.want+5 {
			t.Errorf("%+v: %d", tt, got)
		}
	}
}

func TestShorten(t *testing.T) {
	const family = "👨‍👩‍👧"
	for n := 30; n < 60; n++ {
		got := strings.TrimSuffix(shorten(strings.Repeat(family, 5), n), ellipsis)
		if len(slices.Collect(lang.Graphemes(got)))*len(family) != len(got) {
			t.Errorf("%d bytes: %q", n, got)
		}
	}
}
