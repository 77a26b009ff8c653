package limit

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

func newShares() *Shares { return &Shares{Keys: new(Memory), Each: &Memory{Most: MostShares}} }

// whoms makes a stand-in for a name.
func whom(name string) (w serving.Whom) {
	copy(w[:], name)
	return w
}

// sharing is a caller of a key that others share.
func sharing(l serving.Limits, e serving.Each, client, session, user string) serving.Caller {
	return serving.Caller{Name: "site", Scope: &serving.Scope{Limits: l, Each: e}, From: serving.From{Client: whom(client), Session: whom(session), User: whom(user)}}
}

// An ask is one of several who share a key asking; its answer costs characters.
type ask struct {
	wait                  time.Duration
	client, session, user string
	chars, answer         int
	refused               string // part of the sentence; empty is let in
	after                 time.Duration
}

var shared = []struct {
	name   string
	limits serving.Limits
	each   serving.Each
	asks   []ask
}{
	{"each address", serving.Limits{}, serving.Each{Client: serving.Share{Requests: 2}}, []ask{
		{client: "a"}, {client: "a"}, {client: "a", refused: "with this key, each address may use 2 requests a minute", after: 30 * time.Second},
		{client: "b"}, {wait: 30 * time.Second, client: "a"}}},
	{"characters of answers too", serving.Limits{}, serving.Each{Client: serving.Share{Chars: 600}}, []ask{
		{client: "a", chars: 100, answer: 1100}, {client: "a", chars: 1, refused: "each address may use 600 characters a minute", after: 60*time.Second + 100*time.Millisecond},
		{client: "b", chars: 600}}},
	{"a day", serving.Limits{}, serving.Each{Client: serving.Share{Day: serving.Quota{Requests: 1, Chars: 100}}}, []ask{
		{client: "a", chars: 50}, {client: "a", refused: "1 requests a day", after: 24 * time.Hour}, {wait: 24 * time.Hour, client: "a", chars: 101, refused: "100 characters a day"}, {client: "a"}}},
	{"each visit", serving.Limits{}, serving.Each{Client: serving.Share{Requests: 3}, Session: serving.Share{Requests: 1}}, []ask{
		{client: "a", session: "1"}, {client: "a", session: "1", refused: "each visit may use 1 requests a minute"},
		{client: "a", session: "2"}, // the one refused cost the address nothing
		{client: "a", session: "3"}, {client: "a", session: "4", refused: "each address may use 3"}, {client: "b"}}},
	{"each user", serving.Limits{}, serving.Each{User: serving.Share{Chars: 60}}, []ask{
		{user: "u", chars: 60}, {user: "u", chars: 1, refused: "each user may use 60 characters a minute", after: time.Second}, {user: "v", chars: 60}, {chars: 600}}},
	{"and the key", serving.Limits{Requests: 3}, serving.Each{Client: serving.Share{Requests: 2}}, []ask{
		{client: "a"}, {client: "a"}, {client: "a", refused: "each address"}, {client: "a", refused: "each address"},
		{client: "b"}, {client: "b", refused: "this key may use 3 requests", after: 20 * time.Second},
		{wait: 20 * time.Second, client: "b"}}}, // what the key refused cost b nothing
	{"nobody's", serving.Limits{Requests: 1}, serving.Each{}, []ask{{client: "a"}, {client: "b", refused: "this key"}}},
}

func TestShares(t *testing.T) {
	for _, tt := range shared {
		synctest.Test(t, func(t *testing.T) { // begins at midnight of 2000-01-01, UTC
			s := newShares()
			for i, a := range tt.asks {
				time.Sleep(a.wait)
				c := sharing(tt.limits, tt.each, a.client, a.session, a.user)
				g, err := s.Admit(t.Context(), c, a.chars)
				if a.refused == "" && err != nil || a.refused != "" && (!fault.Limited.Is(err) || !strings.Contains(err.Error(), a.refused)) {
					t.Errorf("%s, ask %d: %v, want %q", tt.name, i, err, a.refused)
				}
				if a.after > 0 && fault.Again(err) != a.after {
					t.Errorf("%s, ask %d: again after %v, want %v", tt.name, i, fault.Again(err), a.after)
				}
				if err == nil {
					release(g)
					s.Record(t.Context(), answered(c, a.answer, 0))
				}
			}
		})
	}
}

