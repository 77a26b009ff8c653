package queue

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ollama/ollama/api"

	"tilgate/serving/ollama/ollamatest"
)

// adapters makes n models of one base on s, each the base with a LoRA of its
// own. Ollama holds one of them at a time: they share the file of the base.
func adapters(t *testing.T, s *ollamatest.Server, n int) (names []string) {
	t.Helper()
	s.CreateTiny("base", ollamatest.Tiny{Seed: 3, Endless: true})
	for i := range n {
		var lora bytes.Buffer
		if err := ollamatest.WriteTinyLoRA(&lora, ollamatest.TinyLoRA{Seed: uint64(i + 1), Endless: true}); err != nil {
			t.Fatal(err)
		}
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256(lora.Bytes()))
		if err := s.API.CreateBlob(t.Context(), digest, &lora); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprint("adapter", i)
		err := s.API.Create(t.Context(), &api.CreateRequest{Model: name, From: "base", Adapters: map[string]string{"lora.gguf": digest}},
			func(api.ProgressResponse) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// answerTokens is how long an answer is.
const answerTokens = 40

func generate(ctx context.Context, s *ollamatest.Server, model string) error {
	stream := false
	return s.API.Generate(ctx, &api.GenerateRequest{Model: model, Prompt: "x", Raw: true, Stream: &stream,
		Options: map[string]any{"num_predict": answerTokens}}, func(api.GenerateResponse) error { return nil })
}

// An hour is what became of clients that asked for a while.
type hour struct {
	waits   []time.Duration // before the server answered or, in a queue, before it was asked
	perS    float64         // answers in a second
	longest time.Duration
}

// ask has clients draw a model anew for each request. Without a queue a wait
// is what a request takes beyond an answer of the usual length.
func ask(t *testing.T, s *ollamatest.Server, q *Queue, models []string, usual, length time.Duration) hour {
	t.Helper()
	const clients = 16
	var mu sync.Mutex
	var h hour
	var wg sync.WaitGroup
	from := time.Now()
	for c := range clients {
		rng := rand.New(rand.NewPCG(7, uint64(c)))
		wg.Go(func() {
			for time.Since(from) < length {
				model, asked := models[rng.IntN(len(models))], time.Now()
				var p *Pass
				if q != nil {
					var err error
					if p, err = q.Acquire(t.Context(), Ticket{fmt.Sprint(c), model}); err != nil {
						t.Error(err)
						return
					}
				}
				if err := generate(t.Context(), s, model); err != nil {
					t.Error(err)
					return
				}
				waited := max(0, time.Since(asked)-usual)
				if p != nil {
					p.Release()
					waited = p.Waited
				}
				mu.Lock()
				h.waits = append(h.waits, waited)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	h.perS = float64(len(h.waits)) / time.Since(from).Seconds()
	slices.Sort(h.waits)
	h.longest = h.waits[len(h.waits)-1]
	return h
}

// TestRealTurns shows on a real Ollama what the turns are for: four adapters
// on one copy of a base, sixteen clients that draw the adapter anew for each
// request.
func TestRealTurns(t *testing.T) {
	s := ollamatest.Start(t)
	models := adapters(t, s, 4)
	usual, change := measure(t, s, models)
	turn := max(2*time.Second, 16*usual+4*usual) // what waits for one adapter fits into its turn
	o := Options{Depth: 100, PerKey: 100, MaxWait: time.Minute, Resident: 1, Turn: turn}

	one := ask(t, s, New(o), models[:1], usual, 4*time.Second)
	q := New(o)
	turns := ask(t, s, q, models, usual, 12*time.Second)
	asTheyCome := ask(t, s, nil, models, usual, 10*time.Second)

	bound := 3*turn + 4*change + usual
	least := .8 * turn.Seconds() / (turn + change).Seconds()
	t.Logf("an answer takes %v, a switch %v; turns of %v; %d switches", usual.Round(time.Millisecond), change.Round(time.Millisecond), turn, q.Snapshot().Switches)
	t.Logf("%-14s %10s %10s %10s %12s", "", "p50", "p99", "longest", "answers/s")
	for _, row := range []struct {
		name string
		hour
	}{{"one adapter", one}, {"in turns", turns}, {"as they come", asTheyCome}} {
		at := func(share float64) time.Duration {
			return row.waits[int(share*float64(len(row.waits)-1))].Round(time.Millisecond)
		}
		t.Logf("%-14s %10v %10v %10v %12.2f", row.name, at(.5), at(.99), row.longest.Round(time.Millisecond), row.perS)
	}
	t.Logf("bounds: longest wait %v, throughput %.2f of one adapter's; it is %.2f", bound.Round(time.Millisecond), least, turns.perS/one.perS)
	if turns.longest > bound {
		t.Errorf("a request waited for %v; the bound is %v", turns.longest, bound)
	}
	if turns.perS < least*one.perS {
		t.Errorf("%.2f answers/s in turns, %.2f with one adapter: less than %.2f of it", turns.perS, one.perS, least)
	}
}

// measure returns how long an answer takes, and how much longer one that the
// model is loaded for.
func measure(t *testing.T, s *ollamatest.Server, models []string) (usual, change time.Duration) {
	t.Helper()
	var usuals, changes []time.Duration
	for i := range 6 {
		from := time.Now()
		if err := generate(t.Context(), s, models[i%len(models)]); err != nil {
			t.Fatal(err)
		}
		loaded := time.Now()
		if err := generate(t.Context(), s, models[i%len(models)]); err != nil {
			t.Fatal(err)
		}
		usuals = append(usuals, time.Since(loaded))
		changes = append(changes, loaded.Sub(from)-time.Since(loaded))
	}
	slices.Sort(usuals)
	slices.Sort(changes)
	return usuals[len(usuals)/2], max(0, changes[len(changes)/2])
}
