package ollama

import (
	"strings"

	"github.com/ollama/ollama/api"

	"tilgate/serving"
)

// The shape of OpenAI's answers, as far as we fill it. Fields that are always
// there, if only as null, have no omitempty.
type (
	completion struct {
		ID      string   `json:"id"`
		Object  string   `json:"object"`
		Created int64    `json:"created"`
		Model   string   `json:"model"`
		Choices []choice `json:"choices"`
		Usage   *usage   `json:"usage,omitempty"`
	}
	choice struct {
		Index        int       `json:"index"`
		Message      *message  `json:"message,omitempty"` // of a whole answer
		Delta        *delta    `json:"delta,omitempty"`   // of a chunk
		Logprobs     *logprobs `json:"logprobs"`
		FinishReason *string   `json:"finish_reason"`
	}
	message struct {
		Role      string     `json:"role"`
		Content   *string    `json:"content"` // null beside tool calls
		Refusal   *string    `json:"refusal"`
		Reasoning string     `json:"reasoning,omitempty"`
		ToolCalls []toolCall `json:"tool_calls,omitempty"`
	}
	delta struct {
		Role      string     `json:"role,omitempty"`
		Content   *string    `json:"content,omitempty"`
		Reasoning string     `json:"reasoning,omitempty"`
		ToolCalls []toolCall `json:"tool_calls,omitempty"`
	}
	toolCall struct {
		Index    *int   `json:"index,omitempty"` // in chunks
		ID       string `json:"id"`
		Type     string `json:"type"`
		Function called `json:"function"`
	}
	called struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	}
	logprobs struct {
		Content []logprob `json:"content"`
		Refusal *string   `json:"refusal"`
	}
	logprob struct {
		tokenLogprob
		TopLogprobs []tokenLogprob `json:"top_logprobs"`
	}
	tokenLogprob struct {
		Token   string  `json:"token"`
		Logprob float64 `json:"logprob"`
		Bytes   []int   `json:"bytes"`
	}
	usage struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
		TotalTokens      int `json:"total_tokens"`
	}
)

// An answer puts Ollama's pieces into OpenAI's shape.
type answer struct {
	raw          serving.Raw
	includeUsage bool

	begun     bool
	text      strings.Builder
	reasoning strings.Builder
	calls     []toolCall
	logprobs  *logprobs
	last      api.ChatResponse
}

// add gathers a piece for whole.
func (a *answer) add(p api.ChatResponse) {
	a.text.WriteString(p.Message.Content)
	a.reasoning.WriteString(p.Message.Thinking)
	a.calls = append(a.calls, toolCalls(p.Message.ToolCalls)...)
	if lp := logprobsOf(p.Logprobs); lp != nil {
		if a.logprobs == nil {
			a.logprobs = &logprobs{}
		}
		a.logprobs.Content = append(a.logprobs.Content, lp.Content...)
	}
	a.last = p
}

// whole returns the gathered answer as one chat.completion.
func (a *answer) whole() completion {
	text := a.text.String()
	m := message{Role: "assistant", Content: &text, Reasoning: a.reasoning.String(), ToolCalls: a.calls}
	if text == "" && len(a.calls) > 0 {
		m.Content = nil
	}
	c := a.object("chat.completion")
	c.Choices = []choice{{Message: &m, Logprobs: a.logprobs, FinishReason: a.finishReason(a.last)}}
	c.Usage = usageOf(a.last)
	return c
}

// chunks returns what to send for a piece. The role comes with the first and
// the usage, when asked for, after the last.
func (a *answer) chunks(p api.ChatResponse) []completion {
	var out []completion
	chunk := func(d delta, lp *logprobs, finish *string) {
		c := a.object("chat.completion.chunk")
		c.Choices = []choice{{Delta: &d, Logprobs: lp, FinishReason: finish}}
		out = append(out, c)
	}
	if !a.begun {
		a.begun = true
		none := ""
		chunk(delta{Role: "assistant", Content: &none}, nil, nil)
	}
	d := delta{Reasoning: p.Message.Thinking, ToolCalls: toolCalls(p.Message.ToolCalls)}
	if p.Message.Content != "" {
		d.Content = &p.Message.Content
	}
	for i := range d.ToolCalls {
		n := len(a.calls) + i
		d.ToolCalls[i].Index = &n
	}
	a.calls = append(a.calls, d.ToolCalls...)
	if lp := logprobsOf(p.Logprobs); lp != nil || d.Content != nil || d.Reasoning != "" || len(d.ToolCalls) > 0 {
		chunk(d, lp, nil)
	}
	if !p.Done {
		return out
	}
	chunk(delta{}, nil, a.finishReason(p))
	if a.includeUsage {
		c := a.object("chat.completion.chunk")
		c.Choices, c.Usage = []choice{}, usageOf(p)
		out = append(out, c)
	}
	return out
}

func (a *answer) object(kind string) completion {
	return completion{ID: a.raw.ID, Object: kind, Created: a.raw.Created.Unix(), Model: a.raw.Model}
}

func (a *answer) finishReason(last api.ChatResponse) *string {
	reason := finish(last.DoneReason)
	if len(a.calls) > 0 && reason == "stop" {
		reason = "tool_calls"
	}
	return &reason
}

func toolCalls(calls []api.ToolCall) []toolCall {
	var out []toolCall
	for _, c := range calls {
		out = append(out, toolCall{
			ID:       c.ID,
			Type:     "function",
			Function: called{Name: c.Function.Name, Arguments: c.Function.Arguments.String()},
		})
	}
	return out
}

func logprobsOf(tokens []api.Logprob) *logprobs {
	if len(tokens) == 0 {
		return nil
	}
	lp := &logprobs{}
	for _, t := range tokens {
		token := logprob{logprobOf(t.TokenLogprob), []tokenLogprob{}}
		for _, other := range t.TopLogprobs {
			token.TopLogprobs = append(token.TopLogprobs, logprobOf(other))
		}
		lp.Content = append(lp.Content, token)
	}
	return lp
}

func logprobOf(t api.TokenLogprob) tokenLogprob {
	lp := tokenLogprob{Token: t.Token, Logprob: t.Logprob, Bytes: t.Bytes}
	if strings.ContainsRune(t.Token, '\uFFFD') {
		lp.Bytes = nil // a part of a character, whose true bytes Ollama does not tell
	}
	return lp
}

func usageOf(p api.ChatResponse) *usage {
	return &usage{p.PromptEvalCount, p.EvalCount, p.PromptEvalCount + p.EvalCount}
}
