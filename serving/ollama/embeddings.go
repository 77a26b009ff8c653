package ollama

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// An embedding is a request for OpenAI's embeddings.
type embedding struct {
	input      []string
	dimensions int
	base64     bool
}

// mostInputs is how many texts one request may hold, as at OpenAI.
const mostInputs = 2048

func (e *embedding) translate(body []byte) error {
	whole, err := readBody(body)
	if err != nil {
		return err
	}
	members, err := whole.object()
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.null() {
			continue
		}
		switch m.key {
		case "model", "user":
			_, err = m.str()
		case "input":
			err = e.readInput(m.value)
		case "dimensions":
			var n int64
			n, err = m.integer(1, 1<<16)
			e.dimensions = int(n)
		case "encoding_format":
			var format string
			format, err = m.oneOf("float", "base64")
			e.base64 = format == "base64"
		default:
			err = m.refuse("it is not a field that we know")
		}
		if err != nil {
			return err
		}
	}
	if len(e.input) == 0 {
		return fault.Invalid.Field("input", "input is missing or empty; it must be a string or a list of strings")
	}
	return nil
}

func (e *embedding) readInput(v value) error {
	list := []value{v}
	if v.raw[0] != '"' {
		var err error
		if list, err = v.list(); err != nil {
			return v.wrong("a string or a list of strings")
		}
	}
	if len(list) > mostInputs {
		return fault.Invalid.Field(v.path, "%s holds %d texts; the most is %d", v.path, len(list), mostInputs)
	}
	for _, item := range list {
		if item.raw[0] != '"' {
			return fault.Invalid.Field(item.path, "%s is %s; lists of tokens cannot be passed on to Ollama, which takes text only", item.path, item.kind())
		}
		text, err := item.str()
		if err != nil {
			return err
		}
		if text == "" {
			return fault.Invalid.Field(item.path, "%s is empty", item.path)
		}
		e.input = append(e.input, text)
	}
	return nil
}

// forwardEmbeddings answers /v1/embeddings.
func (c *Client) forwardEmbeddings(ctx context.Context, r serving.Raw) (serving.Reply, error) {
	var e embedding
	if err := e.translate(r.Body); err != nil {
		return serving.Reply{}, err
	}
	whole := false
	req := &api.EmbedRequest{Model: r.Model, Input: e.input, Truncate: &whole, Dimensions: e.dimensions}
	if c.opts.KeepAlive != 0 {
		req.KeepAlive = &api.Duration{Duration: c.opts.KeepAlive}
	}
	ours, cancel := context.WithTimeout(ctx, c.opts.Silence) // loading included
	defer cancel()
	resp, err := c.api.Embed(ours, req)
	if err != nil {
		if err = c.Embedder(r.Model, 0).faultOf(ctx, err); fault.TooLarge.Is(err) {
			err = fault.TooLarge.Field("input", "a text of input is longer than the context of model %q; split it", r.Model)
		}
		return serving.Reply{}, fmt.Errorf("embedding with %s: %w", r.Model, err)
	}
	if len(resp.Embeddings) != len(e.input) {
		return serving.Reply{}, fault.Unavailable.Errorf("the model server gave %d vectors for %d texts", len(resp.Embeddings), len(e.input))
	}
	if have := len(resp.Embeddings[0]); e.dimensions > have {
		return serving.Reply{}, fault.Invalid.Field("dimensions", "dimensions is %d; the vectors of %s have %d", e.dimensions, r.Model, have)
	}
	data, err := json.Marshal(e.object(r.Model, resp))
	if err != nil {
		return serving.Reply{}, fault.Internal.Wrap(err, "the answer could not be written down")
	}
	tally := &serving.Tally{Usage: serving.Usage{PromptTokens: resp.PromptEvalCount}, Ended: true}
	return serving.Reply{Status: http.StatusOK, Type: "application/json", Body: data, Tally: tally}, nil
}

// The shape of OpenAI's embeddings.
type (
	embeddingList struct {
		Object string            `json:"object"`
		Data   []embeddingObject `json:"data"`
		Model  string            `json:"model"`
		Usage  embeddingUsage    `json:"usage"`
	}
	embeddingObject struct {
		Object    string `json:"object"`
		Index     int    `json:"index"`
		Embedding any    `json:"embedding"` // numbers, or base64 of them
	}
	embeddingUsage struct {
		PromptTokens int `json:"prompt_tokens"`
		TotalTokens  int `json:"total_tokens"`
	}
)

func (e *embedding) object(model string, resp *api.EmbedResponse) embeddingList {
	out := embeddingList{Object: "list", Model: model, Usage: embeddingUsage{resp.PromptEvalCount, resp.PromptEvalCount}}
	for i, vector := range resp.Embeddings {
		one := embeddingObject{Object: "embedding", Index: i, Embedding: vector}
		if e.base64 {
			one.Embedding = inBase64(vector)
		}
		out.Data = append(out.Data, one)
	}
	return out
}

// inBase64 writes numbers as float32, little-endian, which OpenAI's own client
// asks for.
func inBase64(vector []float32) string {
	raw := make([]byte, 0, 4*len(vector))
	for _, v := range vector {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
