package gateway

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
)

// cookieName holds the key of someone who asks on the page.
const cookieName = "tilgate_key"

const cookieAge = 30 * 24 * 60 * 60 // seconds

// A page asks and shows answers, without a script and without a request to
// anywhere else. Its policy lets the browser load nothing but its own style.
type page struct {
	*template.Template
	policy string
}

func newPage() *page {
	sum := sha256.Sum256([]byte(pageCSS))
	return &page{
		template.Must(template.New("page").Parse(pageHTML)),
		"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	}
}

// A view is what the page shows.
type view struct {
	NeedsKey    bool
	CanForget   bool
	Again       bool // load the page once more, from itself
	Question    string
	MaxQuestion int
	Error       string
	Answer      *shown
}

// Style returns the style sheet, as its hash stands in the policy.
func (view) Style() template.CSS { return template.CSS(pageCSS) }

// show writes the page.
func (g *Gateway) show(rc *fasthttp.RequestCtx, status int, v view) error {
	v.MaxQuestion = g.opts.MaxQuestion
	v.CanForget = !v.NeedsKey && len(rc.Request.Header.Cookie(cookieName)) > 0
	var b bytes.Buffer
	if err := g.page.Execute(&b, v); err != nil {
		return err
	}
	h := &rc.Response.Header
	h.Set("Content-Security-Policy", g.page.policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // "no-referrer" would make the forms' Origin null
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	rc.SetStatusCode(status)
	rc.SetContentType("text/html; charset=utf-8")
	rc.Response.SetBodyRaw(b.Bytes())
	return nil
}

// home answers GET /. A link with ?key=… lets its reader in; the key leaves
// the address at once.
func (g *Gateway) home(rc *fasthttp.RequestCtx) error {
	if key := string(rc.QueryArgs().Peek("key")); key != "" {
		return g.enter(rc, key)
	}
	if _, ok := g.pageCaller(&rc.Request.Header); !ok {
		// After a link from elsewhere the browser keeps a strict cookie back
		// until the next request, which must come from a page of ours.
		elsewhere := string(rc.Request.Header.Peek("Sec-Fetch-Site")) == "cross-site"
		return g.show(rc, 200, view{NeedsKey: true, Again: elsewhere})
	}
	return g.show(rc, 200, view{})
}

// key answers POST /key, the form that asks for the key.
func (g *Gateway) key(rc *fasthttp.RequestCtx) error {
	if crossSite(rc) {
		return errCrossSite
	}
	return g.enter(rc, strings.TrimSpace(string(rc.PostArgs().Peek("key"))))
}

// forget answers POST /forget: other people may use this browser too.
func (g *Gateway) forget(rc *fasthttp.RequestCtx) error {
	if crossSite(rc) {
		return errCrossSite
	}
	setCookie(rc, "", -1)
	goHome(rc)
	return nil
}

var errCrossSite = refuse(403, "cross_site", "this form was sent from a page of another site")

// enter keeps a valid key in the browser and leads to the page.
func (g *Gateway) enter(rc *fasthttp.RequestCtx, key string) error {
	if _, ok := g.keys.Check(key); !ok {
		return g.show(rc, 401, view{NeedsKey: true, Error: "This key is not known here."})
	}
	setCookie(rc, key, cookieAge)
	goHome(rc)
	return nil
}

func goHome(rc *fasthttp.RequestCtx) {
	rc.Response.Header.Set("Location", "/")
	rc.Response.Header.Set("Cache-Control", "no-store")
	rc.SetStatusCode(303)
}

// setCookie sets the key's cookie, or deletes it if age is negative. It is
// for HTTPS only if the request came that way, to a proxy or to us.
func setCookie(rc *fasthttp.RequestCtx, key string, age int) {
	var c fasthttp.Cookie
	c.SetKey(cookieName)
	c.SetValue(key)
	c.SetPath("/")
	c.SetHTTPOnly(true)
	c.SetSameSite(fasthttp.CookieSameSiteStrictMode)
	c.SetSecure(rc.IsTLS() || string(rc.Request.Header.Peek("X-Forwarded-Proto")) == "https")
	if age < 0 {
		c.SetExpire(fasthttp.CookieExpireDelete)
	} else {
		c.SetMaxAge(age)
	}
	rc.Response.Header.SetCookie(&c)
}

// ask answers POST /ask.
func (g *Gateway) ask(rc *fasthttp.RequestCtx) error {
	if crossSite(rc) {
		return errCrossSite
	}
	caller, ok := g.pageCaller(&rc.Request.Header)
	if !ok {
		return g.show(rc, 401, view{NeedsKey: true})
	}
	v := view{Question: strings.ToValidUTF8(string(rc.PostArgs().Peek("question")), "\uFFFD")}
	v.Question = strings.TrimSpace(strings.ReplaceAll(v.Question, "\r\n", "\n"))
	r, err := g.answerPage(rc, caller, v.Question)
	if err != nil {
		a, body := describe(err)
		g.logFailure(requestID(rc), a, err)
		v.Error = body.Error.Message
		return g.show(rc, a.status, v)
	}
	v.Answer = shownOf(r)
	return g.show(rc, 200, v)
}

func (g *Gateway) answerPage(rc *fasthttp.RequestCtx, caller serving.Caller, text string) (reply, error) {
	if strings.IndexFunc(text, speaks) < 0 {
		return reply{}, fault.Invalid.Errorf("The question is empty.")
	}
	if n := utf8.RuneCountInString(text); n > g.opts.MaxQuestion {
		return reply{}, fault.TooLarge.Errorf("The question is %d characters long; the most is %d.", n, g.opts.MaxQuestion)
	}
	c := g.begin(rc)
	defer c.end()
	r, err := collect(g.svc.Answer(c.ctx, serving.Request{
		ID:       answerID(rc),
		Caller:   caller,
		Messages: []serving.Message{{Role: "user", Content: text}},
	}))
	return r, c.explain(err)
}
