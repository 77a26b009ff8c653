package wire

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSaid(t *testing.T) {
	for said, want := range map[string]string{
		`model "qwen3:8b" not found`:                                                   `model "qwen3:8b" not found`,
		`{"error":"out of memory"}`:                                                    `out of memory`,
		`invalid input 'my neighbour beats me every evening'`:                          `invalid input '…'`,
		`can't parse "my neighbour beats me every`:                                     `can't parse "…`,
		`cannot read Кошунам мени сабап жатат now`:                                     `cannot read … now`,
		`cannot read \u041a\u043e\u0448 \u0448\u0443 now`:                              `cannot read … now`,
		`{"detail":[{"loc":["body"],"input":"I want to report my uncle"}]}`:            `{"detail":[{"loc":["body"],"input":"…"}]}`,
		`{"error":{"message":"cannot read \"I want to report my uncle\"","code":400}}`: `cannot read "…"`,
		"":                        "",
		`"`:                       `"`,
		strings.Repeat("x ", 500): strings.Repeat("x ", 100) + "…",
		"the server's disk is full, the client's isn't": "the server's disk is full, the client's isn't",
	} {
		if got := Said(said); got != want {
			t.Errorf("Said(%q) = %q, want %q", said, got, want)
		}
	}
}

func FuzzSaid(f *testing.F) {
	f.Add(`{"error":"a b c d"} 'x y z`)
	f.Add("\xff\"")
	f.Fuzz(func(t *testing.T, text string) {
		if got := Said(text); len(got) > mostSaid+len("…") || utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
