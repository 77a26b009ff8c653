package gateway

import (
	"bytes"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
)

// An answer is how callers see a kind of error: in OpenAI's words, so that
// their SDKs raise the right exception and retry what is worth retrying.
type answer struct {
	status int
	typ    string
	code   string
	retry  bool
}

// kinds is the one table of what each kind of error becomes.
var kinds = [...]answer{
	fault.Internal:     {500, "server_error", "internal_error", false},
	fault.Invalid:      {400, "invalid_request_error", "invalid_request", false},
	fault.Unauthorized: {401, "authentication_error", "invalid_api_key", false},
	fault.Forbidden:    {403, "permission_error", "forbidden", false},
	fault.NotFound:     {404, "invalid_request_error", "not_found", false},
	fault.TooLarge:     {413, "invalid_request_error", "too_large", false},
	fault.Unsupported:  {422, "invalid_request_error", "unsupported_language", false},
	fault.Blocked:      {400, "invalid_request_error", "content_filter", false},
	fault.Limited:      {429, "rate_limit_error", "rate_limit_exceeded", true},
	fault.Unavailable:  {503, "server_error", "unavailable", true},
	fault.Timeout:      {504, "server_error", "timeout", true},
	fault.Canceled:     {499, "server_error", "canceled", false}, // nobody is left to read it
}

// A refusal is an error of HTTP itself, which no kind stands for.
type refusal struct {
	answer
	message string
}

func (r *refusal) Error() string { return r.message }

// refuse makes a refusal.
func refuse(status int, code, message string) error {
	return &refusal{answer{status: status, typ: "invalid_request_error", code: code}, message}
}

// An errorBody is OpenAI's error object.
type errorBody struct {
	Error errorObject `json:"error"`
}

type errorObject struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    string  `json:"code"`
}

// An ollamaError is Ollama's error object, for what is asked on its surface.
type ollamaError struct {
	Error string `json:"error"`
}

// describe returns how callers see err, and only what they may know of it.
func describe(err error) (answer, errorBody) {
	var r *refusal
	if errors.As(err, &r) {
		return r.answer, errorBody{errorObject{Message: r.message, Type: r.typ, Code: r.code}}
	}
	a := kinds[fault.Internal]
	if k := fault.Of(err); k > 0 && int(k) < len(kinds) {
		a = kinds[k]
	}
	message, param := fault.Public(err)
	body := errorBody{errorObject{Message: message, Type: a.typ, Code: a.code}}
	if param != "" {
		body.Error.Param = &param
	}
	return a, body
}

// fail answers a request with an error.
func (g *Gateway) fail(rc *fasthttp.RequestCtx, err error) {
	a, body := describe(err)
	g.logFailure(requestID(rc), a, err)
	rc.Response.ResetBody()
	if bytes.HasPrefix(rc.Request.Header.RequestURI(), []byte("/api/")) {
		writeJSON(rc, a.status, encode(ollamaError{body.Error.Message}))
	} else {
		writeJSON(rc, a.status, encode(body))
	}
	sayAgain(rc, a, err)
	if a.status == 401 {
		rc.Response.Header.Set("WWW-Authenticate", "Bearer")
	}
}

// sayAgain says when it is worth asking again, if it is.
func sayAgain(rc *fasthttp.RequestCtx, a answer, err error) {
	if a.retry {
		seconds := max(1, int64((fault.Again(err)+time.Second-1)/time.Second))
		rc.Response.Header.Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
}

// logFailure logs what the caller is not told. Whatever is the caller's own
// doing is of interest only to someone who looks for it.
func (g *Gateway) logFailure(id string, a answer, err error) {
	level := slog.LevelDebug
	if a.status >= 500 {
		level = slog.LevelError
	}
	g.log.Log(g.base, level, "request failed", "request", id, "status", a.status, "err", err)
}
