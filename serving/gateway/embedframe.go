package gateway

import (
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"

	"tilgate/serving"
	"tilgate/serving/web"
)

// A frame is the page in a frame on somebody else's.
type frame struct {
	key, session string
	caller       serving.Caller
	words        *web.Words
	files        map[string]embedFile
}

// fit makes a view one of the frame: in the language of the page around it, and
// without what needs a cookie or an address of its own.
func (f frame) fit(v web.View) web.View {
	v.Words, v.CanForget, v.Share = f.words, false, false
	v.Frame = &web.Frame{
		Address: embedPath + "?" + url.Values{"key": {f.key}, "session": {f.session}}.Encode(),
		Script:  f.file(frameJS), Style: f.file(frameCSS), Origins: strings.Join(f.caller.Scope.Origins, " "), Session: f.session,
	}
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

// file returns the path of a file, by which it is asked for again when it changed.
func (f frame) file(path string) string { return path + "?v=" + f.files[path].hash }
