package handover

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"tilgate/internal/fault"
)

// A shelf is a store in memory. What a real one promises is tested there.
type shelf struct {
	mu    sync.Mutex
	cases map[string]Case
	due   map[string]time.Time // until when leases last
	down  error
}

func newShelf() *shelf { return &shelf{cases: map[string]Case{}, due: map[string]time.Time{}} }

func (s *shelf) PutCase(_ context.Context, c Case) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.cases[c.ID]; !there && s.down == nil {
		s.cases[c.ID], s.due[c.ID] = c, c.Due
	}
	return s.down
}

func (s *shelf) Case(_ context.Context, tenant, id string) (Case, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(tenant, id)
}

// get returns a case as it stands.
func (s *shelf) get(id string) Case {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cases[id]
}

func (s *shelf) find(tenant, id string) (Case, error) {
	c, ok := s.cases[id]
	if !ok || tenant != "" && c.Tenant != tenant {
		return Case{}, fault.NotFound.Errorf("there is no such case")
	}
	return c, s.down
}

func (s *shelf) ListCases(_ context.Context, q Query) (list []Case, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range slices.SortedFunc(maps.Values(s.cases), func(a, b Case) int { return cmp.Compare(a.ID, b.ID) }) {
		if (q.Tenant == "" || c.Tenant == q.Tenant) && (q.State == "" || c.State == q.State) {
			list = append(list, c)
		}
	}
	return list, s.down
}

func (s *shelf) ChangeCase(_ context.Context, tenant, id string, change func(*Case) error) (Case, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.find(tenant, id)
	if err == nil {
		err = change(&c)
	}
	if err == nil {
		s.cases[id], s.due[id] = c, c.Due
	}
	return c, err
}

func (s *shelf) DueCase(_ context.Context, now time.Time, lease time.Duration) (Case, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, at := range s.due {
		if !at.IsZero() && !at.After(now) {
			s.due[id] = now.Add(lease)
			return s.cases[id], true, s.down
		}
	}
	return Case{}, false, s.down
}

func (s *shelf) EraseCases(context.Context, string, Whose) ([]string, error) { return nil, nil }

// A messenger sends as it is told to, and notes what it was given.
type messenger struct {
	mu       sync.Mutex
	answer   func(n int, c Case) error // to the n-th attempt, from 1
	refuses  error
	attempts []time.Time
	sent     []Case
}

// made returns when attempts were made, and what was sent.
func (m *messenger) made() (attempts []time.Time, sent []Case) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.attempts), slices.Clone(m.sent)
}

func (m *messenger) Check(context.Context) error { return m.refuses }

func (m *messenger) Send(ctx context.Context, c Case) error {
	m.mu.Lock()
	m.attempts = append(m.attempts, time.Now())
	n, answer := len(m.attempts), m.answer
	m.mu.Unlock()
	if answer != nil {
		if err := answer(n, c); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, c)
	return ctx.Err()
}
