package feedback

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

var training = Consent{Training: true, Language: "ky", Version: "1"}

func TestGive(t *testing.T) {
	for _, tt := range []struct {
		caller serving.Caller
		given  Given
		says   string // of the error; empty if there is none
		kind   fault.Kind
	}{
		{office, Given{Exchange: "x-1", Rating: 1, Consent: training}, "", 0},
		{office, Given{Exchange: "x-1", Rating: -1, Reasons: []Reason{WrongSource, WrongLanguage, WrongSource}}, "", 0},
		{silent, Given{Exchange: "x-2", Rating: 1, Consent: training, Question: "Кайда?", Answer: "Ошто."}, "", 0},
		{silent, Given{Exchange: "nobody-knows", Rating: 1, Consent: training, Question: "Кайда?", Answer: "Ошто."}, "", 0},
		{silent, Given{Exchange: "x-2", Rating: 1}, "", 0},
		{silent, Given{Exchange: "x-2", Rating: 1, Consent: training}, "no longer; send its question", fault.Invalid},
		{silent, Given{Exchange: "nobody-knows", Rating: 1, Consent: training, Question: "Кайда?", Answer: " "}, "send its question", fault.Invalid},
		{silent, Given{Exchange: "x-1", Rating: 1}, "no exchange x-1 of this key", fault.NotFound},
		{serving.Caller{Name: "embedded", Scope: &serving.Scope{Page: true}}, Given{Exchange: "made-up", Rating: 1, Question: "a", Answer: "b", Consent: training}, "no exchange made-up of this page", fault.NotFound},
		{serving.Caller{Name: "office", Tenant: "mof"}, Given{Exchange: "x-1", Rating: 1}, "no exchange x-1 of this key", fault.NotFound},
		{office, Given{Rating: 1}, "exchange is missing", fault.Invalid},
		{office, Given{Exchange: "x 1", Rating: 1}, "exchange is no id", fault.Invalid},
		{office, Given{Exchange: "x-1"}, "rating is missing", fault.Invalid},
		{office, Given{Exchange: "x-1", Rating: 2}, "neither 1 nor -1", fault.Invalid},
		{office, Given{Exchange: "x-1", Rating: 1, Reasons: []Reason{"ugly"}}, `"ugly" is no reason`, fault.Invalid},
		{office, Given{Exchange: "x-1", Rating: 1, Consent: Consent{Training: true, Version: "1"}}, "consent.language is missing", fault.Invalid},
		{office, Given{Exchange: "x-1", Rating: 1, Consent: Consent{Training: true, Language: "ky"}}, "consent.version is missing", fault.Invalid},
		{office, Given{Exchange: "x-1", Rating: 1, Correction: long(8001)}, "correction is 8001 characters", fault.TooLarge},
		{office, Given{Exchange: "x-1", Rating: 1, Correction: long(8000)}, "", 0},
		{office, Given{Exchange: "x-1", Rating: 1, Comment: "а\x00"}, "comment holds control characters", fault.Invalid},
		{office, Given{Exchange: "x-1", Rating: 1, Comment: "\x1b[2J"}, "comment holds control characters", fault.Invalid},
		{office, Given{Exchange: "x-1", Rating: 1, Comment: "бир\nэки\tүч"}, "", 0},
		{office, Given{Exchange: "x-1", Rating: 1, Person: "а\nб"}, "person holds control characters", fault.Invalid},
		{office, Given{Exchange: "x-1", Rating: 1, Person: long(101)}, "person is 202 bytes", fault.TooLarge},
	} {
		d, _ := newDesk(t)
		answered(d.Memory, office, "x-1")
		answered(d.Memory, silent, "x-2")
		_, err := d.Give(t.Context(), tt.caller, tt.given)
		if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says) || fault.Of(err) != tt.kind) {
			t.Errorf("%s gives %.200s…: %v, want %q (%v)", tt.caller.Name, fmt.Sprint(tt.given), err, tt.says, tt.kind)
		}
	}
}

