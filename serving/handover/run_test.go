package handover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// lines is a log that is read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// running starts a desk; what it logs is in log.
func running(t *testing.T, s *shelf, m *messenger) (d *Desk, log *lines, stop func()) {
	log = &lines{}
	d = NewDesk(s, Options{Sender: m, Log: slog.New(slog.NewTextHandler(log, nil))})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { d.Run(ctx); close(ended) }()
	return d, log, func() { cancel(); <-ended }
}

// The other side fails for a while, and then has it. Between two attempts passes
// ever more time, and the log says nothing of what was said.
func TestTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newShelf(), &messenger{answer: func(n int, _ Case) error {
			if n <= 5 {
				return fmt.Errorf("attempt %d: connection refused", n)
			}
			return nil
		}}
		d, log, stop := running(t, s, m)
		defer stop()
		c, _, err := d.Take(t.Context(), page, asking(nil))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if got := s.get(c.ID); got.Attempts == 0 || got.Trouble == "" || got.Secret == "" || got.State != Waiting {
			t.Errorf("while it fails: %+v", got)
		}
		time.Sleep(time.Hour)
		got := s.get(c.ID)
		attempts, sent := m.made()
		if len(sent) != 1 || sent[0].ID != c.ID || sent[0].Secret != c.Secret || got.Sent.IsZero() || !got.Due.IsZero() || got.Secret != "" || got.Attempts != 5 || got.State != Waiting {
			t.Errorf("%d sent, %+v", len(sent), got)
		}
		for i := 2; i < len(attempts); i++ {
			if was, is := attempts[i-1].Sub(attempts[i-2]), attempts[i].Sub(attempts[i-1]); is < was {
				t.Errorf("it waited %v, then %v", was, is)
			}
		}
		if sent, retried, failed := d.Counts(); sent != 1 || retried != 5 || failed != 0 {
			t.Errorf("counted %d %d %d", sent, retried, failed)
		}
		for _, private := range []string{"Паспорт", "Билбейм", "aida@mail.kg", c.Secret} {
			if strings.Contains(log.String(), private) {
				t.Errorf("the log holds %q: %s", private, log)
			}
		}
	})
}

// After three days nobody is told any more, and the case says so; staff who look
// for it can still answer.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newShelf(), &messenger{answer: func(int, Case) error { return errors.New("no such host") }}
		d, log, stop := running(t, s, m)
		defer stop()
		c, _, _ := d.Take(t.Context(), page, asking(nil))
		time.Sleep(giveUp + mostWait*2)
		before, _ := m.made()
		if got := s.get(c.ID); got.State != Failed || !got.Due.IsZero() || got.Secret != "" || !strings.Contains(log.String(), "level=ERROR") {
			t.Errorf("%+v\n%s", got, log)
		}
		time.Sleep(24 * time.Hour)
		if after, _ := m.made(); len(after) != len(before) || len(before) > 400 {
			t.Errorf("%d attempts, then %d", len(before), len(after))
		}
		if after, err := d.Reply(t.Context(), page, c.ID, "Келиңиз."); err != nil || after.State != Answered {
			t.Errorf("%+v %v", after, err)
		}
	})
}

// What was answered or closed while it could not be sent is not sent any more.
func TestAnsweredBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newShelf(), &messenger{}
		m.answer = func(n int, c Case) error {
			if n == 1 { // while it is being sent
				if _, err := Answer(t.Context(), s, c.Tenant, c.ID, Reply{Text: "Келиңиз."}); err != nil {
					t.Error(err)
				}
			}
			return errors.New("refused")
		}
		d, _, stop := running(t, s, m)
		defer stop()
		c, _, _ := d.Take(t.Context(), page, asking(nil))
		time.Sleep(time.Hour)
		if attempts, _ := m.made(); len(attempts) != 1 || s.get(c.ID).State != Answered {
			t.Errorf("%d attempts, %+v", len(attempts), s.get(c.ID))
		}
	})
}

// A process that is stopped while it sends leaves the case due.
func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := newShelf(), &messenger{}
		began := make(chan struct{})
		m.answer = func(n int, _ Case) error {
			if n == 1 {
				close(began)
				time.Sleep(time.Second)
				return context.Canceled
			}
			return nil
		}
		d, _, stop := running(t, s, m)
		c, _, _ := d.Take(t.Context(), page, asking(nil))
		<-began
		stop()
		_, _, stop = running(t, s, m)
		defer stop()
		time.Sleep(leaseTime + lookEvery + time.Second)
		if _, sent := m.made(); len(sent) != 1 || s.get(c.ID).Sent.IsZero() {
			t.Errorf("%d sent, %+v", len(sent), s.get(c.ID))
		}
	})
}

// With nobody to tell, cases wait to be looked for.
func TestNobodyToTell(t *testing.T) {
	d := NewDesk(newShelf(), Options{})
	c, _, err := d.Take(t.Context(), page, asking(nil))
	if err != nil || !c.Due.IsZero() || c.Secret != "" || c.Hash != "" {
		t.Errorf("%+v %v", c, err)
	}
	d.Run(t.Context()) // returns
	if _, _, err := d.Open(t.Context(), c.ID, newSecret()); err == nil {
		t.Error("any secret opens it")
	}
}
