package main

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progressEvery is how often a plain line is printed.
const progressEvery = 10 * time.Second

// A progress shows how far a run is: a bar on a terminal, a plain line now and
// then elsewhere.
type progress struct {
	p     *program
	label string
	total int64
	bar   *progressbar.ProgressBar // nil when not on a terminal
	last  time.Time
}

func (p *program) newProgress(label string, total int64) *progress {
	g := &progress{p: p, label: label, total: max(total, 1), last: time.Now()}
	if f, ok := p.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		g.bar = progressbar.NewOptions64(g.total, progressbar.OptionSetWriter(p.err), progressbar.OptionSetDescription(label),
			progressbar.OptionShowBytes(true), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return g
}

// set says how far it is; a run that makes no passages says 0 of them.
func (g *progress) set(done int64, passages int) {
	if g.bar != nil {
		_ = g.bar.Set64(min(done, g.total))
		return
	}
	if time.Since(g.last) >= progressEvery {
		g.last = time.Now()
		made := ""
		if passages > 0 {
			made = fmt.Sprintf(", %d passages", passages)
		}
		fmt.Fprintf(g.p.err, "%s: %d %%%s\n", g.label, 100*done/g.total, made)
	}
}

func (g *progress) end() {
	if g.bar != nil {
		_ = g.bar.Finish()
	}
}

// A count shows how many of a number of things are done, and how long the
// rest will take.
type count struct {
	*progress
	start time.Time
	first int // that were done before
}

func (p *program) newCount(label string, total int) *count {
	g := &progress{p: p, label: label, total: int64(max(total, 1)), last: time.Now()}
	if f, ok := p.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		g.bar = progressbar.NewOptions64(g.total, progressbar.OptionSetWriter(p.err), progressbar.OptionSetDescription(label),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return &count{progress: g, start: time.Now(), first: -1}
}

func (c *count) set(done int) {
	if c.first < 0 {
		c.first = done
	}
	if c.bar != nil {
		_ = c.bar.Set64(min(int64(done), c.total))
		return
	}
	if time.Since(c.last) < progressEvery {
		return
	}
	c.last = time.Now()
	left := "?"
	if done > c.first {
		each := time.Since(c.start) / time.Duration(done-c.first)
		left = (each * time.Duration(c.total-int64(done))).Round(time.Second).String()
	}
	fmt.Fprintf(c.p.err, "%s: %d of %d, %s left\n", c.label, done, c.total, left)
}
