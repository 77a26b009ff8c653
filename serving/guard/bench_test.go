package guard

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/adapters"
	"tilgate/internal/lid"
	"tilgate/rag"
	"tilgate/serving"
)

// A bench is everything around a service that takes no time.
type bench struct {
	words []string
	ready time.Time // when the last word that the guard waits for was said
	waits int       // words that the guard waits for
}

func (b *bench) Chat(context.Context, serving.Prompt) iter.Seq2[serving.Chunk, error] {
	return func(yield func(serving.Chunk, error) bool) {
		for i, w := range b.words {
			if i+1 == b.waits {
				b.ready = time.Now()
			}
			if !yield(serving.Chunk{Text: w}, nil) {
				return
			}
		}
		yield(serving.Chunk{Finish: "stop"}, nil)
	}
}

func (b *bench) Retrieve(context.Context, rag.Query) ([]rag.Passage, error) { return twoPassages, nil }
func (b *bench) Pick(context.Context, *adapters.Adapter, string) serving.Choice {
	return serving.Choice{Name: "m", Model: b}
}
func (b *bench) Fallback() serving.Choice                             { return serving.Choice{Name: "none", Model: b, Own: true} }
func (b *bench) Models(context.Context) ([]serving.ModelInfo, error)  { return nil, nil }
func (b *bench) Record(context.Context, serving.Exchange)             {}
func (b *bench) Running(context.Context) ([]serving.ModelInfo, error) { return nil, nil }

func (b *bench) Forward(context.Context, serving.Raw) (serving.Reply, error) {
	return serving.Reply{}, nil
}

// BenchmarkFirstText is the time from the word that completes the first
// sentence, at the model, to the reader's first text: what the guard adds
// beyond the text that it holds.
func BenchmarkFirstText(b *testing.B) {
	w := &bench{words: strings.SplitAfter("Аялдар элүү сегиз жашында пенсияга чыга алышат [1]. Билет он беш сом турат [2].", " "), waits: 9}
	set, err := adapters.Bundled()
	if err != nil {
		b.Fatal(err)
	}
	s := serving.New(serving.Parts{
		Adapters: func() *adapters.Set { return set }, Detector: detector{lid.Default()}, Retriever: w, Models: w,
		Upstream: w, Guard: New(detector{lid.Default()}, Options{}), Recorder: w,
	}, serving.Options{Log: slog.New(slog.DiscardHandler)})
	question := serving.Request{Messages: []serving.Message{{Role: "user", Content: "Аялдар канча жаштан пенсияга чыгат?"}}}
	var added []time.Duration
	for b.Loop() {
		first := true
		for event, err := range s.Answer(b.Context(), question) {
			if err != nil {
				b.Fatal(err)
			}
			if d, ok := event.(serving.Delta); ok && first {
				added = append(added, time.Since(w.ready))
				if first = false; d.Text != "Аялдар элүү сегиз жашында пенсияга чыга алышат [1]." {
					b.Fatalf("first text %q", d.Text)
				}
			}
		}
	}
	slices.Sort(added)
	b.ReportMetric(float64(added[len(added)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(added[len(added)*99/100].Microseconds()), "p99-µs")
}
