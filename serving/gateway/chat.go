package gateway

import (
	"bytes"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// An endpoint is a path whose body names a model. What names a plain one goes
// on as it came.
type endpoint struct {
	surface serving.Surface
	path    string
	streams bool  // unless the body says otherwise
	bounds  []int // the fields, of which one must bound the answer if the key's policy does; nil where no text is generated
	// auto answers in Tilgate's own way; nil means that the path has none.
	auto func(g *Gateway, rc *fasthttp.RequestCtx, c *call, q asked) error
}

// asked is what an endpoint was asked of "auto".
type asked struct {
	path   string
	caller serving.Caller
	route  serving.Route
	body   []byte // not fasthttp's
}

// endpoints are all of them, by path.
var endpoints = []endpoint{
	{surface: serving.OpenAI, path: "/v1/chat/completions", bounds: []int{fieldMaxTokens, fieldMaxCompletion}, auto: (*Gateway).auto},
	{surface: serving.OpenAI, path: "/v1/completions", bounds: []int{fieldMaxTokens}},
	{surface: serving.OpenAI, path: "/v1/embeddings"},
	{surface: serving.OpenAI, path: "/v1/rerank"},
	{surface: serving.OpenAI, path: "/v1/score"},
	{surface: serving.OpenAI, path: "/tokenize"},
	{surface: serving.OpenAI, path: "/detokenize"},
	{surface: serving.Ollama, path: "/api/chat", streams: true, bounds: []int{fieldNumPredict}, auto: (*Gateway).autoOllama},
	{surface: serving.Ollama, path: "/api/generate", streams: true, bounds: []int{fieldNumPredict}, auto: (*Gateway).autoOllama},
	{surface: serving.Ollama, path: "/api/embed"},
	{surface: serving.Ollama, path: "/api/embeddings"},
	{surface: serving.Ollama, path: "/api/show", auto: (*Gateway).showAuto},
}

// handler returns what answers an endpoint. Questions to "auto" are decoded
// strictly and answered by Tilgate; everything else goes on as it came.
func (g *Gateway) handler(e endpoint) handler {
	return func(rc *fasthttp.RequestCtx) error {
		caller, secret, err := g.callerOf(rc, e)
		if err != nil {
			return err
		}
		body, err := g.bodyOf(rc)
		if err != nil {
			return err
		}
		head, err := peek(body, e.streams)
		if err != nil {
			return err
		}
		if caller.Scope != nil && caller.Scope.Each.User != (serving.Share{}) {
			caller.From.User = whom(secret, "user "+head.user) // those without a name are one
		}
		c := g.begin(rc, caller)
		defer c.leave()
		route := g.svc.Route(c.ctx, head.model)
		if !route.Auto {
			if err := head.permit(e, caller.Policy()); err != nil {
				return err
			}
		}
		if err := g.limit(rc, c, caller, chars(body)-head.media); err != nil {
			return err
		}
		switch {
		case !route.Auto:
			return g.forward(rc, c, caller, serving.Raw{ID: answerID(rc), Created: time.Now(),
				Surface: e.surface, Path: e.path, Model: head.model, Stream: head.stream, Trace: traceOf(rc), Body: body})
		case e.auto == nil:
			return fault.Invalid.Field("model", "%s needs a plain model; %s answers questions, at /v1/chat/completions", e.path, quote(head.model))
		default:
			return e.auto(g, rc, c, asked{e.path, caller, route, bytes.Clone(body)})
		}
	}
}

// callerOf says who calls an endpoint, and with which key.
func (g *Gateway) callerOf(rc *fasthttp.RequestCtx, e endpoint) (serving.Caller, string, error) {
	secret, err := bearer(&rc.Request.Header)
	if err != nil {
		return serving.Caller{}, "", err
	}
	check := g.private
	if slices.Contains(visitorPaths, e.path) {
		check = func(string) (serving.Caller, error) { return g.visitor(rc) }
	}
	caller, err := check(secret)
	return caller, secret, err
}

// forward answers with what a plain model says.
func (g *Gateway) forward(rc *fasthttp.RequestCtx, c *call, caller serving.Caller, raw serving.Raw) error {
	reply, err := g.svc.Forward(c.ctx, caller, raw)
	if err != nil {
		return c.explain(err)
	}
	if reply.Stream != nil && reply.Exact {
		return g.relay(rc, c, raw.Surface, reply)
	}
	if reply.Stream != nil {
		d := g.dress(c, raw.Surface)
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
func (g *Gateway) auto(rc *fasthttp.RequestCtx, c *call, a asked) error {
	q, err := decode(a.body, g.opts.MaxQuestion)
	if err == nil {
		err = q.speak(a.route.Language)
	}
	if err != nil {
		return err
	}
	q.ID, q.Caller, q.Request.Model, q.Trace = answerID(rc), a.caller, a.route.Model, traceOf(rc)
	ask := g.asking(c.ctx, q.Request, "")
	events := ask.watch(g.svc.Answer(c.ctx, q.Request))
	form := form{id: q.ID, created: time.Now().Unix(), model: q.model, usage: q.usage, ask: ask, thin: q.thin}
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
