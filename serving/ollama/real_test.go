package ollama_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/ollama"
	"tilgate/serving/ollama/ollamatest"
)

// realClient returns a client of a real server with the model "tiny", and one
// that never stops by itself, "endless".
func realClient(t *testing.T) (*ollama.Client, *ollamatest.Server) {
	t.Helper()
	s := ollamatest.Start(t)
	s.Create("tiny")
	c, err := ollama.New(s.URL, ollama.Options{NumCtx: ollamatest.NumCtx})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, s
}

func ask(model, question string) serving.Prompt {
	return serving.Prompt{Model: model, Messages: []serving.Message{{Role: "user", Content: question}}}
}

// gather returns the text and the last chunk of an answer.
func gather(chunks iter.Seq2[serving.Chunk, error]) (string, serving.Chunk, error) {
	var text strings.Builder
	var last serving.Chunk
	for chunk, err := range chunks {
		if err != nil {
			return text.String(), last, err
		}
		text.WriteString(chunk.Text)
		last = chunk
	}
	return text.String(), last, nil
}

func TestRealChat(t *testing.T) {
	c, s := realClient(t)
	s.CreateTiny("vectors", ollamatest.Tiny{Seed: 2, Embeds: true})
	temperature, seed, short, long := 0.7, 3, 5, 400
	for _, tt := range []struct {
		params serving.Params
		finish string
	}{
		{serving.Params{MaxTokens: &short, Seed: &seed}, "length"},
		{serving.Params{MaxTokens: &long, Seed: &seed, Temperature: &temperature}, "stop"},
		{serving.Params{MaxTokens: &long, Seed: &seed, Stop: []string{"e"}}, "stop"},
	} {
		p := ask("tiny", "Бишкек кайда?")
		p.Params = tt.params
		text, last, err := gather(c.Chat(t.Context(), p))
		if err != nil || text == "" || last.Finish != tt.finish || last.Usage == nil {
			t.Fatalf("%+v: %q, %+v, %v", tt.params, text, last, err)
		}
		// A byte is a token, the end is one too, and the template adds its own.
		if n := last.Usage.CompletionTokens - len(text); n < 0 || n > 1 {
			t.Errorf("%q counted as %d tokens", text, last.Usage.CompletionTokens)
		}
		if want := len("user: Бишкек кайда?\nassistant: "); last.Usage.PromptTokens != want {
			t.Errorf("%d tokens of prompt, want %d", last.Usage.PromptTokens, want)
		}
		if len(tt.params.Stop) > 0 && strings.Contains(text, "e") {
			t.Errorf("stop is not heeded: %q", text)
		}
	}
	models, err := c.Models(t.Context())
	if err != nil || len(models) != 2 || models[0].Created.IsZero() {
		t.Errorf("Models = %+v, %v", models, err)
	}
	ready, err := c.Ready(t.Context())
	if err != nil || len(ready) != 1 || ready[0].Name != "tiny:latest" || len(ready[0].Digest) != 64 {
		t.Errorf("Ready = %v, %v, want the one that chats", ready, err)
	}
	if text, _, err := gather(c.Chat(t.Context(), ask("", "Кайда?"))); err != nil || text == "" {
		t.Errorf("the default model says %q, %v", text, err)
	}
}

func TestRealRefusals(t *testing.T) {
	c, s := realClient(t)
	s.CreateTiny("vectors", ollamatest.Tiny{Seed: 2, Embeds: true})
	for _, tt := range []struct {
		body, model string
		kind        fault.Kind
		says        string
	}{
		{`{"messages": [{"role": "user", "content": "Кайда?"}]}`, "no-such", fault.NotFound, "ollama pull no-such"},
		{`{"messages": [{"role": "user", "content": "Кайда?"}]}`, "vectors", fault.Invalid, "does not support chat"},
		{`{"messages": [{"role": "user", "content": "` + strings.Repeat("Кайда? ", 1000) + `"}]}`, "tiny", fault.TooLarge, "longer than the context"},
		{`{"reasoning_effort": "low", "messages": [{"role": "user", "content": "Кайда?"}]}`, "tiny", fault.Invalid, "does not support thinking"},
		{`{"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nonsense"}}},
		   "messages": [{"role": "user", "content": "Кайда?"}]}`, "tiny", fault.Invalid, "response_format"},
	} {
		for _, stream := range []bool{false, true} {
			_, err := collect(c.Forward(t.Context(), serving.Raw{Path: chatPath, Model: tt.model, Stream: stream, Body: []byte(tt.body)}))
			says, _ := fault.Public(err)
			if fault.Of(err) != tt.kind || !strings.Contains(says, tt.says) {
				t.Errorf("%.60s: %v %q (%v), want %v %q", tt.body, fault.Of(err), says, err, tt.kind, tt.says)
			}
		}
	}
}

