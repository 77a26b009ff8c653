package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/adapters/push"
	"tilgate/internal/fault"
)

// notAnswering reports that the model server could not be asked.
func notAnswering(err error) bool { return fault.Unavailable.Is(err) || fault.Timeout.Is(err) }

// onServer runs do with the adapter that has weights, and the model server
// that --backend names.
func (p *program) onServer(f adapterFlags, arg string, do func(adapterRoom, *adapters.Adapter, modelServer) (any, error)) error {
	return p.onServers(f, arg, func(adapterRoom) []string { return []string{f.backend} }, do)
}

// onServers runs do with the adapter and each of several model servers. What
// fails on one is done on the others all the same.
func (p *program) onServers(f adapterFlags, arg string, targets func(adapterRoom) []string, do func(adapterRoom, *adapters.Adapter, modelServer) (any, error)) error {
	room, err := p.adapterRoom(f.config)
	if err != nil {
		return err
	}
	a, err := room.weighted(arg)
	if err != nil {
		return err
	}
	var faults []error
	names := targets(room)
	for _, name := range names {
		result, err := onOne(room, name, a, do)
		if r, ok := result.(proved); ok && len(names) > 1 {
			r.Backend = name
			result = r
		}
		switch {
		case err == nil:
			err = p.print(f.json, result)
		case len(names) > 1:
			err = fmt.Errorf("on %s: %w", name, err)
		}
		faults = append(faults, err)
	}
	if len(faults) == 1 {
		return faults[0]
	}
	return errors.Join(faults...)
}

func onOne(room adapterRoom, name string, a *adapters.Adapter, do func(adapterRoom, *adapters.Adapter, modelServer) (any, error)) (any, error) {
	server, err := room.server(name)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	return do(room, a, server)
}

func (p *program) adapterPushCommand() *cobra.Command {
	var f adapterFlags
	var serverPath string
	cmd := f.backendFlag(f.add(p, &cobra.Command{Use: "push TAG", Short: "Put a language's weights on the model server, and prove that they answer",
		Long: `Put a language's weights on the model server, and prove that they answer.

Ollama is sent them. vLLM is told where they lie, if it was started so that it
can be told; else, and on llama.cpp always, the flags to start it with are
printed, and a second push proves that it has them.

Servers are known to answer with the base without a word. So the weights first
answer under a name that nobody asks for, and are asked the same as the base,
in the adapter's language: the log-probabilities must differ by clearly more
than between two runs of the base. Only then do questions reach them. Weights
that are not proved are taken away again.

Pushing again is safe. vLLM forgets what it was told when it ends.`,
		Example: `  tilgate adapter push ky
  tilgate adapter push ky --server-path /loras/ky    # as vLLM sees the folder`,
		Args: oneLanguage,
		RunE: func(cmd *cobra.Command, args []string) error {
			shape, err := f.shape()
			if err != nil {
				return err
			}
			targets := func(room adapterRoom) []string { return room.targets(f.backend) }
			return p.onServers(f, args[0], targets, func(room adapterRoom, a *adapters.Adapter, server modelServer) (any, error) {
				o := push.Options{ServerPath: serverPath, Shape: shape, Progress: func(step string) { fmt.Fprintln(p.err, step) }}
				if a.LoRA != nil {
					o.Weights = room.weightsPath(a)
				}
				r, err := push.Put(cmd.Context(), server, a, o)
				if err != nil {
					return nil, fmt.Errorf("pushing %s: %w", a.Tag, err)
				}
				return proved{Tag: string(a.Tag), Served: r.Name, Base: r.Base.Name, Evidence: r.Proof}, nil
			})
		}}), "every Ollama, or the first there is")
	cmd.Flags().StringVar(&serverPath, "server-path", "", "where vLLM or llama.cpp sees the weights, if it is not the same path")
	f.baseFileFlag(cmd)
	return cmd
}

func (p *program) adapterProbeCommand() *cobra.Command {
	var f adapterFlags
	return f.backendFlag(f.add(p, &cobra.Command{Use: "probe TAG", Short: "Prove that the model server answers with a language's weights, not with the base",
		Long: `Ask the model server the same with a language's LoRA and with its base, and
compare the log-probabilities. The exit code is 1 if they are equal: then the
server answers with the base.`,
		Example: "  tilgate adapter probe ky --json",
		Args:    oneLanguage,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.onServer(f, args[0], func(_ adapterRoom, a *adapters.Adapter, server modelServer) (any, error) {
				return probeAdapter(cmd.Context(), a, server)
			})
		}}), "the first")
}

