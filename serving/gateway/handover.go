package gateway

import (
	"slices"
	"time"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
	"tilgate/serving/handover"
)

// handoversPath takes conversations in; handoverPath is followed by the id of a
// case, and by "/reply" to answer it.
const (
	handoversPath = "/v1/handover"
	handoverPath  = "/v1/handover/"
)

// tokenName is the header in which a citizen shows the token of a case, and staff
// the secret that they were sent.
const tokenName = "X-Tilgate-Token"

// errNoHandover answers where people cannot be asked.
var errNoHandover = fault.NotFound.Errorf("this server asks no people")

// askPerson answers POST /v1/handover.
func (g *Gateway) askPerson(rc *fasthttp.RequestCtx) error {
	caller, err := g.feedbackCaller(rc)
	if err != nil {
		return err
	}
	if g.opts.Handover == nil {
		return errNoHandover
	}
	body, err := g.bodyOf(rc)
	if err != nil {
		return err
	}
	a, err := decodeHandover(body)
	if err != nil {
		return err
	}
	taken, token, err := g.takeCase(rc, caller, a, utf8.RuneCount(body))
	if err != nil {
		return err
	}
	rc.Response.Header.Set("Cache-Control", "no-store")
	writeJSON(rc, 201, encode(map[string]any{"id": taken.ID, "token": token, "state": taken.State}))
	return nil
}

// takeCase takes a conversation in, within the caller's limits.
func (g *Gateway) takeCase(rc *fasthttp.RequestCtx, caller serving.Caller, a handover.Asked, chars int) (handover.Case, string, error) {
	c := g.begin(rc, caller)
	defer c.end()
	if err := g.limit(rc, c, caller, chars); err != nil {
		return handover.Case{}, "", err
	}
	if a.Language == "" {
		a.Language = g.languageOf(a.Messages)
	}
	taken, token, err := g.opts.Handover.Take(c.ctx, caller, a)
	return taken, token, c.explain(err)
}

// languageOf returns the language of what its citizen said last.
func (g *Gateway) languageOf(list []handover.Message) lang.Tag {
	for _, m := range slices.Backward(list) {
		if m.Role == handover.User {
			return g.svc.Detect([]string{m.Content})[0].Tag
		}
	}
	return ""
}

// clerk says who works on the cases of a tenant.
func (g *Gateway) clerk(rc *fasthttp.RequestCtx) (serving.Caller, error) {
	caller, err := g.administrator(rc, errNoClerk)
	if err == nil && g.opts.Handover == nil {
		err = errNoHandover
	}
	return caller, err
}

var errNoClerk = fault.Forbidden.Errorf("this key may not read what was handed over; that takes one that administers, or the case's token in the header %s", tokenName)

// mostCases is how many cases one page of a list holds.
const mostCases = 100

// listCases answers GET /v1/handover.
func (g *Gateway) listCases(rc *fasthttp.RequestCtx) error {
	caller, err := g.clerk(rc)
	if err != nil {
		return err
	}
	q, err := casesQuery(rc.QueryArgs())
	if err != nil {
		return err
	}
	c := g.begin(rc, caller)
	defer c.end()
	if err := g.limit(rc, c, caller, 0); err != nil {
		return err
	}
	list, err := g.opts.Handover.List(c.ctx, caller, q)
	if err != nil {
		return c.explain(err)
	}
	out := make([]caseObject, len(list))
	for i, one := range list {
		out[i] = caseOf(one, true, 0)
	}
	rc.Response.Header.Set("Cache-Control", "no-store")
	writeJSON(rc, 200, encode(map[string]any{"data": out}))
	return nil
}

func casesQuery(args *fasthttp.Args) (q handover.Query, err error) {
	q.State, q.After, q.Limit, err = listQuery(args, handover.States, mostCases)
	return q, err
}

// opened is a case, and who opened it: its citizen, or staff. An administrator
// answers by their name.
type opened struct {
	handover.Case
	staff  bool
	caller serving.Caller
}

