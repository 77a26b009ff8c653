package ledger

import (
	"cmp"
	"time"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
	"tilgate/serving/feedback"
	"tilgate/serving/handover"
)

// gathered is what came since the writer last looked.
type gathered struct {
	cells     map[cellKey]*Cell
	questions []asked
	feedback  []feedback.Feedback
	cases     []handover.Case
	heads     []Head
	waiting   []chan written
	lost      int64 // rows that had no room
}

// What may be gathered at once. More cells than that are counted together.
const (
	mostCells     = 1024
	mostQuestions = 200
	mostFeedback  = 64 // who gives more waits
)

// A cellKey is Labels before the day is written out.
type cellKey struct {
	day                                             int64 // since 1970
	tenant, key, language, adapter, model, degraded string
}

// A Cell is what is counted under the same labels.
type Cell struct {
	Counts
	Total Histogram // to the end of what ended well
	First Histogram // to the first text
}

// An asked is a question that nothing was found for.
type asked struct {
	tenant, language, text string
	keep                   bool // the text may be kept
	at                     time.Time
}

const (
	secondsOfDay = 24 * 60 * 60
	lastDay      = 2932896 // in the year 9999
)

// add counts an exchange. l.mu is held: nothing here may wait.
func (l *Ledger) add(x *serving.Exchange) {
	if l.closed {
		l.dropped.Add(1)
		return
	}
	l.cellOf(keyOf(x)).Count(x)
	if lacks(x) {
		l.ask(x)
	}
	l.signal()
}

// cellOf returns where what has some labels is counted. l.mu is held.
func (l *Ledger) cellOf(key cellKey) *Cell {
	if l.next.cells == nil {
		l.next.cells = map[cellKey]*Cell{}
	}
	if l.next.cells[key] == nil && len(l.next.cells) >= mostCells {
		key = cellKey{day: key.day, tenant: key.tenant, key: other, language: other, adapter: other, model: other}
	}
	if l.next.cells[key] == nil {
		l.next.cells[key] = new(Cell)
	}
	return l.next.cells[key]
}

// other is what counts together beyond mostCells.
const other = "other"

func keyOf(x *serving.Exchange) cellKey {
	p := &x.Plan
	seconds := x.Start.Unix() // whatever the clock says
	k := cellKey{day: min(max(seconds/secondsOfDay, 0), lastDay), tenant: cmp.Or(x.Caller.Tenant, rag.DefaultTenant), key: x.Caller.Name,
		adapter: string(p.Adapter), model: p.Model, degraded: p.Degraded}
	if p.Adapter != "" { // otherwise the language is whatever the caller wrote
		k.language = string(p.Language.Tag.Base())
	}
	if !x.Auto && x.Backend != "" && x.Err == nil {
		k.model = x.Model // which a server answered to
	}
	return k
}

// Add adds what o counted.
func (c *Cell) Add(o Cell) {
	c.Counts.Add(o.Counts)
	c.Total.Add(o.Total)
	c.First.Add(o.First)
}

// Count counts an exchange.
func (c *Cell) Count(x *serving.Exchange) {
	c.Requests++
	c.Steps += int64(len(x.Steps))
	c.PromptTokens += bounded(x.Usage.PromptTokens)
	c.CompletionTokens += bounded(x.Usage.CompletionTokens)
	c.Characters += bounded(x.Chars)
	if x.Auto {
		c.Questions++
	}
	if x.Plan.Cached {
		c.Cached++
	}
	if d := x.Plan.Degraded; x.Plan.Why == serving.Fallback || d == serving.OtherLanguage || d == serving.OtherModel {
		c.Fallbacks++
	}
	switch kind := fault.Of(x.Err); {
	case x.Err == nil && refused(x.Steps):
		c.Refusals++
	case x.Err == nil && x.Chars > 0:
		c.Answers++
	case x.Err == nil, kind == fault.Canceled:
	case kind == fault.Unsupported, kind == fault.Blocked, kind == fault.Forbidden, kind == fault.Limited:
		c.Refusals++
	default:
		c.Failures++
	}
	if x.Err == nil {
		c.Total.Observe(x.Total)
	}
	if x.First > 0 {
		c.First.Observe(x.First)
	}
}

// refused reports whether the guard gave no answer, or not to its end.
func refused(steps []serving.Step) bool {
	for _, s := range steps {
		if s.Did == serving.StepRefuse || s.Did == serving.StepStop {
			return true
		}
	}
	return false
}

// bounded keeps what a model server claims from filling a sum.
func bounded(n int) int64 { return int64(min(max(n, 0), 1<<30)) }

// lacks reports whether the knowledge base had nothing for a question.
func lacks(x *serving.Exchange) bool {
	return x.Auto && x.Plan.Degraded == serving.NotFound && x.Question != ""
}

// ask gathers a question. Its text goes no further than the writer unless the
// policy of the key lets it be kept.
func (l *Ledger) ask(x *serving.Exchange) {
	if len(l.next.questions) >= mostQuestions {
		l.next.lost++
		return
	}
	k := keyOf(x)
	l.next.questions = append(l.next.questions, asked{tenant: k.tenant, language: k.language, text: x.Question, keep: x.Caller.Policy().LogText, at: x.Start})
}

// take returns what was gathered.
func (l *Ledger) take() gathered {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.next
	l.next = gathered{}
	return g
}
