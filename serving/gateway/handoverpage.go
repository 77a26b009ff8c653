package gateway

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"tilgate/internal/lang"
	"tilgate/serving"
	"tilgate/serving/handover"
	"tilgate/serving/web"
)

// The pages of handover need no script. Without one, who asks sends a form that
// stands under the answer, and is led to a page of the case, which looks for an
// answer every while. Staff who were sent a mail open the same page with the
// secret of its link, and answer on it. Whoever sends a form shows a token or
// the secret in it, so that no other site can have a browser send it.

// peoplePath takes the form of the page; personPath is followed by the id of a
// case.
const (
	peoplePath = "/handover"
	personPath = "/handover/"
)

// peopleCaller says who sends the form: who holds the cookie, or a visitor of a
// page in whose frame it stands.
func (g *Gateway) peopleCaller(rc *fasthttp.RequestCtx) (serving.Caller, error) {
	if len(rc.QueryArgs().Peek("key")) == 0 {
		if crossSite(rc) {
			return serving.Caller{}, errCrossSite
		}
		return g.pageCaller(&rc.Request.Header)
	}
	f, err := g.frame(rc)
	if err != nil {
		return serving.Caller{}, err
	}
	return g.visit(rc, f.caller, f.key, f.session)
}

// people answers POST /handover, the form under an answer.
func (g *Gateway) people(rc *fasthttp.RequestCtx) error {
	caller, err := g.peopleCaller(rc)
	if err == nil && g.opts.Handover == nil {
		err = errNoHandover
	}
	var taken handover.Case
	var token string
	if err == nil {
		a := formHandover(rc.PostArgs())
		a.Language = g.caseWords(rc).Tag
		taken, token, err = g.takeCase(rc, caller, a, utf8.RuneCount(rc.PostBody()))
	}
	if err != nil {
		return g.caseFails(rc, err)
	}
	g.seeCase(rc, taken.ID, url.Values{"token": {token}})
	return nil
}

// formHandover reads the form under an answer.
func formHandover(args *fasthttp.Args) handover.Asked {
	text := func(name string) string {
		return strings.ReplaceAll(strings.ToValidUTF8(string(args.Peek(name)), "\uFFFD"), "\r\n", "\n")
	}
	a := handover.Asked{Token: text("token"), Contact: text("contact")}
	a.Messages = append(a.Messages, handover.Message{Role: handover.User, Content: text("question")})
	if answer := text("answer"); answer != "" {
		a.Messages = append(a.Messages, handover.Message{Role: handover.Assistant, Content: answer})
	}
	return a
}

// framing are the parameters that lead back into a frame.
var framing = []string{"key", "session", "lang"}

// seeCase leads to the page of a case.
func (g *Gateway) seeCase(rc *fasthttp.RequestCtx, id string, with url.Values) {
	for _, name := range framing {
		if value := rc.QueryArgs().Peek(name); len(value) > 0 {
			with.Set(name, string(value))
		}
	}
	rc.Response.Header.Set("Location", personPath+id+"?"+with.Encode())
	rc.Response.Header.Set("Cache-Control", "no-store")
	rc.SetStatusCode(303)
}

// person answers GET /handover/{id}, for who has its token or its secret.
func (g *Gateway) person(rc *fasthttp.RequestCtx) error {
	id, err := idIn(rc, personPath, "")
	if err != nil {
		return err
	}
	args := rc.QueryArgs()
	secret := string(args.Peek("secret"))
	token := secret
	if token == "" {
		token = string(args.Peek("token"))
	}
	c := g.begin(rc, serving.Caller{})
	defer c.end()
	o, err := g.openWith(c, id, token)
	if err != nil {
		return g.caseFails(rc, c.explain(err))
	}
	v := shownCase(o)
	if o.staff {
		v.Secret = secret
	} else if o.State != handover.Closed && o.State != handover.Failed {
		v.Again = lookAgain
	}
	return g.showPerson(rc, 200, v)
}

// lookAgain is how often the page of a case looks for an answer, in seconds.
const lookAgain = 30

