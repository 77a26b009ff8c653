package gateway

import (
	"errors"
	"strings"

	"github.com/valyala/fasthttp"

	"tilgate/serving/web"
)

// The cookies of someone who asks on the page: the key, and the language that
// the page is read in.
const (
	cookieName   = "tilgate_key"
	cookieSpeaks = "tilgate_lang"
)

const cookieAge = 30 * 24 * 60 * 60 // seconds

// pageHeader sets what all pages have in common.
func pageHeader(h *fasthttp.ResponseHeader) {
	h.SetContentType("text/html; charset=utf-8")
	h.Set("Content-Security-Policy", web.Policy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // "no-referrer" would make the forms' Origin null
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
}

// show answers with the page, without an answer on it.
func (g *Gateway) show(rc *fasthttp.RequestCtx, status int, v web.View) error {
	names := []string{"top", "title", "form", "bottom"}
	if v.NeedsKey {
		names = []string{"top", "key", "bottom"}
	}
	html, err := g.site.Parts(g.view(rc, v), names...)
	if err != nil {
		return err
	}
	pageHeader(&rc.Response.Header)
	rc.SetStatusCode(status)
	rc.Response.SetBodyRaw(html)
	return nil
}

// view fills in what does not depend on the question.
func (g *Gateway) view(rc *fasthttp.RequestCtx, v web.View) web.View {
	v.Words = g.words(rc)
	v.MaxQuestion = g.opts.MaxQuestion
	v.CanForget = !v.NeedsKey && len(rc.Request.Header.Cookie(cookieName)) > 0
	v.Share, v.Feedback, v.People = g.opts.Share, g.opts.Feedback != nil, g.opts.Handover != nil
	if !v.NeedsKey {
		for _, l := range g.svc.Languages(g.base) {
			v.Languages = append(v.Languages, web.Language{Tag: l.Tag, Name: l.Name})
		}
	}
	return v
}

// words returns what the page says to whoever sent a request.
func (g *Gateway) words(rc *fasthttp.RequestCtx) *web.Words {
	h := &rc.Request.Header
	return g.site.Words(string(h.Cookie(cookieSpeaks)), string(h.Peek("Accept-Language")))
}

// home answers GET /. A link with ?key=… lets its reader in; the key leaves
// the address at once. One with ?lang=… says what language to read the page in.
func (g *Gateway) home(rc *fasthttp.RequestCtx) error {
	if tag := string(rc.QueryArgs().Peek("lang")); tag != "" {
		setCookie(rc, cookieSpeaks, string(g.site.Words(tag, "").Tag), cookieAge)
		goHome(rc)
		return nil
	}
	if key := string(rc.QueryArgs().Peek("key")); key != "" {
		return g.enter(rc, key)
	}
	if _, err := g.pageCaller(&rc.Request.Header); err != nil {
		// After a link from elsewhere the browser keeps a strict cookie back
		// until the next request, which must come from a page of ours.
		elsewhere := string(rc.Request.Header.Peek("Sec-Fetch-Site")) == "cross-site"
		return g.show(rc, 200, web.View{NeedsKey: true, Again: elsewhere})
	}
	return g.show(rc, 200, web.View{})
}

// asset answers with a file of the page, which may be kept: another one has
// another path.
func (g *Gateway) asset(rc *fasthttp.RequestCtx) error {
	path, _, _ := strings.Cut(string(rc.Request.Header.RequestURI()), "?")
	a, ok := g.site.Asset(path)
	if !ok {
		return refuse(404, "unknown_path", "there is no file "+quote(path))
	}
	rc.SetContentType(a.Type)
	rc.Response.Header.Set("Cache-Control", "public, max-age=31536000, immutable")
	rc.Response.Header.Set("Cross-Origin-Resource-Policy", "same-origin")
	rc.Response.Header.Set("Content-Security-Policy", "default-src 'none'")
	rc.Response.SetBody(a.Body)
	return nil
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
	setCookie(rc, cookieName, "", -1)
	goHome(rc)
	return nil
}

var errCrossSite = refuse(403, "cross_site", "this form was sent from a page of another site")

// enter keeps a valid key in the browser and leads to the page.
func (g *Gateway) enter(rc *fasthttp.RequestCtx, key string) error {
	if _, err := g.keys.Check(key); err != nil {
		return g.show(rc, 401, web.View{NeedsKey: true, Error: g.words(rc).Say("key_unknown")})
	}
	setCookie(rc, cookieName, key, cookieAge)
	goHome(rc)
	return nil
}

func goHome(rc *fasthttp.RequestCtx) {
	rc.Response.Header.Set("Location", "/")
	rc.Response.Header.Set("Cache-Control", "no-store")
	rc.SetStatusCode(303)
}

// isSecure reports whether a request came over HTTPS, to a proxy or to us.
func isSecure(rc *fasthttp.RequestCtx) bool {
	return rc.IsTLS() || string(rc.Request.Header.Peek("X-Forwarded-Proto")) == "https"
}

// setCookie sets a cookie, or deletes it if age is negative. It is for HTTPS
// only if the request came that way.
func setCookie(rc *fasthttp.RequestCtx, name, value string, age int) {
	var c fasthttp.Cookie
	c.SetKey(name)
	c.SetValue(value)
	c.SetPath("/")
	c.SetHTTPOnly(true)
	c.SetSameSite(fasthttp.CookieSameSiteStrictMode)
	c.SetSecure(isSecure(rc))
	if age < 0 {
		c.SetExpire(fasthttp.CookieExpireDelete)
	} else {
		c.SetMaxAge(age)
	}
	rc.Response.Header.SetCookie(&c)
}

// wrong says on the page what went wrong: in the reader's words as far as
// there are some, with what the service says about it where they say less.
func (g *Gateway) wrong(v web.View, err error) (web.View, answer) {
	a, body := describe(err)
	var q *questionError
	switch {
	case errors.As(err, &q):
		v.Error = v.Say(q.key, q.values...)
	case a.status == 429:
		v.Error = v.Say("busy")
	default:
		v.Error, v.Detail = v.Say("failed"), body.Error.Message
	}
	return v, a
}
