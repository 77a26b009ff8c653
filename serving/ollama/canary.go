package ollama

import (
	"context"
	"fmt"

	"tilgate/serving"
)

// Canary has the model that is in memory make one token; which one it is asked
// for does not matter. Without any it returns nil: to load one takes a minute,
// and throws out what somebody waits for.
func (c *Client) Canary(ctx context.Context, _ string) error {
	ours, cancel := context.WithTimeout(ctx, probeTime)
	running, err := c.api.ListRunning(ours)
	cancel()
	if err != nil {
		return fmt.Errorf("asking what is in memory: %w", c.faultOf(ctx, "", err))
	}
	if len(running.Models) == 0 {
		return nil
	}
	resident := running.Models[0]
	one := 1
	req, err := c.prompt(ctx, serving.Prompt{Model: resident.Name, Messages: []serving.Message{{Role: "user", Content: "."}},
		Params: serving.Params{MaxTokens: &one}})
	if err != nil {
		return err
	}
	if resident.ContextLength > 0 {
		req.Options["num_ctx"] = resident.ContextLength // as it is, whoever loaded it: another would load it anew
	}
	for _, err := range c.stream(ctx, req) {
		if err != nil {
			return fmt.Errorf("asking %s: %w", resident.Name, err)
		}
	}
	return nil
}
