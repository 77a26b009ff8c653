package pool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/serving"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errReset    = fault.Unavailable.Wrap(io.ErrUnexpectedEOF, "the model server broke off its answer")
	errFailed   = fault.Unavailable.Wrap(errors.New("HTTP 500"), "the model server failed")
	errDeclined = fault.Invalid.Errorf("the model server declined the request")
	errFull     = fault.Unavailable.Wrap(serving.ErrBusy, "the model server is busy")
)

// A stage is a model server whose answers a test writes.
type stage struct {
	fake
	say      func(ctx context.Context, n int) (words []string, err error) // to request n, from 0
	requests atomic.Int32
	canaries atomic.Int32
	sick     atomic.Pointer[error] // what a canary meets
	down     atomic.Bool
	closed   atomic.Bool
}

func (s *stage) Ready(ctx context.Context) ([]serving.Held, error) {
	if s.down.Load() {
		return nil, errReset
	}
	return s.fake.Ready(ctx)
}

func (s *stage) Canary(context.Context, string) error {
	s.canaries.Add(1)
	if sick := s.sick.Load(); sick != nil {
		return *sick
	}
	return nil
}

func (s *stage) Close() { s.closed.Store(true) }

func (s *stage) Chat(ctx context.Context, _ serving.Prompt) iter.Seq2[serving.Chunk, error] {
	return func(yield func(serving.Chunk, error) bool) {
		words, err := s.say(ctx, int(s.requests.Add(1)-1))
		for _, w := range words {
			if !yield(serving.Chunk{Text: w}, nil) {
				return
			}
		}
		if err != nil {
			yield(serving.Chunk{}, err)
			return
		}
		yield(serving.Chunk{Finish: "stop"}, nil)
	}
}

