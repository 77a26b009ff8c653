package gateway

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"

	"github.com/valyala/fasthttp"
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

// parts writes parts of the page.
func (p *page) parts(v view, names ...string) ([]byte, error) {
	var b bytes.Buffer
	for _, name := range names {
		if err := p.ExecuteTemplate(&b, name, v); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// header sets what all pages have in common.
func (p *page) header(h *fasthttp.ResponseHeader) {
	h.SetContentType("text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // "no-referrer" would make the forms' Origin null
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
}

// show answers with the page, without an answer on it.
func (g *Gateway) show(rc *fasthttp.RequestCtx, status int, v view) error {
	form := "form"
	if v.NeedsKey {
		form = "key"
	}
	html, err := g.page.parts(g.view(rc, v), "top", form, "bottom")
	if err != nil {
		return err
	}
	g.page.header(&rc.Response.Header)
	rc.SetStatusCode(status)
	rc.Response.SetBodyRaw(html)
	return nil
}

// view fills in what does not depend on the question.
func (g *Gateway) view(rc *fasthttp.RequestCtx, v view) view {
	v.MaxQuestion = g.opts.MaxQuestion
	v.CanForget = !v.NeedsKey && len(rc.Request.Header.Cookie(cookieName)) > 0
	return v
}

// home answers GET /. A link with ?key=… lets its reader in; the key leaves
// the address at once.
func (g *Gateway) home(rc *fasthttp.RequestCtx) error {
	if key := string(rc.QueryArgs().Peek("key")); key != "" {
		return g.enter(rc, key)
	}
	if _, err := g.pageCaller(&rc.Request.Header); err != nil {
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
	if _, err := g.keys.Check(key); err != nil {
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