func probeAdapter(ctx context.Context, a *adapters.Adapter, server modelServer) (any, error) {
	if a.Kind == adapters.FullModel {
		return nil, fault.Invalid.Errorf("%s is a whole model, with no base to tell it from; tilgate adapter list says whether the server has it", a.Model)
	}
	_, err := server.Describe(ctx, a.ServedName())
	if fault.NotFound.Is(err) {
		return nil, fault.NotFound.Errorf("the model server does not have %s; tilgate adapter push %s puts it there", a.ServedName(), a.Tag)
	}
	if err != nil {
		return nil, err
	}
	e, err := push.Probe(ctx, server, a.Model, a.ServedName(), push.Prompts(a))
	return proved{Tag: string(a.Tag), Served: a.ServedName(), Base: a.Model, Evidence: &e}, err
}

// proved says what answers on the server, and how that is known.
type proved struct {
	Tag      string         `json:"tag"`
	Served   string         `json:"served"`
	Base     string         `json:"base"`
	Backend  string         `json:"backend,omitempty"` // of several
	Evidence *push.Evidence `json:"evidence,omitempty"`
}

func (r proved) String() string {
	if r.Backend != "" {
		name := r.Backend
		r.Backend = ""
		return "on " + name + ": " + r.String()
	}
	if r.Evidence == nil {
		return fmt.Sprintf("%s: the model server has %s", r.Tag, r.Served)
	}
	return fmt.Sprintf("%s: served as %s on %s\n%s", r.Tag, r.Served, r.Base, r.Evidence)
}

func (p *program) adapterRemoveCommand() *cobra.Command {
	var f adapterFlags
	var keepServed bool
	cmd := f.add(p, &cobra.Command{Use: "remove TAG", Short: "Take a language's weights away",
		Long: `Take a language's weights away: from the model server, then from the folder of
adapters. The language answers with the base and its prompt again. A language
file with texts of your own stays; one whose texts are those that come with
Tilgate goes.

A whole model stays on its server: it was not put there from here.`,
		Example: "  tilgate adapter remove ky",
		Args:    oneLanguage,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := p.adapterRemove(cmd.Context(), f, args[0], keepServed)
			if err != nil {
				return err
			}
			return p.print(f.json, r)
		}})
	cmd.Flags().BoolVar(&keepServed, "keep-served", false, "leave the model server as it is; it is not asked")
	return cmd
}

func (p *program) adapterRemove(ctx context.Context, f adapterFlags, arg string, keepServed bool) (removed, error) {
	room, err := p.adapterRoom(f.config)
	if err != nil {
		return removed{}, err
	}
	a, err := room.adapter(arg)
	if err != nil {
		return removed{}, err
	}
	folder, err := room.folder()
	if err != nil {
		return removed{}, err
	}
	r := removed{Tag: string(a.Tag), Served: a.ServedName()}
	if a.Kind == adapters.LoRA && !keepServed {
		if r.Note, err = dropServed(ctx, room, r.Served); err != nil {
			return r, fmt.Errorf("taking it from the model server: %w; --keep-served removes only what is here", err)
		}
	}
	r.KeptFile, err = folder.Remove(a.Tag)
	return r, err
}

// dropServed takes a LoRA from the servers. One that cannot let go of it is no
// reason to keep the rest.
func dropServed(ctx context.Context, room adapterRoom, name string) (note string, err error) {
	var faults []error
	for _, target := range room.targets("") {
		server, err := room.server(target)
		if err != nil {
			return "", err
		}
		err = push.Drop(ctx, server, name)
		server.Close()
		if fault.Unsupported.Is(err) {
			note = err.Error()
		} else if err != nil {
			faults = append(faults, err)
		}
	}
	return note, errors.Join(faults...)
}

type removed struct {
	Tag      string `json:"tag"`
	Served   string `json:"served,omitempty"`
	KeptFile bool   `json:"kept_file"` // its texts are the operator's
	Note     string `json:"note,omitempty"`
}

func (r removed) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: its weights are removed", r.Tag)
	if r.Served == "" {
		b.Reset()
		fmt.Fprintf(&b, "%s has no weights; what was left of some is removed", r.Tag)
	}
	if r.KeptFile {
		b.WriteString("; its language file stays, since the texts are your own")
	}
	if r.Note != "" {
		b.WriteString("\n" + r.Note)
	}
	return b.String()
}