// Forward begins late, as that of Ollama does for OpenAI's callers.
func (s *stage) Forward(ctx context.Context, r serving.Raw) (serving.Reply, error) {
	if !r.Stream {
		words, err := s.say(ctx, int(s.requests.Add(1)-1))
		return serving.Reply{Status: 200, Body: []byte(strings.Join(words, ""))}, err
	}
	return serving.Reply{Status: 200, Type: serving.EventStream, Stream: func(yield func([]byte, error) bool) {
		words, err := s.say(ctx, int(s.requests.Add(1)-1))
		for _, w := range words {
			if !yield([]byte(w), nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}}, nil
}

func always(err error, words ...string) func(context.Context, int) ([]string, error) {
	return func(context.Context, int) ([]string, error) { return words, err }
}

func says(words ...string) *stage {
	return &stage{fake: fake{models: []string{"m"}}, say: always(nil, words...)}
}
func failing(err error, words ...string) *stage {
	return &stage{fake: fake{models: []string{"m"}}, say: always(err, words...)}
}

func named(servers ...*stage) (list []Backend) {
	for i, s := range servers {
		list = append(list, Backend{Name: fmt.Sprintf("b%d", i), Server: s})
	}
	return list
}

// chat asks for an answer and returns it with what answered.
func chat(ctx context.Context, p *Pool, about string) (text string, by *serving.Served, err error) {
	c := p.Pick(ctx, &adapters.Adapter{}, "m")
	for chunk, err := range c.Model.Chat(ctx, serving.Prompt{Messages: []serving.Message{{Role: "user", Content: about}}}) {
		if err != nil {
			return text, by, err
		}
		if chunk.Served != nil {
			by = chunk.Served
		}
		text += chunk.Text
	}
	return text, by, nil
}

func forward(ctx context.Context, p *Pool, stream bool) (text string, by *serving.Served, err error) {
	reply, err := p.Forward(ctx, serving.Raw{Surface: serving.OpenAI, Path: "/v1/chat/completions", Model: "m", Stream: stream, Body: []byte(`{"model":"m"}`)})
	if err != nil || reply.Stream == nil {
		return string(reply.Body), reply.Served, err
	}
	for piece, err := range reply.Stream {
		if err != nil {
			return text, reply.Served, err
		}
		text += string(piece)
	}
	return text, reply.Served, nil
}

// What is tried again on another server, and what is not.
func TestRetry(t *testing.T) {
	for _, tt := range []struct {
		name  string
		err   error
		words []string // before it
		again bool
	}{
		{"the connection is cut", errReset, nil, true},
		{"it fails", errFailed, nil, true},
		{"it is busy", errFull, nil, true},
		{"the request is wrong", errDeclined, nil, false},
		{"it has no such model", fault.NotFound.Errorf("no"), nil, false},
		{"it was silent for minutes", fault.Timeout.Errorf("silent"), nil, false},
		{"it breaks off after a word", errReset, []string{"Бир"}, false},
	} {
		for how, ask := range map[string]func(p *Pool) (string, *serving.Served, error){
			"chat":    func(p *Pool) (string, *serving.Served, error) { return chat(t.Context(), p, "x") },
			"stream":  func(p *Pool) (string, *serving.Served, error) { return forward(t.Context(), p, true) },
			"forward": func(p *Pool) (string, *serving.Served, error) { return forward(t.Context(), p, false) },
		} {
			if how == "forward" && len(tt.words) > 0 {
				continue
			}
			bad, good := failing(tt.err, tt.words...), says("58")
			p := New(named(bad, good), quoting, Options{})
			for range 2 { // so that both are met first
				text, by, err := ask(p)
				met := bad.requests.Swap(0) > 0
				want := strings.Join(tt.words, "")
				if tt.again || !met {
					want = "58"
				}
				if text != want && (tt.again || len(tt.words) > 0) || (err != nil) != (met && !tt.again) {
					t.Errorf("%s, %s: %q, %v", tt.name, how, text, err)
				}
				if err == nil && (by == nil || by.Backend != "b1" || by.Model != "m") {
					t.Errorf("%s, %s: served by %+v", tt.name, how, by)
				}
			}
		}
	}
}

// All servers fail: each is asked once, at most three for a request.
func TestRetriesAreBounded(t *testing.T) {
	var all []*stage
	for range 5 {
		all = append(all, failing(errReset))
	}
	p := New(named(all...), quoting, Options{})
	if _, _, err := chat(t.Context(), p, "x"); !fault.Unavailable.Is(err) {
		t.Error(err)
	}
	sum := int32(0)
	for _, s := range all {
		if n := s.requests.Load(); n > 1 {
			t.Errorf("one was asked %d times", n)
		}
		sum += s.requests.Load()
	}
	if sum != 1+mostRetries {
		t.Errorf("%d requests", sum)
	}
}

// An outage is not made worse by all who try again: beyond a small reserve, a
// fifth more is asked than was wanted.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := failing(errFull), failing(errFull), failing(errFull) // busy breaks nothing
		p := New(named(a, b, c), quoting, Options{})
		const asked = 500
		for range asked {
			chat(t.Context(), p, "x")
		}
		sum := int(a.requests.Load() + b.requests.Load() + c.requests.Load())
		if most := asked + asked/5 + budgetMost; sum > most || sum < asked+asked/5-1 {
			t.Errorf("%d requests came of %d, want about %d", sum, asked, most)
		}
	})
}

// What the caller does says nothing about the server.
func TestCallersBreakNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{fake: fake{models: []string{"m"}}}
		s.say = func(ctx context.Context, _ int) ([]string, error) {
			<-ctx.Done()
			return nil, fmt.Errorf("the model server's answer: %w", ctx.Err())
		}
		p := New(named(s), quoting, Options{})
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			chat(ctx, p, "x")
			forward(ctx, p, true)
			cancel()
		}
		for _, err := range []error{errDeclined, fault.TooLarge.Errorf("long"), fault.NotFound.Errorf("no"), errFull} {
			s.say = always(err)
			for range 20 {
				chat(t.Context(), p, "x")
			}
		}
		if state := p.States()[0]; state.Breaker != "closed" || state.Running != 0 || state.Waiting != 0 || s.canaries.Load() != 0 {
			t.Errorf("%+v, %d canaries", state, s.canaries.Load())
		}
	})
}

