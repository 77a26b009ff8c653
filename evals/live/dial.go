package live

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// dialTime is how long a server may take to say what it is.
const dialTime = 15 * time.Second

// Dial finds out what a server speaks, and returns it. An error says what was
// tried, and is of kind fault.Unavailable if nothing answers at the address,
// fault.Unauthorized if the key does not do, and else fault.Invalid.
func Dial(ctx context.Context, o Options) (*Server, error) {
	base, err := baseOf(o.URL)
	if err != nil {
		return nil, err
	}
	s := newServer(o, base)
	ctx, cancel := context.WithTimeoutCause(ctx, dialTime, fault.Timeout.Errorf("%s did not say within %s what it is", s.base, dialTime))
	defer cancel()
	switch o.API {
	case "":
		err = s.find(ctx)
	case "openai", "ollama":
		err = s.trust(ctx)
	default:
		err = fault.Invalid.Errorf(`the API %q is not known; there is "openai" and "ollama", or leave it out`, o.API)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// baseOf returns an address without what every API adds.
func baseOf(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fault.Invalid.Errorf("%q is not the address of a server; it looks like http://host:port", cut(address, headRunes))
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1")
	u.RawPath = ""
	return u, nil
}

// trust believes what the options say, if something is there at all.
func (s *Server) trust(ctx context.Context) error {
	path := "/v1/models"
	if s.opts.API == "ollama" {
		s.api, path = ollama, "/api/version"
	}
	switch err := s.get(ctx, path, new(json.RawMessage)); {
	case fault.NotFound.Is(err), fault.Invalid.Is(err): // not all servers have a list
		return nil
	default:
		return err
	}
}

// find asks for what only one of the APIs has. Tilgate comes first: it speaks
// the others too.
func (s *Server) find(ctx context.Context) error {
	tried := []string{}
	for _, try := range []struct {
		api  api
		path string
		is   func(map[string]json.RawMessage) bool
	}{
		{tilgate, "/v1/languages", s.isTilgate},
		{ollama, "/api/version", func(o map[string]json.RawMessage) bool { return len(o) == 1 && len(o["version"]) > 2 }},
		{openAI, "/v1/models", func(o map[string]json.RawMessage) bool { return strings.HasPrefix(string(o["data"]), "[") }},
	} {
		var object map[string]json.RawMessage
		err := s.get(ctx, try.path, &object)
		if err == nil && try.is(object) {
			s.api = try.api
			return s.know(ctx)
		}
		if err != nil && final(ctx, err) {
			return fmt.Errorf("trying GET %s: %w", try.path, err)
		}
		what := "is something else"
		if err != nil {
			what = err.Error()
		}
		tried = append(tried, "GET "+try.path+": "+what)
	}
	return fault.Invalid.Errorf("at %s answers neither Tilgate, nor Ollama, nor a server that is compatible with OpenAI's; tried: %s", s.base, strings.Join(tried, "; "))
}

// final reports whether an error makes another try pointless. A server that
// answers in any way may still be another than the one that was tried.
func final(ctx context.Context, err error) bool {
	return fault.Unauthorized.Is(err) || fault.Forbidden.Is(err) || ctx.Err() != nil || isUnreachable(err)
}

func (s *Server) isTilgate(object map[string]json.RawMessage) bool {
	var list []struct {
		Tag lang.Tag `json:"tag"`
	}
	if json.Unmarshal(object["data"], &list) != nil || len(list) == 0 {
		return false
	}
	for _, l := range list {
		s.langs = append(s.langs, l.Tag)
	}
	return s.langs[0] != ""
}

// know asks Tilgate for the models behind it.
func (s *Server) know(ctx context.Context) error {
	if s.api != tilgate {
		return nil
	}
	list, err := s.list(ctx)
	for _, m := range list {
		if m.Owner != "tilgate" {
			s.plain = append(s.plain, m.ID)
		}
	}
	return err
}

type listed struct {
	ID    string `json:"id"`
	Owner string `json:"owned_by"`
}

func (s *Server) list(ctx context.Context) ([]listed, error) {
	var list struct {
		Data []listed `json:"data"`
	}
	err := s.get(ctx, "/v1/models", &list)
	return list.Data, err
}

// Models returns the names that can be asked, as the server lists them.
func (s *Server) Models(ctx context.Context) ([]string, error) {
	if s.api == ollama {
		return s.ollamaModels(ctx)
	}
	list, err := s.list(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing models: %w", err)
	}
	var names []string
	for _, m := range list {
		names = append(names, m.ID)
	}
	return names, nil
}

// get reads an object of JSON.
func (s *Server) get(ctx context.Context, path string, v any) error {
	return s.exchange(ctx, http.MethodGet, path, nil, func(r *reply) error { return r.object(v) })
}
