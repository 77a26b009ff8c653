package handover

import (
	"errors"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/serving"
)

var page = serving.Caller{Name: "page", Tenant: "moh"}

// asking is what a citizen's client sends.
func asking(change func(*Asked)) Asked {
	a := Asked{Language: "ky", Contact: " aida@mail.kg ", Messages: []Message{{User, "Паспортум жоголду.\r\nКайда барам?"}, {Assistant, "Билбейм."}}}
	if change != nil {
		change(&a)
	}
	return a
}

func TestTake(t *testing.T) {
	d := NewDesk(newShelf(), Options{Sender: &messenger{}})
	c, token, err := d.Take(t.Context(), page, asking(nil))
	if err != nil {
		t.Fatal(err)
	}
	if c.Tenant != "moh" || c.Key != "page" || c.Contact != "aida@mail.kg" || c.State != Waiting || c.Why != OnRequest || c.Due.IsZero() || c.Secret == "" || !IsID(c.ID) {
		t.Errorf("%+v", c)
	}
	if c.Messages[0].Content != "Паспортум жоголду.\nКайда барам?" {
		t.Errorf("it is kept as %q", c.Messages[0].Content)
	}
	for _, tt := range []struct {
		id, secret   string
		opens, staff bool
	}{
		{c.ID, token, true, false},
		{c.ID, c.Secret, true, true},
		{c.ID, newSecret(), false, false},
		{c.ID, c.Hash, false, false},
		{c.ID, c.ID, false, false},
		{c.ID, "", false, false},
		{IDOf("x"), token, false, false},
		{"ho-1", token, false, false},
	} {
		_, staff, err := d.Open(t.Context(), tt.id, tt.secret)
		if (err == nil) != tt.opens || staff != tt.staff || err != nil && !fault.NotFound.Is(err) {
			t.Errorf("Open(%s, %s): %v %v", tt.id, tt.secret, staff, err)
		}
	}
}

// Sent again after a cut line, it is the same case; another's token opens nothing.
func TestTakeAgain(t *testing.T) {
	d := NewDesk(newShelf(), Options{Sender: &messenger{}})
	token := strings.Repeat("0123456789abcdef", 2)
	first, _, err := d.Take(t.Context(), page, asking(func(a *Asked) { a.Token = token }))
	if err != nil {
		t.Fatal(err)
	}
	again, same, err := d.Take(t.Context(), page, asking(func(a *Asked) { a.Token, a.Contact = token, "other" }))
	if err != nil || again.ID != first.ID || same != token || again.Contact != first.Contact {
		t.Errorf("%+v %s: %v", again, same, err)
	}
	for _, other := range []serving.Caller{{Name: "page", Tenant: "moe"}, {Name: "desk", Tenant: "moh"}} {
		if c, _, err := d.Take(t.Context(), other, asking(func(a *Asked) { a.Token = token })); !fault.Invalid.Is(err) || c.Contact != "" {
			t.Errorf("%+v: %+v %v", other, c, err)
		}
	}
}

