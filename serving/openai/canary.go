package openai

import (
	"context"

	"tilgate/serving"
)

// Canary has the server make one token. What it says of its own health says
// little: it can be well while what makes the tokens is dead.
func (c *Client) Canary(ctx context.Context, model string) error {
	one := 1
	p := serving.Prompt{Model: model, Messages: []serving.Message{{Role: "user", Content: "."}}, Params: serving.Params{MaxTokens: &one}}
	for _, err := range c.Chat(ctx, p) {
		if err != nil {
			return err
		}
	}
	return nil
}
