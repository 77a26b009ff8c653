package tokencost

import (
	"context"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"tilgate/serving"
)

// A model counts a token for every n characters, and some for its template.
type model struct{ n, template int }

func (m model) Chat(_ context.Context, p serving.Prompt) iter.Seq2[serving.Chunk, error] {
	return func(yield func(serving.Chunk, error) bool) {
		tokens := m.template
		if m.n > 0 {
			tokens += utf8.RuneCountInString(p.Messages[0].Content) / m.n
		}
		yield(serving.Chunk{Text: "a", Finish: "length", Usage: &serving.Usage{PromptTokens: tokens}}, nil)
	}
}

// The template does not count.
func TestMeasure(t *testing.T) {
	text := strings.Repeat("сөз ", 200)
	for _, template := range []int{0, 37} {
		c, err := Measure(t.Context(), model{4, template}, "m", "ky", text)
		if err != nil || c.TokensPerCharacter != 0.25 || c.Tag != "ky" || c.Model != "m" || c.Characters != 800 {
			t.Errorf("%+v, %v", c, err)
		}
	}
	if _, err := Measure(t.Context(), model{0, 5}, "m", "ky", text); err == nil || !strings.Contains(err.Error(), "does not say what a prompt costs") {
		t.Errorf("a server that counts the template alone: %v", err)
	}
	if _, err := Measure(t.Context(), uncounted{}, "m", "ky", text); err == nil || !strings.Contains(err.Error(), "does not count") {
		t.Errorf("a server that does not count: %v", err)
	}
}

type uncounted struct{}

func (uncounted) Chat(context.Context, serving.Prompt) iter.Seq2[serving.Chunk, error] {
	return func(yield func(serving.Chunk, error) bool) { yield(serving.Chunk{Text: "a", Finish: "stop"}, nil) }
}

// A running process sees what another one measured.
func TestTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "data", "cost.json")
		reader, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := reader.Cost("m", "ky"); got != 0 {
			t.Errorf("nobody measured %v", got)
		}
		writer, _ := Open(path)
		time.Sleep(lookEvery + time.Second) // measuring takes its time
		if err := writer.Keep(Cost{Model: "m", Tag: "ky", TokensPerCharacter: 0.6}, Cost{Model: "m", Tag: "lo", TokensPerCharacter: 2}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery + time.Second)
		if got := reader.Cost("m:latest", "ky-Latn"); got != 0.6 {
			t.Errorf("read %v", got)
		}
		if all := reader.All(); len(all) != 2 || all[0].Tag != "lo" {
			t.Errorf("%+v", all)
		}
		if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookEvery + time.Second)
		if got := reader.Cost("m", "ky"); got != 0.6 {
			t.Errorf("a broken file made it %v", got)
		}
		if _, err := Open(path); err == nil {
			t.Error("a broken file was opened")
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`[{"model":"m","language":"ky","tokens_per_character":0.5}]`))
	f.Add([]byte(`[{"tokens_per_character":1e300}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		costs, err := parse(data)
		for _, c := range costs {
			if err == nil && !(c.TokensPerCharacter > 0 && c.TokensPerCharacter <= most) {
				t.Errorf("%v tokens for a character", c.TokensPerCharacter)
			}
		}
	})
}
