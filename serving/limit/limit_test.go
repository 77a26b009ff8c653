package limit

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"tilgate/internal/fault"
	"tilgate/serving"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func caller(l serving.Limits) serving.Caller {
	return serving.Caller{Name: "clinic", Scope: &serving.Scope{Limits: l}}
}

func answered(c serving.Caller, chars, tokens int) serving.Exchange {
	return serving.Exchange{Caller: c, Chars: chars, Usage: serving.Usage{CompletionTokens: tokens}}
}

// A step waits, then asks with so many characters, and ends unless it is held;
// its answer costs characters and tokens.
type step struct {
	wait           time.Duration
	chars          int
	answer, tokens int
	hold           bool
	refused        string        // part of the sentence; empty is let in
	after          time.Duration // to come again
}

var sequences = []struct {
	name   string
	limits serving.Limits
	steps  []step
}{
	{"none", serving.Limits{}, []step{{chars: 1e6}, {chars: 1e6}}},
	{"requests", serving.Limits{Requests: 2}, []step{{}, {}, {refused: "2 requests a minute", after: 30 * time.Second},
		{wait: 29 * time.Second, refused: "2 requests a minute", after: time.Second}, {wait: time.Second}, {refused: "2 requests"}, {wait: time.Hour}, {}, {refused: "2 requests"}}},
	{"characters", serving.Limits{Chars: 600}, []step{{chars: 300, answer: 200}, {chars: 200, refused: "600 characters a minute", after: 10 * time.Second},
		{chars: 100}, {wait: 10 * time.Second, chars: 100}, {chars: 1, refused: "600 characters"}}},
	{"a debt", serving.Limits{Chars: 600}, []step{{chars: 100, answer: 1100}, {chars: 1, refused: "600 characters", after: 60*time.Second + 100*time.Millisecond},
		{wait: 2 * time.Minute, chars: 600}}},
	{"more than a minute's", serving.Limits{Chars: 600}, []step{{chars: 900}, {chars: 600, refused: "600 characters", after: 90 * time.Second}, {wait: 90 * time.Second, chars: 600}}},
	{"tokens", serving.Limits{Tokens: 60}, []step{{tokens: 59}, {tokens: 31}, {refused: "60 tokens a minute", after: 31 * time.Second}, {wait: 31 * time.Second}}},
	{"at once", serving.Limits{Concurrent: 1}, []step{{}, {}, {hold: true}, {refused: "1 requests at once", after: time.Second}}},
	{"a day", serving.Limits{Day: serving.Quota{Requests: 2, Chars: 100}}, []step{{chars: 60, answer: 30}, {chars: 20, refused: "100 characters a day"}, {chars: 10},
		{refused: "2 requests a day", after: 24 * time.Hour}, {wait: 24*time.Hour - 1, refused: "2 requests a day", after: 1}, {wait: 1, chars: 100}}},
	{"a month", serving.Limits{Month: serving.Quota{Tokens: 100}}, []step{{tokens: 100}, {refused: "100 tokens a month", after: 31 * 24 * time.Hour},
		{wait: 31*24*time.Hour - 1, refused: "100 tokens a month"}, {wait: 1}}},
}

func TestMemory(t *testing.T) {
	for _, tt := range sequences {
		synctest.Test(t, func(t *testing.T) { // begins at midnight of 2000-01-01, UTC
			m := new(Memory)
			c := caller(tt.limits)
			for i, s := range tt.steps {
				time.Sleep(s.wait)
				g, err := m.Admit(t.Context(), c, s.chars)
				if s.refused == "" && err != nil || s.refused != "" && (!fault.Limited.Is(err) || !strings.Contains(err.Error(), s.refused)) {
					t.Errorf("%s, step %d: %v, want %q", tt.name, i, err, s.refused)
				}
				if s.after > 0 && fault.Again(err) != s.after {
					t.Errorf("%s, step %d: again after %v, want %v", tt.name, i, fault.Again(err), s.after)
				}
				if err != nil || s.hold {
					continue
				}
				if g.Release != nil {
					g.Release()
				}
				m.Record(t.Context(), answered(c, s.answer, s.tokens))
			}
		})
	}
}

// TestNeverMore asks at random times: in no minute is more let in than a
// minute's and what the bucket held before.
func TestNeverMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(1, 1000).Draw(t, "limit")
		var b bucket
		now := time.Unix(1e9, 0)
		start, taken := now, int64(0)
		for range rapid.IntRange(1, 200).Draw(t, "asks") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(2*time.Second)).Draw(t, "wait")))
			if b.wait(limit, 1, now) == 0 {
				if left := b.left(limit, now); left < 1 {
					t.Fatalf("let in, and %d left", left)
				}
				b.charge(limit, 1, now)
				taken++
			}
			most := limit + int64(now.Sub(start))*limit/int64(time.Minute) + 1
			if taken > most {
				t.Fatalf("%d taken in %v, of %d a minute", taken, now.Sub(start), limit)
			}
		}
	})
}

