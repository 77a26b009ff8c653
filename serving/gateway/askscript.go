package gateway

import (
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
// or {"error": …} in place of what is missing.
type told struct {
	Plan *web.Answer `json:"plan,omitempty"`
	Text string      `json:"text,omitempty"`
	Done *web.Answer `json:"done,omitempty"`
}

func (g *Gateway) askScript(rc *fasthttp.RequestCtx, caller serving.Caller) error {
	body, err := g.bodyOf(rc)
	if err != nil {
		return err
	}
	q, err := decode(body, g.opts.MaxQuestion)
	if err == nil && (q.model != "auto" || !q.Stream) {
		err = fault.Invalid.Field("model", `the page asks "auto", and reads a stream`)
	}
	if err != nil {
		return err
	}
	c := g.begin(rc, caller)
	defer c.leave()
	if err := g.limit(rc, c, caller, chars(body)); err != nil {
		return err
	}
	q.ID, q.Caller, q.Request.Model = answerID(rc), caller, ""
	s := scripted{words: g.words(rc), question: q.Messages[len(q.Messages)-1].Content, id: q.ID}
	return g.stream(rc, c, s.pieces(g.svc.Answer(c.ctx, q.Request)), g.events(c))
}

// scripted is an answer that the script shows.
type scripted struct {
	words        *web.Words
	question, id string
}

func (s scripted) pieces(events iter.Seq2[serving.Event, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var held gatherer
		var text strings.Builder
		done := false
		tell := func(t told) bool { return yield(encode(t), nil) }
		for event, err := range events {
			if err != nil {
				if rest := held.rest(); rest == "" || tell(told{Text: rest}) {
					yield(nil, err)
				}
				return
			}
			more := true
			switch e := event.(type) {
			case serving.Plan:
				held.tag = e.Adapter
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

func (s scripted) shown(r reply) *web.Answer {
	a := shownOf(s.question, r)
	a.ID = s.id
	for i := range a.Sources {
		a.Sources[i].Day = s.words.Day(a.Sources[i].Date)
	}
	return a
}

// end leaves out the sources, which were told before.
func (s scripted) end(r reply) *web.Answer {
	a := s.shown(r)
	a.Sources = nil
	return a
}
