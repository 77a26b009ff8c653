package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/adapters/lora"
	"tilgate/adapters/overlay"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

func (p *program) adapterCommand() *cobra.Command {
	return group(&cobra.Command{Use: "adapter", Short: "Give languages weights of their own, and look after them",
		Long: `Give languages weights of their own, and look after them.

A language answers with the base model and a prompt, until it is given weights
that were trained for it: a LoRA on the base, or a whole model. The way of a
LoRA:

  tilgate adapter add ky --lora ./kyrgyz-lora --model qwen2.5:7b
  tilgate adapter push ky        puts it on the model server and proves it
  tilgate adapter list           what there is, and what the server holds

The configuration names the folder that keeps weights and changed language
files (adapters = "adapters"), and the model server ([ollama], [openai] or [[backend]]). A
running service sees changes by itself.`},
		p.adapterAddCommand(), p.adapterPushCommand(), p.adapterProbeCommand(), p.adapterListCommand(), p.adapterShowCommand(),
		p.adapterRemoveCommand(), p.adapterMergeCommand(), p.adapterGateCommand(), p.adapterJudgeCommand())
}

// adapterFlags are those that most of these commands have.
type adapterFlags struct {
	config   string
	baseFile string
	json     bool
	backend  string
}

func (f *adapterFlags) add(p *program, cmd *cobra.Command) *cobra.Command {
	p.configFlag(cmd, &f.config)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func (f *adapterFlags) baseFileFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.baseFile, "base-file", "", "the base model as GGUF, for servers that do not tell its shape (vLLM, llama.cpp)")
}

// shape returns that of the base, if its file was named.
func (f *adapterFlags) shape() (*lora.Shape, error) {
	if f.baseFile == "" {
		return nil, nil
	}
	base, err := lora.OpenBase(f.baseFile)
	if err != nil {
		return nil, fmt.Errorf("--base-file: %w", err)
	}
	defer base.Close()
	shape := base.Shape()
	return &shape, nil
}

var oneLanguage = exactly(1, "the tag of a language")

// adapterRoom is what these commands work in.
type adapterRoom struct {
	Config
	set *adapters.Set
}

func (p *program) adapterRoom(path string) (adapterRoom, error) {
	c, err := loadConfig(path, p.getenv)
	if err != nil {
		return adapterRoom{}, err
	}
	set, err := openAdapters(c)
	return adapterRoom{c, set}, err
}

func (r adapterRoom) folder() (overlay.Folder, error) {
	if r.Adapters == "" {
		return overlay.Folder{}, fault.Invalid.Errorf(`no folder keeps weights and changed language files: name one in the configuration, such as adapters = "adapters"`)
	}
	return overlay.Folder{Dir: r.Adapters, Options: adapterOptions(r.Config)}, nil
}

// server returns the model server of a name; the first if none is named.
func (r adapterRoom) server(name string) (modelServer, error) {
	if !r.hasModelServer() {
		return nil, fault.Invalid.Errorf("no model server is configured: name one with url under [ollama], [openai] or [[backend]]")
	}
	return openModelServer(r.Config, name)
}

// targets returns the names of the model servers that weights are put on: the
// one that is named, else every Ollama, else the first.
func (r adapterRoom) targets(name string) []string {
	if name != "" {
		return []string{name}
	}
	var all []string
	for _, b := range r.backends() {
		if b.Kind == kindOllama {
			all = append(all, b.Name)
		}
	}
	if len(all) == 0 {
		return []string{""}
	}
	return all
}

func (f *adapterFlags) backendFlag(cmd *cobra.Command, without string) *cobra.Command {
	cmd.Flags().StringVar(&f.backend, "backend", "", "name of the model server in the configuration; without it, "+without)
	return cmd
}

func parseTag(s string) (lang.Tag, error) {
	tag, err := lang.ParseTag(s)
	if err != nil {
		return "", usageError{err}
	}
	return tag, nil
}

// adapter returns the adapter of exactly the language that an argument names.
func (r adapterRoom) adapter(arg string) (*adapters.Adapter, error) {
	tag, err := parseTag(arg)
	if err != nil {
		return nil, err
	}
	a, ok := r.set.File(tag)
	switch {
	case !ok:
		return nil, fault.NotFound.Errorf("no language file describes %s; tilgate lang list shows those that there are", tag)
	case a.Tag != tag:
		return nil, fault.NotFound.Errorf("no language file describes %s, only %s", tag, a.Tag)
	}
	return a, nil
}

// weighted is adapter for one that has weights.
func (r adapterRoom) weighted(arg string) (*adapters.Adapter, error) {
	a, err := r.adapter(arg)
	if err == nil && a.ServedName() == "" {
		err = fault.NotFound.Errorf("%s has no weights of its own; tilgate adapter add gives it some", a.Tag)
	}
	return a, err
}

// weightsPath is where the weights of a LoRA lie.
func (r adapterRoom) weightsPath(a *adapters.Adapter) string {
	return filepath.Join(r.Adapters, filepath.FromSlash(a.LoRA.File))
}

// openWeights opens the weights of a LoRA, nil if they are not there.
func (r adapterRoom) openWeights(a *adapters.Adapter) (*lora.Weights, error) {
	if a.LoRA == nil || r.Adapters == "" {
		return nil, nil
	}
	w, err := lora.Open(r.weightsPath(a))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return w, err
}
