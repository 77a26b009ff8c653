package live

import (
	"io"
	"net/http"
	"slices"
	"testing"

	"tilgate/internal/fault"
)

func status(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}
}

func TestDial(t *testing.T) {
	for _, tt := range []struct {
		name  string
		paths map[string]http.HandlerFunc
		api   string
		is    api
		names []string
	}{
		{"Tilgate, that speaks Ollama's too", tilgateWith(map[string]http.HandlerFunc{}), "", tilgate, []string{"auto", "m:latest", "odd:ky"}},
		{"Tilgate, taken for another", tilgateWith(map[string]http.HandlerFunc{}), "openai", openAI, []string{"auto", "m:latest", "odd:ky"}},
		{"Ollama", ollamaWith(map[string]http.HandlerFunc{"/api/tags": says(`{"models":[{"name":"m:latest"}]}`), "/v1/models": says(modelList)}), "", ollama, []string{"m:latest"}},
		{"vLLM", openAIWith(map[string]http.HandlerFunc{"/version": says(version)}), "", openAI, []string{"m"}},
		{"a page at every path but one", openAIWith(map[string]http.HandlerFunc{"/v1/languages": says("<html>"), "/api/version": says("<html>")}), "", openAI, []string{"m"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := serve(t, tt.paths)
			for _, end := range []string{"", "/", "/v1", "/v1/"} {
				s, err := Dial(t.Context(), Options{URL: f.URL + end, API: tt.api})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				names, err := s.Models(t.Context())
				if err != nil || s.api != tt.is || !slices.Equal(names, tt.names) {
					t.Errorf("%q: %v, models %q, %v", end, s.api, names, err)
				}
			}
		})
	}
}

func TestDialFails(t *testing.T) {
	gone := serve(t, nil)
	gone.Close()
	key := `{"error":{"message":"this needs a valid key"}}`
	for _, tt := range []struct {
		name, url, api string
		paths          map[string]http.HandlerFunc
		kind           fault.Kind
		words          []string
	}{
		{"no address", "localhost:8080", "", nil, fault.Invalid, []string{"http://host:port"}},
		{"another scheme", "ftp://localhost", "", nil, fault.Invalid, []string{"http://host:port"}},
		{"another API", "http://localhost", "grpc", nil, fault.Invalid, []string{"grpc", "openai"}},
		{"nobody", gone.URL, "", nil, fault.Unavailable, []string{"GET /v1/languages", "refused"}},
		{"nobody, but named", gone.URL, "openai", nil, fault.Unavailable, []string{"refused"}},
		{"Tilgate with another key", "", "", map[string]http.HandlerFunc{"/v1/languages": status(401, key), "/api/version": says(version)}, fault.Unauthorized, []string{"a valid key"}},
		{"a website", "", "", map[string]http.HandlerFunc{"/v1/languages": says("<html>"), "/api/version": status(500, "oops"), "/v1/models": says(`{"a":1}`)},
			fault.Invalid, []string{"GET /v1/languages: what came back is no JSON", "GET /api/version: the server answers 500", "GET /v1/models: is something else"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.paths != nil {
				tt.url = serve(t, tt.paths).URL
			}
			_, err := Dial(t.Context(), Options{URL: tt.url, API: tt.api})
			wrong(t, err, tt.kind, tt.words...)
		})
	}
}
