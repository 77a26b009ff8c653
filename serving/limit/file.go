package limit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"tilgate/internal/wholefile"
	"tilgate/serving"
)

// saved is what a file keeps of a caller: what was used of the day and of the
// month. What is by the minute is not worth keeping.
type saved struct {
	Day      time.Time     `json:"day_ends"`
	DayUsed  serving.Quota `json:"day"`
	Month    time.Time     `json:"month_ends"`
	MonthUse serving.Quota `json:"month"`
}

// OpenMemory returns limits that know what a file says was used already; it
// need not be there.
func OpenMemory(path string) (*Memory, error) {
	m := new(Memory)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, err
	}
	if err := m.parse(text); err != nil {
		return nil, fmt.Errorf("reading what was used of quotas, in %s: %w; move it away to begin anew", path, err)
	}
	return m, nil
}

func (m *Memory) parse(text []byte) error {
	var list map[string]saved
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	for name, s := range list {
		for _, q := range []serving.Quota{s.DayUsed, s.MonthUse} {
			if min(q.Requests, q.Chars, q.Tokens) < 0 || max(q.Requests, q.Chars, q.Tokens) > 1e15 {
				return fmt.Errorf("%q has used %+v", name, q)
			}
		}
		if now := time.Now(); s.Day.Sub(now) > 24*time.Hour || s.Month.Sub(now) > 31*24*time.Hour {
			return fmt.Errorf("%q has a day that ends at %v, and a month at %v", name, s.Day, s.Month)
		}
		u := m.add(name, nil)
		u.day, u.month = period{s.Day, s.DayUsed}, period{s.Month, s.MonthUse}
	}
	return nil
}

// Save writes what was used of quotas.
func (m *Memory) Save(path string) error {
	m.prune(time.Now())
	list := map[string]saved{}
	m.mu.RLock()
	for name, u := range m.callers {
		u.mu.Lock()
		if u.month.used != (serving.Quota{}) {
			list[name] = saved{u.day.end, u.day.used, u.month.end, u.month.used}
		}
		u.mu.Unlock()
	}
	m.mu.RUnlock()
	_, err := wholefile.Private(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(list) })
	return err
}

// Keep saves at every interval, and when ctx ends; then it returns. What is
// used in the last interval before a crash is forgotten.
func (m *Memory) Keep(ctx context.Context, path string, every time.Duration, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case <-ctx.Done():
			over = true
		case <-tick.C:
		}
		if err := m.Save(path); err != nil {
			log.Error("what was used of quotas cannot be saved", "err", err)
		}
	}
}
