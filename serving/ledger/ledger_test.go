package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// onBoth runs a test on SQLite and on Postgres, each empty.
func onBoth(t *testing.T, test func(t *testing.T, o Options)) {
	t.Run("sqlite", func(t *testing.T) { test(t, options(t)) })
	t.Run("postgres", func(t *testing.T) {
		o := options(t)
		o.Address = newDatabase(t)
		test(t, o)
	})
}

func options(t testing.TB) Options {
	return Options{Folder: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
}

func open(t testing.TB, o Options) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// settled waits until the database has everything.
func settled(t testing.TB, l *Ledger) {
	t.Helper()
	for range 400 {
		if l.settle(t.Context()) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the database does not get everything: %v", l.down())
}

var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// answered is an exchange that went well.
func answered() serving.Exchange {
	return serving.Exchange{ID: "chatcmpl-1", Start: noon, Caller: serving.Caller{Name: "registry", Tenant: "moh"}, Auto: true,
		Plan:  serving.Plan{Language: serving.Language{Tag: "ky"}, Adapter: "ky", Why: serving.Own, Model: "qwen3:8b"},
		First: 300 * time.Millisecond, Total: 1200 * time.Millisecond, Chars: 80, Usage: serving.Usage{PromptTokens: 500, CompletionTokens: 40}}
}

func changed(change func(*serving.Exchange)) serving.Exchange {
	x := answered()
	change(&x)
	return x
}

func TestCount(t *testing.T) {
	for _, tt := range []struct {
		name string
		x    serving.Exchange
		want Counts
	}{
		{"answered", answered(), Counts{Questions: 1, Answers: 1, PromptTokens: 500, CompletionTokens: 40, Characters: 80}},
		{"in the next language", changed(func(x *serving.Exchange) { x.Plan.Why = serving.Fallback }),
			Counts{Questions: 1, Answers: 1, Fallbacks: 1, PromptTokens: 500, CompletionTokens: 40, Characters: 80}},
		{"given again", changed(func(x *serving.Exchange) { x.Plan.Cached, x.Usage = true, serving.Usage{} }), Counts{Questions: 1, Answers: 1, Cached: 1, Characters: 80}},
		{"refused by the guard", changed(func(x *serving.Exchange) {
			x.Steps = []serving.Step{{Did: serving.StepRetry}, {Did: serving.StepRefuse}}
		}), Counts{Questions: 1, Refusals: 1, Steps: 2, PromptTokens: 500, CompletionTokens: 40, Characters: 80}},
		{"a language that nobody serves", serving.Exchange{Auto: true, Err: fault.Unsupported.Errorf("x")}, Counts{Questions: 1, Refusals: 1}},
		{"the model server failed", serving.Exchange{Auto: true, Err: errors.New("x")}, Counts{Questions: 1, Failures: 1}},
		{"the reader left", serving.Exchange{Auto: true, Err: context.Canceled, Chars: 12}, Counts{Questions: 1, Characters: 12}},
		{"a plain model", serving.Exchange{Model: "tiny", Chars: 5}, Counts{Answers: 1, Characters: 5}},
		{"its vectors", serving.Exchange{Model: "tiny", Usage: serving.Usage{PromptTokens: 3}}, Counts{PromptTokens: 3}},
		{"a server that lies", serving.Exchange{Usage: serving.Usage{PromptTokens: -1, CompletionTokens: 1 << 62}}, Counts{CompletionTokens: 1 << 30}},
	} {
		tt.want.Requests = 1
		var c Cell
		if c.Count(&tt.x); c.Counts != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, c.Counts, tt.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	var h Histogram
	if got := h.Quantile(.5); got != 0 {
		t.Errorf("of nothing %v", got)
	}
	for ms := range 1000 {
		h.Observe(time.Duration(ms+1) * time.Millisecond)
	}
	h.Observe(-time.Hour) // a clock that was set back
	for _, tt := range []struct {
		q         float64
		low, high time.Duration
	}{{0, 0, 2 * time.Millisecond}, {.5, 490 * time.Millisecond, 510 * time.Millisecond}, {.95, 940 * time.Millisecond, 960 * time.Millisecond}, {1, time.Second, time.Second}} {
		if got := h.Quantile(tt.q); got < tt.low || got > tt.high {
			t.Errorf("quantile %v: %v, not in %v..%v", tt.q, got, tt.low, tt.high)
		}
	}
	h = Histogram{}
	h.Observe(48 * time.Hour)
	if got := h.Quantile(.5); got != 10*time.Minute {
		t.Errorf("beyond all bounds: %v", got)
	}
}

func TestUsage(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		for _, x := range []serving.Exchange{answered(), answered(),
			changed(func(x *serving.Exchange) { x.Start = noon.AddDate(0, 0, 1) }),
			changed(func(x *serving.Exchange) { x.Caller = serving.Caller{Name: "school"} }),
			changed(func(x *serving.Exchange) { x.Plan.Language.Tag, x.Plan.Adapter = "kk-Latn", "kk" }),
		} {
			l.Record(t.Context(), x)
		}
		settled(t, l)
		for _, tt := range []struct {
			query UsageQuery
			want  string
		}{
			{UsageQuery{}, "=5"},
			{UsageQuery{By: []By{ByDay}}, "2026-11-28=4 2026-11-29=1"},
			{UsageQuery{By: []By{ByKey}}, "registry=4 school=1"},
			{UsageQuery{By: []By{ByLanguage}}, "kk=1 ky=4"},
			{UsageQuery{By: []By{ByDay, ByLanguage, ByDay}}, "2026-11-28ky=3 2026-11-28kk=1 2026-11-29ky=1"},
			{UsageQuery{Tenant: "moh", By: []By{ByTenant}}, "moh=4"},
			{UsageQuery{Tenant: "nobody", By: []By{ByTenant}}, ""},
			{UsageQuery{Tenant: "nobody"}, ""},
			{UsageQuery{From: noon.AddDate(0, 0, 1)}, "=1"},
			{UsageQuery{To: noon}, "=4"},
		} {
			list, err := l.Usage(t.Context(), tt.query)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, u := range list {
				got = append(got, fmt.Sprintf("%s%s%s%s=%d", u.Day, u.Tenant, u.Key, u.Language, u.Requests))
				if u.Total.Quantile(.5) < time.Second || u.First.Quantile(.5) < 200*time.Millisecond || u.PromptTokens != 500*u.Requests {
					t.Errorf("%+v: %+v", tt.query, u)
				}
			}
			less := func(a, b string) bool { return a < b }
			if diff := cmp.Diff(strings.Fields(tt.want), got, cmpopts.SortSlices(less), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%+v: %s", tt.query, diff)
			}
		}
		if _, err := l.Usage(t.Context(), UsageQuery{By: []By{"day; DROP TABLE usage"}}); !fault.Invalid.Is(err) {
			t.Errorf("grouped by anything: %v", err)
		}
	})
}

// requests returns the number of requests of each key.
func requests(t testing.TB, r *Reader) map[string]int64 {
	t.Helper()
	list, err := r.Usage(t.Context(), UsageQuery{By: []By{ByKey}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, u := range list {
		got[u.Key] = u.Requests
	}
	return got
}

func TestHostileLabels(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		for _, text := range []string{"a\x00b", "\xff\xfe", strings.Repeat("ы", 1<<20), "'; DROP TABLE usage; --", "\u202e", ""} {
			l.Record(t.Context(), changed(func(x *serving.Exchange) {
				x.Caller.Name, x.Caller.Tenant, x.Plan.Model, x.Question, x.Plan.Degraded = text, text, text, text, serving.NotFound
				x.Caller.Scope = &serving.Scope{Policy: serving.Policy{LogText: true}}
			}))
		}
		settled(t, l)
		var n int64
		for _, of := range requests(t, l.Reader) {
			n += of
		}
		if n != 6 || l.Dropped() != 0 {
			t.Errorf("%d requests, %d lost", n, l.Dropped())
		}
	})
}

// Many more labels than anyone has are counted together, and none is lost.
func TestManyLabels(t *testing.T) {
	l := open(t, options(t))
	const n = mostCells + 1000
	l.mu.Lock() // as if all came at once
	for i := range n {
		x := changed(func(x *serving.Exchange) { x.Caller.Name = fmt.Sprint(i) })
		l.add(&x)
	}
	cells := len(l.next.cells)
	l.mu.Unlock()
	settled(t, l)
	if got := requests(t, l.Reader)[other]; got != 1000 || cells > mostCells+1 {
		t.Errorf("%d counted together, %d cells", got, cells)
	}
}

// Clocks jump: days are counted as they say, and nothing ends for it.
func TestClockJumps(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		for _, at := range []time.Time{{}, time.Unix(0, 0), noon, noon.Add(-72 * time.Hour), noon.AddDate(500, 0, 0), time.Unix(1<<60, 0)} {
			l.Record(t.Context(), changed(func(x *serving.Exchange) { x.Start, x.Total, x.First = at, -time.Hour, -time.Second }))
		}
		settled(t, l)
		list, err := l.Usage(t.Context(), UsageQuery{By: []By{ByDay}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, u := range list {
			got = append(got, fmt.Sprintf("%s %d", u.Day, u.Requests))
		}
		want := []string{"1970-01-01 2", "2026-11-25 1", "2026-11-28 1", "2526-11-28 1", "9999-12-31 1"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
