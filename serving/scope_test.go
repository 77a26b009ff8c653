package serving

import (
	"context"
	"slices"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

func TestScopeModels(t *testing.T) {
	for _, tt := range []struct {
		models string // of the scope
		name   string
		ok     bool
	}{
		{"", "tiny", true},
		{"tiny", "tiny", true},
		{"tiny", "tiny:latest", true},
		{"tiny:latest", "tiny", true},
		{"tiny", "tiny:8b", false},
		{"tiny", "tinyer", false},
		{"tiny", "TINY", false},
		{"tiny", "", false}, // auto
		{"auto", "", true},
		{"auto tiny", "tiny", true},
		{"auto", "tiny", false},
		{"qwen3*", "qwen3:8b", true},
		{"qwen3*", "qwen2", false},
		{"*", "anything", true},
	} {
		s := &Scope{Models: strings.Fields(tt.models)}
		err := s.Model(tt.name)
		if (err == nil) != tt.ok || err != nil && (!fault.Forbidden.Is(err) || !strings.Contains(err.Error(), tt.models[:4])) {
			t.Errorf("%q with %q: %v", tt.name, tt.models, err)
		}
	}
}

// TestPageModels has a page key ask for what it does not name.
func TestPageModels(t *testing.T) {
	for _, tt := range []struct {
		models, name string
		ok           bool
	}{
		{"", "", true}, // auto
		{"", "auto", true},
		{"", "tiny", false},
		{"auto tiny", "tiny", true},
		{"auto tiny", "qwen3", false},
		{"tiny", "", false},
	} {
		s := &Scope{Page: true, Models: strings.Fields(tt.models)}
		if err := s.Model(tt.name); (err == nil) != tt.ok || err != nil && !fault.Forbidden.Is(err) {
			t.Errorf("%q with %q: %v", tt.name, tt.models, err)
		}
	}
}

// TestScopeHolds asks for everything that a scope does not hold, and sees that
// no model and no store was asked.
func TestScopeHolds(t *testing.T) {
	scope := &Scope{Models: []string{"auto", "tiny"}, Languages: []lang.Tag{"ky"}, Knowledge: []string{"desk", "health"}}
	ask := func(change func(r *Request)) Request {
		r := user(question)
		r.Caller.Scope = scope
		change(&r)
		return r
	}
	for _, tt := range []struct {
		name    string
		r       Request
		refused string // part of the sentence; empty is answered
		bases   string // that were searched
	}{
		{"within", ask(func(*Request) {}), "", "desk health"},
		{"one base", ask(func(r *Request) { r.Knowledge = []string{"health"} }), "", "health"},
		{"another base", ask(func(r *Request) { r.Knowledge = []string{"desk", "courts"} }), `"courts"; it may search: desk, health`, ""},
		{"another language", ask(func(r *Request) { r.Language = "kk" }), "may not ask in kk; it may ask in: ky", ""},
		{"its script", ask(func(r *Request) { r.Language = "ky-Latn" }), "", "desk health"},
		{"another model", ask(func(r *Request) { r.Model = "sw" }), `"sw"; it may use: auto, tiny`, ""},
		{"its model", ask(func(r *Request) { r.Model = "tiny" }), "", "desk health"},
		{"detected", ask(func(r *Request) { r.Messages = user("Who is it?").Messages }), "may not ask in en", ""},
	} {
		w := newWorld(t, Options{})
		w.model = says("58 жаштан [1].")
		w.detect["Who is it?"] = Language{Tag: "en", Script: "Latn", Confidence: 0.99}
		a := w.ask(t.Context(), tt.r)
		if tt.refused == "" {
			if a.err != nil || len(w.queries) == 0 || strings.Join(w.queries[0].KBs, " ") != tt.bases {
				t.Errorf("%s: %v, %+v", tt.name, a.err, w.queries)
			}
			continue
		}
		if !fault.Forbidden.Is(a.err) || !strings.Contains(a.err.Error(), tt.refused) {
			t.Errorf("%s: %v", tt.name, a.err)
		}
		if len(w.queries)+len(w.prompts) > 0 || len(w.records) != 1 {
			t.Errorf("%s: queries %v, prompts %v, %d records", tt.name, w.queries, w.prompts, len(w.records))
		}
	}
}

func TestScopeForwards(t *testing.T) {
	w := newWorld(t, Options{})
	w.upstream.models = []ModelInfo{{Name: "tiny:latest"}, {Name: "sw"}}
	c := Caller{Name: "desk", Scope: &Scope{Models: []string{"tiny"}, Languages: []lang.Tag{"ky"}}}
	if _, err := w.Forward(t.Context(), c, Raw{Model: "sw"}); !fault.Forbidden.Is(err) || len(w.records) != 1 {
		t.Errorf("%v, %d records", err, len(w.records))
	}
	names := func() (list []string) {
		models, err := w.Models(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range models {
			list = append(list, m.Name)
		}
		return list
	}
	if got := names(); !slices.Equal(got, []string{"tiny:latest"}) {
		t.Errorf("it may name %q", got)
	}
	c.Scope = &Scope{Models: []string{"auto"}, Languages: []lang.Tag{"ky"}}
	if got := names(); !slices.Equal(got, []string{"auto", "auto:ky"}) {
		t.Errorf("it may name %q", got)
	}
}

// library lists the same for everybody.
type library struct{}

func (library) Knowledge(context.Context, string) ([]KnowledgeBase, error) {
	return []KnowledgeBase{{Name: "courts"}, {Name: "desk"}}, nil
}

func TestScopeSearches(t *testing.T) {
	w := newWorld(t, Options{})
	w.parts.Library = library{}
	c := Caller{Name: "desk", Scope: &Scope{Languages: []lang.Tag{"ky"}, Knowledge: []string{"desk", "health"}, Models: []string{"sw"}}}
	if _, err := w.Search(t.Context(), c, Search{Query: question}); err != nil || !slices.Equal(w.queries[0].KBs, c.Scope.Knowledge) {
		t.Errorf("%v, %+v", err, w.queries)
	}
	w.queries = nil
	for _, q := range []Search{{Query: question, Knowledge: []string{"courts"}}, {Query: question, Language: "ru"}} {
		if _, err := w.Search(t.Context(), c, q); !fault.Forbidden.Is(err) || len(w.queries) > 0 {
			t.Errorf("%+v: %v, %+v", q, err, w.queries)
		}
	}
	if list, err := w.Knowledge(t.Context(), c); err != nil || len(list) != 1 || list[0].Name != "desk" {
		t.Errorf("%+v, %v", list, err)
	}
	w.upstream.models = []ModelInfo{{Name: "tiny"}, {Name: "sw:latest"}}
	if list, err := w.Running(t.Context(), c); err != nil || len(list) != 1 || list[0].Name != "sw:latest" {
		t.Errorf("%+v, %v", list, err)
	}
}