// TestTightest tells of the limit that is nearest.
func TestTightest(t *testing.T) {
	s := newShares()
	for _, want := range []int64{4, 3} {
		c := sharing(serving.Limits{Requests: 100}, serving.Each{Client: serving.Share{Requests: 5}}, "a", "", "")
		if g, err := s.Admit(t.Context(), c, 0); err != nil || g.Limit != 5 || g.Left != want {
			t.Errorf("%+v, %v; want %d of 5", g, err, want)
		}
	}
}

// TestMillionAddresses floods the table, while one address goes on asking: it
// stays limited, and the table stays small.
func TestMillionAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		each := &Memory{Most: MostShares}
		scope := &serving.Scope{Limits: serving.Limits{Requests: 50, Day: serving.Quota{Requests: 50}}}
		in := func(client string) bool {
			g, err := each.Admit(t.Context(), serving.Caller{Name: "site\x00client\x00" + client, Scope: scope}, 1)
			if err == nil {
				g.Release()
			}
			return err == nil
		}
		before := heap()
		known, refused := 0, 0
		addr := netip.MustParseAddr("10.0.0.0")
		for i := range 1_000_000 {
			addr = addr.Next()
			if b := addr.As4(); !in(string(b[:])) {
				t.Fatalf("%v is refused its first request", addr)
			}
			if i%10_000 == 0 {
				if known++; !in("the one") {
					refused++
				}
			}
		}
		if n := len(each.callers) + len(each.earlier); n > MostShares {
			t.Errorf("%d are known, of at most %d", n, MostShares)
		}
		if known != 100 || refused != 50 {
			t.Errorf("of %d requests %d were refused, of 50 a day", known, refused)
		}
		used := heap() - before
		if t.Logf("the table takes %.1f MB", float64(used)/(1<<20)); used > 64<<20 {
			t.Error("it takes too much")
		}
		runtime.KeepAlive(each)
	})
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestSharesInRedis has two processes count as one, and forget within two days.
func TestSharesInRedis(t *testing.T) {
	server := startRedis(t)
	open := func() *Shares {
		return &Shares{Keys: server.open(t, Options{}), Each: server.open(t, Options{Keep: KeepShares, Local: &Memory{Most: 10}})}
	}
	one, other := open(), open()
	c := sharing(serving.Limits{Requests: 100}, serving.Each{Client: serving.Share{Day: serving.Quota{Requests: 2}}, Session: serving.Share{Requests: 1}}, "a", "1", "")
	let := func(s *Shares, session, want string) {
		t.Helper()
		c.From.Session = whom(session)
		g, err := s.Admit(t.Context(), c, 1)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("visit %s: %v, want %q", session, err, want)
		}
		release(g)
		for _, s := range []*Shares{one, other} {
			s.Each.(*Redis).flush()
			s.Keys.(*Redis).flush()
		}
	}
	let(one, "1", "")
	let(other, "1", "each visit may use 1 requests a minute")
	let(other, "2", "") // the one refused cost the address nothing
	let(one, "3", "each address may use 2 requests a day")
	client := server.open(t, Options{}).client
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) == 0 {
		t.Fatal(keys, err)
	}
	for _, k := range keys {
		ttl, err := client.TTL(context.Background(), k).Result()
		if whole := !strings.Contains(k, "%00"); err != nil || ttl <= 0 || !whole && ttl > 2*24*time.Hour {
			t.Errorf("%s is kept for %v, %v", k, ttl, err)
		}
	}
}

func BenchmarkShares(b *testing.B) {
	s := newShares()
	each := serving.Each{Client: serving.Share{Requests: 1e9, Chars: 1e12}, Session: serving.Share{Requests: 1e9}}
	var list []serving.Caller
	for i := range 1000 {
		list = append(list, sharing(serving.Limits{Requests: 1e9}, each, fmt.Sprint(i), fmt.Sprint(i), ""))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		g, err := s.Admit(b.Context(), list[i%len(list)], 100)
		if err != nil {
			b.Fatal(err)
		}
		release(g)
		i++
	}
}
