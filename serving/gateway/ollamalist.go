package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"runtime/debug"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/serving"
)

// An ollamaModel is an entry of Ollama's lists. What the model server does not
// tell us is left as Ollama leaves it.
type ollamaModel struct {
	Name       string        `json:"name"`
	Model      string        `json:"model"`
	ModifiedAt time.Time     `json:"modified_at"`
	Size       int64         `json:"size"`
	Digest     string        `json:"digest"`
	Details    ollamaDetails `json:"details"`
}

// An ollamaRunning is an entry of /api/ps.
type ollamaRunning struct {
	ollamaModel
	ExpiresAt time.Time `json:"expires_at"`
	SizeVRAM  int64     `json:"size_vram"`
	Context   int       `json:"context_length"`
}

type ollamaDetails struct {
	ParentModel   string   `json:"parent_model"`
	Format        string   `json:"format"`
	Family        string   `json:"family"`
	Families      []string `json:"families"`
	ParameterSize string   `json:"parameter_size"`
	Quantization  string   `json:"quantization_level"`
}

// tags answers GET /api/tags: what can be named.
func (g *Gateway) tags(rc *fasthttp.RequestCtx) error {
	list, err := g.listModels(rc)
	if err != nil {
		return err
	}
	models := make([]ollamaModel, 0, len(list))
	for _, m := range list {
		models = append(models, ollamaModelOf(m))
	}
	writeJSON(rc, 200, encode(map[string]any{"models": models}))
	return nil
}

// running answers GET /api/ps: what is in memory.
func (g *Gateway) running(rc *fasthttp.RequestCtx) error {
	caller, err := g.apiCaller(&rc.Request.Header)
	if err != nil {
		return err
	}
	c := g.begin(rc, caller)
	defer c.end()
	list, err := g.svc.Running(c.ctx, caller)
	if err != nil {
		return c.explain(err)
	}
	models := make([]ollamaRunning, 0, len(list))
	for _, m := range list {
		if m.Expires.IsZero() { // on a server that unloads nothing
			m.Expires = time.Now().UTC().AddDate(100, 0, 0)
		}
		models = append(models, ollamaRunning{ollamaModelOf(m), m.Expires, m.VRAM, m.Context})
	}
	writeJSON(rc, 200, encode(map[string]any{"models": models}))
	return nil
}

// ollamaModelOf gives what has no digest that of its name: Ollama's own client
// shows the first twelve letters, and ends in a panic if there are fewer.
func ollamaModelOf(m serving.ModelInfo) ollamaModel {
	if len(m.Digest) < 12 {
		sum := sha256.Sum256([]byte(m.Name))
		m.Digest = hex.EncodeToString(sum[:])
	}
	return ollamaModel{Name: m.Name, Model: m.Name, ModifiedAt: m.Created, Size: m.Size, Digest: m.Digest, Details: ollamaDetails{ParentModel: m.Parent}}
}

// showAuto answers POST /api/show for what Tilgate itself answers.
func (g *Gateway) showAuto(rc *fasthttp.RequestCtx, _ *call, a asked) error {
	writeJSON(rc, 200, encode(map[string]any{
		"modelfile": "", "parameters": "", "template": "", "license": "",
		"details":      ollamaDetails{Family: "tilgate"},
		"model_info":   map[string]any{"general.architecture": "tilgate"},
		"capabilities": []string{"completion"},
	}))
	return nil
}

// ollamaModule is whose API is spoken here.
const ollamaModule = "github.com/ollama/ollama"

// ollamaVersion answers GET /api/version with the version of Ollama's API that
// is spoken here.
func (g *Gateway) ollamaVersion(rc *fasthttp.RequestCtx) error {
	version := "0.0.0"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == ollamaModule && len(m.Version) > 1 {
				version = m.Version[1:]
			}
		}
	}
	writeJSON(rc, 200, encode(map[string]string{"version": version}))
	return nil
}

// keep refuses what would change the models of a server: they are its
// operator's.
func (g *Gateway) keep(rc *fasthttp.RequestCtx) error {
	if _, err := g.apiCaller(&rc.Request.Header); err != nil {
		return err
	}
	return refuse(403, "forbidden", "models are not changed through Tilgate; its operator does so at the model server")
}

// blobPath is followed by a digest.
const blobPath = "/api/blobs/"

// keptPaths are those that would.
var keptPaths = []string{"/api/create", "/api/pull", "/api/push", "/api/copy", "/api/delete", blobPath}