// What is stored with consent is what the gateway knows, with personal data
// hidden; what the client says it was answered does not count.
func TestKnown(t *testing.T) {
	d, _ := newDesk(t)
	answered(d.Memory, office, "chatcmpl-1")
	f, err := d.Give(t.Context(), office, Given{Exchange: "req_1", Person: "p", Conversation: "c", Rating: -1, Reasons: []Reason{WrongSource},
		Correction: "Акысы 200 сом, a@b.kg менен сураңыз.", Comment: "ката", Consent: training, Question: "forged", Answer: "forged"})
	if err != nil {
		t.Fatal(err)
	}
	want := Feedback{ID: f.ID, Time: f.Time, Tenant: "moh", Key: "office", Exchange: "chatcmpl-1", Person: "p", Conversation: "c", Rating: -1,
		Reasons: []Reason{WrongSource}, Correction: "Акысы 200 сом, [email] менен сураңыз.", Comment: "ката", Consent: training, Verified: true,
		Question: "Баланы каттатуу канча турат? Номерим [phone].", Answer: answer, Language: "ky", Script: "Cyrl", Adapter: "ky", AdapterDigest: "a1",
		Model: "qwen3:8b", ModelDigest: "m1", Licence: "CC-BY-4.0",
		Passages: []Passage{{"civil", 7, "birth", "p1", "h1", true}, {"civil", 7, "fees", "p9", "h2", false}}}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("kept %+v\nwant %+v", f, want)
	}
}

// Under a policy that keeps no words, what answered is known all the same, and
// the words are the client's.
func TestNotVerified(t *testing.T) {
	d, _ := newDesk(t)
	answered(d.Memory, silent, "x-2")
	f, err := d.Give(t.Context(), silent, Given{Exchange: "x-2", Rating: 1, Consent: training, Question: "Кайда?", Answer: "Ошто."})
	if err != nil || f.Verified || f.Question != "Кайда?" || f.AdapterDigest != "a1" || len(f.Passages) != 2 {
		t.Errorf("kept %+v, %v", f, err)
	}
	f, err = d.Give(t.Context(), silent, Given{Exchange: "unknown", Rating: 1, Consent: training, Question: "Кайда?", Answer: "Ошто."})
	if err != nil || f.Verified || f.Language != "ky" || f.AdapterDigest != "" || f.Passages != nil {
		t.Errorf("of an unknown exchange: %+v, %v", f, err)
	}
}

// Without consent a row is a count: nothing in it leads to words, a person or
// an exchange. A new field of Feedback fails this until somebody has decided.
func TestCount(t *testing.T) {
	d, _ := newDesk(t)
	answered(d.Memory, office, "chatcmpl-1")
	f, err := d.Give(t.Context(), office, Given{Exchange: "chatcmpl-1", Person: "p", Conversation: "c", Rating: -1, Reasons: []Reason{Harmful},
		Correction: "x", Comment: "y", Question: "q", Answer: "a", Consent: Consent{Language: "ky", Version: "1"}})
	if err != nil {
		t.Fatal(err)
	}
	if !f.Time.Equal(f.Time.Truncate(24 * time.Hour)) {
		t.Errorf("the count has the time %v, not the day alone", f.Time)
	}
	want := Feedback{ID: f.ID, Time: f.Time, Tenant: "moh", Key: "office", Rating: -1, Reasons: []Reason{Harmful}, Language: "ky"}
	if !reflect.DeepEqual(f, want) {
		t.Errorf("kept %+v, want %+v", f, want)
	}
}

