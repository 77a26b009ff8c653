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
