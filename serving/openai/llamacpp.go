package openai

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"tilgate/adapters/push"
	"tilgate/internal/fault"
)

// A loadedLoRA is one that llama.cpp was started with. It knows them by
// number only; we know them by the name of the file.
//
// https://github.com/ggml-org/llama.cpp/tree/master/tools/server
type loadedLoRA struct {
	ID   int    `json:"id"`
	Path string `json:"path"`
}

// name is what we call it: its file without folder and .gguf.
func (l loadedLoRA) name() string {
	return strings.TrimSuffix(path.Base(strings.ReplaceAll(l.Path, `\`, "/")), ".gguf")
}

// A scaledLoRA asks for one, and says how much of it.
type scaledLoRA struct {
	ID    int     `json:"id"`
	Scale float64 `json:"scale"`
}

func (c *Client) loras(ctx context.Context) ([]loadedLoRA, error) {
	ours, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var list []loadedLoRA
	if err := c.get(ours, "lora-adapters", &list); err != nil {
		return nil, fmt.Errorf("listing LoRAs: %w", err)
	}
	return list, nil
}

// choose has llama.cpp answer with the model that req names, which it would
// not look at: with a LoRA, or with the base. The scale of every LoRA is said,
// 0 for those not asked for: an empty list means what it was started with, and
// build 11434 applies them all even with --lora-init-without-apply. Its list is
// asked for each time: after a restart the numbers may be others.
func (c *Client) choose(ctx context.Context, req *chatRequest, scale float64) error {
	if kind, err := c.Kind(ctx); err != nil || kind != LlamaCpp {
		return err
	}
	list, err := c.loras(ctx)
	if err != nil {
		return err
	}
	asked := false
	for _, l := range list {
		s := scaledLoRA{ID: l.ID}
		if l.name() == req.Model {
			asked, s.Scale = true, scale
		}
		req.LoRA = append(req.LoRA, s)
	}
	if asked {
		return nil
	}
	return c.knows(ctx, req.Model)
}

// knows refuses a name that llama.cpp does not list: it would answer all the
// same, with the one model that it has.
func (c *Client) knows(ctx context.Context, name string) error {
	if kind, err := c.Kind(ctx); err != nil || kind != LlamaCpp {
		return err
	}
	list, err := c.models(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(m model) bool { return m.ID == name }) {
		return fault.NotFound.Field("model", "the model server has no model %q", name)
	}
	return nil
}

// Kind returns which server this is.
func (c *Client) Kind(ctx context.Context) (Kind, error) {
	c.mu.Lock()
	kind := c.kind
	c.mu.Unlock()
	if kind != "" {
		return kind, nil
	}
	list, err := c.models(ctx)
	if err != nil {
		return "", err
	}
	return c.kindOf(ctx, list)
}

// serveLlamaCpp proves a LoRA that llama.cpp was started with. It cannot be
// given one while it runs.
func (c *Client) serveLlamaCpp(ctx context.Context, p push.Plan, prove func(name string) error) error {
	list, err := c.loras(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(list, func(l loadedLoRA) bool { return l.name() == p.Name }) {
		return prove(p.Name)
	}
	if (loadedLoRA{Path: p.ServerPath}).name() != p.Name {
		return fault.Invalid.Errorf("llama.cpp knows a LoRA by the name of its file: on the server, call it %s.gguf, not %s", p.Name, p.ServerPath)
	}
	others := ""
	for _, l := range list {
		others += " --lora " + l.Path
	}
	return fault.Unsupported.Errorf("llama.cpp takes no LoRA while it runs. Start it with\n"+
		"  --lora-init-without-apply%s --lora %s\nand push again, with the same flags, to prove it", others, p.ServerPath)
}
