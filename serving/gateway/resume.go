package gateway

import (
	"bytes"
	"context"
	"iter"
	"strings"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// The script of the page gives each answer an id when it asks, in a header.
// When its line breaks, it comes back with the id and the number of events that
// it has, and gets those that follow. When its reader wants no more, it says so,
// since a line that is closed could as well be one that broke.
const (
	answerHeader = "X-Tilgate-Answer"
	morePath     = "/ask/more"
	stopPath     = "/ask/stop"
)

// An id has at least 128 bits as our script writes it, in 32 digits; nobody
// else's needs to be longer than this.
const leastAnswerID, mostAnswerID = 22, 64

var (
	errAnswerGone    = refuse(404, "answer_gone", "this answer is not kept here; ask again")
	errOtherQuestion = refuse(409, "other_question", "another question was asked with this "+answerHeader+"; each needs one of its own")
	errUnwanted      = refuse(409, "stopped", "this answer was stopped before it began; ask with another "+answerHeader)
	errReadElsewhere = refuse(409, "read_elsewhere", "this answer is read on another connection, which came later")
)

// nameOf reads the id that an answer is to have. The name has none if it was
// asked without.
func nameOf(rc *fasthttp.RequestCtx, c serving.Caller) (answerName, error) {
	id := string(rc.Request.Header.Peek(answerHeader))
	if id == "" {
		return answerName{}, nil
	}
	return nameIn(id, "the header "+answerHeader, c)
}

func nameIn(id, where string, c serving.Caller) (answerName, error) {
	if len(id) < leastAnswerID || len(id) > mostAnswerID || strings.ContainsFunc(id, foreign) {
		return answerName{}, fault.Invalid.Errorf("%s is not an id of %d to %d letters, digits, - and _", where, leastAnswerID, mostAnswerID)
	}
	return answerName{c.Name, c.Tenant, id}, nil
}

func foreign(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
}

// goOn has an answer made that does not end with the line of its first reader,
// who is c. It returns nil if this one is to be none.
func (g *Gateway) goOn(c *call, name answerName, asked []byte, pieces func(context.Context) iter.Seq2[[]byte, error]) (*ongoing, error) {
	if name.id == "" {
		return nil, nil
	}
	ctx, cancel := context.WithCancelCause(g.base)
	work := &call{ctx: ctx, cancel: cancel, id: c.id, caller: c.caller}
	o, err := g.answers.open(name, asked, work)
	if o == nil {
		cancel(nil)
		return nil, err
	}
	work.release, c.release = c.release, nil // what the limit lent is in use as long as the model is
	err = g.attach(c, o, 0)
	go o.run(pieces(ctx))
	return o, err
}

// again answers with an answer that goes on already, from its begin.
func (g *Gateway) again(rc *fasthttp.RequestCtx, c *call, o *ongoing) error {
	if err := g.attach(c, o, 0); err != nil {
		return err
	}
	return g.stream(rc, c, o.read(c, 0), g.kept(c))
}

func (g *Gateway) attach(c *call, o *ongoing, n int) error {
	if err := g.answers.attach(o, c, n); err != nil {
		return err
	}
	c.release = func() { g.answers.left(o, c) }
	return nil
}

// kept dresses events that are kept as they go over the wire.
func (g *Gateway) kept(c *call) dress {
	d := g.events(c)
	d.frame = func(event []byte) []byte { return event }
	return d
}

// askMore answers POST /ask/more with the rest of an answer. What went wrong
// with the answer itself is told in the stream, as to everybody who reads it.
func (g *Gateway) askMore(rc *fasthttp.RequestCtx) error {
	caller, err := g.pageReader(rc)
	if err != nil {
		return err
	}
	var id string
	var have *int
	err = g.body(rc, func(d *decoder) table { return table{"id": d.string(&id), "have": d.integer(&have, 0)} })
	if err != nil {
		return err
	}
	if have == nil {
		return fault.Invalid.Field("have", "have is missing: the number of events that came")
	}
	name, err := nameIn(id, "id", caller)
	if err != nil {
		return err
	}
	o, _ := g.answers.find(name, nil)
	if o == nil {
		return errAnswerGone
	}
	c := g.begin(rc, caller)
	defer c.leave()
	if err := g.attach(c, o, *have); err != nil {
		return err
	}
	return g.stream(rc, c, greeted(o.read(c, *have)), g.kept(c))
}

// greeted has a sign of life come first: who asks for the rest learns at once
// that the line is good again.
func greeted(pieces iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if yield(pingFrame, nil) {
			pieces(yield)
		}
	}
}

// askStop answers POST /ask/stop: the reader has enough, or leaves. It tells
// nobody whether there was anything to stop.
func (g *Gateway) askStop(rc *fasthttp.RequestCtx) error {
	caller, err := g.pageReader(rc)
	if err != nil {
		return err
	}
	var id string
	leaving := false
	err = g.body(rc, func(d *decoder) table {
		return table{"id": d.string(&id), "leaving": func(path string) (err error) { leaving, err = d.boolean(path); return err }}
	})
	if err != nil {
		return err
	}
	name, err := nameIn(id, "id", caller)
	if err != nil {
		return err
	}
	g.answers.stop(name, leaving)
	rc.SetStatusCode(204)
	return nil
}

// pageReader says who reads on the page: by its cookie, or in a frame by its
// page key.
func (g *Gateway) pageReader(rc *fasthttp.RequestCtx) (serving.Caller, error) {
	h := &rc.Request.Header
	switch {
	case crossSite(rc):
		return serving.Caller{}, errCrossSite
	case !bytes.HasPrefix(h.ContentType(), []byte("application/json")):
		return serving.Caller{}, refuse(415, "unsupported_type", "this takes application/json")
	case len(h.Peek("Authorization")) == 0:
		return g.pageCaller(h)
	}
	caller, err := g.visitor(rc)
	if err == nil && !caller.IsPage() {
		err = errNoPageKey
	}
	return caller, err
}