const chatPath = "/v1/chat/completions"

// collect returns the JSON of a reply: one object, or the chunks of a stream
// that ended well.
func collect(r serving.Reply, err error) ([][]byte, error) {
	if err != nil {
		return nil, err
	}
	if r.Body != nil {
		return [][]byte{r.Body}, nil
	}
	var out [][]byte
	for piece, err := range r.Stream {
		if err != nil {
			return out, err
		}
		data, ok := bytes.CutPrefix(bytes.TrimSuffix(piece, []byte("\n\n")), []byte("data: "))
		if !ok {
			return out, fmt.Errorf("no event: %q", piece)
		}
		out = append(out, data)
	}
	if last := len(out) - 1; last < 0 || string(out[last]) != "[DONE]" {
		return out, errors.New("the stream has no end")
	}
	return out[:len(out)-1], nil
}

type openAI struct {
	ID, Object, Model string
	Created           int64
	Choices           []struct {
		Message, Delta struct{ Role, Content string }
		FinishReason   string `json:"finish_reason"`
		Logprobs       *struct {
			Content []struct {
				Token       string
				Bytes       []int
				TopLogprobs []struct{ Token string } `json:"top_logprobs"`
			}
		}
	}
	Usage *struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
		Total      int `json:"total_tokens"`
	}
}

func TestRealForward(t *testing.T) {
	c, _ := realClient(t)
	raw := serving.Raw{ID: "chatcmpl-1", Path: chatPath, Created: time.Unix(1700000000, 0), Model: "tiny", Body: []byte(`{
		"model": "tiny", "seed": 4, "max_tokens": 12, "logprobs": true, "top_logprobs": 2, "user": "u1",
		"messages": [{"role": "system", "content": "Кыскача."}, {"role": "user", "content": [{"type": "text", "text": "Бишкек кайда?"}]}],
		"tools": [{"type": "function", "function": {"name": "map", "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}}}],
		"tool_choice": "none", "stream_options": {"include_usage": true}}`)}
	whole, err := collect(c.Forward(t.Context(), raw))
	if err != nil || len(whole) != 1 {
		t.Fatalf("%q, %v", whole, err)
	}
	var one openAI
	if err := json.Unmarshal(whole[0], &one); err != nil {
		t.Fatal(err)
	}
	m := one.Choices[0]
	if one.ID != raw.ID || one.Object != "chat.completion" || one.Created != 1700000000 || one.Model != "tiny" ||
		m.Message.Role != "assistant" || m.Message.Content == "" || m.FinishReason == "" ||
		one.Usage.Prompt < 40 || one.Usage.Completion < len(m.Message.Content) || one.Usage.Total != one.Usage.Prompt+one.Usage.Completion ||
		len(m.Logprobs.Content) == 0 || len(m.Logprobs.Content[0].TopLogprobs) != 2 {
		t.Errorf("%s", whole[0])
	}

	raw.Stream = true
	chunks, err := collect(c.Forward(t.Context(), raw))
	if err != nil || len(chunks) < 4 {
		t.Fatalf("%q, %v", chunks, err)
	}
	var text strings.Builder
	for i, data := range chunks {
		var chunk openAI
		if err := json.Unmarshal(data, &chunk); err != nil {
			t.Fatal(err)
		}
		last := len(chunks) - 1
		switch {
		case chunk.ID != raw.ID || chunk.Object != "chat.completion.chunk" || (chunk.Usage != nil) != (i == last):
			t.Errorf("chunk %d is %s", i, data)
		case i == last:
		case (chunk.Choices[0].Delta.Role == "assistant") != (i == 0):
			t.Errorf("chunk %d has the role in %s", i, data)
		case (chunk.Choices[0].FinishReason != "") != (i == last-1):
			t.Errorf("chunk %d has the reason in %s", i, data)
		default:
			text.WriteString(chunk.Choices[0].Delta.Content)
		}
	}
	if text.String() != m.Message.Content {
		t.Errorf("streamed %q, whole %q", text.String(), m.Message.Content)
	}
}

func TestRealJSON(t *testing.T) {
	c, _ := realClient(t)
	for _, format := range []string{
		`{"type": "json_object"}`,
		`{"type": "json_schema", "json_schema": {"name": "x", "strict": true, "schema": {"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]}}}`,
	} {
		data, err := collect(c.Forward(t.Context(), serving.Raw{Path: chatPath, Model: "tiny", Body: []byte(`{
			"max_tokens": 2000, "messages": [{"role": "user", "content": "Кайда?"}], "response_format": ` + format + `}`)}))
		if err != nil {
			t.Fatal(err)
		}
		var whole openAI
		var object map[string]any
		if json.Unmarshal(data[0], &whole) != nil || json.Unmarshal([]byte(whole.Choices[0].Message.Content), &object) != nil {
			t.Errorf("%s gives %s", format, data[0])
		}
	}
}

