// Package push puts the weights of an adapter on a model server, and proves
// that they are what answers there.
//
// Servers take weights in ways of their own; each meets Server. What they
// have in common is that they say little: a LoRA that was not applied answers
// as the base does, without a word. So weights are first served under a name
// that nobody asks for, probed there, and only then given the name under which
// questions look for them. Whatever fails or is killed before that has
// changed no answer.
package push

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"tilgate/adapters"
	"tilgate/adapters/lora"
	"tilgate/internal/fault"
	"tilgate/internal/wholefile"
)

// A Server is a model server that weights can be put on.
type Server interface {
	// Describe says what the server knows of a model, or of a LoRA that it
	// serves. One that is not there is fault.NotFound.
	Describe(ctx context.Context, name string) (Model, error)
	// Serve has the weights answer to p.Name. Before they do, prove is called
	// with a name to which they answer in the meantime; if it fails, Serve
	// takes them away again. A server that would have to be started anew says
	// with which flags, as fault.Unsupported.
	Serve(ctx context.Context, p Plan, prove func(name string) error) error
	// Drop takes a name away. One that is not there is no error.
	Drop(ctx context.Context, name string) error
	// Sample returns the first tokens of an answer to prompt, at temperature
	// 0, each with the most likely ones in its place.
	Sample(ctx context.Context, model, prompt string, tokens int) ([]Token, error)
}

// A Model is what a server says of one.
type Model struct {
	Name   string
	Engine string         // one of those below, or the server's own name
	Digest string         // of the content, or what stands for it on a server that gives none
	Parent string         // of a LoRA: its base, if the server says
	Info   map[string]any // the keys of its GGUF file; nil if the server does not tell
}

// The engines that can be given weights.
const (
	Ollama   = "ollama"
	VLLM     = "vllm"
	LlamaCpp = "llama.cpp"
)

// A Plan is a LoRA to be served.
type Plan struct {
	Name string // that it is to answer to
	Base string // the model that it was made for
	// Path is of the weights here: for vLLM a PEFT folder, for the others a
	// GGUF file, whose name for llama.cpp is Name.gguf.
	Path       string
	ServerPath string // of the same as the server sees it
	Rank       int    // the largest one
	Progress   func(step string)
}

// Trial is the name that the weights of p are proved under.
func (p Plan) Trial() string { return p.Name + "-trial" }

// Options say what a push cannot know from the adapter.
type Options struct {
	Weights    string      // path of the weights, for kind lora
	ServerPath string      // of the same as vLLM or llama.cpp sees it; empty means the same path
	Shape      *lora.Shape // of the base, for servers that do not tell
	Progress   func(step string)
}

// A Report is what a push has brought about.
type Report struct {
	Name  string // that answers
	Base  Model
	Proof *Evidence // nil for a full model, which has no base to be told from
}

// Put puts the adapter's weights on the server and proves them. A full model
// is there or is not: it is only looked for.
func Put(ctx context.Context, s Server, a *adapters.Adapter, o Options) (Report, error) {
	r := Report{Name: a.ServedName()}
	if a.Kind != adapters.LoRA {
		var err error
		r.Base, err = s.Describe(ctx, a.Model)
		return r, err
	}
	w, err := lora.Open(o.Weights)
	if err != nil {
		return r, err
	}
	defer w.Close()
	if w.SHA256 != a.LoRA.SHA256 {
		return r, fault.Invalid.Errorf("%s was changed since it was added: its digest is %s, not %s; add it again", o.Weights, w.SHA256, a.LoRA.SHA256)
	}
	if r.Base, err = Check(ctx, s, w, a.Model, a.LoRA.Scale, o.Shape); err != nil {
		return r, err
	}
	path, done, err := prepare(w, r.Base, o, r.Name)
	if err != nil {
		return r, err
	}
	defer done()
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	plan := Plan{Name: r.Name, Base: a.Model, Path: path, ServerPath: cmp.Or(o.ServerPath, path), Rank: w.Rank, Progress: o.Progress}
	err = s.Serve(ctx, plan, func(name string) error {
		o.Progress("probing " + name)
		proof, err := Probe(ctx, s, a.Model, name, Prompts(a))
		r.Proof = &proof
		return err
	})
	return r, err
}