// A failure that the server speaks of may be the request's fault: the server
// is asked for a token before it is left alone.
func TestNonsenseBreaksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := failing(errFailed)
		p := New(named(s), quoting, Options{})
		for range 10 {
			chat(t.Context(), p, "x")
			synctest.Wait()
		}
		if state := p.States()[0]; state.Breaker != "closed" || s.canaries.Load() == 0 {
			t.Errorf("well: %+v, %d canaries", state, s.canaries.Load())
		}
		s.sick.Store(&errFailed)
		for range failsToBreak {
			chat(t.Context(), p, "x")
			synctest.Wait()
		}
		if state := p.States()[0]; state.Breaker != "open" {
			t.Errorf("sick: %+v", state)
		}
	})
}

// A server that breaks is left alone, asked for a token after a while, and
// used again when it makes one.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s := failing(errReset)
		s.sick.Store(&errReset)
		p := New(named(s), quoting, Options{})
		go p.Watch(ctx)
		synctest.Wait()
		for range failsToBreak {
			chat(ctx, p, "x")
		}
		before := s.requests.Load()
		for range 100 { // for 10 s
			if c := p.Pick(ctx, &adapters.Adapter{}, "m"); c.Name == "m" {
				chat(ctx, p, "x")
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := s.requests.Load() - before; n > 10 || s.canaries.Load() == 0 {
			t.Errorf("left alone, but: %d requests, %d canaries", n, s.canaries.Load())
		}
		s.say = always(nil, "58")
		s.sick.Store(nil)
		time.Sleep(coolMost + 5*time.Second)
		if text, _, err := chat(ctx, p, "x"); text != "58" || err != nil {
			t.Errorf("it is well again, but: %q, %v; %+v", text, err, p.States())
		}
		stop()
		synctest.Wait()
	})
}

// The next turn of a conversation goes where the last one went, unless there
// is much to do there; other tenants' conversations go elsewhere.
func TestConversation(t *testing.T) {
	p := New(named(says("1"), says("2"), says("3"), says("4")), quoting, Options{})
	where := func(tenant, about string) string {
		_, by, err := chat(serving.WithCaller(t.Context(), serving.Caller{Tenant: tenant}), p, about)
		if err != nil {
			t.Fatal(err)
		}
		return by.Backend
	}
	seen, moved := map[string]int{}, 0
	for i := range 200 {
		about := fmt.Sprint("question ", i)
		first := where("a", about)
		seen[first]++
		if again := where("a", about); again != first {
			t.Errorf("%s: %s, then %s", about, first, again)
		}
		if where("b", about) != first {
			moved++
		}
	}
	for name, n := range seen {
		if n < 25 {
			t.Errorf("%s got %d of 200", name, n)
		}
	}
	if len(seen) != 4 || moved < 100 {
		t.Errorf("%v; of two tenants' same questions %d are apart", seen, moved)
	}
}

// An adapter stays where it is in memory.
func TestAdapterAffinity(t *testing.T) {
	a, b := says("x"), says("x")
	a.models, b.models = []string{"m", "n"}, []string{"m", "n"}
	list := named(a, b)
	list[0].Swaps, list[1].Swaps = true, true
	p := New(list, quoting, Options{})
	for i := range 40 {
		model := []string{"m", "n"}[i%2]
		for range p.Pick(t.Context(), &adapters.Adapter{}, model).Model.Chat(t.Context(), serving.Prompt{Messages: []serving.Message{{Role: "user", Content: fmt.Sprint(i)}}}) {
		}
	}
	switches := 0
	for _, s := range p.States() {
		switches += s.Switches
	}
	if switches > 2 {
		t.Errorf("%d switches: %+v", switches, p.States())
	}
}

// Load is spread although all ask about the same.
func TestBoundedLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var servers []*stage
		for range 4 {
			s := says()
			s.say = func(context.Context, int) ([]string, error) { time.Sleep(time.Minute); return []string{"x"}, nil }
			servers = append(servers, s)
		}
		p := New(named(servers...), quoting, Options{})
		var group sync.WaitGroup
		for range 80 {
			group.Go(func() { chat(t.Context(), p, "the same") })
		}
		synctest.Wait()
		for _, s := range p.States() {
			if s.Running > 80/4*5/4+2 {
				t.Errorf("%+v", s)
			}
		}
		group.Wait()
	})
}

