package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// The operator's pages stand under /admin. What is on them is the Console's;
// who may see them, and that a form was sent from one of them, is decided here.

// A Console shows operators how the service does, and does what they say.
type Console interface {
	// Show returns the page at a path.
	Show(ctx context.Context, v Visit) (Sheet, error)
	// Do does what a form says, and returns what to show then: a path to go to,
	// or a page.
	Do(ctx context.Context, v Visit) (Sheet, error)
	// Say returns a page that says something, and asks for a key if there is no
	// caller.
	Say(v Visit, say string) Sheet
}

// A Visit is what an operator asks of a Console.
type Visit struct {
	Caller serving.Caller
	Path   string     // below consolePath, without it: "keys"
	Form   url.Values // of the query, or of the form
	Host   string     // the address by which the browser knows this service, with its scheme
	Icon   string     // path of the site's
}

// A Sheet is a page, or a file, or where to go.
type Sheet struct {
	Status int    // 0 means 200
	Type   string // empty means HTML
	Body   []byte
	Next   string // path to go to in place of it; begins with consolePath
	Report bool   // the page was written by a command, and is shown apart from all others
}

// consolePath begins the paths of the operator's pages; consoleHome is the
// first of them.
const (
	consolePath = "/admin/"
	consoleHome = "/admin"
)

// scriptlessPolicy lets a page show itself, with a style of ours, and no script;
// reportPolicy lets a report run its own script, where it can reach nothing.
const (
	scriptlessPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	reportPolicy     = "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
)

// mostConsole is how many bytes of a form are read.
const mostConsole = 256 << 10

// console answers GET and POST of all paths of the operator's pages.
func (g *Gateway) console(rc *fasthttp.RequestCtx) error {
	path, _, _ := strings.Cut(string(rc.Request.Header.RequestURI()), "?")
	path = strings.TrimPrefix(strings.TrimPrefix(path, consoleHome), "/")
	path, err := url.PathUnescape(path)
	if err != nil {
		return refuse(404, "unknown_path", "this path is written wrongly: "+err.Error())
	}
	post := rc.IsPost()
	switch {
	case post && crossSite(rc):
		return errCrossSite
	case post && len(rc.PostBody()) > mostConsole:
		return fault.TooLarge.Errorf("the form is larger than %d bytes", mostConsole)
	case post && path == "login":
		return g.login(rc)
	case post && path == "logout":
		return g.logout(rc)
	case path == "style.css":
		return g.consoleStyle(rc)
	}
	caller, err := g.operator(rc)
	if err != nil {
		return g.door(rc, err)
	}
	return g.consolePage(rc, caller, path, post)
}

// consolePage shows a page, or does what a form says.
func (g *Gateway) consolePage(rc *fasthttp.RequestCtx, caller serving.Caller, path string, post bool) error {
	c := g.begin(rc, caller)
	defer c.end()
	if err := g.limit(rc, c, caller, 0); err != nil {
		return err
	}
	v := Visit{Caller: caller, Path: path, Form: formOf(rc.QueryArgs()), Host: ownAddress(rc), Icon: g.site.Icon}
	act := g.opts.Console.Show
	if post {
		v.Form, act = formOf(rc.PostArgs()), g.opts.Console.Do
	}
	sheet, err := act(c.ctx, v)
	if err != nil {
		err = c.explain(err)
		a, body := describe(err)
		g.logFailure(c.id, a, err)
		sheet = g.opts.Console.Say(v, body.Error.Message)
		sheet.Status = a.status
	}
	writeSheet(rc, sheet)
	return nil
}

// consoleStyle answers with the style, which is nobody's secret.
func (g *Gateway) consoleStyle(rc *fasthttp.RequestCtx) error {
	sheet, err := g.opts.Console.Show(g.base, Visit{Path: "style.css"})
	if err != nil {
		return err
	}
	writeSheet(rc, sheet)
	rc.Response.Header.Set("Cache-Control", "public, max-age=31536000, immutable") // its address has its hash
	return nil
}

// door shows the page that asks for a key, and says why if a key was shown.
func (g *Gateway) door(rc *fasthttp.RequestCtx, err error) error {
	say, status := "", http.StatusOK
	if !errors.Is(err, errNoSession) {
		a, body := describe(err)
		say, status = body.Error.Message, a.status
	}
	sheet := g.opts.Console.Say(Visit{Icon: g.site.Icon}, say)
	sheet.Status = status
	writeSheet(rc, sheet)
	if rc.IsGet() && string(rc.Request.Header.Peek("Sec-Fetch-Site")) == "cross-site" {
		rc.Response.Header.Set("Refresh", "0") // after a link from elsewhere browsers keep the cookie back once
	}
	return nil
}

func writeSheet(rc *fasthttp.RequestCtx, s Sheet) {
	h := &rc.Response.Header
	pageHeader(h)
	h.Set("Content-Security-Policy", scriptlessPolicy)
	if s.Report {
		h.Set("Content-Security-Policy", reportPolicy)
	}
	if s.Next != "" {
		h.Set("Location", s.Next)
		rc.SetStatusCode(http.StatusSeeOther)
		return
	}
	if s.Type != "" {
		h.SetContentType(s.Type)
	}
	if s.Status != 0 {
		rc.SetStatusCode(s.Status)
	}
	rc.Response.SetBodyRaw(s.Body)
}

// formOf reads a form; of a name that stands twice, both values.
func formOf(args *fasthttp.Args) url.Values {
	v := url.Values{}
	for key, value := range args.All() {
		v.Add(string(key), strings.ToValidUTF8(string(value), "\uFFFD"))
	}
	return v
}

// ownAddress is the address that the browser asked.
func ownAddress(rc *fasthttp.RequestCtx) string {
	if isSecure(rc) {
		return "https://" + string(rc.Host())
	}
	return "http://" + string(rc.Host())
}
