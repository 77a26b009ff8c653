package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	ollamaapi "github.com/ollama/ollama/api"

	"tilgate/evals"
)

// options are what models behind Ollama are asked with. What would have a
// model loaded anew, such as num_ctx, stays as its operator set it.
func (s *Server) options(maxTokens int) map[string]any {
	return map[string]any{"temperature": 0, "seed": s.seed(), "num_predict": maxTokens}
}

// chatOllama asks in Ollama's own words. A conversation that is too long for
// the model is an error: shortened in silence, its examples would be gone.
func (t target) chatOllama(ctx context.Context, c evals.Case) (evals.Answer, error) {
	no, yes := false, true
	req := ollamaapi.ChatRequest{Model: t.model, Stream: &yes, Truncate: &no, Shift: &no, Options: t.options(maxTokens(c))}
	for _, turn := range c.Turns {
		req.Messages = append(req.Messages, ollamaapi.Message{Role: turn.Role, Content: turn.Text})
	}
	w := newWriter()
	var last ollamaChat
	err := t.post(ctx, "/api/chat", req, func(r *reply) (err error) {
		last, err = r.chatOllama(w)
		return err
	})
	if err != nil {
		return evals.Answer{}, err
	}
	a := evals.Answer{Model: last.Model, PromptTokens: last.PromptEvalCount, Tokens: last.EvalCount, Finish: last.DoneReason}
	return a, w.fill(&a)
}

type ollamaChat struct {
	ollamaapi.ChatResponse
	Error json.RawMessage `json:"error"`
}

// chatOllama reads lines until one says that it is the last, and returns it. A
// server that does not stream sends one.
func (r *reply) chatOllama(w *writer) (ollamaChat, error) {
	for line, err := range r.lines() {
		var piece ollamaChat
		if err == nil {
			err = r.decode(line, &piece)
		}
		if err == nil {
			err = said(piece.Error)
		}
		if err != nil {
			return piece, err
		}
		w.add(piece.Message.Content)
		if piece.Done {
			w.end()
			return piece, nil
		}
	}
	return ollamaChat{}, r.nonsense("a stream without an end")
}

// lines yields the lines of a stream that hold something, until it ends. A
// line is valid until the next.
func (r *reply) lines() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			line, err := r.line()
			switch {
			case err == io.EOF:
				return
			case err != nil:
				yield(nil, err)
				return
			case len(bytes.TrimSpace(line)) > 0 && !yield(line, nil):
				return
			}
		}
	}
}

func (s *Server) ollamaModels(ctx context.Context) ([]string, error) {
	var list ollamaapi.ListResponse
	if err := s.get(ctx, "/api/tags", &list); err != nil {
		return nil, fmt.Errorf("listing models: %w", err)
	}
	var names []string
	for _, m := range list.Models {
		names = append(names, m.Name)
	}
	return names, nil
}