// Backends that go answer what they have begun, and then are closed; those
// that stay are the same; those that come are used.
func TestSwap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old, stays, comes := says(), says("s"), says("c")
		old.say = func(context.Context, int) ([]string, error) { time.Sleep(time.Minute); return []string{"old"}, nil }
		p := New(named(old), quoting, Options{})
		var text string
		var group sync.WaitGroup
		group.Go(func() { text, _, _ = chat(t.Context(), p, "x") })
		synctest.Wait()
		two := named(stays, comes)
		two[0].Name, two[1].Name = "stays", "comes"
		p.Swap(two, Names{})
		again := named(says("another client"), comes)
		again[0].Name, again[1].Name = "stays", "comes"
		p.Swap(again, Names{})
		if again[0].Server.(*stage).requests.Load() != 0 || stays.closed.Load() || old.closed.Load() {
			t.Error("what stays is closed, or what is busy")
		}
		got := map[string]bool{}
		for i := range 20 {
			text, _, _ := chat(t.Context(), p, fmt.Sprint(i))
			got[text] = true
		}
		group.Wait()
		if text != "old" || !old.closed.Load() || !got["s"] || !got["c"] || len(got) != 2 {
			t.Errorf("%q, closed: %v, %v", text, old.closed.Load(), got)
		}
	})
}

func TestAlias(t *testing.T) {
	s := says("58")
	var got serving.Raw
	p := New(nil, quoting, Options{})
	p.Swap([]Backend{{Name: "b", Server: &listening{s, &got}}}, Names{Aliases: map[string]string{"gpt-4o-mini": "m"}})
	body := `{"messages":[{"role":"user","content":"\"model\":\"gpt-4o-mini\""}], "model" : "gpt-4o-mini" ,"x":1e400}`
	if _, err := p.Forward(t.Context(), serving.Raw{Model: "gpt-4o-mini", Path: "/v1/chat/completions", Surface: serving.OpenAI, Body: []byte(body)}); err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(body, `: "gpt-4o-mini" ,`, `: "m" ,`, 1); string(got.Body) != want || got.Model != "m" {
		t.Errorf("%s", got.Body)
	}
	list, _ := p.Models(t.Context())
	if len(list) != 2 || list[1].Name != "gpt-4o-mini" {
		t.Errorf("%+v", list)
	}
	if c := p.Pick(t.Context(), &adapters.Adapter{}, "gpt-4o-mini"); c.Name != "m" {
		t.Errorf("%+v", c)
	}
}

type listening struct {
	*stage
	got *serving.Raw
}

func (l *listening) Forward(ctx context.Context, r serving.Raw) (serving.Reply, error) {
	*l.got = r
	return l.stage.Forward(ctx, r)
}

// The fallback answers when the model cannot be reached, at first sight or
// only when it is asked, and says so.
func TestFallbackModel(t *testing.T) {
	bad, spare := failing(errReset), says("spare")
	spare.models = []string{"s"}
	p := New(nil, quoting, Options{})
	p.Swap(named(bad, spare), Names{Fallback: "s"})
	text, by, err := chat(t.Context(), p, "x")
	if text != "spare" || err != nil || by.Model != "s" {
		t.Errorf("%q, %+v, %v", text, by, err)
	}
	if c := p.Pick(t.Context(), &adapters.Adapter{Model: "gone"}, ""); c.Name != "s" || c.Degraded != serving.OtherModel {
		t.Errorf("%+v", c)
	}
}

