package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// TestEndCaller ends the streams of a caller, and of no other, with an error
// that says why.
func TestEndCaller(t *testing.T) {
	ended := make(chan error, 2)
	f := &fake{
		answer: func(ctx context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
			yield(plan1, nil)
			<-ctx.Done()
			ended <- context.Cause(ctx)
			yield(nil, ctx.Err())
		},
		forward: func(ctx context.Context, _ serving.Raw, yield func([]byte, error) bool) {
			yield([]byte(`{"a":1}`), nil)
			<-ctx.Done()
			ended <- context.Cause(ctx)
			yield(nil, ctx.Err())
		},
	}
	addr, g := start(t, f, Options{})
	for _, body := range []string{askStream, `{"model":"tiny","stream":true}`} {
		req, _ := http.NewRequest("POST", "http://"+addr+"/v1/chat/completions", strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+secret)
		resp, err := http.DefaultClient.Do(req) // returns at the first event
		if err != nil {
			t.Fatal(err)
		}
		g.EndCaller("somebody else")
		select {
		case err := <-ended:
			t.Fatalf("somebody else's key ended it: %v", err)
		default:
		}
		g.EndCaller("tests")
		if err := <-ended; !errors.Is(err, errRevoked) {
			t.Errorf("it ended with %v", err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || !strings.Contains(string(text), "this key was revoked while the answer was on its way") {
			t.Errorf("%s: %q, %v", body, text, err)
		}
	}
}

// gauge counts what is let in and given back.
type gauge struct {
	in, out atomic.Int64
	chars   atomic.Int64
	full    error
}

func (l *gauge) Admit(_ context.Context, _ serving.Caller, chars int) (serving.Grant, error) {
	if l.full != nil {
		return serving.Grant{}, l.full
	}
	l.in.Add(1)
	l.chars.Store(int64(chars))
	return serving.Grant{Release: func() { l.out.Add(1) }, Limit: 60, Left: 59}, nil
}

// TestReleasedOnce gives back each request exactly once, however it ends.
func TestReleasedOnce(t *testing.T) {
	l := &gauge{}
	f := &fake{forward: func(_ context.Context, r serving.Raw, yield func([]byte, error) bool) {
		switch {
		case strings.Contains(string(r.Body), "fail"):
			yield(nil, fault.Unavailable.Errorf("down"))
		case strings.Contains(string(r.Body), "panic"):
			panic("our mistake")
		case yield([]byte(`{"a":1}`), nil) && strings.Contains(string(r.Body), "break"):
			yield(nil, errors.New("broken"))
		}
	}}
	addr, g := start(t, f, Options{Limits: l})
	url := "http://" + addr + "/v1/chat/completions"
	bodies := []string{ask, askStream, `{"model":"a"}`, `{"model":"a","stream":true}`, `{"model":"a","user":"fail"}`, `{"model":"a","user":"fail","stream":true}`,
		`{"model":"a","user":"panic"}`, `{"model":"a","user":"break","stream":true}`, `{"model":"auto","messages":[]}`}
	for _, body := range bodies {
		r, _ := send(t, "POST", url, body)
		if got := r.Header.Get("X-Ratelimit-Remaining-Requests"); got != "59" && r.StatusCode == 200 {
			t.Errorf("%s: remaining %q", body, got)
		}
	}
	send(t, "POST", url, `{"model":"a","n":99}`) // refused before
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.Shutdown(ctx) // waits for what is still ending
	if l.in.Load() != int64(len(bodies)) || l.out.Load() != l.in.Load() {
		t.Errorf("%d let in, %d given back, of %d", l.in.Load(), l.out.Load(), len(bodies))
	}
}

func TestLimited(t *testing.T) {
	l := &gauge{full: fault.Limited.After(1500e6, "20000 characters a minute are used up; ask again in 2 s")}
	addr, _ := start(t, &fake{}, Options{Limits: l})
	r, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", ask)
	if r.StatusCode != 429 || r.Header.Get("Retry-After") != "2" || !strings.Contains(body, "characters a minute") {
		t.Errorf("%d %v %s", r.StatusCode, r.Header, body)
	}
}

func TestChars(t *testing.T) {
	for _, tt := range []struct {
		body string
		want int
	}{
		{`{"a":"бир"}`, 11},
		{`{"a":"\u0431\u0438\u0440"}`, 11},
		{`{"a":"\ud83d\ude00"}`, 9},
		{`{"a":"😀"}`, 9},
		{`{"a":"\n\"\\"}`, 11},
		{`\`, 1},
		{`\u00`, 3}, // no JSON, but no panic either
	} {
		if got := chars([]byte(tt.body)); got != tt.want {
			t.Errorf("chars(%s) = %d, want %d", tt.body, got, tt.want)
		}
	}
	h, err := peek([]byte(`{"model":"a","messages":[{"images":["aaaa"]}],"x":{"image_url":{"url":"data:,bbbb"}}}`), false)
	if err != nil || h.media != len(`"aaaa"`)+len("data:,bbbb") {
		t.Errorf("%d, %v", h.media, err)
	}
}
