package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"tilgate/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func acquire(t *testing.T, q *Queue, key, model string) *Pass {
	t.Helper()
	p, err := q.Acquire(t.Context(), Ticket{key, model})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{Slots: 2})
		a, b := acquire(t, q, "a", "m"), acquire(t, q, "a", "m")
		var third *Pass
		go func() { third = acquire(t, q, "a", "m") }()
		synctest.Wait()
		if s := q.Snapshot(); s.Running != 2 || s.Waiting != 1 || third != nil {
			t.Errorf("%+v", s)
		}
		time.Sleep(3 * time.Second)
		a.Release()
		a.Release()
		synctest.Wait()
		if s := q.Snapshot(); s.Running != 2 || s.Waiting != 0 || third == nil || third.Waited != 3*time.Second {
			t.Errorf("%+v, %+v", s, third)
		}
		b.Release()
		third.Release()
		if s := q.Snapshot(); s.Running != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{Depth: 4, PerKey: 2, MaxWait: 10 * time.Second})
		first := acquire(t, q, "a", "m")
		time.Sleep(8 * time.Second)
		first.Release() // a request takes 8 s
		running := acquire(t, q, "a", "m")
		ask := func(ctx context.Context, key string) error {
			p, err := q.Acquire(ctx, Ticket{key, "m"})
			if err == nil {
				p.Release()
			}
			return err
		}
		var wg sync.WaitGroup
		wg.Go(func() { ask(t.Context(), "a") })
		synctest.Wait()
		// The second would wait for 16 s.
		if err := ask(t.Context(), "a"); !fault.Unavailable.Is(err) || fault.Again(err) < 8*time.Second {
			t.Errorf("%v, again after %v", err, fault.Again(err))
		}
		// One whose own time is short is not let in to wait.
		short, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := ask(short, "b"); !fault.Unavailable.Is(err) {
			t.Errorf("%v", err)
		}
		running.Release()
		wg.Wait()
	})
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{Depth: 4, PerKey: 2, MaxWait: time.Hour})
		p := acquire(t, q, "a", "m")
		for _, key := range []string{"a", "a", "b", "c"} {
			go func() {
				if p, err := q.Acquire(t.Context(), Ticket{key, "m"}); err == nil {
					p.Release()
				}
			}()
			synctest.Wait()
			if key == "b" {
				if _, err := q.Acquire(t.Context(), Ticket{"a", "m"}); !fault.Limited.Is(err) {
					t.Errorf("a third of one key: %v", err)
				}
			}
		}
		if _, err := q.Acquire(t.Context(), Ticket{"d", "m"}); !fault.Unavailable.Is(err) {
			t.Errorf("a fifth: %v", err)
		}
		p.Release()
	})
}

func TestMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{MaxWait: 10 * time.Second})
		p := acquire(t, q, "a", "m")
		from := time.Now()
		if _, err := q.Acquire(t.Context(), Ticket{"b", "m"}); !fault.Unavailable.Is(err) || time.Since(from) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(from))
		}
		gone := errors.New("the reader left")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(gone) })
		if _, err := q.Acquire(ctx, Ticket{"b", "m"}); !errors.Is(err, gone) {
			t.Errorf("%v", err)
		}
		if s := q.Snapshot(); s.Waiting != 0 || s.Running != 1 {
			t.Errorf("%+v", s)
		}
		p.Release()
	})
}

// A key with many requests takes no more than one with a few.
func TestFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New(Options{Depth: 1000, PerKey: 1000, MaxWait: time.Hour})
		p := acquire(t, q, "greedy", "m")
		var mu sync.Mutex
		var served []string
		for i := range 60 {
			key := "greedy"
			if i >= 50 {
				key = fmt.Sprint("modest", i%2)
			}
			go func() {
				p := acquire(t, q, key, "m")
				mu.Lock()
				served = append(served, key)
				mu.Unlock()
				time.Sleep(time.Second)
				p.Release()
			}()
			synctest.Wait()
		}
		p.Release()
		time.Sleep(16 * time.Second)
		modest := 0
		mu.Lock()
		for _, key := range served[:15] {
			if key != "greedy" {
				modest++
			}
		}
		mu.Unlock()
		if modest != 10 {
			t.Errorf("of the first 15 served, %d are of the modest keys: %v", modest, served[:15])
		}
		time.Sleep(time.Minute)
	})
}

// A world is a server that holds one model at a time and takes change to
// switch, as Ollama does; requests for the model it holds overtake.
type world struct {
	mu      sync.Mutex
	holds   string
	running int
	change  time.Duration
	loads   int
}