func TestLeft(t *testing.T) {
	m := new(Memory)
	synctest.Test(t, func(t *testing.T) {
		for want := int64(6); want >= 0; want-- {
			g, err := m.Admit(t.Context(), caller(serving.Limits{Requests: 7}), 0)
			if err != nil || g.Limit != 7 || g.Left != want {
				t.Errorf("%+v, %v; want %d left", g, err, want)
			}
		}
	})
}

func TestNoOverflow(t *testing.T) {
	m := new(Memory)
	c := caller(serving.Limits{Requests: 1, Chars: 1, Tokens: 1})
	for range 10 {
		m.Record(t.Context(), answered(c, 1<<62, 1<<62))
		m.Record(t.Context(), answered(c, -1<<62, -1<<62))
	}
	if _, err := m.Admit(t.Context(), c, -1); !fault.Limited.Is(err) || fault.Again(err) > 25*time.Hour {
		t.Errorf("%v, after %v", err, fault.Again(err))
	}
}

func TestManyAtOnce(t *testing.T) {
	m := new(Memory)
	c := caller(serving.Limits{Concurrent: 5, Day: serving.Quota{Requests: 100}})
	var wg sync.WaitGroup
	var mu sync.Mutex
	in := 0
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if g, err := m.Admit(t.Context(), c, 1); err == nil {
					mu.Lock()
					in++
					mu.Unlock()
					g.Release()
				}
				m.prune(time.Now())
			}
		})
	}
	wg.Wait()
	if in != 100 {
		t.Errorf("%d let in, of 100 a day", in)
	}
	if live := m.callers["clinic"].live; live != 0 {
		t.Errorf("%d still in progress", live)
	}
}

// TestSaved sees that a quota outlives a restart, and ends with its day.
func TestSaved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "quotas.json")
		c := caller(serving.Limits{Requests: 100, Day: serving.Quota{Requests: 1}, Month: serving.Quota{Requests: 2}})
		ask := func(m *Memory) string {
			g, err := m.Admit(t.Context(), c, 0)
			if err != nil {
				return err.Error()
			}
			g.Release()
			return "let in"
		}
		again := func(m *Memory) *Memory {
			if err := m.Save(path); err != nil {
				t.Fatal(err)
			}
			m, err := OpenMemory(path)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		m, err := OpenMemory(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"let in", "1 requests a day", "let in", "2 requests a month"} {
			if i%2 == 0 && i > 0 {
				time.Sleep(24 * time.Hour)
			}
			if i == 3 {
				time.Sleep(24 * time.Hour)
			}
			if got := ask(m); !strings.Contains(got, want) {
				t.Errorf("step %d: %s, want %s", i, got, want)
			}
			m = again(m)
		}
		time.Sleep(31 * 24 * time.Hour)
		if m = again(m); len(m.callers) != 0 {
			t.Errorf("%d callers are kept for nothing", len(m.callers))
		}
	})
}

func FuzzSaved(f *testing.F) {
	f.Add([]byte(`{"a":{"day_ends":"2026-01-02T00:00:00Z","day":{"Requests":5},"month_ends":"2026-02-01T00:00:00Z","month":{"Chars":7}}}`))
	f.Add([]byte(`{"a":{"day_ends":"9999-01-02T00:00:00Z"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m := new(Memory)
		if m.parse(text) == nil {
			c := serving.Caller{Name: "a", Scope: &serving.Scope{Limits: serving.Limits{Requests: 5, Day: serving.Quota{Tokens: 5}}}}
			m.Admit(t.Context(), c, 1)
			m.Record(t.Context(), answered(c, 5, 5))
		}
	})
}

func TestNoAllocations(t *testing.T) {
	m := new(Memory)
	c := caller(serving.Limits{Requests: 1e9, Chars: 1e9, Tokens: 1e9, Concurrent: 10, Day: serving.Quota{Requests: 1e9}, Month: serving.Quota{Chars: 1e12}})
	if n := testing.AllocsPerRun(1000, func() {
		g, err := m.Admit(t.Context(), c, 100)
		if err != nil {
			t.Fatal(err)
		}
		g.Release()
	}); n != 0 {
		t.Errorf("an admission allocates %v times", n)
	}
}

func BenchmarkAdmit(b *testing.B) {
	m := new(Memory)
	var list []serving.Caller
	for i := range 1000 {
		c := caller(serving.Limits{Requests: 1e9, Chars: 1e12, Tokens: 1e12, Concurrent: 10, Day: serving.Quota{Requests: 1e12}, Month: serving.Quota{Chars: 1e12}})
		c.Name = fmt.Sprint("caller ", i)
		list = append(list, c)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		g, err := m.Admit(b.Context(), list[i%len(list)], 100)
		if err != nil {
			b.Fatal(err)
		}
		g.Release()
		i++
	}
}
