package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/ollama/ollama/api"

	"tilgate/internal/fit"
	"tilgate/rag/sample"
	"tilgate/serving/ollama/ollamatest"
)

// quotingFor is how long quoting is measured on each number of cores.
const quotingFor = 5 * time.Second

// measureAll measures all that the page shows, one thing after the other, in a
// folder that is gone afterwards.
func measureAll(ctx context.Context, f flags, wanted []shape) (results, error) {
	r := results{machine: describe(time.Now(), busyNow()), load: f.load}
	binary, err := ollamatest.Find()
	if err != nil {
		return r, fmt.Errorf("no Ollama here; tools/ollama/build.sh builds one: %w", err)
	}
	llama, gemma, err := vocabularies()
	if err != nil {
		return r, err
	}
	dir, err := os.MkdirTemp("", "sizing")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	begin := time.Now()
	note := func(what string) { fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(begin).Seconds(), what) }
	note("building tilgate")
	tilgate, err := buildTilgate(ctx, dir)
	if err != nil {
		return r, err
	}
	for _, cores := range []int{1, 2} {
		note(fmt.Sprintf("quoting, cores: %d", cores))
		q, err := measureQuoting(ctx, filepath.Join(dir, fmt.Sprint("quoting", cores)), tilgate, cores, quotingFor)
		if err != nil {
			return r, err
		}
		r.quoting = append(r.quoting, q)
	}
	note("counting tokens")
	if err := r.countTokens(ctx, filepath.Join(dir, "tokens"), binary, tilgate, llama, gemma); err != nil {
		return r, err
	}
	deadline := time.Now().Add(f.limit)
	for i, s := range wanted {
		note("a model of " + s.name)
		m, err := measureSize(ctx, filepath.Join(dir, s.name), binary, s, llama, share(time.Until(deadline), wanted[i:]))
		if err != nil {
			return r, err
		}
		r.sizes = append(r.sizes, m)
	}
	note("done")
	return r, nil
}

// share is what the first of some sizes may have of the time that is left. Small
// ones take less than that, and leave it to those after them.
func share(left time.Duration, sizes []shape) time.Duration {
	return max(left, 0) / time.Duration(len(sizes))
}

// threads are those that models are measured on.
var threads = []int{2, 1}

// measureSize measures a model of one size in about the time limit, and removes
// its file.
func measureSize(ctx context.Context, dir, binary string, s shape, v vocabulary, limit time.Duration) (sized, error) {
	deadline := time.Now().Add(limit)
	m := sized{shape: s}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return m, err
	}
	defer os.RemoveAll(dir)
	o, err := startOllama(ctx, dir, binary)
	if err != nil {
		return m, err
	}
	defer o.proc.stop()
	if m.file, err = o.create(ctx, s.model(), func(w io.Writer) error { return s.write(w, v) }); err != nil {
		return m, err
	}
	text, err := english()
	if err != nil {
		return m, err
	}
	a := &asker{ollama: o, model: s.model(), text: text}
	for i, n := range threads {
		a.options = map[string]any{"num_thread": n, "num_gpu": 0}
		v, err := a.measure(ctx, max(time.Until(deadline), 0)/time.Duration(len(threads)-i))
		if err != nil {
			return m, err
		}
		v.threads = n
		m.speeds = append(m.speeds, v)
	}
	used, err := o.proc.used()
	if err != nil {
		return m, err
	}
	m.resident = used.resident
	m.told, err = o.told(ctx, s.model(), m.file)
	return m, err
}

// told is what Tilgate says that a model takes, by what Ollama says of it.
func (o *ollama) told(ctx context.Context, model string, size int64) (fit.Model, error) {
	shown, err := o.Show(ctx, &api.ShowRequest{Model: model})
	if err != nil {
		return fit.Model{}, err
	}
	m, ok := fit.FromInfo(model, size, shown.ModelInfo, contextTokens)
	if !ok {
		return m, fmt.Errorf("the keys of %s do not say what it measures", model)
	}
	return m, nil
}

// english is what prompts are cut from.
func english() (text string, err error) {
	for item, err := range sample.Documents("en") {
		if err != nil {
			return "", err
		}
		text += item.Document.Text + "\n"
	}
	return text, nil
}

// countTokens counts what questions take in each language, for two families of
// models.
func (r *results) countTokens(ctx context.Context, dir, binary, tilgate string, llama, gemma vocabulary) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	o, err := startOllama(ctx, dir, binary)
	if err != nil {
		return err
	}
	defer o.proc.stop()
	first, err := newCounter(ctx, o, llama)
	if err != nil {
		return err
	}
	second, err := newCounter(ctx, o, gemma)
	if err != nil {
		return err
	}
	f, err := startFront(o)
	if err != nil {
		return err
	}
	defer f.Close()
	d, err := startDemo(ctx, dir, tilgate, 2, "--ollama", f.address, "--model", first.model)
	if err != nil {
		return err
	}
	defer d.proc.stop()
	all, err := texts(ctx, d, f)
	if err != nil {
		return err
	}
	if r.llama, err = first.costs(ctx, all); err != nil {
		return err
	}
	r.gemma, err = second.costs(ctx, all)
	return err
}
