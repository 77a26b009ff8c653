package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tilgate/internal/fault"
	"tilgate/serving/handover"
)

// handed is a case of a citizen.
func handed(id, contact string) handover.Case {
	return handover.Case{ID: id, Time: noon, Tenant: "moh", Key: "page", Language: "ky", Why: handover.OnRequest, Contact: contact,
		Messages: []handover.Message{{Role: handover.User, Content: "Паспортум жоголду, " + id + "."}, {Role: handover.Assistant, Content: "Билбейм."}},
		State:    handover.Waiting, Due: noon, Secret: "s-" + id, Hash: "h"}
}

func take(t testing.TB, l *Ledger, list ...handover.Case) {
	t.Helper()
	for _, c := range list {
		if err := l.PutCase(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCase(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		c := handed("ho-1", "Aida@mail.kg")
		take(t, l, c)
		for _, tenant := range []string{"moh", ""} {
			got, err := l.Case(t.Context(), tenant, "ho-1")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c, got); diff != "" {
				t.Error(diff)
			}
		}
		if _, err := l.Case(t.Context(), "moe", "ho-1"); !fault.NotFound.Is(err) {
			t.Errorf("another tenant's: %v", err)
		}
		after, err := l.ChangeCase(t.Context(), "moh", "ho-1", func(c *handover.Case) error {
			c.State, c.Due = handover.Answered, time.Time{}
			return nil
		})
		if err != nil || after.State != handover.Answered {
			t.Errorf("changed: %+v %v", after, err)
		}
		take(t, l, c) // sent again, it changes nothing
		if got, _ := l.Case(t.Context(), "", "ho-1"); got.State != handover.Answered {
			t.Errorf("taken again it is %s", got.State)
		}
		wrong := errors.New("no")
		if _, err := l.ChangeCase(t.Context(), "moh", "ho-1", func(c *handover.Case) error { c.State = handover.Closed; return fault.Invalid.Wrap(wrong, "no") }); !fault.Invalid.Is(err) {
			t.Errorf("refused: %v", err)
		}
		if got, _ := l.Case(t.Context(), "", "ho-1"); got.State != handover.Answered {
			t.Errorf("after a change that was refused it is %s", got.State)
		}
		for _, where := range []struct{ tenant, id string }{{"moe", "ho-1"}, {"moh", "ho-2"}} {
			if _, err := l.ChangeCase(t.Context(), where.tenant, where.id, func(*handover.Case) error { t.Error("called"); return nil }); !fault.NotFound.Is(err) {
				t.Errorf("%+v: %v", where, err)
			}
		}
	})
}

func TestListCases(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		for i := range 6 {
			c := handed(fmt.Sprint("ho-", 6-i), "")
			c.Time = noon.Add(time.Duration(i/3) * time.Hour) // three at once
			if i == 5 {
				c.Tenant = "moe"
			}
			if i == 4 {
				c.State = handover.Closed
			}
			take(t, l, c)
		}
		for _, tt := range []struct {
			query handover.Query
			want  string
		}{
			{handover.Query{}, "ho-4 ho-5 ho-6 ho-1 ho-2 ho-3"},
			{handover.Query{Tenant: "moh"}, "ho-4 ho-5 ho-6 ho-2 ho-3"},
			{handover.Query{Tenant: "moh", Limit: 2, After: "ho-5"}, "ho-6 ho-2"},
			{handover.Query{State: handover.Closed}, "ho-2"},
			{handover.Query{State: handover.Answered}, ""},
		} {
			list, err := l.ListCases(t.Context(), tt.query)
			var got []string
			for _, c := range list {
				got = append(got, c.ID)
			}
			if strings.Join(got, " ") != tt.want || err != nil {
				t.Errorf("%+v: %v %v, want %s", tt.query, got, err, tt.want)
			}
		}
		if _, err := l.ListCases(t.Context(), handover.Query{Tenant: "moe", After: "ho-4"}); !fault.NotFound.Is(err) {
			t.Errorf("after one of another tenant: %v", err)
		}
	})
}

// Many processes ask for what is due, and answer, at the same moment. Each case
// is due for one of them, and no reply is lost.
func TestDueAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		both := openBoth(t, o)
		for i := range 20 {
			c := handed(fmt.Sprint("ho-", i), "")
			if i >= 15 {
				c.Due = time.Time{}
			}
			take(t, both[0], c)
		}
		var mu sync.Mutex
		due := map[string]int{}
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for misses := 0; misses < 20; {
					c, ok, err := both[i%2].DueCase(context.Background(), noon.Add(time.Second), time.Hour)
					if err != nil {
						t.Error(err)
						return
					}
					if !ok { // another was quicker, or there is none
						misses++
						continue
					}
					mu.Lock()
					due[c.ID]++
					mu.Unlock()
				}
			})
			wg.Go(func() {
				if _, err := handover.Answer(context.Background(), both[i%2], "moh", "ho-19", handover.Reply{By: fmt.Sprint("clerk ", i), Text: "Келиңиз."}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i := range 15 {
			if n := due[fmt.Sprint("ho-", i)]; n != 1 {
				t.Errorf("ho-%d was due for %d", i, n)
			}
		}
		if len(due) != 15 {
			t.Errorf("%d were due: %v", len(due), due)
		}
		if _, ok, err := both[0].DueCase(t.Context(), noon.Add(2*time.Hour), time.Hour); !ok || err != nil {
			t.Errorf("after the lease: %v %v", ok, err)
		}
		if c, err := both[1].Case(t.Context(), "moh", "ho-19"); err != nil || len(c.Replies) != 4 {
			t.Errorf("%d replies: %v", len(c.Replies), err)
		}
	})
}

