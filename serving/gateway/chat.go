package gateway

import (
	"bytes"
	"iter"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// chat answers POST /v1/chat/completions. Questions to "auto" are decoded
// strictly and answered by Tilgate; everything else goes on as it came.
func (g *Gateway) chat(rc *fasthttp.RequestCtx) error {
	caller, ok := g.apiCaller(&rc.Request.Header)
	if !ok {
		return errNoKey
	}
	body, err := g.bodyOf(rc)
	if err != nil {
		return err
	}
	head, err := peek(body)
	if err != nil {
		return err
	}
	c := g.begin(rc)
	defer c.leave()
	route := g.svc.Route(c.ctx, head.model)
	if route.Auto {
		return g.auto(rc, c, caller, route, body)
	}
	return g.forward(rc, c, caller, serving.Raw{ID: answerID(rc), Created: time.Now(),
		Surface: serving.OpenAI, Path: "/v1/chat/completions", Model: head.model, Stream: head.stream, Body: body})
}

// forward answers with what a plain model says.
func (g *Gateway) forward(rc *fasthttp.RequestCtx, c *call, caller serving.Caller, raw serving.Raw) error {
	reply, err := g.svc.Forward(c.ctx, caller, raw)
	if err != nil {
		return c.explain(err)
	}
	if reply.Stream != nil {
		d := g.events(c)
		d.frame, d.done = bytes.Clone, nil
		return g.stream(rc, c, reply.Stream, d)
	}
	if len(reply.Body) == 0 {
		return errNoAnswer
	}
	rc.SetStatusCode(reply.Status)
	rc.SetContentType(reply.Type)
	rc.Response.SetBodyRaw(reply.Body)
	return nil
}

var errNoAnswer = fault.Unavailable.Errorf("the model server gave no answer")

// auto answers a question to "auto".
func (g *Gateway) auto(rc *fasthttp.RequestCtx, c *call, caller serving.Caller, route serving.Route, body []byte) error {
	q, err := decode(body, g.opts.MaxQuestion)
	if err == nil {
		err = q.speak(route.Language)
	}
	if err != nil {
		return err
	}
	q.ID, q.Caller, q.Request.Model = answerID(rc), caller, route.Model
	events := g.svc.Answer(c.ctx, q.Request)
	form := form{id: q.ID, created: time.Now().Unix(), model: q.model, usage: q.usage, thin: q.thin}
	switch {
	case q.Stream && q.sentences:
		return g.stream(rc, c, form.sentences(events), g.events(c))
	case q.Stream:
		return g.stream(rc, c, form.chunks(events), g.events(c))
	}
	r, err := collect(events)
	if err != nil {
		return c.explain(err)
	}
	writeJSON(rc, 200, form.object(r))
	return nil
}

// A reply is a whole answer.
type reply struct {
	text string
	done serving.Done
}

// collect waits for the whole answer. Like everything here that reads events,
// it reads on after Done: to stop early means that the reader left.
func collect(events iter.Seq2[serving.Event, error]) (reply, error) {
	var text strings.Builder
	var done *serving.Done
	for event, err := range events {
		if err != nil {
			return reply{}, err
		}
		switch e := event.(type) {
		case serving.Delta:
			text.WriteString(e.Text)
		case serving.Done:
			done = &e
		}
	}
	if done == nil {
		return reply{}, errCutShort
	}
	return reply{text.String(), *done}, nil
}

// errCutShort is our own mistake: an answer ends with Done or an error.
var errCutShort = fault.Internal.Errorf("the answer broke off")
