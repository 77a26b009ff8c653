package ollamatest

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/ollama/ollama/api"
)

// It writes readable text, does not stutter, and ends by itself.
func TestTinyModelSpeaks(t *testing.T) {
	s := Start(t)
	s.Create("tiny")
	ended := 0
	for seed := range 8 {
		var text strings.Builder
		var last api.GenerateResponse
		err := s.API.Generate(t.Context(), &api.GenerateRequest{
			Model: "tiny", Prompt: "Bir?", Options: map[string]any{"seed": seed, "num_predict": 600},
		}, func(r api.GenerateResponse) error {
			text.WriteString(r.Response)
			last = r
			return nil
		})
		if err != nil || !last.Done {
			t.Fatalf("seed %d: done %v, %v", seed, last.Done, err)
		}
		t.Logf("seed %d: %s, %v: %q", seed, last.DoneReason, last.TotalDuration, text.String())
		if last.DoneReason == "stop" {
			ended++
		}
		for i, b := range []byte(text.String()) {
			if strings.IndexByte(vowels+consonants+" .", b) < 0 {
				t.Errorf("seed %d says %q", seed, text.String())
			}
			if i > 0 && text.String()[i-1] == b {
				t.Errorf("seed %d stutters: %q", seed, text.String())
			}
		}
	}
	if ended < 4 {
		t.Errorf("%d of 8 answers ended by themselves", ended)
	}
}

func TestTinyModelIsWrittenTheSame(t *testing.T) {
	var a, b, c bytes.Buffer
	for w, seed := range map[*bytes.Buffer]uint64{&a: 1, &b: 1, &c: 2} {
		if err := WriteTinyModel(w, Tiny{Seed: seed}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) || bytes.Equal(a.Bytes(), c.Bytes()) {
		t.Error("a seed must decide what is written")
	}
	t.Logf("%d bytes", a.Len())
}

// The test's process may die without a word: then only its end of the pipe
// closes.
func TestServerDiesWithTheTest(t *testing.T) {
	s := Start(t)
	s.Create("tiny")
	_ = s.alive.Close()
	s.ended()
	if err := s.API.Heartbeat(context.Background()); err == nil {
		t.Error("it still answers")
	}
}