// The last word of a person on an exchange counts: consent that is taken back
// takes the words with it. Others' feedback stays.
func TestLastCounts(t *testing.T) {
	d, s := newDesk(t)
	answered(d.Memory, office, "x-1")
	give := func(g Given) Feedback {
		g.Exchange = "x-1"
		f, err := d.Give(t.Context(), office, g)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := give(Given{Person: "p", Rating: 1, Consent: training, Correction: "бир"})
	other := give(Given{Person: "q", Rating: 1, Consent: training})
	if agreeing(t, d, first.ID, "aida", "bek").State() != Agreed {
		t.Fatal("two agree, and it is not agreed")
	}
	if again := give(Given{Person: "p", Rating: 1, Consent: training, Correction: "бир"}); again.State() != Agreed {
		t.Errorf("the same, said twice, is %s", again.State())
	}
	if changed := give(Given{Person: "p", Rating: 1, Consent: training, Correction: "эки"}); changed.State() != Open {
		t.Errorf("changed after the review, it is %s", changed.State())
	}
	edit := Review{Verdict: Edit, Correction: "үч", Revision: s.rows[first.ID].Revision()}
	if _, err := d.Review(t.Context(), serving.Caller{Name: "aida", Tenant: "moh"}, first.ID, edit); err != nil {
		t.Fatal(err)
	}
	if again := give(Given{Person: "p", Rating: 1, Consent: training, Correction: "эки"}); again.Corrected() != "үч" {
		t.Errorf("the same, said again after an edit, reads %q", again.Corrected())
	}
	if changed := give(Given{Person: "p", Rating: 1, Consent: training, Correction: "төрт"}); changed.Corrected() != "төрт" {
		t.Errorf("changed after an edit, the correction is %q", changed.Corrected())
	}
	last := give(Given{Person: "p", Rating: -1})
	if last.ID != first.ID || other.ID == first.ID || len(s.rows) != 2 || s.rows[first.ID].Correction != "" {
		t.Errorf("rows %+v", s.rows)
	}
}

func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := NewMemory(0, time.Hour)
		answered(m, office, "old")
		time.Sleep(40 * time.Minute)
		answered(m, office, "new")
		if m.recall("old") == nil || m.recall("new") == nil {
			t.Error("after 40 minutes of 60, something is gone")
		}
		time.Sleep(20*time.Minute + time.Second)
		if m.recall("old") != nil || m.recall("new") == nil {
			t.Error("after an hour and a second of one hour, the old one is there or the new one is not")
		}
		time.Sleep(2 * time.Hour) // nothing happens meanwhile
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.byID)+len(m.order)+len(m.used)+len(m.open) != 0 {
			t.Errorf("%d exchanges are left behind", len(m.byID))
		}
	})
}

// What is much of one tenant pushes out its own, and nobody else's.
func TestMemoryBytes(t *testing.T) {
	m := NewMemory(20<<10, 0)
	answered(m, serving.Caller{Name: "a", Tenant: "mof"}, "of-another")
	for i := range 100 {
		answered(m, office, "x-"+string(rune('A'+i)))
	}
	if m.used["moh"] > 20<<10 || m.recall("x-A") != nil || m.recall("x-"+string(rune('A'+99))) == nil || m.recall("of-another") == nil {
		t.Errorf("%d bytes are used; the first is there: %v", m.used["moh"], m.recall("x-A") != nil)
	}
	total := 0
	for _, x := range m.order["moh"] {
		total += x.size()
	}
	if total != m.used["moh"] {
		t.Errorf("%d bytes are counted, %d are there", m.used["moh"], total)
	}
}

// What was said before a question is kept with it, as far as there is room.
func TestMemoryBefore(t *testing.T) {
	for _, tt := range []struct {
		first string
		want  int
	}{{"Паспорт?", 2}, {long(mostBefore / 2), 1}} {
		x := &exchange{words: true}
		x.asked([]serving.Message{{Role: "user", Content: tt.first}, {Role: "assistant", Content: "Он алты жаштан."}, {Role: "user", Content: "Ал эми балага?"}})
		if !x.followUp || x.question != "Ал эми балага?" || len(x.before) != tt.want || x.before[tt.want-1].Content != "Он алты жаштан." {
			t.Errorf("after %.20q…: %q, %d before", tt.first, x.question, len(x.before))
		}
	}
	x := &exchange{}
	if x.asked([]serving.Message{{Content: "а"}, {Content: "б"}}); !x.followUp || x.before != nil || x.question != "" {
		t.Errorf("without words: %+v", x)
	}
}

// A key whose policy keeps no words has none in memory, nor passages' text.
func TestMemoryWords(t *testing.T) {
	m := NewMemory(0, 0)
	answered(m, silent, "x")
	if x := m.recall("x"); x.question != "" || x.answer != "" || x.plan.Passages != nil {
		t.Errorf("remembered: %+v", x)
	}
	m.Watch(serving.Request{ID: "nothing", Caller: office}, func(yield func(serving.Event, error) bool) { yield(nil, fault.Blocked.Errorf("no")) })(func(serving.Event, error) bool { return true })
	if m.recall("nothing") != nil || len(m.open) != 0 {
		t.Error("an exchange in which nothing was said is remembered")
	}
}
