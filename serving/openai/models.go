package openai

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// A Kind is a make of server, as far as they differ.
type Kind string

// The kinds. The first two can take a LoRA; the others are served as they are.
// Tilgate is another one, which may stand at another site.
const (
	VLLM     Kind = "vllm"
	LlamaCpp Kind = "llama.cpp"
	SGLang   Kind = "sglang"
	Other    Kind = "other"
	Tilgate  Kind = "tilgate"
)

// A model is an entry of /v1/models.
type model struct {
	ID      string          `json:"id"`
	Created int64           `json:"created"`
	OwnedBy string          `json:"owned_by"`
	Root    string          `json:"root"`   // vLLM: where it was loaded from
	Parent  string          `json:"parent"` // vLLM: of a LoRA, its base
	Meta    json.RawMessage `json:"meta"`   // llama.cpp: its measures
}

// digest stands for the digest of a model, which these servers do not give: a
// hash of all that they say about it. It changes when the server is started
// with another model, but not when a file is changed under the same name.
func (m model) digest() string {
	h := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %s", m.ID, m.Root, m.Parent, m.Meta))
	return hex.EncodeToString(h[:])
}

// probeTime is how long a list may take: no model is needed for it.
const probeTime = 10 * time.Second

// models asks what the server lists.
func (c *Client) models(ctx context.Context) ([]model, error) {
	ours, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var list struct {
		Data []model `json:"data"`
	}
	if err := c.get(ours, "v1/models", &list); err != nil {
		return nil, fmt.Errorf("listing models: %w", err)
	}
	if list.Data == nil {
		return nil, fmt.Errorf("listing models: %w", fault.Unavailable.Errorf(notOpenAI))
	}
	// What another Tilgate calls its own is no model: behind "auto" it would look
	// for languages and passages of its own once more.
	return slices.DeleteFunc(list.Data, func(m model) bool { return m.OwnedBy == "tilgate" }), nil
}

// Models lists what can be named in a request that is forwarded.
func (c *Client) Models(ctx context.Context) ([]serving.ModelInfo, error) {
	list, err := c.models(ctx)
	if err != nil {
		return nil, err
	}
	infos := make([]serving.ModelInfo, 0, len(list))
	for _, m := range list {
		infos = append(infos, serving.ModelInfo{Name: m.ID, Created: time.Unix(m.Created, 0).UTC(), Owner: cmp.Or(m.OwnedBy, "openai"), Root: m.Root, Parent: m.Parent})
	}
	return infos, nil
}

// Running lists what is in memory: all that these servers list.
func (c *Client) Running(ctx context.Context) ([]serving.ModelInfo, error) { return c.Models(ctx) }

// Ready returns what can chat: the models as the server lists them, plain ones
// first, then LoRAs. An error means that the server does not answer as OpenAI's
// API does.
func (c *Client) Ready(ctx context.Context) ([]serving.Held, error) {
	list, err := c.held(ctx)
	if err != nil {
		return nil, err
	}
	held := []serving.Held{}
	for _, m := range list {
		held = append(held, serving.Held{Name: m.ID, Digest: m.digest()})
	}
	return held, nil
}

// held returns the models and the LoRAs that Chat can ask by name.
func (c *Client) held(ctx context.Context) ([]model, error) {
	list, err := c.models(ctx)
	if err != nil {
		return nil, err
	}
	kind, err := c.kindOf(ctx, list)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b model) int { return cmp.Compare(b2i(a.Parent != ""), b2i(b.Parent != "")) })
	if kind != LlamaCpp || len(list) == 0 {
		return list, nil
	}
	loras, err := c.loras(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range loras {
		list = append(list, model{ID: l.name(), Created: list[0].Created, OwnedBy: list[0].OwnedBy, Root: l.Path, Parent: list[0].ID})
	}
	return list, nil
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// kindOf returns what the configuration says, or else what the server does:
// vLLM signs its models; only llama.cpp knows /lora-adapters.
func (c *Client) kindOf(ctx context.Context, list []model) (Kind, error) {
	c.mu.Lock()
	kind := c.kind
	c.mu.Unlock()
	if kind != "" || len(list) == 0 {
		return cmp.Or(kind, Other), nil
	}
	if kind = signed(list); kind == Other {
		_, err := c.loras(ctx)
		garbled := (*json.SyntaxError)(nil)
		switch {
		case err == nil:
			kind = LlamaCpp
		case !fault.NotFound.Is(err) && !fault.Invalid.Is(err) && !errors.As(err, &garbled):
			return "", err // down, say: ask again next time
		}
	}
	c.mu.Lock()
	c.kind = kind
	c.mu.Unlock()
	return kind, nil
}

// signed returns the make of server that has signed models.
func signed(list []model) Kind {
	for _, kind := range []Kind{SGLang, VLLM} {
		if slices.ContainsFunc(list, func(m model) bool { return m.OwnedBy == string(kind) }) {
			return kind
		}
	}
	return Other
}
