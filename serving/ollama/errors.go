package ollama

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
	"tilgate/serving"
	"tilgate/serving/wire"
)

// faultOf gives err, met while asking model, its kind and its public sentence.
func (c *Client) faultOf(ctx context.Context, model string, err error) error {
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("the model server's answer: %w", ended)
	}
	var (
		status    api.StatusError
		denied    api.AuthorizationError
		dial      *net.OpError
		unreached *wire.DialError
		garbled   *garbledError
		syntax    *json.SyntaxError
	)
	switch {
	case fault.Of(err) != fault.Internal && !errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &status):
		return c.statusFault(model, status)
	case errors.As(err, &denied):
		return fault.Unavailable.Wrap(err, "the model server does not let us in")
	case errors.Is(err, errSilent):
		return fault.Timeout.Wrap(err, "the model server fell silent")
	case errors.As(err, &dial) && dial.Op == "dial", errors.As(err, &unreached), errors.Is(err, syscall.ECONNREFUSED):
		return fault.Unavailable.Wrap(err, "the model server is not answering")
	case errors.Is(err, errNoDone), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return fault.Unavailable.Wrap(err, "the model server broke off its answer")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Timeout.Wrap(err, "the model server is too slow")
	case errors.As(err, &garbled), errors.As(err, &syntax), errors.Is(err, bufio.ErrTooLong):
		return fault.Unavailable.Wrap(err, "what answers is not an Ollama server, or broke off")
	}
	return fault.Unavailable.Wrap(err, "the model server could not be asked")
}

// statusFault reads an error that Ollama wrote.
func (c *Client) statusFault(model string, e api.StatusError) error {
	said, whole := strings.ToLower(e.ErrorMessage), e.ErrorMessage
	e.ErrorMessage = wire.Said(whole)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(said, w) {
				return true
			}
		}
		return false
	}
	switch {
	case e.StatusCode == http.StatusNotFound && strings.HasPrefix(said, "model"):
		return fault.NotFound.Field("model", "the model server has no model %q; to get it there: ollama pull %s", model, model)
	case has("exceeds the context", "exceed_context_size", "exceeds maximum context", "exceeds the available context"):
		return fault.TooLarge.Field("messages", "the messages are longer than the context of model %q%s; shorten them", model, c.atMost())
	case has("grammar", "invalid format", "failed to parse format", "json schema"):
		return fault.Invalid.Field("response_format", "the model server cannot follow the schema in response_format")
	case has("more system memory", "insufficient memory", "out of memory"):
		return fault.Unavailable.Wrap(e, "the model does not fit into the model server's memory")
	case has("loras are not"):
		return fault.Unavailable.Wrap(e, "the model server cannot put a LoRA on a model of this architecture")
	case e.StatusCode == http.StatusBadRequest, e.StatusCode == http.StatusRequestEntityTooLarge:
		if sentence, ok := harmless(whole); ok {
			return fault.Invalid.Wrap(e, "the model server declined: "+sentence)
		}
		return fault.Invalid.Wrap(e, "the model server declined the request")
	case e.StatusCode == http.StatusTooManyRequests, e.StatusCode == http.StatusServiceUnavailable:
		return fault.Unavailable.Wrap(fmt.Errorf("%w: %w", serving.ErrBusy, e), "the model server is busy")
	case e.StatusCode >= 300 && e.StatusCode < 400, e.StatusCode == http.StatusNotFound:
		return fault.Unavailable.Wrap(e, "what answers is not an Ollama server")
	case e.StatusCode == http.StatusUnauthorized, e.StatusCode == http.StatusForbidden:
		return fault.Unavailable.Wrap(e, "the model server does not let us in")
	}
	return fault.Unavailable.Wrap(e, "the model server failed")
}

// ofPrompt names the field that is too long where there are no messages.
func (c *Client) ofPrompt(err error, model string) error {
	if fault.TooLarge.Is(err) {
		return fault.TooLarge.Field("prompt", "the prompt is longer than the context of model %q%s; shorten it", model, c.atMost())
	}
	return err
}

// atMost says how long a context may be, when that is known.
func (c *Client) atMost() string {
	if c.opts.NumCtx < 0 {
		return ""
	}
	return fmt.Sprintf(", which is %d tokens at most", c.opts.NumCtx)
}

var library = regexp.MustCompile(`[\w.-]+/library/`) // before the names of models in Ollama's sentences

// harmless returns what Ollama said when that is one short sentence without
// addresses or paths.
func harmless(said string) (string, bool) {
	said = library.ReplaceAllString(said, "")
	return said, said != "" && len(said) <= 200 && !strings.ContainsAny(said, "/\\\n<>")
}