// Who leaves while waiting for room is never seen by the server; a server
// without room sends requests to another.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, other := says("58"), says("other")
		room := make(chan struct{}, 1)
		list := named(s)
		list[0].Enter = func(ctx context.Context, _ string) (func(), error) {
			select {
			case room <- struct{}{}:
				return func() { <-room }, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		p := New(list, quoting, Options{})
		room <- struct{}{}
		ctx, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if _, _, err := chat(ctx, p, "x"); !fault.Canceled.Is(err) {
				t.Error(err)
			}
		})
		synctest.Wait()
		if state := p.States()[0]; state.Waiting != 1 || state.Running != 0 {
			t.Errorf("%+v", state)
		}
		leave()
		group.Wait()
		<-room
		for range 3 { // the room is given back each time
			if text, _, err := forward(t.Context(), p, true); text != "58" || err != nil {
				t.Errorf("%q, %v", text, err)
			}
		}
		if state := p.States()[0]; s.requests.Load() != 3 || state.Waiting+state.Running != 0 || state.Breaker != "closed" {
			t.Errorf("%d requests, %+v", s.requests.Load(), state)
		}
		both := named(s, other)
		both[0].Name, both[0].Enter = "full", func(context.Context, string) (func(), error) {
			return nil, fault.Limited.Errorf("the queue is full")
		}
		p.Swap(both, Names{})
		for range 5 {
			if text, _, err := forward(t.Context(), p, true); text != "other" || err != nil {
				t.Errorf("%q, %v", text, err)
			}
		}
		p.Swap(both[:1], Names{})
		if _, _, err := forward(t.Context(), p, false); !fault.Limited.Is(err) {
			t.Errorf("all are full: %v", err)
		}
	})
}

// Sites are the caller's, not to be got round by a server that is down.
func TestSites(t *testing.T) {
	here, abroad := failing(errReset), says("abroad")
	list := named(here, abroad)
	list[0].Site, list[1].Site = "home", "abroad"
	denied := fault.Forbidden.Errorf("this key may not use the site abroad")
	p := New(list, quoting, Options{Allowed: func(_ context.Context, b Backend) error {
		if b.Site == "abroad" {
			return denied
		}
		return nil
	}})
	for range 5 {
		if text, _, err := forward(t.Context(), p, true); err == nil || text != "" {
			t.Errorf("%q, %v", text, err)
		}
	}
	here.down.Store(true)
	p.opts.Recheck = 0
	if _, _, err := forward(t.Context(), p, false); !fault.Unavailable.Is(err) || abroad.requests.Load() != 0 {
		t.Errorf("%v, %d requests abroad", err, abroad.requests.Load())
	}
	p.Swap(list[1:], Names{})
	if _, _, err := forward(t.Context(), p, false); !errors.Is(err, denied) || abroad.requests.Load() != 0 {
		t.Errorf("%v, %d requests abroad", err, abroad.requests.Load())
	}
}

// Whatever happens: counts come back to nothing, a breaker is only open after
// failures of the server, and only then does a healthy pool refuse.
func TestInvariants(t *testing.T) {
	outcomes := []error{nil, nil, nil, errReset, errFailed, errDeclined, errFull, errLeft}
	rapid.Check(t, func(rt *rapid.T) {
		synctestRun(t, func() {
			servers := make([]*stage, rapid.IntRange(1, 4).Draw(rt, "servers"))
			script := rapid.SliceOfN(rapid.SampledFrom(outcomes), 1, 60).Draw(rt, "script")
			failed := false
			for i := range servers {
				servers[i] = says()
				servers[i].say = func(_ context.Context, n int) ([]string, error) {
					err := script[(n*len(servers)+i)%len(script)]
					failed = failed || err == errReset || err == errFailed
					time.Sleep(time.Millisecond)
					return nil, err
				}
			}
			p := New(named(servers...), quoting, Options{})
			for i := range 40 {
				_, _, err := chat(context.Background(), p, fmt.Sprint(i))
				if errors.Is(err, errNone) && !failed {
					rt.Fatal("refused, though no server has failed")
				}
				for _, s := range p.States() {
					if s.Running != 0 || s.Waiting != 0 || s.Breaker != "closed" && !failed {
						rt.Fatalf("%+v", s)
					}
				}
				time.Sleep(100 * time.Millisecond)
			}
			synctest.Wait()
		})
	})
}

func synctestRun(t *testing.T, f func()) { synctest.Test(t, func(*testing.T) { f() }) }
