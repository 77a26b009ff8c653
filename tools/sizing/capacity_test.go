package main

import (
	"math"
	"testing"
	"time"
)

// By hand: people = busy · every / answer, busy the smaller of .7 and
// 2·wait / (answer + 2·wait).
func TestPeople(t *testing.T) {
	for _, tt := range []struct {
		answer, every, wait time.Duration
		want                float64
	}{
		{10 * time.Second, 2 * time.Minute, 30 * time.Second, 8.4},     // .7 · 120 / 10
		{60 * time.Second, 2 * time.Minute, 30 * time.Second, 1},       // half busy: the wait is 30 s
		{120 * time.Second, 2 * time.Minute, 30 * time.Second, 1. / 3}, // a third busy
		{10 * time.Second, time.Minute, 30 * time.Second, 4.2},
		{10 * time.Second, 2 * time.Minute, 5 * time.Second, 6}, // half busy: the wait is 5 s
		{0, 2 * time.Minute, 30 * time.Second, 0},
	} {
		l := load{tt.every, tt.wait}
		if got := l.people(tt.answer); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%v: %v people, want %v", tt, got, tt.want)
		}
	}
}

// However long an answer takes, the queue that the formula allows is no longer
// than people put up with.
func TestWait(t *testing.T) {
	l := load{2 * time.Minute, 30 * time.Second}
	for answer := time.Second; answer < time.Hour; answer *= 2 {
		busy := l.busy(answer)
		wait := busy * answer.Seconds() / (2 * (1 - busy))
		if busy > mostBusy || wait > l.wait.Seconds()+1e-9 {
			t.Errorf("answers of %v: busy %.2f, a wait of %.1f s", answer, busy, wait)
		}
	}
}

func TestSeconds(t *testing.T) {
	s, c := speed{read: 50, write: 10}, cost{prompt: 400, answer: 100}
	if first, all := s.first(c), s.whole(c); first != 8*time.Second || all != 18*time.Second {
		t.Errorf("%v, %v", first, all)
	}
	if got := (load{2 * time.Minute, 30 * time.Second}).cell(s, c); got != "8.0 s, 18 s: 4" { // .7 · 120 / 18 = 4.67
		t.Errorf("%q", got)
	}
}

func TestMedian(t *testing.T) {
	if a, b, c := median([]int{3, 1, 2}), median([]float64{5}), median([]int{4, 1, 3, 2}); a != 2 || b != 5 || c != 2 {
		t.Error(a, b, c)
	}
}
