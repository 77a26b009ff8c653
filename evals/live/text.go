package live

import (
	"strings"
	"time"
	"unicode/utf8"

	"tilgate/evals"
	"tilgate/internal/fault"
)

// A writer collects an answer as it comes.
type writer struct {
	begun time.Time
	text  strings.Builder
	stage stage
	first time.Duration // until there was something to read; 0 if there is not
	whole time.Duration // until all was there
}

// A stage is where an answer stands.
type stage int

const (
	opening stage = iota // it may still begin with a thought
	thinking
	answering
)

// The marks that models put around what they think, unless their server takes
// it out.
const (
	thinkOpen  = "<think>"
	thinkClose = "</think>"
)

func newWriter() *writer { return &writer{begun: time.Now()} }

// add adds text and notes when the first of it came that is not thought.
func (w *writer) add(text string) {
	if text == "" {
		return
	}
	before := w.text.Len()
	w.text.WriteString(text)
	if w.first > 0 {
		return
	}
	all := w.text.String()
	if w.stage == opening {
		switch begin := strings.TrimSpace(all); {
		case strings.HasPrefix(begin, thinkOpen):
			w.stage, before = thinking, 0
		case strings.HasPrefix(thinkOpen, begin): // also when nothing is there
			return
		default:
			w.stage = answering
		}
	}
	if w.stage == thinking {
		i := strings.Index(all[max(0, before-len(thinkClose)):], thinkClose)
		if i < 0 {
			return
		}
		w.stage = answering
	}
	if strings.TrimSpace(answered(all)) != "" {
		w.first = max(time.Since(w.begun), 1)
	}
}

// answered is an answer without the thought that it begins with. Of an answer
// that never stopped thinking nothing is left. Some templates open the thought
// themselves, so that only its end is seen.
func answered(text string) string {
	begin := strings.TrimLeft(text, " \t\r\n")
	thought, rest, closed := strings.Cut(begin, thinkClose)
	switch opened := strings.HasPrefix(begin, thinkOpen); {
	case closed && (opened || !strings.Contains(thought, thinkOpen)):
		return strings.TrimLeft(rest, " \t\r\n")
	case opened:
		return ""
	}
	return text
}

// end notes that all is there.
func (w *writer) end() { w.whole = time.Since(w.begun) }

// fill puts what was collected into an answer.
func (w *writer) fill(a *evals.Answer) error {
	a.Seconds, a.TTFT = w.whole.Seconds(), w.first.Seconds()
	a.Text = answered(w.text.String())
	if !utf8.ValidString(a.Text) {
		return fault.Unavailable.Errorf("the answer is not UTF-8; it begins %s", shown([]byte(a.Text)))
	}
	return nil
}
