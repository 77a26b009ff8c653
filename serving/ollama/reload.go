package ollama

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fault"
)

// reloads are the options of Ollama's surface for which it loads the model
// anew, and so once more for the next caller: two who differ in one would have
// the server do nothing else.
var reloads = []string{"num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread"}

// sameRunner refuses options that load the model anew. Nothing is rewritten:
// who asks for what all have anyway is let through.
func (c *Client) sameRunner(body []byte) error {
	whole, err := readBody(body)
	if err != nil {
		return err
	}
	members, err := whole.object()
	if err != nil {
		return err
	}
	for _, m := range members {
		if fold(m.key) == "keep_alive" && unloads(m.value) {
			return fault.Invalid.Field(m.path, "%s of less than a minute would unload the model for everybody; leave it out", m.path)
		}
		if fold(m.key) != "options" || m.null() {
			continue
		}
		options, err := m.object()
		if err != nil {
			return err
		}
		for _, o := range options {
			same := fold(o.key) == "num_ctx" && string(o.raw) == strconv.Itoa(c.opts.NumCtx)
			if slices.Contains(reloads, fold(o.key)) && !o.null() && !same {
				return fault.Invalid.Field(o.path, "%s would load the model anew for everybody; leave it out%s", o.path, c.instead(o.key))
			}
		}
	}
	return nil
}

// unloads reports whether a keep_alive is next to none.
func unloads(v value) bool {
	var keep api.Duration
	return !v.null() && json.Unmarshal(v.raw, &keep) == nil && keep.Duration < time.Minute
}

func (c *Client) instead(option string) string {
	if fold(option) != "num_ctx" || c.opts.NumCtx <= 0 {
		return ""
	}
	return ", or say " + strconv.Itoa(c.opts.NumCtx)
}