func (g *Gateway) openWith(c *call, id, token string) (o opened, err error) {
	if g.opts.Handover == nil {
		return o, errNoHandover
	}
	o.Case, o.staff, err = g.opts.Handover.Open(c.ctx, id, token)
	o.caller = serving.Caller{Tenant: o.Tenant}
	return o, err
}

// personReply answers POST /handover/{id}, the form of staff.
func (g *Gateway) personReply(rc *fasthttp.RequestCtx) error {
	id, err := idIn(rc, personPath, "")
	if err != nil {
		return err
	}
	if crossSite(rc) {
		return errCrossSite
	}
	args := rc.PostArgs()
	secret := string(args.Peek("secret"))
	c := g.begin(rc, serving.Caller{})
	defer c.end()
	o, err := g.openWith(c, id, secret)
	if err == nil && !o.staff {
		err = errNotStaff
	}
	if err != nil {
		return g.caseFails(rc, c.explain(err))
	}
	a := answering{text: strings.TrimSpace(string(args.Peek("text"))), close: len(args.Peek("close")) > 0}
	if a.text != "" || a.close {
		if _, err := g.answer(c, o, a); err != nil {
			err = c.explain(err)
			status, body := describe(err)
			g.logFailure(c.id, status, err)
			v := shownCase(o)
			v.Secret, v.Draft, v.Error = secret, strings.ToValidUTF8(a.text, "\uFFFD"), body.Error.Message
			return g.showPerson(rc, status.status, v)
		}
	}
	g.seeCase(rc, id, url.Values{"secret": {secret}})
	return nil
}

// shownCase is a case as its page shows it.
func shownCase(o opened) web.Case {
	v := web.Case{ID: o.ID, State: string(o.State), Staff: o.staff}
	if o.staff {
		v.Why, v.Contact = string(o.Why), o.Contact
		for _, m := range o.Messages {
			v.Said = append(v.Said, web.Said{Role: string(m.Role), Text: m.Content, Dir: textDirection(m.Content)})
		}
	}
	for _, r := range o.Replies {
		v.Said = append(v.Said, web.Said{Role: string(handover.Staff), By: r.By, Text: r.Text, Dir: textDirection(r.Text)})
	}
	return v
}

func textDirection(text string) string {
	if d := lang.Direction(text); d != "" {
		return d
	}
	return "auto"
}

// caseWords is what the page of a case says, to whoever reads it.
func (g *Gateway) caseWords(rc *fasthttp.RequestCtx) *web.Words {
	if tag := string(rc.QueryArgs().Peek("lang")); tag != "" {
		return g.site.Words(tag, string(rc.Request.Header.Peek("Accept-Language")))
	}
	return g.words(rc)
}

// caseFails says on a page what went wrong.
func (g *Gateway) caseFails(rc *fasthttp.RequestCtx, err error) error {
	a, body := describe(err)
	g.logFailure(requestID(rc), a, err)
	sayAgain(rc, a, err)
	return g.showPerson(rc, a.status, web.Case{Error: body.Error.Message})
}

// showPerson answers with the page of a case.
func (g *Gateway) showPerson(rc *fasthttp.RequestCtx, status int, v web.Case) error {
	v.Words = g.caseWords(rc)
	html, err := g.site.Case(v)
	if err != nil {
		return err
	}
	h := &rc.Response.Header
	if f, err := g.frame(rc); err == nil && !v.Staff {
		f.header(h)
	} else {
		pageHeader(h)
		h.Set("Content-Security-Policy", scriptlessPolicy)
	}
	rc.SetStatusCode(status)
	rc.Response.SetBodyRaw(html)
	return nil
}

// isReply reports whether a request's path is one at which staff answer, who need
// no key: what they write is longer than what is read of strangers otherwise.
func isReply(path string) bool {
	path, _, _ = strings.Cut(path, "?")
	id, ok := strings.CutPrefix(path, personPath)
	if !ok {
		id, ok = strings.CutPrefix(strings.TrimSuffix(path, "/reply"), handoverPath)
	}
	return ok && handover.IsID(id)
}
