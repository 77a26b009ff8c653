package pool

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/serving"
)

// A fake is a model server.
type fake struct {
	models []string
	err    error
	hang   bool // until the looker's patience is over

	mu    sync.Mutex
	looks int
	asked []string // models, by Chat
}

func (f *fake) Ready(ctx context.Context) ([]serving.Held, error) {
	f.mu.Lock()
	f.looks++
	f.mu.Unlock()
	if f.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var held []serving.Held
	for _, name := range f.models {
		held = append(held, serving.Held{Name: name, Digest: "digest of " + name})
	}
	return held, f.err
}

func (f *fake) Running(ctx context.Context) ([]serving.ModelInfo, error) { return f.Models(ctx) }

func (f *fake) Models(context.Context) ([]serving.ModelInfo, error) {
	var list []serving.ModelInfo
	for _, name := range f.models {
		list = append(list, serving.ModelInfo{Name: name, Owner: "ollama"})
	}
	return list, f.err
}

func (f *fake) Chat(_ context.Context, p serving.Prompt) iter.Seq2[serving.Chunk, error] {
	f.asked = append(f.asked, p.Model)
	return func(yield func(serving.Chunk, error) bool) { yield(serving.Chunk{Text: "58", Finish: "stop"}, nil) }
}

func (f *fake) Forward(context.Context, serving.Raw) (serving.Reply, error) {
	return serving.Reply{Status: 200, Body: []byte("{}")}, nil
}

func (f *fake) Canary(context.Context, string) error { return f.err }

// one is the pool's backends when there is one.
func one(s Server) []Backend { return []Backend{{Name: "one", Server: s}} }

var quoting = serving.Choice{Name: "extract", Model: &fake{}}

func TestPick(t *testing.T) {
	for _, tt := range []struct {
		name     string
		models   []string // of the server
		adapter  string   // model that the adapter names
		opts     string   // model that the configuration names
		want     string
		degraded string
	}{
		{"the server's first", []string{"tiny:latest", "big:8b"}, "", "", "tiny:latest", ""},
		{"the configured one", []string{"tiny:latest", "big:8b"}, "", "big:8b", "big:8b", ""},
		{"the adapter's", []string{"tiny:latest", "big:8b", "ky:1b"}, "ky:1b", "big:8b", "ky:1b", ""},
		{"without its tag", []string{"big:8b", "tiny:latest"}, "", "tiny", "tiny", ""},
		{"another tag is another model", []string{"big:8b"}, "", "big", "extract", serving.NoModel},
		{"configured and not there", []string{"tiny:latest"}, "", "big:8b", "extract", serving.NoModel},
		{"the adapter's is not there", []string{"tiny:latest"}, "ky:1b", "", "extract", serving.NoModel},
		{"a server without models", nil, "", "", "extract", serving.NoModel},
	} {
		f := &fake{models: tt.models}
		p := New(one(f), quoting, Options{Model: tt.opts})
		c := p.Pick(t.Context(), &adapters.Adapter{Model: tt.adapter}, "")
		if c.Name != tt.want || c.Degraded != tt.degraded {
			t.Errorf("%s: %s, degraded %q, want %s, %q", tt.name, c.Name, c.Degraded, tt.want, tt.degraded)
		}
		for range c.Model.Chat(t.Context(), serving.Prompt{Model: "what the prompt says"}) {
		}
		if tt.degraded == "" && (len(f.asked) != 1 || f.asked[0] != tt.want) {
			t.Errorf("%s: the server is asked for %q", tt.name, f.asked)
		}
	}
}

func TestNoServer(t *testing.T) {
	p := New(nil, quoting, Options{})
	if c := p.Pick(t.Context(), &adapters.Adapter{}, ""); c.Name != "extract" || c.Degraded != serving.NoModel || c.Model == nil {
		t.Errorf("%+v", c)
	}
	if list, err := p.Models(t.Context()); len(list) != 0 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	forwarded(t, p, fault.NotFound)
}

// forwarded wants a forwarded request to end with kind; -1 is well.
func forwarded(t *testing.T, p *Pool, kind fault.Kind) {
	t.Helper()
	_, err := p.Forward(t.Context(), serving.Raw{Model: "tiny"})
	if kind < 0 && err != nil || kind >= 0 && !kind.Is(err) {
		t.Errorf("forwarding: %v", err)
	}
}

// A server that is started, stopped or emptied is noticed after Recheck, and
// not asked more often.
func TestRecheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{models: []string{"tiny:latest"}}
		p := New(one(f), quoting, Options{})
		pick := func() string { return p.Pick(t.Context(), &adapters.Adapter{}, "").Name }
		for range 5 {
			if got := pick(); got != "tiny:latest" {
				t.Fatal(got)
			}
			time.Sleep(500 * time.Millisecond)
		}
		if f.looks != 1 {
			t.Errorf("%d looks in 2.5 s", f.looks)
		}
		forwarded(t, p, -1)
		f.err = errors.New("connection refused")
		if got := pick(); got != "tiny:latest" {
			t.Errorf("noticed early: %s", got)
		}
		time.Sleep(500 * time.Millisecond)
		if got := pick(); got != "extract" {
			t.Errorf("not noticed: %s", got)
		}
		forwarded(t, p, fault.Unavailable)
		if list, err := p.Models(t.Context()); len(list) != 0 || err != nil {
			t.Errorf("%v, %v", list, err)
		}
		f.err = nil
		time.Sleep(3 * time.Second)
		if list, err := p.Models(t.Context()); len(list) != 1 || err != nil || pick() != "tiny:latest" {
			t.Errorf("it is back, but: %v, %v", list, err)
		}
	})
}

// A server that hangs costs its patience once, not once for every question.
func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{hang: true}
		p := New(one(f), quoting, Options{})
		start := time.Now()
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if c := p.Pick(t.Context(), &adapters.Adapter{}, ""); c.Name != "extract" {
					t.Errorf("picked %s", c.Name)
				}
			})
		}
		group.Wait()
		if took := time.Since(start); took != 2*time.Second || f.looks != 1 {
			t.Errorf("50 questions waited %v for %d looks", took, f.looks)
		}
	})
}

// Who leaves does not wait for a server that hangs.
func TestLeavingEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{hang: true}
		p := New(one(f), quoting, Options{})
		go p.Pick(t.Context(), &adapters.Adapter{}, "")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		p.Pick(ctx, &adapters.Adapter{}, "")
		if took := time.Since(start); took != 100*time.Millisecond {
			t.Errorf("waited %v", took)
		}
		time.Sleep(3 * time.Second)
	})
}

// Who leaves while the server is looked at does not spoil the look.
func TestLeavingDoesNotSpoilTheLook(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &fake{models: []string{"tiny:latest"}}
	p := New(one(f), quoting, Options{})
	p.Pick(ctx, &adapters.Adapter{}, "")
	if c := p.Pick(t.Context(), &adapters.Adapter{}, ""); c.Name != "tiny:latest" || f.looks != 1 {
		t.Errorf("%s after %d looks", c.Name, f.looks)
	}
}
