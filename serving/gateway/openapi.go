package gateway

import (
	_ "embed"
	"encoding/json"
	"sync"

	"github.com/valyala/fasthttp"
	"go.yaml.in/yaml/v3"
)

// openAPI describes this API, in a form that people read.
//
//go:embed openapi.yaml
var openAPI []byte

// openAPIJSON returns it in the form that programs read.
var openAPIJSON = sync.OnceValue(func() []byte {
	var document any
	if err := yaml.Unmarshal(openAPI, &document); err != nil {
		panic(err) // a fault in the file, which tests read
	}
	text, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		panic(err)
	}
	return text
})

// describeAPI answers GET /openapi.json.
func (g *Gateway) describeAPI(rc *fasthttp.RequestCtx) error {
	writeJSON(rc, 200, openAPIJSON())
	return nil
}