// TestEraseCases erases a case and a contact, and reads the files for what is
// left of them.
func TestEraseCases(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		for i := range 40 {
			take(t, l, handed(fmt.Sprint("ho-a", i), "aida.forgotten@mail.kg"))
		}
		elsewhere := handed("ho-elsewhere", "aida.forgotten@mail.kg")
		elsewhere.Tenant = "moe"
		take(t, l, handed("ho-b", "bek@mail.kg"), handed("ho-c", ""), elsewhere)
		for name, w := range map[string]handover.Whose{"nobody": {}, "blank": {Contact: " "}, "both": {ID: "ho-b", Contact: "c"}} {
			if _, err := l.EraseCases(t.Context(), "moh", w); !fault.Invalid.Is(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, tt := range []struct {
			tenant string
			whose  handover.Whose
			n      int
		}{
			{"moe", handover.Whose{Contact: "aida.forgotten@mail.kg"}, 1},
			{"moh", handover.Whose{Contact: " AIDA.forgotten@mail.kg "}, 40},
			{"moh", handover.Whose{ID: "ho-b"}, 1},
			{"moh", handover.Whose{ID: "ho-b"}, 0},
		} {
			if gone, err := l.EraseCases(t.Context(), tt.tenant, tt.whose); err != nil || len(gone) != tt.n {
				t.Errorf("%+v: %v %v", tt, gone, err)
			}
		}
		list, err := l.ListCases(t.Context(), handover.Query{})
		if err != nil || len(list) != 1 || list[0].ID != "ho-c" {
			t.Errorf("left: %+v %v", list, err)
		}
		for _, text := range []string{"aida.forgotten", "ho-a7", "bek@mail.kg"} {
			if path := holding(t, o.Folder, text); path != "" {
				t.Errorf("%s still holds %q", path, text)
			}
		}
		late := handed("ho-b", "bek@mail.kg")
		late.Time = time.Now().Add(-time.Minute)
		if err := l.db.put(t.Context(), []batch{{Writer: "dead", Seq: 1, Cases: []handover.Case{late}}}, true); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Case(t.Context(), "", "ho-b"); !fault.NotFound.Is(err) {
			t.Errorf("what waited elsewhere while it was erased: %v", err)
		}
	})
}

// What is older than it may be is deleted, and nothing else.
func TestKeepCases(t *testing.T) {
	onBoth(t, func(t *testing.T, o Options) {
		l := open(t, o)
		for i, age := range []time.Duration{0, 6 * 24 * time.Hour, 8 * 24 * time.Hour} {
			c := handed(fmt.Sprint("ho-", i), "")
			c.Time = time.Now().Add(-age)
			take(t, l, c)
		}
		if err := l.db.tidy(t.Context(), 7*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		list, err := l.ListCases(t.Context(), handover.Query{})
		var got []string
		for _, c := range list {
			got = append(got, c.ID)
		}
		if slices.Sort(got); err != nil || !slices.Equal(got, []string{"ho-0", "ho-1"}) {
			t.Errorf("left: %v %v", got, err)
		}
	})
}

// While the database is down a case waits on disk, and is there when it is up.
func TestCaseWaits(t *testing.T) {
	o := options(t)
	p := newPostgres(t)
	defer p.stop()
	o.Address = p.database(t)
	l := open(t, o)
	p.stop()
	for take(t, l, handed("ho-first", "")); l.down() == nil; { // it must have been asked to be known to be down
		take(t, l, handed("ho-first", ""))
	}
	take(t, l, handed("ho-second", ""))
	if _, err := l.Case(t.Context(), "", "ho-second"); !fault.Unavailable.Is(err) {
		t.Errorf("reading: %v", err)
	}
	if _, err := handover.Answer(t.Context(), l, "moh", "ho-second", handover.Reply{Text: "x"}); !fault.Unavailable.Is(err) {
		t.Errorf("answering: %v", err)
	}
	p.start(t)
	settled(t, l)
	for _, id := range []string{"ho-first", "ho-second"} {
		if _, err := l.Case(t.Context(), "moh", id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}
