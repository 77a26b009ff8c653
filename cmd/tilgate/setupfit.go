package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"tilgate/internal/fit"
	"tilgate/serving/ollama"
)

func thisMachine() fs.FS { return os.DirFS("/") }

// readMachine returns what this machine has. A nvidia-smi that is not there, or
// does not answer, means no GPU.
func readMachine(ctx context.Context) fit.Machine {
	m := fit.ReadMachine(thisMachine())
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, fit.QueryGPUs[0], fit.QueryGPUs[1:]...).Output()
	if err == nil {
		_ = m.AddGPUs(string(out)) // what is not understood is no GPU
	}
	return m
}

// isHere reports whether a model server runs on this machine, and so shares
// its memory.
func (b BackendConfig) isHere() bool {
	u, err := url.Parse(b.URL)
	return err == nil && isLoopback(net.JoinHostPort(u.Hostname(), "1"))
}

func (b BackendConfig) context() int { return cmp.Or(b.NumCtx, 8192) }

// A stock is what a model server has.
type stock struct {
	models  []fit.Model       // that can chat, the newest first; without weights if nothing tells how large one is
	digests map[string]string // of those of an Ollama, by name
	err     error             // why the server could not be asked
}

// takeStock asks a model server what it has, and what each model takes.
func takeStock(ctx context.Context, b BackendConfig) (s stock) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	server, err := openBackend(b)
	if err != nil {
		return stock{err: err}
	}
	defer server.Close()
	held, err := server.Ready(ctx)
	if err != nil {
		return stock{err: err}
	}
	sizes := map[string]int64{}
	s.digests = map[string]string{}
	if o, ok := server.(*ollama.Client); ok {
		list, err := o.Models(ctx)
		if err != nil {
			return stock{err: err}
		}
		for _, m := range list {
			sizes[m.Name], s.digests[m.Name] = m.Size, m.Digest
		}
	}
	for _, h := range held {
		m, _ := fit.FromName(h.Name, b.context())
		if size := sizes[h.Name]; size > 0 {
			if d, err := server.Describe(ctx, h.Name); err == nil {
				if told, good := fit.FromInfo(h.Name, size, d.Info, b.context()); good {
					m = told
				}
			}
		}
		s.models = append(s.models, m)
	}
	return s
}

// find returns a model of a name, which need not say :latest.
func (s stock) find(name string) (fit.Model, bool) {
	for _, m := range s.models {
		if m.Name == name || m.Name == name+":latest" {
			return m, true
		}
	}
	return fit.Model{}, false
}

// wanted are the models that a configuration asks a server for, each once.
func (c Config) wanted(b BackendConfig) (names []string) {
	add := func(name string) {
		for _, n := range names {
			if n == name {
				return
			}
		}
		if name != "" {
			names = append(names, name)
		}
	}
	add(b.Model)
	set, err := openAdapters(c)
	if err != nil {
		return names
	}
	for _, a := range set.Adapters() {
		add(a.Model)
	}
	return names
}

// showRoom says what the models take of this machine, and suggests one where
// there is none that fits.
func (p *program) showRoom(ctx context.Context, c Config) error {
	machine := readMachine(ctx)
	say := func(what, format string, args ...any) {
		fmt.Fprintf(p.out, "%-14s%s\n", what, fmt.Sprintf(format, args...))
	}
	say("Machine", "%s", machine)
	if len(c.backends()) == 0 {
		say("Model", "none; sentences of the documents are quoted")
		if m, ok := fit.Suggest(machine, defaultConfig().Ollama.NumCtx); ok && machine.Memory > 0 {
			say("", "there would be room for %s (%s)", m.Name, m)
		}
		return ctx.Err()
	}
	for _, b := range c.backends() {
		s := takeStock(ctx, b)
		for _, line := range c.roomFor(machine, b, s) {
			say("Model", "%s", line)
		}
	}
	return ctx.Err()
}

// roomFor says of each model that is wanted of a server whether it is there and
// fits.
func (c Config) roomFor(machine fit.Machine, b BackendConfig, s stock) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	names := c.wanted(b)
	if s.err != nil {
		add("%s could not be asked: %v; it may be started later", b.URL, s.err)
	} else if len(s.models) == 0 {
		add("%s has no model that answers", b.URL)
	} else if len(names) == 0 {
		names = []string{s.models[0].Name}
	}
	fits := true
	for _, name := range names {
		m, there := s.find(name)
		if !there {
			m, _ = fit.FromName(name, b.context())
		}
		absent := ""
		if !there && s.err == nil {
			absent = "; it is not there yet" + pull(b, name)
		}
		switch {
		case m.Weights == 0:
			add("%s: how much memory it takes cannot be told%s", name, absent)
		case !b.isHere():
			add("%s: %s, on %s%s", name, m, b.URL, absent)
		default:
			place := machine.Holds(m)
			fits = fits && place != fit.No
			add("%s: %s; %s%s", name, m, place, absent)
		}
	}
	if b.isHere() && (!fits || len(names) == 0) {
		lines = append(lines, suggestion(machine, b, s)...)
	}
	return lines
}

func pull(b BackendConfig, name string) string {
	if b.Kind != kindOllama {
		return ""
	}
	return ": ollama pull " + name
}

// suggestion names the largest model that fits: of those that are there, or
// else of those that are known.
func suggestion(machine fit.Machine, b BackendConfig, s stock) []string {
	var best fit.Model
	for _, m := range s.models {
		if machine.Memory > 0 && machine.Suits(m) && m.Weights > best.Weights {
			best = m
		}
	}
	if best.Weights > 0 {
		return []string{"of those that are there " + best.Name + " fits: " + best.String()}
	}
	m, ok := fit.Suggest(machine, b.context())
	switch {
	case machine.Memory == 0:
		return nil
	case !ok:
		return []string{"no model of those that are known here fits; without a model sentences are quoted (--no-model)"}
	}
	return []string{strings.TrimSpace(m.Name + " would fit: " + m.String() + pullHint(b, m.Name))}
}

func pullHint(b BackendConfig, name string) string {
	if hint := pull(b, name); hint != "" {
		return "; " + strings.TrimPrefix(hint, ": ")
	}
	return ""
}
