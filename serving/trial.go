package serving

import (
	"tilgate/adapters"
	"tilgate/internal/fault"
)

// A Trial says which weights answer whatever the gate says, so that an adapter
// can be judged before anybody else meets it. Only callers whose scope says
// Eval may ask for one. What is tried answers, or nothing does: a trial is
// never answered by a stand-in.
type Trial string

// The trials.
const (
	NoTrial    Trial = ""        // as everybody is answered
	TryAdapter Trial = "adapter" // the adapter's own weights, promoted or not
	TryBase    Trial = "base"    // what answers without them, under the same prompt
)

// mayTry refuses a trial to who may not have one.
func (c Caller) mayTry(r Request) error {
	if r.Weights != NoTrial && r.Model != "" {
		return fault.Invalid.Field("tilgate.weights", "tilgate.weights chooses among what answers to auto, so the model is auto or auto and a language, not %q", r.Model)
	}
	if c.Scope != nil && c.Scope.Eval {
		return nil
	}
	const who = "; one with the scope eval may (tilgate key create --eval)"
	switch {
	case r.Weights != NoTrial:
		return fault.Forbidden.Field("tilgate.weights", "this key may not choose weights%s", who)
	case r.Bare:
		return fault.Forbidden.Field("tilgate.bare", "this key may not have answers that rest on nothing%s", who)
	}
	return nil
}

// of returns the adapters as they are on trial: no other language stands in.
func (t Trial) of(chain []*adapters.Adapter) []*adapters.Adapter {
	if t == NoTrial {
		return chain
	}
	tried := *chain[0]
	tried.Gate = adapters.Open
	if t == TryBase {
		if tried.Kind == adapters.FullModel {
			tried.Model = "" // what answers in its place
		}
		tried.Kind, tried.LoRA = adapters.PromptOnly, nil
	}
	return []*adapters.Adapter{&tried}
}

// answered refuses a stand-in.
func (t Trial) answered(a *adapters.Adapter, c Choice) error {
	switch {
	case t == NoTrial:
		return nil
	case t == TryAdapter && a.ServedName() == "":
		return fault.Invalid.Field("tilgate.weights", "the adapter %s has no weights of its own to try", a.Tag)
	case t == TryAdapter && c.Name != a.ServedName():
		return fault.Unavailable.Errorf("the weights %q cannot be tried: %s", a.ServedName(), c.Weights)
	case c.Degraded != "":
		return fault.Unavailable.Errorf("no model server that answers has the base of the adapter %s", a.Tag)
	}
	return nil
}
