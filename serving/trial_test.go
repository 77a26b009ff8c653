package serving

import (
	"context"
	"testing"

	"tilgate/adapters"
	"tilgate/internal/fault"
)

// A bench remembers for which adapter a model was picked.
type bench struct {
	*world
	gives Choice
	saw   *adapters.Adapter
}

func (b *bench) Pick(_ context.Context, a *adapters.Adapter, _ string) Choice {
	b.saw = a
	return b.gives
}

func TestTrial(t *testing.T) {
	set, a := gatedKyrgyz(t)
	judge := Caller{Scope: &Scope{Eval: true}}
	for _, bare := range []Caller{judge, {}} {
		w := newWorld(t, Options{})
		w.model = says("Элүү сегиз.")
		got := w.ask(t.Context(), Request{Caller: bare, Messages: []Message{{Role: "user", Content: question}}, Bare: true})
		if may := bare.Scope != nil; may != (got.err == nil) || may && (len(got.plan.Passages) > 0 || got.plan.Grounded || got.plan.Degraded != "" || got.text == "") {
			t.Errorf("without knowledge: %+v, %q, %v", got.plan, got.text, got.err)
		}
	}
	for _, tt := range []struct {
		name   string
		trial  Trial
		caller Caller
		gives  Choice
		kind   fault.Kind
		ok     bool
	}{
		{"weights that wait for a verdict", TryAdapter, judge, Choice{Name: a.ServedName(), Model: says("Жооп [1].")}, 0, true},
		{"their base", TryBase, judge, Choice{Name: "base", Model: says("Жооп [1].")}, 0, true},
		{"a key that may not", TryAdapter, Caller{Scope: &Scope{}}, Choice{}, fault.Forbidden, false},
		{"a key that may use everything, and administers nothing", TryBase, Caller{}, Choice{}, fault.Forbidden, false},
		{"weights that no server has", TryAdapter, judge, Choice{Name: "base", Weights: "not_held", Model: says("Жооп [1].")}, fault.Unavailable, false},
		{"a base that no server has", TryBase, judge, Choice{Name: "quoting", Degraded: NoModel, Own: true, Model: says("Жооп [1].")}, fault.Unavailable, false},
	} {
		w := newWorld(t, Options{})
		b := &bench{world: w, gives: tt.gives}
		w.parts.Adapters = func() *adapters.Set { return set }
		w.parts.Models = b
		got := w.ask(t.Context(), Request{Caller: tt.caller, Messages: []Message{{Role: "user", Content: question}}, Weights: tt.trial})
		if (got.err == nil) != tt.ok || !tt.ok && fault.Of(got.err) != tt.kind {
			t.Errorf("%s: %q, %v", tt.name, got.text, got.err)
		}
		if !tt.ok {
			continue
		}
		if _, admitted := b.saw.Admits("any"); !admitted {
			t.Errorf("%s: the gate stands in the way", tt.name)
		}
		if own := b.saw.ServedName() != ""; own != (tt.trial == TryAdapter) {
			t.Errorf("%s: asked with its own weights: %v", tt.name, own)
		}
	}
	w := newWorld(t, Options{})
	if got := w.ask(t.Context(), Request{Caller: judge, Messages: []Message{{Role: "user", Content: question}}, Weights: TryBase, Model: "other"}); !fault.Invalid.Is(got.err) {
		t.Errorf("weights of a model that is named: %v", got.err)
	}
	if _, ok := a.Admits("any"); ok {
		t.Error("a trial opened the gate for everybody")
	}
}

// A model on trial that fails is not stood in for by quotes.
func TestTrialFails(t *testing.T) {
	set, a := gatedKyrgyz(t)
	w := newWorld(t, Options{})
	w.parts.Adapters = func() *adapters.Set { return set }
	w.parts.Models = &bench{world: w, gives: Choice{Name: a.ServedName(), Model: fails(fault.Unavailable.Errorf("gone"))}}
	got := w.ask(t.Context(), Request{Caller: Caller{Scope: &Scope{Eval: true}}, Messages: []Message{{Role: "user", Content: question}}, Weights: TryAdapter})
	if got.err == nil || got.text != "" {
		t.Errorf("%q, %v", got.text, got.err)
	}
}
