package gateway

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"tilgate/internal/outbound"
	"tilgate/serving/web"
)

// A handler answers one request. An error that it returns is written for it,
// provided it wrote nothing yet.
type handler func(rc *fasthttp.RequestCtx) error

// methods holds the handlers of one path. GET answers HEAD too.
type methods map[string]handler

func (m methods) allow() string {
	allow := slices.Collect(maps.Keys(m))
	if _, ok := m["GET"]; ok {
		allow = append(allow, "HEAD")
	}
	slices.Sort(allow)
	return strings.Join(append(allow, "OPTIONS"), ", ")
}

// modelPath is followed by the name of a model, which may hold slashes.
const modelPath = "/v1/models/"

// table lists what exists.
func (g *Gateway) table() map[string]methods {
	table := map[string]methods{
		"/v1/models":    {"GET": g.models},
		modelPath:       {"GET": g.model},
		"/api/tags":     {"GET": g.tags},
		"/api/ps":       {"GET": g.running},
		"/api/version":  {"GET": g.ollamaVersion},
		"/v1/search":    {"POST": g.search},
		"/v1/detect":    {"POST": g.detect},
		"/v1/languages": {"GET": g.languages},
		"/v1/knowledge": {"GET": g.knowledgeBases},
		"/v1/feedback":  {"GET": g.listFeedback, "POST": g.give},
		feedbackPath:    {"POST": g.review},
		handoversPath:   {"GET": g.listCases, "POST": g.askPerson},
		handoverPath:    {"GET": g.showCase, "POST": g.replyCase},
		peoplePath:      {"POST": g.people},
		personPath:      {"GET": g.person, "POST": g.personReply},
		"/openapi.json": {"GET": g.describeAPI},
		"/healthz":      {"GET": g.health},
		"/readyz":       {"GET": g.ready},
		"/":             {"GET": g.home},
		"/key":          {"POST": g.key},
		"/ask":          {"POST": g.ask},
		morePath:        {"POST": g.askMore},
		stopPath:        {"POST": g.askStop},
		"/forget":       {"POST": g.forget},
	}
	if g.opts.Console != nil {
		table[consoleHome] = methods{"GET": g.console}
		table[consolePath] = methods{"GET": g.console, "POST": g.console}
	}
	for _, path := range g.site.Paths() {
		table[path] = methods{"GET": g.asset}
	}
	table[embedPath] = methods{"GET": g.embed, "POST": g.embedAsk}
	for path := range g.embedded {
		table[path] = methods{"GET": g.embedAsset}
	}
	for _, path := range keptPaths {
		table[path] = methods{"GET": g.keep, "POST": g.keep, "DELETE": g.keep}
	}
	for _, e := range endpoints {
		table[e.path] = methods{"POST": g.handler(e)}
	}
	return table
}

// handle answers every request.
func (g *Gateway) handle(rc *fasthttp.RequestCtx) {
	setRequestID(rc, newID())
	defer func() {
		if p := recover(); p != nil {
			id := requestID(rc)
			rc.Response.Reset()
			setRequestID(rc, id)
			g.fail(rc, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
	}()
	if err := g.dispatch(rc); err != nil {
		g.fail(rc, err)
	}
	pack(rc)
}

// dispatch finds the handler. Paths are compared as they came, undecoded, so
// that no two readers of the same request see different paths.
func (g *Gateway) dispatch(rc *fasthttp.RequestCtx) error {
	path, _, _ := strings.Cut(string(rc.Request.Header.RequestURI()), "?")
	if err := g.admit(rc, path); err != nil {
		return err
	}
	if hops := rc.Request.Header.Peek(outbound.HopsHeader); hops != nil {
		if _, err := outbound.ReadHops(hops); err != nil {
			return err
		}
	}
	route, ok := g.routes[path]
	for _, begin := range []string{modelPath, blobPath, feedbackPath, handoverPath, personPath, consolePath} {
		if !ok && strings.HasPrefix(path, begin) {
			route, ok = g.routes[begin], true
		}
	}
	if !ok {
		return refuse(404, "unknown_path", "there is nothing at "+quote(path)+"; there is "+g.paths())
	}
	method := string(rc.Method())
	if method == "OPTIONS" {
		g.options(rc, route.allow())
		return nil
	}
	if method == "HEAD" {
		method = "GET"
	}
	handle, ok := route[method]
	if !ok {
		rc.Response.Header.Set("Allow", route.allow())
		return refuse(405, "method_not_allowed", path+" takes "+route.allow()+", not "+quote(string(rc.Method())))
	}
	rc.Response.Header.SetCanonical(noSniffName, noSniff)
	return handle(rc)
}

// paths lists what exists, in words.
func (g *Gateway) paths() string {
	list := slices.DeleteFunc(slices.Sorted(maps.Keys(g.routes)), func(path string) bool {
		return slices.Contains(keptPaths, path) || strings.HasPrefix(path, web.AssetPath)
	})
	for i, path := range list {
		switch path {
		case modelPath:
			list[i] = path + "{id}"
		case feedbackPath:
			list[i] = path + "{id}/review"
		case consolePath:
			list[i] = path + "{page}"
		case handoverPath, personPath:
			list[i] = path + "{id}"
		}
	}
	return strings.Join(list, ", ")
}

// modelName returns the name at the end of a model's path, decoded once.
func modelName(rc *fasthttp.RequestCtx) (string, error) {
	path, _, _ := strings.Cut(string(rc.Request.Header.RequestURI()), "?")
	return url.PathUnescape(strings.TrimPrefix(path, modelPath))
}

// newID returns what a request and its answer have in common: the answer is
// "chatcmpl-" and the request "req_" with the same letters after it.
func newID() string {
	var random [16]byte
	binary.LittleEndian.PutUint64(random[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(random[8:], rand.Uint64())
	return letters.EncodeToString(random[:])
}

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

var (
	requestIDName = []byte("X-Request-Id")
	noSniffName   = []byte("X-Content-Type-Options")
	noSniff       = []byte("nosniff")
)

func setRequestID(rc *fasthttp.RequestCtx, id string) {
	rc.Response.Header.SetCanonical(requestIDName, append([]byte("req_"), id...))
}

func requestID(rc *fasthttp.RequestCtx) string {
	return string(rc.Response.Header.Peek("X-Request-Id"))
}

func answerID(rc *fasthttp.RequestCtx) string {
	return "chatcmpl-" + strings.TrimPrefix(requestID(rc), "req_")
}

// quote shows what a caller sent, which may be long or no text.
func quote(s string) string {
	const most = 100
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.QuoteToGraphic(s)
}
