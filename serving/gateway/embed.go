package gateway

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving/web"
)

// One script tag puts the assistant into somebody else's page. /embed.js draws
// a button there, and opens /embed in a frame: the page that is at /, for the
// holder of a page key. Its query says which key and which visit; cookies are
// neither set nor read, since browsers keep them from frames.

var (
	//go:embed embed.js
	embedScript string
	//go:embed embedframe.js
	frameScript []byte
	//go:embed embed.css
	frameStyle []byte
)

const (
	embedPath  = "/embed"
	embedJS    = "/embed.js"
	frameJS    = "/embedframe.js"
	frameCSS   = "/embed.css"
	scriptType = "text/javascript; charset=utf-8"
)

// embedFiles returns the files of embedding, by path, with what their bytes are
// known by.
func embedFiles(site *web.Site) map[string]embedFile {
	return map[string]embedFile{
		embedJS:  newEmbedFile(scriptType, []byte(strings.Replace(embedScript, "LABELS", embedLabels(site), 1))),
		frameJS:  newEmbedFile(scriptType, frameScript),
		frameCSS: newEmbedFile("text/css; charset=utf-8", frameStyle),
	}
}

type embedFile struct {
	typ  string
	body []byte
	hash string
}

// etag is a weak one: the same bytes also travel packed.
func (f embedFile) etag() string { return `W/"` + f.hash + `"` }

func newEmbedFile(typ string, body []byte) embedFile {
	sum := sha256.Sum256(body)
	return embedFile{typ, body, hex.EncodeToString(sum[:8])}
}

// embedLabels is what the button says, in the languages that the page has words
// in, as JSON.
func embedLabels(site *web.Site) string {
	labels := map[string][2]string{}
	for _, w := range site.Spoken() {
		labels[strings.ToLower(string(w.Tag))] = [2]string{w.Say("title"), w.Dir}
	}
	text, err := json.Marshal(labels)
	if err != nil {
		panic(err) // strings are always JSON
	}
	return string(text)
}

// embedAsset answers GET for what embedding needs. Pages cannot know when it
// changes, so browsers ask again within the hour.
func (g *Gateway) embedAsset(rc *fasthttp.RequestCtx) error {
	path, _, _ := strings.Cut(string(rc.Request.Header.RequestURI()), "?")
	f := g.embedded[path]
	h := &rc.Response.Header
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("ETag", f.etag())
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // for pages that ask for it (COEP)
	if string(rc.Request.Header.Peek("If-None-Match")) == f.etag() {
		rc.SetStatusCode(304)
		return nil
	}
	rc.SetContentType(f.typ)
	rc.Response.SetBodyRaw(f.body)
	return nil
}

// embed answers GET /embed.
func (g *Gateway) embed(rc *fasthttp.RequestCtx) error {
	f, err := g.frame(rc)
	if err != nil {
		return g.notFramed(rc, err)
	}
	return g.showFramed(rc, f, 200, g.view(rc, web.View{}))
}

// embedAsk answers POST /embed, from the script of the page or its form.
func (g *Gateway) embedAsk(rc *fasthttp.RequestCtx) error {
	if bytes.HasPrefix(rc.Request.Header.ContentType(), []byte("application/json")) {
		caller, err := g.visitor(rc)
		if err == nil && !caller.IsPage() {
			err = errNoPageKey
		}
		if err != nil {
			return err
		}
		return g.askScript(rc, caller)
	}
	f, err := g.frame(rc)
	if err == nil {
		f.caller, err = g.visit(rc, f.caller, f.key, f.session)
	}
	if err != nil {
		return g.notFramed(rc, err)
	}
	text := strings.ToValidUTF8(string(rc.PostArgs().Peek("question")), "\uFFFD")
	v := g.view(rc, web.View{Question: strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))})
	v = f.fit(v)
	if err := g.answerFramed(rc, f, v); err != nil {
		v, a := g.wrong(v, err)
		g.logFailure(requestID(rc), a, err)
		sayAgain(rc, a, err)
		return g.showFramed(rc, f, a.status, v)
	}
	return nil
}

func (g *Gateway) answerFramed(rc *fasthttp.RequestCtx, f frame, v web.View) error {
	tag, err := formLanguage(string(rc.PostArgs().Peek("language")))
	if err == nil {
		err = g.checkQuestion(v.Question)
	}
	if err != nil {
		return err
	}
	c := g.begin(rc, f.caller)
	defer c.leave()
	if err := g.limit(rc, c, f.caller, utf8.RuneCountInString(v.Question)); err != nil {
		return err
	}
	t := &turn{g: g, view: v}
	d := t.dress(c)
	d.header = f.header
	return g.stream(rc, c, t.pieces(t.answer(rc, c, f.caller, tag)), d)
}

// showFramed answers with the page, without an answer on it.
func (g *Gateway) showFramed(rc *fasthttp.RequestCtx, f frame, status int, v web.View) error {
	html, err := g.site.Parts(f.fit(v), "top", "title", "form", "bottom")
	if err != nil {
		return err
	}
	f.header(&rc.Response.Header)
	rc.SetStatusCode(status)
	rc.Response.SetBodyRaw(html)
	return nil
}

// notFramed says why there is no page. There is nothing to click, so anybody
// may frame it, and whoever keeps the page around it can read what is wrong.
func (g *Gateway) notFramed(rc *fasthttp.RequestCtx, err error) error {
	a, body := describe(err)
	g.logFailure(requestID(rc), a, err)
	h := &rc.Response.Header
	h.SetContentType("text/plain; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors *")
	h.Set("Cache-Control", "no-store")
	rc.SetStatusCode(a.status)
	rc.Response.SetBodyString(body.Error.Message + "\n")
	return nil
}

var errNoPageKey = fault.Forbidden.Errorf("this takes a page key, which tilgate key create --page makes")

// frame reads what a frame is opened with.
func (g *Gateway) frame(rc *fasthttp.RequestCtx) (frame, error) {
	query := rc.QueryArgs()
	f := frame{key: string(query.Peek("key")), session: string(query.Peek("session"))}
	var err error
	if f.caller, err = g.keys.Check(f.key); err != nil {
		return frame{}, err
	}
	if !f.caller.IsPage() {
		return frame{}, errNoPageKey
	}
	if f.session == "" || len(f.session) > maxSession {
		f.session = newID()
	}
	f.words = g.site.Words(string(query.Peek("lang")), string(rc.Request.Header.Peek("Accept-Language")))
	f.files = g.embedded
	return f, nil
}
