package gateway

import (
	"context"
	"iter"
	"strings"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/web"
)

// The script of the page sends what it would send to /v1/chat/completions,
// with the cookie in place of the key: no other site can have a browser send
// it, since the content type makes the browser ask first, the cookie is a strict
// one, and crossSite looks at where it comes from. The answer is a stream of
// its own kind, for it has what the page shows and nothing else:
//
//	{"plan": …}   language, direction, notice and sources
//	{"text": …}   whole sentences
//	{"done": …}   how it stood in the end, and where the sources say it
//
// or {"error": …} in place of what is missing. The script counts them, so that
// after its line broke it gets the rest (resume.go).
type told struct {
	Plan *web.Answer `json:"plan,omitempty"`
	Text string      `json:"text,omitempty"`
	Done *web.Answer `json:"done,omitempty"`
}

func (g *Gateway) askScript(rc *fasthttp.RequestCtx, caller serving.Caller) error {
	q, body, err := g.scriptQuestion(rc)
	if err != nil {
		return err
	}
	name, err := nameOf(rc, caller)
	if err != nil {
		return err
	}
	c := g.begin(rc, caller)
	defer c.leave()
	o, err := g.answers.find(name, body)
	if err != nil {
		return err
	}
	if o != nil { // it was asked, and the line broke before anything came
		return g.again(rc, c, o)
	}
	if err := g.limit(rc, c, caller, chars(body)); err != nil {
		return err
	}
	q.ID, q.Caller, q.Request.Model = answerID(rc), caller, ""
	s := &scripted{words: g.words(rc), question: q.Messages[len(q.Messages)-1].Content, id: q.ID}
	pieces := func(ctx context.Context) iter.Seq2[[]byte, error] {
		s.ask = g.asking(ctx, q.Request, s.words.Tag)
		return s.pieces(s.ask.watch(g.svc.Answer(ctx, q.Request)))
	}
	o, err = g.goOn(c, name, body, pieces)
	if err != nil {
		return err
	}
	if o != nil {
		return g.stream(rc, c, o.read(c, 0), g.kept(c))
	}
	return g.stream(rc, c, pieces(c.ctx), g.events(c))
}

// scriptQuestion reads what the script sends, and returns it as it came too.
func (g *Gateway) scriptQuestion(rc *fasthttp.RequestCtx) (question, []byte, error) {
	body, err := g.bodyOf(rc)
	if err != nil {
		return question{}, nil, err
	}
	q, err := decode(body, g.opts.MaxQuestion)
	if err == nil && (q.model != "auto" || !q.Stream) {
		err = fault.Invalid.Field("model", `the page asks "auto", and reads a stream`)
	}
	return q, body, err
}

// scripted is an answer that the script shows.
type scripted struct {
	words        *web.Words
	question, id string
	ask          *asking
	plan         serving.Plan
}

func (s *scripted) pieces(events iter.Seq2[serving.Event, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var held gatherer
		var text strings.Builder
		done := false
		tell := func(t told) bool { return yield(encode(t), nil) }
		for event, err := range events {
			if err != nil {
				rest := held.rest()
				if (rest == "" || tell(told{Text: rest})) && s.tellOffer(tell, err) {
					yield(nil, err)
				}
				return
			}
			more := true
			switch e := event.(type) {
			case serving.Plan:
				held.tag, s.plan = e.Adapter, e
				more = tell(told{Plan: s.shown(reply{done: serving.Done{Plan: e}})})
			case serving.Delta:
				text.WriteString(e.Text)
				if whole := held.add(e.Text); whole != "" {
					more = tell(told{Text: whole})
				}
			case serving.Done:
				done = true
				if rest := held.rest(); rest != "" {
					more = tell(told{Text: rest})
				}
				more = more && tell(told{Done: s.end(reply{text.String(), e})})
			}
			if !more {
				return
			}
		}
		if !done {
			yield(nil, errCutShort)
		}
	}
}

func (s *scripted) shown(r reply) *web.Answer {
	a := shownOf(s.question, r)
	a.ID = s.id
	for i := range a.Sources {
		a.Sources[i].Day = s.words.Day(a.Sources[i].Date)
	}
	return a
}

// end leaves out the sources, which were told before.
func (s *scripted) end(r reply) *web.Answer {
	a := s.shown(r)
	a.Sources = nil
	a.Handover = s.ask.offer(nil)
	return a
}

// tellOffer tells the plan again, of an answer that broke off, with what its
// reader is offered then. It reports whether they read on.
func (s *scripted) tellOffer(tell func(told) bool, err error) bool {
	o := s.ask.offer(err)
	if o == nil {
		return true
	}
	a := s.shown(reply{done: serving.Done{Plan: s.plan}})
	a.Handover = o
	return tell(told{Plan: a})
}
