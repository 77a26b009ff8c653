package ollama

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
	"strconv"
	"sync/atomic"
	"time"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
	"tilgate/serving/wire"
)

// maxLine is the longest line of an answer that we read, as in package api.
const maxLine = 8 << 20

var (
	errSilent = errors.New("silent for too long")
	errNoDone = errors.New("the answer ended without done")
)

// How to hang up. An Ollama that passes a piece on at the moment when its
// reader leaves waits forever with that piece in hand, and the model has one
// slot less until it is unloaded (ollama issue 17131, open in 2026). So we
// leave in the lull after the next piece, unless none comes for a while.
const (
	hangUpAfter = 250 * time.Millisecond
	lull        = time.Millisecond
)

// stream sends req and yields the pieces of its answer, of which the last has
// Done set, or an error and then nothing.
//
// It is here because api.Client.Chat sets 8 MB aside for each answer and takes
// a broken connection for a good end.
func (c *Client) stream(ctx context.Context, req *api.ChatRequest) iter.Seq2[api.ChatResponse, error] {
	return func(yield func(api.ChatResponse, error) bool) {
		var begun atomic.Bool
		ours, cancel := outliving(ctx, &begun)
		defer cancel(nil)
		silence := time.AfterFunc(c.opts.Silence, func() { cancel(errSilent) })
		defer silence.Stop()
		fail := func(err error) {
			if context.Cause(ours) == errSilent && ctx.Err() == nil {
				err = errSilent
				c.revive(ctx, req.Model)
			}
			yield(api.ChatResponse{}, c.faultOf(ctx, req.Model, err))
		}

		body, err := c.post(ours, req)
		if err != nil {
			fail(err)
			return
		}
		defer body.Close()
		left := false // the reader, who takes no more pieces
		for piece, err := range pieces(body) {
			if err == nil && !piece.Done && (left || ctx.Err() != nil) {
				time.Sleep(lull)
				err = ctx.Err()
			}
			switch {
			case left:
				return
			case err != nil:
				fail(err)
				return
			}
			begun.Store(true)
			silence.Stop() // a slow reader is not a silent server
			left = !yield(piece, nil)
			if piece.Done {
				return
			}
			if left {
				defer time.AfterFunc(hangUpAfter, func() { cancel(nil) }).Stop()
				continue
			}
			silence.Reset(c.opts.Silence)
		}
	}
}

// outliving returns a context that ends with ctx or, once an answer has begun,
// hangUpAfter later. cancel must be called.
func outliving(ctx context.Context, begun *atomic.Bool) (ours context.Context, cancel context.CancelCauseFunc) {
	ours, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if begun.Load() {
			select {
			case <-time.After(hangUpAfter):
			case <-ours.Done():
			}
		}
		end(ctx.Err())
	})
	return ours, func(cause error) {
		stop()
		end(cause)
	}
}

// revive has a model that fell silent unloaded: a slot that is lost comes back
// in no other way. Answers on their way are not disturbed.
func (c *Client) revive(ctx context.Context, model string) {
	ours, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = c.Unload(ours, model) // the silence is what is reported
}

// Unload has the server drop model from memory when the answers on their way
// are done. The next question loads it again.
func (c *Client) Unload(ctx context.Context, model string) error {
	body, err := c.post(ctx, &api.ChatRequest{Model: model, KeepAlive: &api.Duration{}})
	if err != nil {
		return fmt.Errorf("unloading %s: %w", model, c.faultOf(ctx, model, err))
	}
	defer body.Close()
	_, err = io.Copy(io.Discard, body)
	return err
}

// post sends req and returns the body of a good answer.
func (c *Client) post(ctx context.Context, req *api.ChatRequest) (io.ReadCloser, error) {
	data, err := json.Marshal(req)
	if err != nil {
		return nil, fault.Internal.Wrap(err, "the request could not be written down")
	}
	hr, err := http.NewRequestWithContext(ctx, http.MethodPost, c.chatURL, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	hr.Header.Set("Content-Type", "application/json")
	hr.Header.Set("Accept", "application/x-ndjson")
	// Empty, it is not sent; it lets net/http ask again when an idle connection
	// turns out to have been closed.
	hr.Header["Idempotency-Key"] = nil
	resp, err := c.http.Do(hr)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
	if err != nil && len(text) == 0 {
		return nil, err
	}
	e := api.StatusError{StatusCode: resp.StatusCode, Status: resp.Status}
	if json.Unmarshal(text, &e) != nil || e.ErrorMessage == "" {
		e.ErrorMessage = string(text)
	}
	return nil, e
}

// pieces reads an answer line by line, to the line that is done. It yields an
// error when there is none.
func pieces(r io.Reader) iter.Seq2[api.ChatResponse, error] {
	return func(yield func(api.ChatResponse, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		for lines.Scan() {
			line := bytes.TrimSpace(lines.Bytes())
			if len(line) == 0 {
				continue
			}
			var piece struct {
				api.ChatResponse
				Error string `json:"error"`
			}
			if err := json.Unmarshal(line, &piece); err != nil {
				if broken := lines.Err(); broken != nil {
					err = broken
				}
				yield(api.ChatResponse{}, &garbledError{line: string(line[:min(len(line), 200)]), err: err})
				return
			}
			if piece.Error != "" {
				yield(api.ChatResponse{}, api.StatusError{StatusCode: http.StatusInternalServerError, ErrorMessage: piece.Error})
				return
			}
			if !yield(piece.ChatResponse, nil) || piece.Done {
				return
			}
		}
		err := lines.Err()
		if err == nil {
			err = errNoDone
		}
		yield(api.ChatResponse{}, err)
	}
}

// A garbledError is a line that is not what Ollama writes.
type garbledError struct {
	line string // its beginning
	err  error
}

func (e *garbledError) Error() string {
	return e.err.Error() + " in " + strconv.Quote(wire.Said(e.line))
}
func (e *garbledError) Unwrap() error { return e.err }
