package openai

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"tilgate/adapters/push"
	"tilgate/internal/fault"
)

// How vLLM takes a LoRA while it runs. Both answer 404 unless the server was
// started with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True. What was loaded so is
// forgotten when the server ends.
//
// https://docs.vllm.ai/en/latest/features/lora/
const (
	loadPath   = "v1/load_lora_adapter"
	unloadPath = "v1/unload_lora_adapter"
)

type loraRequest struct {
	Name string `json:"lora_name"`
	Path string `json:"lora_path,omitempty"`
}

func (c *Client) serveVLLM(ctx context.Context, p push.Plan, prove func(name string) error) error {
	trial := p.Trial()
	p.Progress("loading " + p.ServerPath)
	err := c.load(ctx, p, trial)
	if fault.Unsupported.Is(err) {
		if there := c.isOn(ctx, p.Name, p.Base); there == nil { // it was started with it
			return prove(p.Name)
		}
		return err
	}
	// Not half done, whatever happens: the trial goes, and so does what comes
	// after it if it does not arrive whole.
	defer func() { _ = c.unload(context.WithoutCancel(ctx), trial) }()
	if err != nil {
		return err
	}
	if err := prove(trial); err != nil {
		return err
	}
	if err := c.load(ctx, p, p.Name); err != nil {
		_ = c.unload(context.WithoutCancel(ctx), p.Name) // the first fault counts
		return err
	}
	return nil
}

// load loads the weights under a name, in place of what has it, and looks
// whether the server then lists them on their base.
func (c *Client) load(ctx context.Context, p push.Plan, name string) error {
	err := c.unload(ctx, name)
	if err == nil {
		err = c.lora(ctx, loadPath, loraRequest{name, p.ServerPath}, p)
	}
	if fault.Unsupported.Is(err) {
		return startFlags(p)
	}
	if fault.NotFound.Is(err) {
		err = fault.Invalid.Wrap(err, "the server finds no LoRA there; say with --server-path where it sees the folder")
	}
	if err != nil {
		return fmt.Errorf("loading %s as %s: %w", p.ServerPath, name, err)
	}
	return c.isOn(ctx, name, p.Base)
}

func (c *Client) unload(ctx context.Context, name string) error {
	err := c.lora(ctx, unloadPath, loraRequest{Name: name}, push.Plan{})
	if fault.NotFound.Is(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("unloading %s: %w", name, err)
	}
	return nil
}

// lora sends one of the two requests. vLLM answers a good one with a sentence.
func (c *Client) lora(ctx context.Context, path string, r loraRequest, p push.Plan) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, http.MethodPost, path, body)
	if err == nil {
		return nil
	}
	// A route that is not there, unlike a LoRA that is not, gets FastAPI's own
	// words; a proxy in front may refuse it instead.
	said := err.Error()
	if strings.Contains(said, "HTTP 403") || strings.Contains(said, "HTTP 405") || strings.Contains(said, `"detail":"Not Found"`) {
		return fault.Unsupported.Wrap(err, "this vLLM takes no LoRA while it runs")
	}
	if strings.Contains(said, "LoRA rank") && strings.Contains(said, "max_lora_rank") {
		return fault.Invalid.Wrap(err, fmt.Sprintf("the LoRA's rank is higher than vLLM was started for; start it with --max-lora-rank %d", maxRank(p.Rank)))
	}
	return err
}

// isOn wants the name listed, on its base: a server that has lost it, or put
// it on another, would answer all the same.
func (c *Client) isOn(ctx context.Context, name, base string) error {
	list, err := c.models(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(m model) bool { return m.ID == name })
	switch {
	case i < 0:
		return fault.Unavailable.Errorf("the model server does not list %s after loading it", name)
	case list[i].Parent != base:
		return fault.Unavailable.Errorf("the model server lists %s on %q, not on %s", name, list[i].Parent, base)
	}
	return nil
}

// startFlags says how to start a vLLM that does not let itself be told.
func startFlags(p push.Plan) error {
	return fault.Unsupported.Errorf("this vLLM takes no LoRA while it runs. Start it with\n"+
		"  --enable-lora --lora-modules %s=%s --max-lora-rank %d\n"+
		"and push again to prove it; or, where nobody else reaches it, with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True and --enable-lora --max-lora-rank %[3]d",
		p.Name, p.ServerPath, maxRank(p.Rank))
}

// maxRank is the lowest rank that vLLM can be started for and that holds r.
func maxRank(r int) int {
	ranks := []int{8, 16, 32, 64, 128, 256, 320, 512}
	i, _ := slices.BinarySearch(ranks, r)
	return ranks[min(i, len(ranks)-1)]
}
