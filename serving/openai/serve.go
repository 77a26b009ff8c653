package openai

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"tilgate/adapters/push"
	"tilgate/internal/fault"
)

var _ push.Server = (*Client)(nil)

// Describe says what the server lists of a model or LoRA.
func (c *Client) Describe(ctx context.Context, name string) (push.Model, error) {
	list, err := c.held(ctx)
	if err != nil {
		return push.Model{}, err
	}
	kind, err := c.kindOf(ctx, list)
	if err != nil {
		return push.Model{}, err
	}
	i := slices.IndexFunc(list, func(m model) bool { return m.ID == name })
	if i < 0 {
		return push.Model{}, fault.NotFound.Field("model", "the model server has no model %q; it has %s", name, names(list))
	}
	return push.Model{Name: name, Engine: string(kind), Digest: list[i].digest(), Parent: list[i].Parent}, nil
}

func names(list []model) string {
	if len(list) == 0 {
		return "none"
	}
	text := list[0].ID
	for _, m := range list[1:] {
		text += ", " + m.ID
	}
	return text
}

// Serve loads a LoRA as the server does it.
func (c *Client) Serve(ctx context.Context, p push.Plan, prove func(name string) error) error {
	kind, err := c.Kind(ctx)
	switch {
	case err != nil:
		return err
	case kind == VLLM:
		return c.serveVLLM(ctx, p, prove)
	case kind == LlamaCpp:
		return c.serveLlamaCpp(ctx, p, prove)
	}
	return fault.Unsupported.Errorf("nothing is known here about LoRAs on this server; if it is vLLM or llama.cpp, say so with kind under [openai]")
}

// Drop takes a LoRA away from vLLM. From llama.cpp that cannot be done.
func (c *Client) Drop(ctx context.Context, name string) error {
	list, err := c.held(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(m model) bool { return m.ID == name })
	switch {
	case i < 0:
		return nil
	case list[i].Parent == "":
		return fault.Invalid.Errorf("%s is no LoRA, and stays with its server", name)
	}
	kind, err := c.Kind(ctx)
	if err == nil && kind == VLLM {
		return c.unload(ctx, name)
	}
	if err == nil {
		err = fault.Unsupported.Errorf("llama.cpp keeps a LoRA until it ends; start it without --lora %s", list[i].Root)
	}
	return err
}

// Sample asks for the first tokens of an answer with their log-probabilities.
func (c *Client) Sample(ctx context.Context, model, prompt string, tokens int) ([]push.Token, error) {
	cold := 0.0
	req := &chatRequest{Model: model, Messages: []chatMessage{{Role: "user", Content: prompt}},
		Temperature: &cold, MaxTokens: &tokens, Logprobs: true, TopLogprobs: 20}
	if err := c.choose(ctx, req, 1); err != nil {
		return nil, err
	}
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	answer, err := c.chat(ctx, model, body)
	if err != nil {
		return nil, asking(model, err)
	}
	defer answer.Close()
	data, err := whole(ctx, answer)
	if err != nil {
		return nil, asking(model, err)
	}
	return sample(data)
}

func sample(data []byte) ([]push.Token, error) {
	type logprob struct {
		Token   string  `json:"token"`
		Logprob float64 `json:"logprob"`
	}
	var answer struct {
		Choices []struct {
			Logprobs struct {
				Content []struct {
					logprob
					Top []logprob `json:"top_logprobs"`
				} `json:"content"`
			} `json:"logprobs"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fault.Unavailable.Wrap(fmt.Errorf("its log-probabilities: %w", err), notOpenAI)
	}
	var tokens []push.Token
	for _, l := range answer.Choices[0].Logprobs.Content { // there is a choice: whole has seen it
		t := push.Token{Text: l.Token}
		for _, other := range l.Top {
			t.Top = append(t.Top, push.Logprob{Text: other.Token, Logprob: other.Logprob})
		}
		tokens = append(tokens, t)
	}
	return tokens, nil
}
