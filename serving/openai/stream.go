package openai

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"tilgate/internal/fault"
)

var errSilent = errors.New("silent for too long")

// chat sends body to the chat completions and returns the body of a good
// answer. Reading it fails with errSilent after a silence, and when ctx ends,
// at which the server stops as well. The caller closes it.
func (c *Client) chat(ctx context.Context, model string, body []byte) (io.ReadCloser, error) {
	ours, cancel := context.WithCancelCause(ctx)
	a := &answer{ctx: ours, cancel: cancel, silence: c.opts.Silence}
	a.timer = time.AfterFunc(c.opts.Silence, func() { cancel(errSilent) })
	req, err := c.request(ours, http.MethodPost, "v1/chat/completions", body)
	if err != nil {
		a.Close()
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		err = faultOf(ctx, a.why(err))
		a.Close()
		return nil, err
	}
	a.body = resp.Body
	if resp.StatusCode == http.StatusOK {
		return a, nil
	}
	defer a.Close()
	text, _ := io.ReadAll(io.LimitReader(a, 4<<10)) // the status says enough
	return nil, statusFault(model, resp.StatusCode, text)
}

// An answer is the body of one, read under watch. The clock runs only while
// the server is waited for: a slow reader is not a silent server.
type answer struct {
	body    io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	silence time.Duration
}

func (a *answer) Read(p []byte) (int, error) {
	a.timer.Reset(a.silence)
	n, err := a.body.Read(p)
	a.timer.Stop()
	return n, a.why(err)
}

// why puts the silence in place of the cancellation that it led to.
func (a *answer) why(err error) error {
	if err != nil && err != io.EOF && context.Cause(a.ctx) == errSilent {
		return errSilent
	}
	return err
}

func (a *answer) Close() error {
	a.timer.Stop()
	a.cancel(nil)
	if a.body == nil {
		return nil
	}
	return a.body.Close()
}

// A piece is the part of a chunk of a stream that we read.
type piece struct {
	Choices []struct {
		Delta struct {
			Content string `json:"content"`
		} `json:"delta"`
		FinishReason *string `json:"finish_reason"`
	} `json:"choices"`
	Usage *usage          `json:"usage"`
	Error json.RawMessage `json:"error"`

	raw []byte // as received; valid until the next piece
}

type usage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
}

// finish is why the first choice ended, "" while it goes on.
func (p *piece) finish() string {
	if len(p.Choices) == 0 || p.Choices[0].FinishReason == nil {
		return ""
	}
	return *p.Choices[0].FinishReason
}

// pieces reads a stream to its [DONE], or to its end if a reason to end has
// come. It yields an error when neither has.
func pieces(r io.Reader) iter.Seq2[*piece, error] {
	return func(yield func(*piece, error) bool) {
		ended := false
		for data, err := range events(r) {
			if err != nil {
				yield(nil, err)
				return
			}
			if string(bytes.TrimSpace(data)) == "[DONE]" {
				if !ended {
					yield(nil, errNoEnd)
				}
				return
			}
			p := piece{raw: data}
			if err := json.Unmarshal(data, &p); err != nil {
				yield(nil, &garbledError{string(data[:min(len(data), 200)])})
				return
			}
			if wrong := p.fault(); wrong != nil {
				yield(nil, wrong)
				return
			}
			ended = ended || p.finish() != ""
			if !yield(&p, nil) {
				return
			}
		}
		if !ended {
			yield(nil, errNoEnd)
		}
	}
}

// fault reads an error that stands where a chunk should. It may be an object
// or a sentence, with the code of HTTP or without.
func (p *piece) fault() error {
	if len(p.Error) == 0 || string(p.Error) == "null" {
		return nil
	}
	var e struct {
		Code any `json:"code"`
	}
	_ = json.Unmarshal(p.Error, &e) // a sentence has no code
	status := http.StatusInternalServerError
	if code, ok := e.Code.(float64); ok && code >= 400 && code < 600 {
		status = int(code)
	}
	return statusFault("", status, p.Error)
}

// streamFault gives an error met while reading a stream its kind.
func streamFault(ctx context.Context, err error) error {
	var garbled *garbledError
	switch {
	case ctx.Err() == nil && fault.Of(err) != fault.Internal && !errors.Is(err, context.DeadlineExceeded):
		return err
	case ctx.Err() == nil && (errors.As(err, &garbled) || errors.Is(err, bufio.ErrTooLong)):
		return fault.Unavailable.Wrap(err, notOpenAI)
	}
	return faultOf(ctx, err)
}

func asking(model string, err error) error { return fmt.Errorf("asking %s: %w", model, err) }
