package main

import "time"

// A load is how people ask.
type load struct {
	every time.Duration // that each of them asks
	wait  time.Duration // in the queue, on average, that they put up with
}

// mostBusy is the part of the time that a server may be at work. Above it the
// queue of people who come as they like grows fast: at .7 they wait 1.2 times
// what an answer takes, at .9 4.5 times.
const mostBusy = 0.7

// busy is the part of the time that a server may be at work if an answer takes
// so long and people wait no longer than they put up with. One that gives one
// answer after the other, all of one length, to people who come at random is
// the queue M/D/1, in which they wait, on average,
//
//	wait = busy · answer / (2 · (1 − busy))
//
// by the formula of Pollaczek and Khinchine.
func (l load) busy(answer time.Duration) float64 {
	return min(mostBusy, float64(2*l.wait)/float64(answer+2*l.wait))
}

// people is how many of them one server answers.
func (l load) people(answer time.Duration) float64 {
	if answer <= 0 {
		return 0
	}
	return l.busy(answer) * float64(l.every) / float64(answer)
}

// A cost is what a question takes, in tokens.
type cost struct {
	prompt, answer float64
	computed       bool // not counted: by the ratio to English
}

// first is how long a model of this speed reads before its first word.
func (s speed) first(c cost) time.Duration { return seconds(c.prompt / s.read) }

// whole is how long it takes until the last.
func (s speed) whole(c cost) time.Duration { return s.first(c) + seconds(c.answer/s.write) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
