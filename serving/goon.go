package serving

import (
	"context"
	"errors"
	"iter"
	"strings"

	"tilgate/internal/fault"
)

// mostContinued is how often another model server goes on with one answer.
const mostContinued = 3

// continued yields the answer to an attempt. When the model server breaks off
// after it has begun, the model is asked to go on from there, wherever it can
// be reached, and what comes follows on without a seam: the guard judges the
// whole as one text, and the reader sees no word twice.
func (sp *speech) continued(ctx context.Context, t attempt) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		var said strings.Builder
		prompt := t.prompt
		for again := 0; ; again++ {
			err := goOn(t.choice.Model.Chat(ctx, prompt), &said, again > 0, yield)
			if err == nil || errors.Is(err, errReaderGone) {
				return
			}
			if said.Len() == 0 || again == mostContinued || ctx.Err() != nil || !breaks(err) {
				yield(Chunk{}, err)
				return
			}
			sp.s.opts.Log.Warn("the model server broke off; another goes on", "id", sp.x.ID, "model", t.choice.Name, "chars", said.Len(), "err", err)
			prompt.Begun = said.String()
			if left := t.prompt.Params.MaxTokens; left != nil {
				rest := max(*left-estimated(0, len([]rune(prompt.Begun))).CompletionTokens, 1)
				prompt.Params.MaxTokens = &rest
			}
			if !yield(Chunk{Continued: true}, nil) {
				return
			}
		}
	}
}

// breaks reports whether an error is one of the model server, which another
// may not make.
func breaks(err error) bool { return fault.Unavailable.Is(err) || fault.Timeout.Is(err) }

// goOn yields what a model says, and keeps it in said. Of an answer that goes
// on, what was said already is taken away. It returns nil when the answer came
// to its end, and errReaderGone when nobody takes it.
func goOn(chunks iter.Seq2[Chunk, error], said *strings.Builder, further bool, yield func(Chunk, error) bool) error {
	var seam overlap
	if further {
		seam = overlap{said: said.String(), open: true}
	}
	for chunk, err := range chunks {
		if err != nil {
			return err
		}
		chunk.Text = seam.add(chunk.Text)
		if chunk.Finish != "" {
			chunk.Text += seam.end()
			if further {
				chunk.Usage = nil // it counts the last part only
			}
		}
		said.WriteString(chunk.Text)
		if chunk.Text == "" && chunk.Finish == "" && chunk.Served == nil {
			continue
		}
		if !yield(chunk, nil) {
			return errReaderGone
		}
		if chunk.Finish != "" {
			return nil
		}
	}
	return fault.Unavailable.Errorf("the model's answer broke off")
}

// answers notes what the model server says of itself and what became of the
// answer.
func (sp *speech) answers(t attempt, c Chunk) {
	if c.Continued {
		sp.x.Continued++
		if sp.x.Plan.Degraded == "" {
			sp.x.Plan.Degraded = Continued
		}
	}
	if c.Served == nil {
		return
	}
	sp.x.served(c.Served)
	if m := c.Served.Model; m != "" && m != t.choice.Name {
		sp.x.Plan.Model, sp.x.Plan.Degraded = m, OtherModel
	}
}