// Drop takes weights from the server, and what a killed push has left there.
func Drop(ctx context.Context, s Server, name string) error {
	if err := s.Drop(ctx, Plan{Name: name}.Trial()); err != nil {
		return err
	}
	return s.Drop(ctx, name)
}

// Check says whether the server can serve w on a base that it has, and
// returns what it says of the base. shape is of the base, if it is known from
// elsewhere; a server's own word counts more.
func Check(ctx context.Context, s Server, w *lora.Weights, base string, scale float64, shape *lora.Shape) (Model, error) {
	m, err := s.Describe(ctx, base)
	if err != nil {
		return m, fmt.Errorf("looking for the base: %w", err)
	}
	switch {
	case m.Parent != "":
		return m, fault.Invalid.Errorf("%s is itself a LoRA on %s; name that as the base", base, m.Parent)
	case !slices.Contains([]string{Ollama, VLLM, LlamaCpp}, m.Engine):
		return m, fault.Unsupported.Errorf("nothing is known here about LoRAs on this server (%s); if it is vLLM or llama.cpp, say so with kind under [openai]", m.Engine)
	case m.Engine == VLLM && w.Format != "peft":
		return m, fault.Unsupported.Errorf("vLLM takes a LoRA as PEFT left it, a folder with adapter_config.json, not as GGUF; add it from that folder")
	case scale != 0 && scale != 1 && m.Engine != LlamaCpp:
		return m, fault.Unsupported.Errorf("%s serves a LoRA at scale 1 only; llama.cpp can serve it at %v", m.Engine, scale)
	}
	known, err := shapeOf(m, shape)
	if err != nil || known == nil {
		return m, err
	}
	if err := lora.ServesLoRA(m.Engine, known.Arch); err != nil {
		return m, err
	}
	return m, w.Check(*known)
}

func shapeOf(m Model, otherwise *lora.Shape) (*lora.Shape, error) {
	if m.Info == nil {
		return otherwise, nil
	}
	if arch, _ := m.Info["general.architecture"].(string); arch != "" {
		if err := lora.ServesLoRA(m.Engine, arch); err != nil {
			return nil, err // before a measure that is missing, which matters less
		}
	}
	shape, err := lora.ShapeOf(m.Info)
	if err != nil {
		return nil, fmt.Errorf("the measures of %s, as the server gives them: %w", m.Name, err)
	}
	return &shape, nil
}

// prepare returns the path of the weights in the form that the server takes,
// and what is to be called when they are served.
func prepare(w *lora.Weights, base Model, o Options, name string) (path string, done func(), err error) {
	wanted := filepath.Join(filepath.Dir(o.Weights), name+".gguf")
	switch {
	case base.Engine != VLLM && w.Format != "gguf":
		return convert(w, base, o, wanted)
	case base.Engine == LlamaCpp && filepath.Clean(o.Weights) != wanted:
		return "", nil, fault.Invalid.Errorf("llama.cpp knows a LoRA by the name of its file: rename %s to %s", o.Weights, filepath.Base(wanted))
	}
	path, err = filepath.Abs(o.Weights)
	return path, func() {}, err
}

// convert writes a PEFT folder as GGUF beside it, whole or not at all. For
// llama.cpp, which is started with the file, it stays; else done removes it.
func convert(w *lora.Weights, base Model, o Options, wanted string) (path string, done func(), err error) {
	shape, err := shapeOf(base, o.Shape)
	if err == nil && shape == nil {
		err = fault.Invalid.Errorf("%s does not say what its model is shaped like, which turning PEFT into GGUF takes; give the base as GGUF with --base-file", base.Engine)
	}
	if err != nil {
		return "", nil, err
	}
	stays := base.Engine == LlamaCpp
	if !stays {
		wanted = filepath.Join(filepath.Dir(wanted), ".gguf-"+rand.Text())
	}
	_, err = wholefile.Write(wanted, func(out io.Writer) error { return w.WriteGGUF(out, *shape) })
	if err != nil {
		return "", nil, fmt.Errorf("writing %s as GGUF: %w", o.Weights, err)
	}
	done = func() {}
	if !stays {
		done = func() { os.Remove(wanted) }
	}
	path, err = filepath.Abs(wanted)
	return path, done, err
}