func TestRealTools(t *testing.T) {
	c, _ := realClient(t)
	data, err := collect(c.Forward(t.Context(), serving.Raw{Path: chatPath, Model: "tiny", Body: []byte(`{"max_tokens": 20, "messages": [
		{"role": "user", "content": "Аба ырайы?"},
		{"role": "assistant", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\"place\": \"Ош\"}"}}]},
		{"role": "tool", "tool_call_id": "c1", "content": "+21"}],
		"tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}}}]}`)}))
	if err != nil || len(data) != 1 {
		t.Errorf("%q, %v", data, err)
	}
}

// A model that cannot see says so; the image is not left out.
func TestRealImage(t *testing.T) {
	c, _ := realClient(t)
	data, err := collect(c.Forward(t.Context(), serving.Raw{Path: chatPath, Model: "tiny", Body: []byte(`{"max_tokens": 20, "messages": [
		{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}]}]}`)}))
	if says, _ := fault.Public(err); fault.Of(err) != fault.Invalid || !strings.Contains(says, "cannot see") {
		t.Errorf("%q, %v", data, err)
	}
}

// At the end of its context a model stops; it does not forget the question.
func TestRealContextEnds(t *testing.T) {
	_, s := realClient(t)
	s.CreateTiny("endless", ollamatest.Tiny{Seed: 3, Endless: true})
	c, err := ollama.New(s.URL, ollama.Options{NumCtx: 256})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, last, err := gather(c.Chat(t.Context(), ask("endless", "Кайда?")))
	if err != nil || last.Finish != "length" {
		t.Fatalf("%+v, %v", last, err)
	}
	if n := last.Usage.PromptTokens + last.Usage.CompletionTokens; n < 200 || n > 257 {
		t.Errorf("%d tokens in a context of 256", n)
	}
}

func TestRealManyAtOnce(t *testing.T) {
	c, _ := realClient(t)
	errs := make(chan error)
	const many = 16
	for range many {
		go func() {
			text, _, err := gather(c.Chat(t.Context(), ask("tiny", "Кайда?")))
			if err == nil && text == "" {
				err = errors.New("an empty answer")
			}
			errs <- err
		}()
	}
	for range many {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestRealUnload(t *testing.T) {
	c, s := realClient(t)
	if err := c.Unload(t.Context(), "tiny"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		loaded, err := s.API.ListRunning(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(loaded.Models) == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is still loaded")
		}
	}
	if text, _, err := gather(c.Chat(t.Context(), ask("tiny", "Кайда?"))); err != nil || text == "" {
		t.Errorf("loaded again, it says %q, %v", text, err)
	}
}

func TestRealCancel(t *testing.T) {
	c, s := realClient(t)
	s.CreateTiny("endless", ollamatest.Tiny{Seed: 3, Endless: true})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var left time.Time
	n := 0
	var err error
	for _, err = range c.Chat(ctx, ask("endless", "Кайда?")) {
		if n++; n == 20 {
			cancel()
			left = time.Now()
		}
	}
	if !errors.Is(err, context.Canceled) || fault.Of(err) != fault.Canceled {
		t.Errorf("after %d chunks: %v", n, err)
	}
	// The server has one slot: that it answers shows that it has stopped.
	short := 1
	p := ask("endless", "Кайда?")
	p.Params.MaxTokens = &short
	if _, _, err := gather(c.Chat(t.Context(), p)); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(left); d > 500*time.Millisecond {
		t.Errorf("the slot was free after %v", d)
	} else {
		t.Logf("the slot was free after %v", d)
	}
}

func TestRealServerDies(t *testing.T) {
	c, s := realClient(t)
	s.CreateTiny("endless", ollamatest.Tiny{Seed: 3, Endless: true})
	n := 0
	var err error
	for _, err = range c.Chat(t.Context(), ask("endless", "Кайда?")) {
		if n++; n == 20 {
			s.Kill()
		}
	}
	if says, _ := fault.Public(err); fault.Of(err) != fault.Unavailable || says != "the model server broke off its answer" {
		t.Errorf("killed: %v %q (%v)", fault.Of(err), says, err)
	}
	_, err = c.Ready(t.Context())
	if says, _ := fault.Public(err); fault.Of(err) != fault.Unavailable || says != "the model server is not answering" {
		t.Errorf("gone: %v %q (%v)", fault.Of(err), says, err)
	}
}
