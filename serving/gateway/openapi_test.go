package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tilgate/serving"
	"tilgate/serving/web"
)

type apiDocument struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		Responses map[string]map[string]any
	}
}

func readOpenAPI(t *testing.T) apiDocument {
	t.Helper()
	var d apiDocument
	if err := json.Unmarshal(openAPIJSON(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// pagePaths are those of the page, which is no API, and of what is refused.
var pagePaths = []string{"/", "/ask", morePath, stopPath, "/key", "/forget", embedPath, embedJS, frameJS, frameCSS, peoplePath, personPath}

// What is served is described, and the other way round.
func TestOpenAPIRoutes(t *testing.T) {
	d := readOpenAPI(t)
	served := map[string][]string{}
	for path, methods := range New(&fake{}, testKeys{}, Options{}).routes {
		if slices.Contains(pagePaths, path) || slices.Contains(keptPaths, path) || strings.HasPrefix(path, web.AssetPath) {
			continue
		}
		switch path {
		case modelPath:
			path += "{id}"
		case feedbackPath:
			path += "{id}/review"
		case handoverPath:
			served[path+"{id}"], served[path+"{id}/reply"] = []string{"get"}, []string{"post"}
			continue
		}
		for method := range methods {
			served[path] = append(served[path], strings.ToLower(method))
		}
	}
	for path, methods := range served {
		described := slices.Sorted(maps.Keys(d.Paths[path]))
		if slices.Sort(methods); !slices.Equal(methods, described) {
			t.Errorf("%s is served for %v, described for %v", path, methods, described)
		}
	}
	for path := range d.Paths {
		if served[path] == nil {
			t.Errorf("%s is described and not served", path)
		}
	}
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("version %s", d.OpenAPI)
	}
}

// What handlers answer is as described.
func TestOpenAPIAnswers(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(openAPIJSON()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	f := &fake{forward: func(_ context.Context, r serving.Raw, yield func([]byte, error) bool) {
		yield([]byte(`{"object":"list"}`), nil)
	}}
	addr, _ := start(t, f, Options{})
	const question = `"messages":[{"role":"user","content":"Пенсия качан?"}]`
	for _, tt := range []struct{ method, path, body string }{
		{"post", "/v1/chat/completions", `{"model":"auto",` + question + `}`},
		{"post", "/v1/chat/completions", `{"model":"auto"}`},
		{"post", "/v1/completions", `{"model":"llama","prompt":"а"}`},
		{"post", "/v1/embeddings", `{"model":"auto","input":"а"}`},
		{"get", "/v1/models", ""},
		{"get", "/v1/models/{id}", "auto"},
		{"get", "/v1/models/{id}", "nobody"},
		{"post", "/v1/search", `{"query":"пенсия"}`},
		{"post", "/v1/search", `{"query":"old"}`},
		{"post", "/v1/search", `{}`},
		{"post", "/v1/detect", `{"input":["а"]}`},
		{"get", "/v1/languages", ""},
		{"get", "/v1/knowledge", ""},
		{"post", "/api/chat", `{"model":"auto","stream":false,` + question + `}`},
		{"post", "/api/chat", `{"model":"auto"}`},
		{"post", "/api/generate", `{"model":"auto","stream":false,"prompt":"Пенсия качан?"}`},
		{"post", "/api/show", `{"model":"auto"}`},
		{"get", "/api/tags", ""},
		{"get", "/api/ps", ""},
		{"get", "/api/version", ""},
		{"get", "/healthz", ""},
		{"get", "/readyz", ""},
		{"get", "/openapi.json", ""},
	} {
		path, body := tt.path, tt.body
		if name, ok := strings.CutSuffix(path, "{id}"); ok {
			path, body = name+body, ""
		}
		resp, text := send(t, strings.ToUpper(tt.method), "http://"+addr+path, body)
		status := "200"
		if resp.StatusCode != 200 {
			status = "default"
		}
		schema, err := compiler.Compile(schemaAt(t, tt.path, tt.method, status))
		if err != nil {
			t.Fatalf("%s %s: %v", tt.method, tt.path, err)
		}
		answer, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err == nil {
			err = schema.Validate(answer)
		}
		if err != nil {
			t.Errorf("%s %s %s: %v\n%s", tt.method, tt.path, tt.body, err, text)
		}
	}
}

// schemaAt is where the schema of an answer in JSON stands.
func schemaAt(t *testing.T, path, method, status string) string {
	t.Helper()
	response := readOpenAPI(t).Paths[path][method].Responses[status]
	if response == nil {
		t.Fatalf("%s %s: an answer of %s is not described", method, path, status)
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	at := "#/paths/" + escape.Replace(path) + "/" + method + "/responses/" + status
	if ref, ok := response["$ref"].(string); ok {
		at = ref
	}
	return "openapi.json" + at + "/content/application~1json/schema"
}
