package gateway

import (
	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// A modelObject is OpenAI's model.
type modelObject struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
	Root    string `json:"root,omitempty"`
	Parent  string `json:"parent,omitempty"`
}

func modelOf(m serving.ModelInfo) modelObject {
	created := int64(0)
	if !m.Created.IsZero() {
		created = m.Created.Unix()
	}
	return modelObject{m.Name, "model", created, m.Owner, m.Root, m.Parent}
}

// models answers GET /v1/models.
func (g *Gateway) models(rc *fasthttp.RequestCtx) error {
	list, err := g.listModels(rc)
	if err != nil {
		return err
	}
	objects := make([]modelObject, 0, len(list))
	for _, m := range list {
		objects = append(objects, modelOf(m))
	}
	writeJSON(rc, 200, encode(struct {
		Object string        `json:"object"`
		Data   []modelObject `json:"data"`
	}{"list", objects}))
	return nil
}

// model answers GET /v1/models/{id}.
func (g *Gateway) model(rc *fasthttp.RequestCtx) error {
	list, err := g.listModels(rc)
	if err != nil {
		return err
	}
	name, err := modelName(rc)
	if err != nil {
		return fault.Invalid.Wrap(err, "the model's name is not well escaped in the path")
	}
	for _, name := range []string{name, name + ":latest"} { // which Ollama leaves unsaid
		for _, m := range list {
			if m.Name == name {
				writeJSON(rc, 200, encode(modelOf(m)))
				return nil
			}
		}
	}
	return fault.NotFound.Field("model", "there is no model %s; GET /v1/models lists what there is", quote(name))
}

func (g *Gateway) listModels(rc *fasthttp.RequestCtx) ([]serving.ModelInfo, error) {
	caller, err := g.apiCaller(&rc.Request.Header)
	if err != nil {
		return nil, err
	}
	c := g.begin(rc, caller)
	defer c.end()
	list, err := g.svc.Models(c.ctx, caller)
	return list, c.explain(err)
}

// health answers GET /healthz: the process is alive.
func (g *Gateway) health(rc *fasthttp.RequestCtx) error {
	writeJSON(rc, 200, []byte(`{"status":"ok"}`))
	return nil
}

// ready answers GET /readyz: requests are better sent here than nowhere.
func (g *Gateway) ready(rc *fasthttp.RequestCtx) error {
	if g.draining.Load() {
		return fault.Unavailable.Errorf("the server is shutting down")
	}
	c := g.begin(rc, serving.Caller{})
	defer c.end()
	lack, err := g.svc.Ready(c.ctx)
	if err != nil {
		sentence, _ := fault.Public(err)
		return fault.Unavailable.Wrap(err, "not ready: "+sentence)
	}
	state := struct {
		Status   string `json:"status"`
		Degraded string `json:"degraded,omitempty"`
		Message  string `json:"message,omitempty"`
	}{"ready", lack.What, lack.Why}
	if lack.What != "" {
		state.Status = "degraded"
	}
	writeJSON(rc, 200, encode(state))
	return nil
}
