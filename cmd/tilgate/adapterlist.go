package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/adapters/lora"
	"tilgate/internal/fault"
	"tilgate/internal/verdict"
)

func (p *program) adapterListCommand() *cobra.Command {
	var f adapterFlags
	return f.backendFlag(f.add(p, &cobra.Command{Use: "list", Short: "List the languages that have weights, and what the model server holds",
		Long: `List the languages that have weights of their own: tag, kind, model, the name on
the model server, whether the server holds it (yes, no, or ? if it does not
answer), and what the gate says: open, promote, or why they may not answer.

tilgate lang list shows all languages.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			room, err := p.adapterRoom(f.config)
			if err != nil {
				return err
			}
			list := adapterList{}
			look := newLooker(room, f.backend)
			defer look.close()
			for _, a := range room.set.Adapters() {
				if a.ServedName() != "" {
					list = append(list, look.at(cmd.Context(), a))
				}
			}
			if look.err != nil && len(list) > 0 {
				fmt.Fprintln(p.err, "the model server cannot be asked:", look.err)
			}
			return p.print(f.json, list)
		}}), "the first")
}

// A looker asks the model server about adapters, until it does not answer.
type looker struct {
	server modelServer
	err    error
}

func newLooker(room adapterRoom, backend string) *looker {
	l := &looker{}
	l.server, l.err = room.server(backend)
	return l
}

func (l *looker) close() {
	if l.server != nil {
		l.server.Close()
	}
}

// digest returns that of a model; empty if the server does not have it or, as
// l.err then says, could not be asked.
func (l *looker) digest(ctx context.Context, name string) string {
	if l.err != nil {
		return ""
	}
	m, err := l.server.Describe(ctx, name)
	if err != nil && !fault.NotFound.Is(err) {
		l.err = err
	}
	return m.Digest
}

func (l *looker) at(ctx context.Context, a *adapters.Adapter) adapterRow {
	r := adapterRow{Tag: string(a.Tag), Kind: a.Kind, Model: a.Model, Served: a.ServedName(), Gate: "open"}
	held := l.digest(ctx, r.Served) != ""
	r.base = l.digest(ctx, a.Model)
	if l.err == nil {
		r.Held = &held
	}
	if a.Gate == adapters.Required {
		reason, ok := a.Admits(r.base)
		switch {
		case ok:
			r.Gate = string(verdict.Promote)
		case a.Verdict != nil && r.base == "":
			r.Gate = "?" // it is about a base that cannot be seen
		default:
			r.Gate = reason
		}
	}
	return r
}

type adapterRow struct {
	Tag    string        `json:"tag"`
	Kind   adapters.Kind `json:"kind"`
	Model  string        `json:"model"`
	Served string        `json:"served"`
	Held   *bool         `json:"held"` // by the model server; null if it does not answer
	Gate   string        `json:"gate"` // open, promote, or why not

	base string // digest
}

func (r adapterRow) held() string {
	switch {
	case r.Held == nil:
		return "?"
	case *r.Held:
		return "yes"
	}
	return "no"
}

func (r adapterRow) String() string {
	return fmt.Sprintf("%-8s %-10s %-20s %-32s held: %-4s gate: %s", r.Tag, r.Kind, r.Model, r.Served, r.held(), r.Gate)
}

type adapterList []adapterRow

func (l adapterList) String() string {
	if len(l) == 0 {
		return "no language has weights of its own; tilgate adapter add gives it some"
	}
	lines := make([]string, len(l))
	for i, r := range l {
		lines[i] = r.String()
	}
	return strings.Join(lines, "\n")
}

func (p *program) adapterShowCommand() *cobra.Command {
	var f adapterFlags
	return f.add(p, &cobra.Command{Use: "show TAG", Short: "Show all that is known of a language's weights",
		Long: `Show all that is known of a language's weights: what they adapt, their licence,
the digests of weights, prompt and base that a verdict must be about, and the
verdict.`,
		Example: "  tilgate adapter show ky",
		Args:    oneLanguage,
		RunE: func(cmd *cobra.Command, args []string) error {
			room, err := p.adapterRoom(f.config)
			if err != nil {
				return err
			}
			a, err := room.weighted(args[0])
			if err != nil {
				return err
			}
			w, err := room.openWeights(a)
			if err != nil {
				return err
			}
			if w != nil {
				defer w.Close()
			}
			look := newLooker(room, f.backend)
			defer look.close()
			d := adapterDetail{adapterRow: look.at(cmd.Context(), a), Verdict: a.Verdict, Untrusted: a.Untrusty}
			d.Subject = a.Subject(d.base)
			d.weigh(room, a, w)
			if look.err != nil {
				fmt.Fprintln(p.err, "the model server cannot be asked:", look.err)
			}
			return p.print(f.json, d)
		}})
}

type adapterDetail struct {
	adapterRow
	Subject   verdict.Subject  `json:"subject"`           // what a verdict must be about
	Verdict   *verdict.Verdict `json:"verdict,omitempty"` // one that is trusted
	Untrusted string           `json:"untrusted,omitempty"`
	LoRA      *weightsDetail   `json:"lora,omitempty"`
}

type weightsDetail struct {
	File    string   `json:"file"`
	State   string   `json:"state"` // ok, missing or changed
	Format  string   `json:"format,omitempty"`
	Licence string   `json:"licence"`
	Scale   float64  `json:"scale"`
	Rank    int      `json:"rank,omitempty"`
	Alpha   float64  `json:"alpha,omitempty"`
	Modules []string `json:"modules,omitempty"`
	Layers  int      `json:"layers,omitempty"`
	Trained string   `json:"trained_on,omitempty"` // as the weights say
}

func (d *adapterDetail) weigh(room adapterRoom, a *adapters.Adapter, w *lora.Weights) {
	if a.LoRA == nil {
		return
	}
	l := &weightsDetail{File: room.weightsPath(a), State: "missing", Licence: a.LoRA.Licence, Scale: cmp.Or(a.LoRA.Scale, 1)}
	if d.LoRA = l; w == nil {
		return
	}
	l.State, l.Format, l.Rank, l.Alpha, l.Modules, l.Layers, l.Trained = "ok", w.Format, w.Rank, w.Alpha, w.Modules, w.Layers, w.Base
	if w.SHA256 != a.LoRA.SHA256 {
		l.State = "changed"
	}
}

func (d adapterDetail) String() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", name+":", fmt.Sprintf(format, args...))
	}
	line("language", "%s", d.Tag)
	line("kind", "%s", d.Kind)
	line("model", "%s", d.Model)
	line("served", "%s, held by the model server: %s", d.Served, d.held())
	if l := d.LoRA; l != nil {
		line("weights", "%s (%s)", l.File, l.State)
		line("licence", "%s", l.Licence)
		if l.Format != "" {
			line("LoRA", "%s, rank %d, alpha %g, scale %g, %d layers, on %s", l.Format, l.Rank, l.Alpha, l.Scale, l.Layers, strings.Join(l.Modules, " "))
		}
		if l.Trained != "" {
			line("trained", "on %s, as it says", l.Trained)
		}
	}
	line("digests", "weights %s", cmp.Or(d.Subject.Weights, "are the base's"))
	line("", "prompt  %s", d.Subject.Prompt)
	line("", "base    %s", cmp.Or(d.Subject.Base, "unknown"))
	line("gate", "%s", d.Gate)
	if v := d.Verdict; v != nil {
		line("verdict", "%s on %s: %s", v.Decision, v.Time.Format("2006-01-02"), v.Because)
	}
	if d.Untrusted != "" {
		line("verdict", "not trusted: %s", d.Untrusted)
	}
	return strings.TrimSuffix(strings.ReplaceAll(b.String(), "\n:        ", "\n         "), "\n")
}
