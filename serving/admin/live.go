package admin

import (
	"context"
	"sync"
	"time"

	"tilgate/rag"
	"tilgate/serving"
	"tilgate/serving/ledger"
)

// Live remembers the last day, in slots of ten minutes: the ledger counts by
// day, and who watches a service wants to see the last hour. It is kept in
// memory alone. The zero value works; it is safe for concurrent use.
type Live struct {
	mu      sync.Mutex
	tenants map[string]*[slots]slot
}

const (
	slotTime = 10 * time.Minute
	slots    = int(24 * time.Hour / slotTime)
)

// A slot is what was counted in one stretch of time, by its number since 1970.
type slot struct {
	number int64
	ledger.Cell
}

// Record counts an exchange by when it began. It never waits long.
func (l *Live) Record(_ context.Context, x serving.Exchange) {
	number := x.Start.Unix() / int64(slotTime/time.Second)
	if number < 0 {
		return
	}
	tenant := rag.TenantOf(x.Caller.Tenant)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tenants == nil {
		l.tenants = map[string]*[slots]slot{}
	}
	ring := l.tenants[tenant]
	if ring == nil {
		ring = new([slots]slot)
		l.tenants[tenant] = ring
	}
	s := &ring[number%int64(slots)]
	if number < s.number {
		return // it began more than a day ago
	}
	if number > s.number {
		*s = slot{number: number}
	}
	s.Count(&x)
}

// A Moment is what was counted from a time on.
type Moment struct {
	From time.Time
	ledger.Cell
}

// Day returns the last day of a tenant, the oldest slot first, up to now.
func (l *Live) Day(tenant string, now time.Time) []Moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := now.Unix() / int64(slotTime/time.Second)
	list := make([]Moment, 0, slots)
	for n := last - int64(slots) + 1; n <= last; n++ {
		m := Moment{From: time.Unix(n*int64(slotTime/time.Second), 0).UTC()}
		if ring := l.tenants[tenant]; ring != nil && n >= 0 && ring[n%int64(slots)].number == n {
			m.Cell = ring[n%int64(slots)].Cell
		}
		list = append(list, m)
	}
	return list
}
