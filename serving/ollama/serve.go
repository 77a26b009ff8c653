package ollama

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ollama/ollama/api"

	"tilgate/adapters/push"
	"tilgate/internal/fault"
)

var _ push.Server = (*Client)(nil)

// Describe says what the server knows of a model. The digest is that of its
// manifest, as in a list of models.
func (c *Client) Describe(ctx context.Context, name string) (push.Model, error) {
	list, err := c.list(ctx)
	if err != nil {
		return push.Model{}, err
	}
	i := slices.IndexFunc(list, func(m api.ListModelResponse) bool { return m.Name == name || m.Name == name+":latest" })
	if i < 0 {
		return push.Model{}, c.statusFault(name, api.StatusError{StatusCode: http.StatusNotFound, ErrorMessage: "model not found"})
	}
	ours, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	show, err := c.api.Show(ours, &api.ShowRequest{Model: name})
	if err != nil {
		return push.Model{}, fmt.Errorf("asking what %s is: %w", name, c.faultOf(ctx, name, err))
	}
	return push.Model{Name: list[i].Name, Engine: push.Ollama, Digest: list[i].Digest, Info: show.ModelInfo}, nil
}

// serveTime is how long weights may take to be sent, stored and loaded.
const serveTime = 30 * time.Minute

// Serve makes a model of the base and the weights, and loads it: Ollama's
// create checks almost nothing, and what is wrong appears when a model is
// first loaded. A model of that name is replaced when all went well.
func (c *Client) Serve(ctx context.Context, p push.Plan, prove func(name string) error) (err error) {
	ours, cancel := context.WithTimeout(ctx, serveTime)
	defer cancel()
	trial := p.Trial()
	defer func() {
		left, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
		defer cancel()
		if wrong := c.Drop(left, trial); err == nil {
			err = wrong
		}
	}()
	if err := c.create(ours, trial, p); err != nil {
		return err
	}
	p.Progress("loading it on " + p.Base)
	if err := c.load(ours, trial); err != nil {
		return err
	}
	if err := prove(trial); err != nil {
		return err
	}
	// A copy is another name for the same files: nothing is loaded anew.
	err = c.api.Copy(ours, &api.CopyRequest{Source: trial, Destination: p.Name})
	if err != nil {
		return fmt.Errorf("naming it %s: %w", p.Name, c.faultOf(ctx, p.Name, err))
	}
	return nil
}

// create makes the model name of the plan. Its parameters are the base's own:
// others would have Ollama load it anew.
func (c *Client) create(ctx context.Context, name string, p push.Plan) error {
	digest, err := c.sendBlob(ctx, p)
	if err != nil {
		return fmt.Errorf("sending the weights: %w", err)
	}
	req := &api.CreateRequest{Model: name, From: p.Base, Adapters: map[string]string{p.Name + ".gguf": digest}}
	err = c.api.Create(ctx, req, func(s api.ProgressResponse) error {
		if s.Status != "" {
			p.Progress(s.Status)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("making a model of %s and the weights: %w", p.Base, c.faultOf(ctx, p.Base, err))
	}
	return nil
}

// sendBlob sends the weights unless the server has them, and returns their
// digest as Ollama writes it.
func (c *Client) sendBlob(ctx context.Context, p push.Plan) (string, error) {
	f, err := os.Open(p.Path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, f)
	if err != nil {
		return "", err
	}
	digest := "sha256:" + hex.EncodeToString(h.Sum(nil))
	there, err := c.hasBlob(ctx, digest)
	if err != nil || there {
		return digest, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	p.Progress(fmt.Sprintf("sending %s, %.1f MB", filepath.Base(p.Path), float64(size)/1e6))
	if err := c.api.CreateBlob(ctx, digest, f); err != nil {
		return "", c.faultOf(ctx, p.Name, err)
	}
	return digest, nil
}

func (c *Client) hasBlob(ctx context.Context, digest string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, c.blobURL+"/"+digest, nil)
	if err != nil {
		return false, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return false, c.faultOf(ctx, "", err)
	}
	return resp.StatusCode == http.StatusOK, resp.Body.Close()
}

// load loads a model as questions will ask for it.
func (c *Client) load(ctx context.Context, name string) error {
	for _, err := range c.stream(ctx, c.request(name)) {
		if err != nil {
			return fmt.Errorf("loading it: %w", err)
		}
	}
	return nil
}

// Drop removes a model. The blobs that only it had go with it.
func (c *Client) Drop(ctx context.Context, name string) error {
	ours, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	err := c.api.Delete(ours, &api.DeleteRequest{Model: name})
	if status := (api.StatusError{}); err == nil || errors.As(err, &status) && status.StatusCode == http.StatusNotFound {
		return nil
	}
	return fmt.Errorf("removing %s: %w", name, c.faultOf(ctx, name, err))
}

// Sample asks for the first tokens of an answer with their log-probabilities.
func (c *Client) Sample(ctx context.Context, model, prompt string, tokens int) ([]push.Token, error) {
	req := c.request(model)
	req.Messages = []api.Message{{Role: "user", Content: prompt}}
	req.Think = &api.ThinkValue{Value: false}
	req.Logprobs, req.TopLogprobs = true, 20
	req.Options["temperature"], req.Options["num_predict"] = 0, tokens
	var sample []push.Token
	for piece, err := range c.stream(ctx, req) {
		if fault.Of(err) == fault.Unavailable && errors.Is(err, errNoDone) && len(sample) > 0 {
			break // more than 30 equal tokens, say: enough to compare
		}
		if err != nil {
			return nil, fmt.Errorf("asking %s: %w", model, err)
		}
		for _, l := range piece.Logprobs {
			t := push.Token{Text: l.Token}
			for _, other := range l.TopLogprobs {
				t.Top = append(t.Top, push.Logprob{Text: other.Token, Logprob: other.Logprob})
			}
			sample = append(sample, t)
		}
	}
	return sample, nil
}
