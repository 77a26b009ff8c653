package limit

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/serving"
)

// A redisServer is a real one, on loopback.
type redisServer struct {
	port int
	cmd  *exec.Cmd
}

func startRedis(t testing.TB) *redisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &redisServer{port: ln.Addr().(*net.TCPAddr).Port}
	ln.Close()
	s.start(t)
	t.Cleanup(s.kill)
	return s
}

func (s *redisServer) start(t testing.TB) {
	t.Helper()
	s.cmd = exec.Command("redis-server", "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 500 {
		if c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(s.port)); err == nil {
			io.WriteString(c, "PING\r\n")
			n, _ := c.Read(make([]byte, 16))
			c.Close()
			if n > 0 {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("redis-server does not answer")
}

func (s *redisServer) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

func (s *redisServer) open(t testing.TB, o Options) *Redis {
	t.Helper()
	o.URL = "redis://127.0.0.1:" + strconv.Itoa(s.port)
	o.Log = slog.New(slog.DiscardHandler)
	r, err := OpenRedis(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// TestRedis goes through the sequences that need no clock of their own.
func TestRedis(t *testing.T) {
	s := startRedis(t)
	r := s.open(t, Options{})
	for _, tt := range sequences {
		c := caller(tt.limits)
		c.Name = tt.name + " {of} кыргыз"
		for i, st := range tt.steps {
			if st.wait > 0 {
				break
			}
			g, err := r.Admit(t.Context(), c, st.chars)
			if st.refused == "" && err != nil || st.refused != "" && (!fault.Limited.Is(err) || !strings.Contains(err.Error(), st.refused)) {
				t.Errorf("%s, step %d: %v, want %q", tt.name, i, err, st.refused)
			}
			if after := fault.Again(err); st.after > 0 && after > st.after {
				t.Errorf("%s, step %d: again after %v, want at most %v", tt.name, i, after, st.after)
			}
			if err != nil || st.hold {
				continue
			}
			if g.Release != nil {
				g.Release()
			}
			r.Record(t.Context(), answered(c, st.answer, st.tokens))
			r.flush()
		}
	}
}

// flush waits until all that was sent so far has been settled.
func (r *Redis) flush() {
	for len(r.later) > 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(5 * time.Millisecond) // the last batch is on its way
}

// TestMonths compares the days and months of the script with Go's.
func TestMonths(t *testing.T) {
	s := startRedis(t)
	r := s.open(t, Options{})
	from := strings.Index(source, "local today")
	to := strings.Index(source, "local names")
	calendar := "local day = 86400000\nlocal now = tonumber(ARGV[1])\n" + source[from:to] + "return {today, (today - dom + length) * 86400, month}"
	months := map[int64]string{}
	for at := time.Date(2023, 12, 30, 23, 59, 59, 0, time.UTC); at.Year() < 2029; at = at.Add(23 * time.Hour) {
		got, err := r.client.Eval(t.Context(), calendar, nil, at.UnixMilli()).Int64Slice()
		if err != nil {
			t.Fatal(err)
		}
		end := time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		if got[0] != at.Unix()/86400 || got[1] != end.Unix() {
			t.Errorf("%v: day %d, and the month ends at %v", at, got[0], time.Unix(got[1], 0).UTC())
		}
		if day, month := numbers(at); day != got[0] || month != got[2] {
			t.Errorf("%v has the numbers %d and %d here, and %d and %d in the script", at, day, month, got[0], got[2])
		}
		if name := at.Format("2006-01"); months[got[2]] != "" && months[got[2]] != name {
			t.Errorf("%s and %s have the number %d", months[got[2]], name, got[2])
		} else {
			months[got[2]] = name
		}
	}
}

// TestExact has two gateways ask at once: together they let in exactly what the
// limit is.
func TestExact(t *testing.T) {
	s := startRedis(t)
	const limit = 500
	for _, tt := range []struct {
		name   string
		limits serving.Limits
	}{
		{"day", serving.Limits{Day: serving.Quota{Requests: limit}}},
		{"chars", serving.Limits{Day: serving.Quota{Chars: limit * 10}}},
		{"at once", serving.Limits{Concurrent: limit}},
	} {
		c := caller(tt.limits)
		c.Name = tt.name
		var in atomic.Int64
		var wg sync.WaitGroup
		for _, r := range []*Redis{s.open(t, Options{Down: DownClosed}), s.open(t, Options{Down: DownClosed})} {
			for range 8 {
				wg.Go(func() {
					for range 50 {
						_, err := r.Admit(t.Context(), c, 10)
						switch {
						case err == nil:
							in.Add(1)
						case !fault.Limited.Is(err):
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		if in.Load() != limit {
			t.Errorf("%s: %d let in, of %d", tt.name, in.Load(), limit)
		}
	}
}

// TestSlots sees that slots are given back, are kept while they are renewed, and
// run out when their gateway is killed.
func TestSlots(t *testing.T) {
	s := startRedis(t)
	c := caller(serving.Limits{Concurrent: 1})
	r, other := s.open(t, Options{}), s.open(t, Options{})
	r.life = 400 * time.Millisecond
	g, err := r.Admit(t.Context(), c, 0)
	if err != nil {
		t.Fatal(err)
	}
	full := func(when string) {
		t.Helper()
		if _, err := other.Admit(t.Context(), c, 0); !fault.Limited.Is(err) {
			t.Errorf("%s: %v", when, err)
		}
	}
	full("in progress")
	for range 6 {
		time.Sleep(r.life / 4)
		r.settle(r.renewals())
	}
	full("renewed for longer than a slot lives")
	g.Release()
	r.flush()
	if g, err = other.Admit(t.Context(), c, 0); err != nil {
		t.Errorf("given back: %v", err)
	}
	g.Release()
	other.flush()
	if _, err = r.Admit(t.Context(), c, 0); err != nil { // and never again is anything heard of r
		t.Fatal(err)
	}
	full("just killed")
	time.Sleep(r.life + 50*time.Millisecond)
	if _, err := other.Admit(t.Context(), c, 0); err != nil {
		t.Errorf("long after its gateway was killed: %v", err)
	}
}

// TestRedisKilled kills Redis under load, and starts it again.
func TestRedisKilled(t *testing.T) {
	s := startRedis(t)
	c := caller(serving.Limits{Requests: 1e6})
	limiters := map[string]*Redis{}
	for _, down := range []string{DownLocal, DownOpen, DownClosed} {
		limiters[down] = s.open(t, Options{Down: down})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var slowest atomic.Int64
	for down, r := range limiters {
		wg.Go(func() {
			for ctx.Err() == nil {
				start := time.Now()
				g, err := r.Admit(t.Context(), c, 10)
				slowest.Store(max(slowest.Load(), int64(time.Since(start))))
				if err != nil && (down != DownClosed || !fault.Unavailable.Is(err)) {
					t.Errorf("%s: %v", down, err)
				}
				if g.Release != nil {
					g.Release()
				}
				r.Record(t.Context(), answered(c, 5, 5))
				time.Sleep(100 * time.Microsecond) // or the million of a minute is used up
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	s.kill()
	time.Sleep(300 * time.Millisecond)
	for down, r := range limiters {
		_, err := r.Admit(t.Context(), c, 10)
		if (err != nil) != (down == DownClosed) {
			t.Errorf("without Redis, %s: %v", down, err)
		}
	}
	s.start(t)
	cancel()
	wg.Wait()
	if d := time.Duration(slowest.Load()); d > 2*time.Second {
		t.Errorf("a request waited %v", d)
	}
	time.Sleep(respite + 100*time.Millisecond)
	for down, r := range limiters {
		g, err := r.Admit(t.Context(), c, 10)
		if err != nil || g.Limit != c.Scope.Limits.Requests {
			t.Errorf("with Redis again, %s: %+v, %v", down, g, err)
		}
		r.Record(t.Context(), answered(c, 5, 5)) // the script must be loaded anew
		r.flush()
		if r.isDown() {
			t.Errorf("%s: it counts as down", down)
		}
	}
}

// TestElsewhere has a key that may not be heard of where Redis is.
func TestElsewhere(t *testing.T) {
	s := startRedis(t)
	r := s.open(t, Options{Way: outbound.Way{Site: "kz"}, Down: DownClosed})
	c := caller(serving.Limits{Day: serving.Quota{Requests: 1}})
	c.Scope.Sites = []string{"kg"}
	if _, err := r.Admit(t.Context(), c, 0); err != nil {
		t.Error(err)
	}
	if _, err := r.Admit(t.Context(), c, 0); !fault.Limited.Is(err) {
		t.Errorf("it is not limited here: %v", err)
	}
	r.Record(t.Context(), answered(c, 5, 5))
	r.flush()
	if keys, err := r.client.Keys(t.Context(), "*").Result(); err != nil || len(keys) > 0 {
		t.Errorf("Redis was told of %q, %v", keys, err)
	}
}

func TestOpenRedis(t *testing.T) {
	if _, err := OpenRedis(Options{URL: "http://127.0.0.1"}); err == nil {
		t.Error("a URL of something else is taken")
	}
	r, err := OpenRedis(Options{URL: "redis://127.0.0.1:1", Down: DownClosed, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("it must be there to begin: %v", err)
	}
	defer r.Close()
	if _, err := r.Admit(t.Context(), caller(serving.Limits{Requests: 1}), 0); !fault.Unavailable.Is(err) || errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.down.Store(0)
	if _, err := r.Admit(ctx, caller(serving.Limits{Requests: 1}), 0); err == nil {
		t.Error("somebody who left is let in")
	}
}

func BenchmarkRedisAdmit(b *testing.B) {
	s := startRedis(b)
	r := s.open(b, Options{Down: DownClosed})
	c := caller(serving.Limits{Requests: 1e9, Chars: 1e9})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			g, err := r.Admit(b.Context(), c, 10)
			if err != nil {
				b.Fatal(err)
			}
			g.Release()
		}
	})
}
