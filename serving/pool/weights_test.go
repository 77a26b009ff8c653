package pool

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"tilgate/adapters"
	"tilgate/internal/sign"
	"tilgate/internal/verdict"
	"tilgate/serving"
)

const file = `
tag = "ky"
name = "Кыргызча"
english = "Kyrgyz"
scripts = ["Cyrl"]
KIND
reviewed = "none"
system = "Кыргызча жооп бериңиз [1]."
insist = "Кыргызча гана."
terms = "Терминдер:"
[say]
not_found = "Табылган жок."
quoting = "Үзүндү:"
translated = "Которулган."
blocked = "Болбойт."
handover = "Кызматкерге өткөрөм."
unable = "Жооп жок."
`

const lora = `kind = "lora"
model = "base:1b"
lora = { file = "ky/w.gguf", sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", licence = "MIT" }
`

// adapter loads one with a kind, and with a verdict on what it is then unless
// decision is empty.
func adapter(t *testing.T, kind string, decision verdict.Decision, base string) *adapters.Adapter {
	t.Helper()
	secret := sign.NewSecret()
	dir := fstest.MapFS{"ky.toml": {Data: []byte(strings.Replace(file, "KIND", kind, 1))}}
	load := func() *adapters.Adapter {
		set, err := adapters.Load(adapters.Options{Gates: func() []sign.Key { return []sign.Key{secret.Key()} }}, dir)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := set.For("ky")
		return a
	}
	a := load()
	if decision == "" {
		return a
	}
	signed, err := verdict.Sign(verdict.Verdict{Tag: "ky", Subject: a.Subject(base), Decision: decision}, secret)
	if err != nil {
		t.Fatal(err)
	}
	dir["ky/verdict.json"] = &fstest.MapFile{Data: signed}
	return load()
}

// Which model answers for an adapter with weights, and why not they.
func TestWeights(t *testing.T) {
	const gated = lora + "gate = \"required\"\n"
	const full, gatedFull = "kind = \"full_model\"\nmodel = \"ky:8b\"\n", "kind = \"full_model\"\nmodel = \"ky:8b\"\ngate = \"required\"\n"
	served := adapter(t, lora, "", "").ServedName()
	all := []string{served + ":latest", "other:1b", "base:1b", "ky:8b"}
	for _, tt := range []struct {
		name     string
		held     []string
		adapter  *adapters.Adapter
		model    string // asked for by name
		want     string
		weights  string
		degraded string
	}{
		{"held, no gate", all, adapter(t, lora, "", ""), "", served, "", ""},
		{"not pushed yet", []string{"other:1b", "base:1b"}, adapter(t, lora, "", ""), "", "base:1b", NotHeld, ""},
		{"nor the base", []string{"other:1b"}, adapter(t, lora, "", ""), "", "extract", NotHeld, serving.NoModel},
		{"the base is gone, the weights are not", []string{served, "other:1b"}, adapter(t, gated, "", ""), "", "extract", NotHeld, serving.NoModel},
		{"promoted", all, adapter(t, gated, verdict.Promote, "digest of base:1b"), "", served, "", ""},
		{"no verdict", all, adapter(t, gated, "", ""), "", "base:1b", "gate_no_verdict", ""},
		{"blocked", all, adapter(t, gated, verdict.Block, "digest of base:1b"), "", "base:1b", "gate_block", ""},
		{"the base changed since", all, adapter(t, gated, verdict.Promote, "digest of an older base"), "", "base:1b", "gate_changed", ""},
		{"another model by name", all, adapter(t, lora, "", ""), "other:1b", "other:1b", "", ""},
		{"a model by name that is not there", all, adapter(t, lora, "", ""), "gone:1b", "extract", "", serving.NoModel},
		{"a full model", all, adapter(t, full, "", ""), "", "ky:8b", "", ""},
		{"a full model, promoted", all, adapter(t, gatedFull, verdict.Promote, "digest of ky:8b"), "", "ky:8b", "", ""},
		{"a full model, blocked", all, adapter(t, gatedFull, verdict.Block, "digest of ky:8b"), "", "other:1b", "gate_block", ""},
		{"weights are nobody's default", all, adapter(t, `kind = "prompt_only"`, "", ""), "", "other:1b", "", ""},
	} {
		p := New(one(&fake{models: tt.held}), quoting, Options{})
		c := p.Pick(t.Context(), tt.adapter, tt.model)
		if c.Name != tt.want || c.Weights != tt.weights || c.Degraded != tt.degraded || c.Own != (tt.degraded != "") {
			t.Errorf("%s: %s, weights %q, degraded %q, want %s, %q, %q", tt.name, c.Name, c.Weights, c.Degraded, tt.want, tt.weights, tt.degraded)
		}
	}
}

// otherBase is a server whose base is not the one that the gate has seen.
type otherBase struct{ *stage }

func (o otherBase) Ready(ctx context.Context) ([]serving.Held, error) {
	held, err := o.stage.Ready(ctx)
	for i := range held {
		held[i].Digest = "another digest"
	}
	return held, err
}

// Of several servers that hold the weights, only those are asked on whose base
// the gate admits them, also when the others fail, and by name as well.
func TestWeightsOnTheRightBase(t *testing.T) {
	a := adapter(t, lora+"gate = \"required\"\n", verdict.Promote, "digest of base:1b")
	right, wrong := says("right"), says("wrong")
	right.models = []string{a.ServedName(), "base:1b"}
	wrong.models = right.models
	list := named(wrong, right)
	list[0].Server = otherBase{wrong}
	p := New(list, quoting, Options{})
	ask := func(n int) {
		c := p.Pick(t.Context(), a, "")
		if c.Name != a.ServedName() || c.Weights != "" {
			t.Errorf("picked %s: %s", c.Name, c.Weights)
		}
		for range c.Model.Chat(t.Context(), serving.Prompt{Messages: []serving.Message{{Role: "user", Content: string(rune('a' + n))}}}) {
		}
		_, _ = p.Forward(t.Context(), serving.Raw{Model: a.ServedName(), Adapter: a, Path: "/v1/chat/completions", Surface: serving.OpenAI, Body: []byte("{}")})
	}
	for n := range 10 {
		ask(n)
	}
	right.say = always(errReset)
	for n := range 10 {
		ask(n)
	}
	if right.requests.Load() < 20 || wrong.requests.Load() != 0 {
		t.Errorf("%d requests to the right one, %d to the wrong one", right.requests.Load(), wrong.requests.Load())
	}
}
