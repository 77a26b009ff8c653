package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tilgate/internal/fault"
)

const (
	headBytes   = 400 // kept of a reply, enough for headRunes
	headRunes   = 80  // shown of what is no answer
	sayingRunes = 300 // of what a server says about an error
)

// shown quotes the beginning of what came back.
func shown(data []byte) string { return strconv.QuoteToGraphic(cut(string(data), headRunes)) }

// cut shortens text to so many characters, in one line.
func cut(text string, runes int) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "\uFFFD")), " ")
	for i := range text {
		if runes--; runes < 0 {
			return text[:i] + "…"
		}
	}
	return text
}

// A saying is a server's own error, in any of the shapes that are about:
//
//	{"error":{"message":"…","type":"…","code":"…" or 400}}   OpenAI, Tilgate, vLLM, llama.cpp
//	{"error":"…"}                                            Ollama, TGI
//	{"message":"…","type":"…","code":400}                    vLLM before 0.10
//	{"detail":"…" or [{"msg":"…"}]}                          FastAPI
type saying struct {
	Error   json.RawMessage `json:"error"`
	Message string          `json:"message"`
	Type    string          `json:"type"`
	Code    json.RawMessage `json:"code"`
	Detail  json.RawMessage `json:"detail"`
}

// sayingOf reads an error. ok is false where data says nothing.
func sayingOf(data []byte) (s saying, ok bool) {
	if json.Unmarshal(data, &s) != nil {
		return s, false
	}
	if inner := s.Error; len(inner) > 0 && inner[0] == '{' {
		_ = json.Unmarshal(inner, &s) // over what stood outside
	} else if len(inner) > 0 && json.Unmarshal(inner, &s.Message) != nil {
		s.Message = string(inner)
	}
	if s.Message == "" && len(s.Detail) > 0 && json.Unmarshal(s.Detail, &s.Message) != nil {
		s.Message = string(s.Detail)
	}
	return s, s.Message != ""
}

// words are the code, if it is a word, and the type.
func (s saying) words() []string {
	var code string
	_ = json.Unmarshal(s.Code, &code) // or it is a number
	return []string{code, s.Type}
}

// kinds are what servers call errors, in code or type.
var kinds = map[string]fault.Kind{
	"content_filter": fault.Blocked, "content_policy_violation": fault.Blocked,
	"unsupported_language": fault.Unsupported,
	"invalid_request":      fault.Invalid, "invalid_request_error": fault.Invalid, "BadRequestError": fault.Invalid, "context_length_exceeded": fault.Invalid,
	"invalid_api_key": fault.Unauthorized, "authentication_error": fault.Unauthorized,
	"forbidden": fault.Forbidden, "permission_error": fault.Forbidden,
	"not_found": fault.NotFound, "model_not_found": fault.NotFound, "NotFoundError": fault.NotFound,
	"too_large":           fault.TooLarge,
	"rate_limit_exceeded": fault.Limited, "rate_limit_error": fault.Limited,
	"timeout": fault.Timeout,
}

// kind is the kind of an error that came without a status, as in a stream.
func (s saying) kind() fault.Kind {
	for _, word := range s.words() {
		if k, ok := kinds[word]; ok {
			return k
		}
	}
	var status int
	if json.Unmarshal(s.Code, &status) == nil && status >= 400 {
		return kindOf(status)
	}
	return fault.Unavailable
}

// kindOf is the kind that a status of HTTP stands for.
func kindOf(status int) fault.Kind {
	switch status {
	case http.StatusUnauthorized:
		return fault.Unauthorized
	case http.StatusForbidden:
		return fault.Forbidden
	case http.StatusNotFound:
		return fault.NotFound
	case http.StatusRequestEntityTooLarge:
		return fault.TooLarge
	case http.StatusTooManyRequests:
		return fault.Limited
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return fault.Timeout
	}
	if status >= 400 && status < 500 {
		return fault.Invalid
	}
	return fault.Unavailable
}

// refusal is the error of a reply with another status than 200.
func refusal(resp *http.Response, data []byte) error {
	status := fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	if to := resp.Header.Get("Location"); to != "" && resp.StatusCode < 400 {
		return fault.Invalid.Errorf("the server sends us on to %s (%s); ask there, if you trust it", cut(to, sayingRunes), status)
	}
	kind := kindOf(resp.StatusCode)
	s, ok := sayingOf(data)
	switch {
	case ok:
		for _, word := range s.words() {
			if k := kinds[word]; k == fault.Blocked || k == fault.Unsupported {
				kind = k
			}
		}
		status += ": " + cut(s.Message, sayingRunes)
	case len(bytes.TrimSpace(data)) > 0:
		status += ": " + shown(data)
	}
	return &refused{resp.StatusCode, kind.After(again(resp.Header), "the server answers %s", status)}
}

// A refused is an error with a status, for those who may ask in another way.
type refused struct {
	status int
	error
}

func (r *refused) Unwrap() error { return r.error }

// again reads Retry-After: seconds, or a date.
func again(h http.Header) time.Duration {
	after := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err == nil {
		return time.Duration(min(max(seconds, 0), 24*3600)) * time.Second
	}
	if at, err := http.ParseTime(after); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// said is the error that stands in an answer with status 200, or nil.
func said(inner json.RawMessage) error {
	if len(inner) == 0 || string(inner) == "null" {
		return nil
	}
	s, ok := sayingOf(append(append([]byte(`{"error":`), inner...), '}'))
	if !ok {
		s.Message = string(inner)
	}
	return s.kind().Errorf("the server says in its answer: %s", cut(s.Message, sayingRunes))
}

// unreachable is the error of a request that got no answer.
func (s *Server) unreachable(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		err = at.Err // the rest is said here
	}
	return fault.Unavailable.Wrap(&silence{err}, s.base+" gives no answer")
}

// isUnreachable reports whether nothing came back at all.
func isUnreachable(err error) bool {
	return errors.As(err, new(*silence))
}

// A silence is the cause of an error without any answer.
type silence struct{ error }

func (s *silence) Unwrap() error { return s.error }
