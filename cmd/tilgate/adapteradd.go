package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/adapters/lora"
	"tilgate/adapters/overlay"
	"tilgate/adapters/push"
)

type addFlags struct {
	adapterFlags
	lora, model, full, licence, gate string
	scale                            float64
	noServer                         bool
}

func (p *program) adapterAddCommand() *cobra.Command {
	var f addFlags
	cmd := f.add(p, &cobra.Command{Use: "add TAG (--lora PATH --model BASE | --full MODEL)", Short: "Give a language weights of its own",
		Long: `Give a language weights of its own: a LoRA and the base model that it was
trained on, or the name of a whole model on the model server.

A LoRA is a GGUF file, or a folder as PEFT leaves it (adapter_config.json and
adapter_model.safetensors). It is held against the base on the model server:
architecture, layers, and the size of every matrix. All that does not fit is
said, and nothing is changed.

The weights are copied into the folder of adapters. There TAG.toml is written
anew, with the texts that are in force, and decides from then on. If anything
fails or is killed, all is as it was.`,
		Example: `  tilgate adapter add ky --lora ./kyrgyz-lora --model qwen2.5:7b --licence Apache-2.0
  tilgate adapter add km --full khmer-chat:8b --gate required`,
		Args: oneLanguage,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			r, err := p.adapterAdd(cmd.Context(), f, args[0])
			if err != nil {
				return err
			}
			return p.print(f.json, r)
		}})
	cmd.Flags().StringVar(&f.lora, "lora", "", "the LoRA, a PEFT folder or a GGUF file")
	cmd.Flags().StringVar(&f.model, "model", "", "the base that the LoRA was trained on, as the model server calls it")
	cmd.Flags().StringVar(&f.full, "full", "", "a whole model, as the model server calls it")
	cmd.Flags().StringVar(&f.licence, "licence", "", "licence of the LoRA, such as Apache-2.0, if it does not say itself")
	cmd.Flags().Float64Var(&f.scale, "scale", 0, "how strongly the LoRA is applied, up to 10; 0 stands for 1, and only llama.cpp can serve another")
	cmd.Flags().StringVar(&f.gate, "gate", "", `"required" serves the weights only once a verdict promotes them`)
	cmd.Flags().BoolVar(&f.noServer, "no-server", false, "do not ask the model server whether they fit")
	f.baseFileFlag(cmd)
	return cmd
}

func (f addFlags) check() error {
	switch {
	case (f.lora == "") == (f.full == ""):
		return usageError{fmt.Errorf("say either --lora PATH --model BASE, or --full MODEL")}
	case f.lora != "" && f.model == "":
		return usageError{fmt.Errorf("--model is missing: the base that the LoRA was trained on, as the model server calls it")}
	case f.full != "" && (f.model != "" || f.licence != "" || f.scale != 0 || f.baseFile != ""):
		return usageError{fmt.Errorf("--model, --licence, --scale and --base-file are for --lora; a whole model stands on the server with its own licence")}
	case f.gate != "" && f.gate != string(adapters.Required):
		return usageError{fmt.Errorf(`--gate: %q is not "required"; leave it out to serve without a verdict`, f.gate)}
	case f.scale < 0 || f.scale > 10 || f.scale != f.scale:
		return usageError{fmt.Errorf("--scale: %v is not in 0..10", f.scale)}
	}
	return nil
}

func (p *program) adapterAdd(ctx context.Context, f addFlags, arg string) (addReport, error) {
	room, err := p.adapterRoom(f.config)
	if err != nil {
		return addReport{}, err
	}
	a, err := room.adapter(arg)
	if err != nil {
		return addReport{}, err
	}
	folder, err := room.folder()
	if err != nil {
		return addReport{}, err
	}
	c := overlay.Change{Kind: adapters.FullModel, Model: f.full, Gate: adapters.Gate(f.gate)}
	if f.lora != "" {
		w, err := lora.Open(f.lora)
		if err != nil {
			return addReport{}, err
		}
		defer w.Close()
		c.Kind, c.Model, c.Path, c.Weights, c.Licence, c.Scale = adapters.LoRA, f.model, f.lora, w, f.licence, f.scale
	}
	if err := f.fits(ctx, room, c); err != nil {
		return addReport{}, fmt.Errorf("adding weights for %s: %w", a.Tag, err)
	}
	added, file, err := folder.Add(a.Tag, c)
	if err != nil {
		return addReport{}, fmt.Errorf("adding weights for %s: %w", a.Tag, err)
	}
	return newAddReport(room, added, file, c.Weights), nil
}

// fits holds the weights against the base, as far as it can be known.
func (f addFlags) fits(ctx context.Context, room adapterRoom, c overlay.Change) error {
	shape, err := f.shape()
	if err != nil {
		return err
	}
	if f.noServer {
		if shape == nil {
			return nil
		}
		return c.Weights.Check(*shape)
	}
	server, err := room.server("")
	if err != nil {
		return fmt.Errorf("%w; --no-server adds them unseen", err)
	}
	defer server.Close()
	if c.Kind == adapters.FullModel {
		_, err = server.Describe(ctx, c.Model)
	} else {
		_, err = push.Check(ctx, server, c.Weights, c.Model, c.Scale, shape)
	}
	if notAnswering(err) {
		return fmt.Errorf("%w; --no-server adds them without asking it", err)
	}
	return err
}

// An addReport says what add has written.
type addReport struct {
	Tag     string   `json:"tag"`
	Kind    string   `json:"kind"`
	Model   string   `json:"model"`
	Served  string   `json:"served"`
	File    string   `json:"file"`
	Weights string   `json:"weights,omitempty"` // path
	SHA256  string   `json:"sha256,omitempty"`
	Licence string   `json:"licence,omitempty"`
	Rank    int      `json:"rank,omitempty"`
	Modules []string `json:"modules,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

func newAddReport(room adapterRoom, a *adapters.Adapter, file string, w *lora.Weights) addReport {
	r := addReport{Tag: string(a.Tag), Kind: string(a.Kind), Model: a.Model, Served: a.ServedName(), File: file}
	if w != nil {
		r.Weights, r.SHA256, r.Licence, r.Rank, r.Modules = room.weightsPath(a), w.SHA256, a.LoRA.Licence, w.Rank, w.Modules
	}
	if _, served := room.set.For(a.Tag); !served {
		r.Notes = append(r.Notes, fmt.Sprintf("languages in the configuration does not list %s, so nobody is answered with them", a.Tag))
	}
	if a.Gate == adapters.Required {
		r.Notes = append(r.Notes, "they answer once a verdict promotes them: tilgate adapter judge "+r.Tag)
		if len(room.gates()) == 0 {
			r.Notes = append(r.Notes, "no verdict counts yet, since no gate is trusted: tilgate adapter gate makes one")
		}
	}
	if a.Kind == adapters.LoRA {
		r.Notes = append(r.Notes, "next, put them on the model server: tilgate adapter push "+r.Tag)
	}
	return r
}

func (r addReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s on the model server", r.Tag, r.Model)
	if r.Weights != "" {
		fmt.Fprintf(&b, ", with a LoRA of rank %d on %s, licence %s\nserved as %s\nweights: %s", r.Rank, strings.Join(r.Modules, " "),
			cmp.Or(r.Licence, "unknown"), r.Served, r.Weights)
	}
	fmt.Fprintf(&b, "\nlanguage file: %s", r.File)
	for _, n := range r.Notes {
		b.WriteString("\n" + n)
	}
	return b.String()
}
