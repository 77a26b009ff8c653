package gateway

import (
	"cmp"
	"context"
	"iter"
	"strings"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
	"tilgate/serving/handover"
	"tilgate/serving/web"
)

// An asking is a question whose reader may want to ask a person instead. A nil
// one is of a server where nobody can be asked.
type asking struct {
	g        *Gateway
	ctx      context.Context
	caller   serving.Caller
	messages []serving.Message
	language lang.Tag // of the page; empty leaves it to the question

	plan serving.Plan
	text strings.Builder // of the answer, if it may be handed over without asking
}

// asking returns nil unless people can be asked.
func (g *Gateway) asking(ctx context.Context, q serving.Request, page lang.Tag) *asking {
	if g.opts.Handover == nil {
		return nil
	}
	return &asking{g: g, ctx: ctx, caller: q.Caller, messages: q.Messages, language: page}
}

// watch returns the events of the answer as they are.
func (a *asking) watch(events iter.Seq2[serving.Event, error]) iter.Seq2[serving.Event, error] {
	if a == nil {
		return events
	}
	keeps := a.g.opts.Handover.OnGuard(a.caller)
	return func(yield func(serving.Event, error) bool) {
		for event, err := range events {
			switch e := event.(type) {
			case serving.Plan:
				a.plan = e
			case serving.Done:
				a.plan = e.Plan
			case serving.Delta:
				if keeps {
					a.text.WriteString(e.Text)
				}
			}
			if !yield(event, err) {
				return
			}
		}
	}
}

// offer says what a reader is offered with an answer that ended, with an error
// or without; nil if nothing. Where the guard gave up and may ask people by
// itself, it does.
func (a *asking) offer(err error) *web.Offer {
	if a == nil || err != nil && !fault.Blocked.Is(err) {
		return nil
	}
	gaveUp := err != nil || a.plan.Degraded == serving.Unable
	switch {
	case gaveUp && a.g.opts.Handover.OnGuard(a.caller):
		if made := a.make(); made != nil {
			return made
		}
		fallthrough
	case gaveUp, a.plan.Degraded == serving.NotFound:
		return &web.Offer{State: web.Urged}
	}
	return &web.Offer{State: web.Offered}
}

// makeTime is how long an answer waits for its conversation to be handed over.
const makeTime = 10 * time.Second

// make hands the conversation over; nil where that fails.
func (a *asking) make() *web.Offer {
	asked := handover.Asked{Why: handover.OnGuard, Language: cmp.Or(a.language, a.plan.Language.Tag)}
	for _, m := range a.messages {
		if role := handover.Role(m.Role); role == handover.User || role == handover.Assistant {
			asked.Messages = append(asked.Messages, handover.Message{Role: role, Content: m.Content})
		}
	}
	if text := a.text.String(); text != "" {
		asked.Messages = append(asked.Messages, handover.Message{Role: handover.Assistant, Content: text})
	}
	asked.Messages = handover.Recent(asked.Messages)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(a.ctx), makeTime) // its reader may be away
	defer cancel()
	c, token, err := a.g.opts.Handover.Take(ctx, a.caller, asked)
	if err != nil {
		a.g.log.Error("a conversation in which the guard gave up could not be handed over", "err", err)
		return nil
	}
	return &web.Offer{State: web.Made, ID: c.ID, Token: token}
}
