package gateway

import (
	"bytes"
	"html"
	"strings"

	"github.com/valyala/fasthttp"

	"tilgate/serving"
	"tilgate/serving/web"
)

// A frame is the page in a frame on somebody else's. It is the same page, with
// what leads back to it leading here, and a script and a style more.
type frame struct {
	key, session string
	caller       serving.Caller
	words        *web.Words
	address      string // of the frame itself, without the language
	files        map[string]embedFile
}

// fit makes a view one of the frame: in the language of the page around it, and
// without what needs a cookie or an address of its own.
func (f frame) fit(v web.View) web.View {
	v.Words, v.CanForget, v.Share = f.words, false, false
	return v
}

// header sets what only the pages of the key's origins may frame.
func (f frame) header(h *fasthttp.ResponseHeader) {
	pageHeader(h)
	origins := strings.Join(f.caller.Scope.Origins, " ")
	h.Set("Content-Security-Policy", strings.Replace(web.Policy, "frame-ancestors 'none'", "frame-ancestors "+origins, 1))
	h.Set("Cross-Origin-Embedder-Policy", "require-corp") // pages with this policy frame only what has it too
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Del("X-Frame-Options") // it cannot name origins
}

// dress has an answer in the frame look as it does there.
func (f frame) dress(d dress) dress {
	d.header = f.header
	whole, failed := d.frame, d.failed
	d.frame = func(piece []byte) []byte { return f.rewrite(whole(piece)) }
	d.failed = func(err error) []byte { return f.rewrite(failed(err)) }
	return d
}

// rewrite changes the HTML of the page, in which text has neither a bare quote
// nor a bracket: only what the templates wrote is found.
func (f frame) rewrite(page []byte) []byte {
	inAny := html.EscapeString(f.address + "&lang=")
	address := inAny + html.EscapeString(string(f.words.Tag))
	for _, r := range [][2]string{
		{`<head>`, `<head>` + "\n" + `<script src="` + f.file(frameJS) + `" data-origins="` + html.EscapeString(strings.Join(f.caller.Scope.Origins, " ")) +
			`" data-session="` + html.EscapeString(f.session) + `" defer></script>`},
		{`</head>`, `<link rel="stylesheet" href="` + f.file(frameCSS) + `">` + "\n" + `</head>`},
		{`action="/ask"`, `action="` + address + `"`},
		{`href="/"`, `href="` + address + `"`},
		{`href="/?lang=`, `href="` + inAny},
		{` autofocus>`, `>`}, // browsers refuse it in a frame, and complain
	} {
		page = bytes.ReplaceAll(page, []byte(r[0]), []byte(r[1]))
	}
	return page
}

// file returns the path of a file, by which it is asked for again when it changed.
func (f frame) file(path string) string { return path + "?v=" + f.files[path].hash }