func TestTakeRefuses(t *testing.T) {
	long := strings.Repeat("ы", mostText/2+1)
	for _, tt := range []struct {
		name string
		ask  Asked
		kind fault.Kind
		says string
	}{
		{"nothing", Asked{}, fault.Invalid, "nothing in it is the user's"},
		{"the assistant alone", Asked{Messages: []Message{{Assistant, "x"}, {User, " \n"}}}, fault.Invalid, "nothing in it is the user's"},
		{"a system", asking(func(a *Asked) { a.Messages[0].Role = "system" }), fault.Invalid, "one of"},
		{"too much", asking(func(a *Asked) { a.Messages = []Message{{User, long}, {Assistant, long}} }), fault.TooLarge, "64002 characters"},
		{"too many", asking(func(a *Asked) { a.Messages = make([]Message, MostMessages+1) }), fault.TooLarge, "101 messages"},
		{"a short token", asking(func(a *Asked) { a.Token = "12345" }), fault.Invalid, "token must be"},
		{"two lines of contact", asking(func(a *Asked) { a.Contact = "a\nBcc: b@x" }), fault.Invalid, "one line"},
		{"a long contact", asking(func(a *Asked) { a.Contact = strings.Repeat("x", MostContact+1) }), fault.TooLarge, "201 characters"},
	} {
		_, _, err := NewDesk(newShelf(), Options{}).Take(t.Context(), page, tt.ask)
		if !tt.kind.Is(err) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	s := newShelf()
	if _, _, err := NewDesk(s, Options{Sender: &messenger{refuses: errors.New("it stands elsewhere")}}).Take(t.Context(), page, asking(nil)); err == nil || len(s.cases) > 0 {
		t.Errorf("a key that is bound to other sites: %v", err)
	}
	s.down = errors.New("the disk is full")
	if _, _, err := NewDesk(s, Options{}).Take(t.Context(), page, asking(nil)); err == nil {
		t.Error("taken while nothing can be kept")
	}
}

func TestReply(t *testing.T) {
	s := newShelf()
	d := NewDesk(s, Options{Sender: &messenger{}})
	c, _, err := d.Take(t.Context(), page, asking(nil))
	if err != nil {
		t.Fatal(err)
	}
	clerk := serving.Caller{Name: "aida", Tenant: "moh"}
	for _, tt := range []struct {
		caller serving.Caller
		text   string
		kind   fault.Kind // 0 is well
		n      int        // replies then
	}{
		{serving.Caller{Name: "x", Tenant: "moe"}, "Келиңиз.", fault.NotFound, 0},
		{clerk, " \x00\n", fault.Invalid, 0},
		{clerk, strings.Repeat("ы", MostReply+1), fault.TooLarge, 0},
		{clerk, " <b>Келиңиз.</b>\x07 ", 0, 1},
		{clerk, "<b>Келиңиз.</b>", 0, 1}, // the button was pressed twice
		{clerk, "Дагы.", 0, 2},
	} {
		_, err := d.Reply(t.Context(), tt.caller, c.ID, tt.text)
		if (err != nil) != (tt.kind != 0) || err != nil && !tt.kind.Is(err) {
			t.Errorf("%q: %v", tt.text, err)
		}
		if got := s.cases[c.ID]; len(got.Replies) != tt.n {
			t.Errorf("%q: there are %d replies, want %d", tt.text, len(got.Replies), tt.n)
		}
	}
	got := s.cases[c.ID]
	if got.State != Answered || got.Replies[0].By != "aida" || got.Replies[0].Text != "<b>Келиңиз.</b>" || !got.Due.IsZero() || got.Secret != "" {
		t.Errorf("%+v", got)
	}
	if _, staff, _ := d.Open(t.Context(), c.ID, c.Secret); !staff {
		t.Error("what staff were sent does not open it any more")
	}
	if after, err := d.Close(t.Context(), clerk, c.ID); err != nil || after.State != Closed {
		t.Errorf("closing: %+v %v", after, err)
	}
	if _, err := d.Reply(t.Context(), clerk, c.ID, "Кеч."); !fault.Invalid.Is(err) {
		t.Errorf("after it was closed: %v", err)
	}
	if _, err := d.Reply(t.Context(), clerk, c.ID, "Дагы."); err != nil {
		t.Errorf("the last reply once more, after it was closed: %v", err)
	}
	if list, err := d.List(t.Context(), clerk, Query{Tenant: "moe"}); err != nil || len(list) != 1 {
		t.Errorf("a clerk sees the cases of their own tenant: %v %v", list, err)
	}
}

func TestRecent(t *testing.T) {
	text := func(n int) Message { return Message{User, strings.Repeat("ы", n)} }
	for _, tt := range []struct {
		list []Message
		want int
	}{
		{nil, 0},
		{[]Message{text(1), text(2)}, 2},
		{[]Message{text(1), text(mostText), text(1)}, 1},
		{[]Message{text(mostText + 1)}, 0},
		{make([]Message, 300), MostMessages},
	} {
		if got := Recent(tt.list); len(got) != tt.want {
			t.Errorf("%d of %d, want %d", len(got), len(tt.list), tt.want)
		}
	}
}
