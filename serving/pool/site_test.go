package pool

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// far is a server that everything takes so long to and back.
type far struct {
	*stage
	trip time.Duration
}

func (f far) Models(ctx context.Context) ([]serving.ModelInfo, error) {
	time.Sleep(f.trip)
	return f.stage.Models(ctx)
}

// slow answers after a time.
func slow(d time.Duration, words ...string) *stage {
	s := says()
	s.say = func(ctx context.Context, _ int) ([]string, error) {
		select {
		case <-time.After(d):
			return words, nil
		case <-ctx.Done():
			return nil, fault.Unavailable.Wrap(ctx.Err(), "broke off")
		}
	}
	return s
}

// two is a pool of a server here, with two slots, and one abroad, 80 ms away.
func two(here, abroad *stage) *Pool {
	return New([]Backend{
		{Name: "here", Site: "kg", Slots: 2, Server: far{here, 2 * time.Millisecond}},
		{Name: "abroad", Site: "kz", Peer: true, Server: far{abroad, 80 * time.Millisecond}},
	}, quoting, Options{})
}

// Another site is asked only while the nearer one is busy or down, whatever the
// conversation.
func TestNearest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here, abroad := slow(time.Second, "here"), slow(time.Second, "abroad")
		p := two(here, abroad)
		ask := func(n int) (by []string) {
			out := make(chan string, n)
			for i := range n {
				go func() {
					text, _, err := chat(t.Context(), p, fmt.Sprint("conversation ", i))
					if err != nil {
						t.Error(err)
					}
					out <- text
				}()
				synctest.Wait() // one after another, so that each finds the others there
			}
			for range n {
				by = append(by, <-out)
			}
			return by
		}
		for range 20 {
			ask(1)
		}
		if n := abroad.requests.Load(); n != 0 {
			t.Errorf("nobody else asks, but %d of 20 went abroad", n)
		}
		before := here.requests.Load()
		ask(5)
		if here, abroad := here.requests.Load()-before, abroad.requests.Load(); here != 2 || abroad != 3 {
			t.Errorf("of five at once, %d were answered here, where there is room for two, and %d abroad", here, abroad)
		}
		here.down.Store(true)
		time.Sleep(4 * time.Second)
		if by := ask(1); by[0] != "abroad" {
			t.Errorf("here is down, but %q answers", by)
		}
		here.down.Store(false)
		time.Sleep(4 * time.Second)
		if by := ask(1); by[0] != "here" {
			t.Errorf("here is back, but %q answers", by)
		}
	})
}

// When all are busy, what counts is who is through first.
func TestNearestQueue(t *testing.T) {
	list := []*replica{newReplica(Backend{Name: "here", Site: "kg", Slots: 1}), newReplica(Backend{Name: "abroad", Site: "kz", Slots: 1})}
	list[0].trip.least(time.Millisecond)
	list[1].trip.least(300 * time.Millisecond)
	for i := range list {
		list[i].hold.add(time.Second)
		list[i].running.Store(1)
	}
	for _, tt := range []struct {
		waiting [2]int64
		want    int // servers that are near enough
		first   string
	}{{[2]int64{0, 0}, 1, "here"}, {[2]int64{1, 0}, 1, "abroad"}, {[2]int64{1, 1}, 1, "here"}} {
		list[0].waiting.Store(tt.waiting[0])
		list[1].waiting.Store(tt.waiting[1])
		if near := nearest(list); len(near) != tt.want || near[0].Name != tt.first {
			t.Errorf("with %v waiting: %s and %d in all, want %s alone", tt.waiting, near[0].Name, len(near), tt.first)
		}
	}
}

// A server that answers late now and then is no farther away; one that always
// does so is.
func TestTrip(t *testing.T) {
	var a average
	for range 10 {
		a.least(5 * time.Millisecond)
	}
	a.least(200 * time.Millisecond)
	if got := a.value(); got > 40*time.Millisecond {
		t.Errorf("one late answer makes it %v", got)
	}
	a.least(5 * time.Millisecond)
	if got := a.value(); got != 5*time.Millisecond {
		t.Errorf("then it is %v", got)
	}
	for range 40 {
		a.least(200 * time.Millisecond)
	}
	if got := a.value(); got < 190*time.Millisecond {
		t.Errorf("after 40 late answers it is %v", got)
	}
}

// A site that is cut off says nothing more, and closes nothing. What waits for
// it is answered elsewhere within seconds; what still hears from it goes on.
func TestCutOff(t *testing.T) {
	for _, stream := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			here, abroad := says("here"), slow(time.Hour, "abroad")
			p := two(here, abroad)
			here.down.Store(true)
			go p.Watch(ctx)
			time.Sleep(time.Second)
			began, done := time.Now(), make(chan string, 2)
			go func() {
				text, _, err := forward(t.Context(), p, stream)
				done <- fmt.Sprint(text, err)
			}()
			go func() {
				text, _, err := chat(t.Context(), p, "x")
				done <- fmt.Sprint(text, err)
			}()
			synctest.Wait()
			here.down.Store(false)
			abroad.down.Store(true)
			for range 2 {
				if got := <-done; got != "here<nil>" {
					t.Errorf("got %s", got)
				}
			}
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("it took %v", took)
			}
			for _, s := range p.States() {
				if s.Running+s.Waiting != 0 {
					t.Errorf("%+v", s)
				}
			}
			cancel()
			time.Sleep(time.Minute) // so that looks on their way end
		})
	}
}

func TestCutOffHears(t *testing.T) {
	r := newReplica(Backend{Peer: true})
	ctx, done := r.call(t.Context())
	defer done()
	before := r.line.Load()
	for range 20 { // each look fails, and each time a piece comes after it
		r.answers(false)
		r.answers(false)
		r.answers(true)
	}
	if r.line.Load() != before || ctx.Err() != nil {
		t.Error("it was ended, though it went on")
	}
	for range missesToCut {
		r.answers(false)
	}
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
	}
	if context.Cause(ctx) != errLine {
		t.Error(context.Cause(ctx))
	}
	again, over := r.call(t.Context())
	defer over()
	if again.Err() != nil {
		t.Error("the line does not come back")
	}
}
