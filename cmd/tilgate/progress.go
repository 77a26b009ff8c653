package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"tilgate/rag/ingest"
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
	if isTerminal(p.err) {
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
	if isTerminal(p.err) {
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

// A work shows how far a job on documents is. How much there is may be known
// only after a while, or never, as of a web site.
type work struct {
	p           *program
	label       string
	start, last time.Time
	bar         *progress
}

func (p *program) newWork(label string) *work {
	return &work{p: p, label: label, start: time.Now(), last: time.Now()}
}

func (w *work) set(done, total int64, r ingest.Report) {
	if total > 0 && isTerminal(w.p.err) {
		if w.bar == nil {
			w.bar = w.p.newProgress(w.label, total)
		}
		w.bar.set(done, r.Passages)
		return
	}
	if time.Since(w.last) < progressEvery {
		return
	}
	w.last = time.Now()
	documents := r.Added + r.Changed + r.Unchanged
	if total == 0 || done == 0 {
		fmt.Fprintf(w.p.err, "%s: %d documents, %d passages\n", w.label, documents, r.Passages)
		return
	}
	left := time.Duration(float64(time.Since(w.start)) / float64(done) * float64(max(0, total-done)))
	fmt.Fprintf(w.p.err, "%s: %d %%, %d documents, %d passages, %s left\n", w.label, 100*done/total, documents, r.Passages, left.Round(time.Second))
}

func (w *work) end() {
	if w.bar != nil {
		w.bar.end()
	}
}

func isTerminal(w io.Writer) bool {
	if v, ok := w.(veiled); ok {
		w = v.to
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