// openCase opens a case for who shows a token of it, or administers.
func (g *Gateway) openCase(rc *fasthttp.RequestCtx, c *call, id string) (o opened, err error) {
	if token := string(rc.Request.Header.Peek(tokenName)); token != "" {
		return g.openWith(c, id, token)
	}
	if o.caller, err = g.clerk(rc); err != nil {
		return o, err
	}
	if err := g.limit(rc, c, o.caller, 0); err != nil {
		return o, err
	}
	o.staff = true
	o.Case, err = g.opts.Handover.Case(c.ctx, o.caller, id)
	return o, err
}

// showCase answers GET /v1/handover/{id}. With ?after=N, the first N replies
// are left out.
func (g *Gateway) showCase(rc *fasthttp.RequestCtx) error {
	id, err := idIn(rc, handoverPath, "")
	if err != nil {
		return err
	}
	after := 0
	if text := rc.QueryArgs().Peek("after"); len(text) > 0 {
		if after, err = fasthttp.ParseUint(text); err != nil {
			return fault.Invalid.Field("after", "after is no number of replies")
		}
	}
	c := g.begin(rc, serving.Caller{})
	defer c.end()
	o, err := g.openCase(rc, c, id)
	if err != nil {
		return c.explain(err)
	}
	rc.Response.Header.Set("Cache-Control", "no-store")
	writeJSON(rc, 200, encode(caseOf(o.Case, o.staff, after)))
	return nil
}

var errNotStaff = fault.Forbidden.Errorf("this token is the citizen's; staff answer with the secret that they were sent, or a key that administers")

// replyCase answers POST /v1/handover/{id}/reply.
func (g *Gateway) replyCase(rc *fasthttp.RequestCtx) error {
	id, err := idIn(rc, handoverPath, "/reply")
	if err != nil {
		return err
	}
	c := g.begin(rc, serving.Caller{})
	defer c.end()
	o, err := g.openCase(rc, c, id)
	if err == nil && !o.staff {
		err = errNotStaff
	}
	if err != nil {
		return c.explain(err)
	}
	body, err := g.bodyOf(rc)
	if err != nil {
		return err
	}
	a, err := decodeAnswering(body)
	if err != nil {
		return err
	}
	after, err := g.answer(c, o, a)
	if err != nil {
		return c.explain(err)
	}
	rc.Response.Header.Set("Cache-Control", "no-store")
	writeJSON(rc, 200, encode(caseOf(after, true, 0)))
	return nil
}

// answer adds an answer to a case, or closes it, or does both.
func (g *Gateway) answer(c *call, o opened, a answering) (after handover.Case, err error) {
	if a.text != "" {
		after, err = g.opts.Handover.Reply(c.ctx, o.caller, o.ID, a.text)
	}
	if err == nil && a.close {
		after, err = g.opts.Handover.Close(c.ctx, o.caller, o.ID)
	}
	return after, err
}

// A caseObject is a case as its citizen sees it, and for staff what they need to
// answer it.
type caseObject struct {
	ID      string         `json:"id"`
	Time    time.Time      `json:"time"`
	State   handover.State `json:"state"`
	Sent    bool           `json:"sent"` // staff have been told
	Replies []replyObject  `json:"replies"`
	*staffPart
}

type staffPart struct {
	Key      string             `json:"key"`
	Language lang.Tag           `json:"language"`
	Why      handover.Why       `json:"why"`
	Contact  string             `json:"contact"`
	Messages []handover.Message `json:"messages"`
	Attempts int                `json:"attempts"` // to tell staff, that failed
	Trouble  string             `json:"trouble"`  // why the last of them did
}

type replyObject struct {
	Time time.Time `json:"time"`
	By   string    `json:"by,omitempty"` // for staff
	Text string    `json:"text"`
}

func caseOf(c handover.Case, staff bool, after int) caseObject {
	o := caseObject{ID: c.ID, Time: c.Time, State: c.State, Sent: !c.Sent.IsZero(), Replies: []replyObject{}}
	for _, r := range c.Replies[min(after, len(c.Replies)):] {
		reply := replyObject{Time: r.Time, Text: r.Text}
		if staff {
			reply.By = r.By
		}
		o.Replies = append(o.Replies, reply)
	}
	if staff {
		o.staffPart = &staffPart{c.Key, c.Language, c.Why, c.Contact, c.Messages, c.Attempts, c.Trouble}
	}
	return o
}