func (w *world) answer(model string, took time.Duration) {
	for {
		w.mu.Lock()
		if w.holds == model || w.running == 0 {
			load := w.holds != model
			w.holds = model
			w.running++
			if load {
				w.loads++
			}
			w.mu.Unlock()
			if load {
				time.Sleep(w.change)
			}
			time.Sleep(took)
			w.mu.Lock()
			w.running--
			w.mu.Unlock()
			return
		}
		w.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
}

// TestTurns holds the promise of the package: with A models, turns T and
// switches S no wait exceeds (A−1)·T + A·S and one answer, and the server does
// at least .8·T/(T+S) of what it does with one model.
func TestTurns(t *testing.T) {
	const models, clients, rounds = 4, 16, 60
	const turn, change, answer = 4 * time.Second, 400 * time.Millisecond, 250 * time.Millisecond
	load := func(t *testing.T, q *Queue, models int) (longest, total time.Duration, loads int) {
		w := &world{change: change}
		var mu sync.Mutex
		var wg sync.WaitGroup
		from := time.Now()
		for c := range clients {
			rng := rand.New(rand.NewPCG(1, uint64(c)))
			wg.Go(func() {
				for range rounds {
					model := fmt.Sprint("m", rng.IntN(models))
					p := acquire(t, q, fmt.Sprint("key", c), model)
					w.answer(model, answer)
					p.Release()
					mu.Lock()
					longest = max(longest, p.Waited)
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		return longest, time.Since(from), w.loads
	}
	synctest.Test(t, func(t *testing.T) {
		o := Options{Depth: 1000, MaxWait: time.Hour, Resident: 1, Turn: turn}
		_, alone, _ := load(t, New(o), 1)
		longest, total, loads := load(t, New(o), models)
		bound := (models-1)*turn + models*change + answer
		share := float64(alone) / float64(total)
		least := .8 * float64(turn) / float64(turn+change)
		t.Logf("longest wait %v of %v; throughput %.2f of one model's, at least %.2f; %d switches for %d requests", longest, bound, share, least, loads, clients*rounds)
		if longest > bound {
			t.Errorf("a request waited for %v; the bound is %v", longest, bound)
		}
		if share < least {
			t.Errorf("throughput is %.2f of that with one model, not %.2f", share, least)
		}
	})
}

// Whatever callers do, no room is lost, and none is given twice.
func TestNothingIsLost(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		seed := rapid.Uint64().Draw(r, "seed")
		o := Options{Slots: rapid.IntRange(1, 3).Draw(r, "slots"), Depth: rapid.IntRange(1, 40).Draw(r, "depth"), PerKey: rapid.IntRange(1, 40).Draw(r, "per key"),
			Resident: rapid.IntRange(0, 2).Draw(r, "resident"), Turn: time.Second, MaxWait: 20 * time.Second}
		synctest.Test(t, func(t *testing.T) {
			q := New(o)
			var wg sync.WaitGroup
			for c := range 12 {
				rng := rand.New(rand.NewPCG(seed, uint64(c)))
				wg.Go(func() {
					for range 15 {
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.IntN(30_000))*time.Millisecond)
						p, err := q.Acquire(ctx, Ticket{fmt.Sprint(rng.IntN(4)), fmt.Sprint(rng.IntN(4))})
						if err == nil {
							s := q.Snapshot()
							most := o.Slots * max(1, o.Resident)
							if s.Running > most || s.Running < 1 {
								t.Errorf("%d run", s.Running)
							}
							time.Sleep(time.Duration(rng.IntN(3000)) * time.Millisecond)
							p.Release()
						} else if kind := fault.Of(err); kind != fault.Limited && kind != fault.Unavailable && kind != fault.Timeout {
							t.Errorf("%v", err)
						}
						cancel()
						time.Sleep(time.Duration(rng.IntN(500)) * time.Millisecond)
					}
				})
			}
			wg.Wait()
			if s := q.Snapshot(); s.Running != 0 || s.Waiting != 0 || len(q.line.perKey) != 0 {
				t.Errorf("at the end: %+v, %v", s, q.line.perKey)
			}
		})
	})
}

// Names that callers make up do not pile up.
func TestForget(t *testing.T) {
	q := New(Options{Resident: 1})
	for i := range 10 * mostModels {
		acquire(t, q, "a", fmt.Sprint(i)).Release()
	}
	if n := len(q.line.models); n > mostModels+1 || n != len(q.line.order) {
		t.Errorf("%d models are remembered", n)
	}
}

func BenchmarkAcquire(b *testing.B) {
	for _, o := range []Options{{Slots: 64}, {Resident: 1}} {
		b.Run(fmt.Sprintf("resident=%d", o.Resident), func(b *testing.B) {
			q := New(o)
			b.ReportAllocs()
			for b.Loop() {
				p, err := q.Acquire(context.Background(), Ticket{"key", "model"})
				if err != nil {
					b.Fatal(err)
				}
				p.Release()
			}
		})
	}
}

func BenchmarkContended(b *testing.B) {
	q := New(Options{Slots: 64, Depth: 10_000, PerKey: 10_000})
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p, err := q.Acquire(context.Background(), Ticket{"key", "model"})
			if err != nil {
				b.Error(err)
				return
			}
			p.Release()
		}
	})
}
