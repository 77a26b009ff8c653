package serving

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"tilgate/adapters"
	"tilgate/internal/fault"
)

// A gate picks for an adapter what is let through, and a model by its name.
type gate struct {
	*world
	lets Choice
}

func (g gate) Pick(_ context.Context, _ *adapters.Adapter, model string) Choice {
	if model == "" {
		return g.lets
	}
	return Choice{Name: model, Model: says("Жооп [1].")}
}

// gatedKyrgyz returns a set in which Kyrgyz has weights that need a verdict.
func gatedKyrgyz(t *testing.T) (*adapters.Set, *adapters.Adapter) {
	t.Helper()
	text, err := fs.ReadFile(adapters.BundledFiles(), "ky.toml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "kind"):
			lines[i] = "kind = \"lora\"\nmodel = \"base\"\ngate = \"required\"\nlora = { file = \"ky/w.gguf\", sha256 = \"" + strings.Repeat("0", 64) + "\", licence = \"MIT\" }"
		case strings.HasPrefix(line, "fallback"):
			lines[i] = "fallback = []"
		}
	}
	set, err := adapters.Load(adapters.Options{}, fstest.MapFS{"ky.toml": {Data: []byte(strings.Join(lines, "\n"))}})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := set.For("ky")
	return set, a
}

// Weights that may not answer are not reached by their own name either, with
// or without a language behind it.
func TestWeightsByName(t *testing.T) {
	set, a := gatedKyrgyz(t)
	served := a.ServedName()
	for _, tt := range []struct {
		name string
		lets Choice
		kind fault.Kind
		ok   bool
	}{
		{"the gate keeps them", Choice{Name: "base", Weights: "gate_no_verdict"}, fault.Forbidden, false},
		{"their base is gone", Choice{Name: "quoting", Degraded: NoModel, Weights: "not_held", Own: true}, fault.Forbidden, false},
		{"no server answers", Choice{Name: "quoting", Degraded: NoModel, Own: true}, fault.Unavailable, false},
		{"they may answer", Choice{Name: served}, 0, true},
	} {
		w := newWorld(t, Options{})
		w.parts.Adapters = func() *adapters.Set { return set }
		w.parts.Models = gate{w, tt.lets}
		w.upstream = plainModels{models: []ModelInfo{{Name: "base"}, {Name: served}}, pieces: []string{"{}"}}
		route := w.Route(t.Context(), served+":ky")
		if !route.Auto || route.Model != served {
			t.Fatalf("%s:ky means %+v", served, route)
		}
		got := w.ask(t.Context(), Request{Messages: []Message{{Role: "user", Content: question}}, Language: route.Language, Model: route.Model})
		if (got.err == nil) != tt.ok || !tt.ok && fault.Of(got.err) != tt.kind {
			t.Errorf("%s: in a language: %q, %v", tt.name, got.text, got.err)
		}
		if _, err := w.Forward(t.Context(), Caller{}, Raw{Model: served}); (err == nil) != tt.ok || !tt.ok && fault.Of(err) != tt.kind {
			t.Errorf("%s: plainly: %v", tt.name, err)
		}
	}
}
