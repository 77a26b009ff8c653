package adapters

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tilgate/internal/lang"
)

// A Set is the adapters in force. It is read-only.
type Set struct {
	byTag  map[lang.Tag]*Adapter
	tags   []lang.Tag // served, sorted
	served map[lang.Tag]bool
}

// assemble makes a set of layers, later ones over earlier ones, and finds what
// is wrong between the adapters rather than in one of them.
func assemble(o Options, layers ...[]*Adapter) (*Set, error) {
	s := &Set{byTag: map[lang.Tag]*Adapter{}, served: map[lang.Tag]bool{}}
	var faults []error
	for _, layer := range layers {
		here := map[lang.Tag]bool{}
		for _, a := range layer {
			if here[a.Tag] {
				faults = append(faults, fmt.Errorf("adapter %s: tag: two files describe it; keep one", a.Tag))
			}
			here[a.Tag] = true
			s.byTag[a.Tag] = a
		}
	}
	if len(s.byTag) == 0 {
		faults = append(faults, errors.New("there is no language file (*.toml)"))
	}
	for _, tag := range o.Only {
		if s.byTag[tag] == nil {
			faults = append(faults, fmt.Errorf("no language file describes %s, which is to be served; there are %s", tag, join(s.all())))
		}
		s.served[tag] = true
	}
	for _, tag := range s.all() {
		if len(o.Only) == 0 {
			s.served[tag] = true
		}
		faults = append(faults, s.checkBeside(s.byTag[tag])...)
	}
	for tag := range s.served {
		s.tags = append(s.tags, tag)
	}
	slices.Sort(s.tags)
	if err := errors.Join(append(faults, s.cycles()...)...); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Set) all() []lang.Tag {
	var tags []lang.Tag
	for tag := range s.byTag {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return tags
}

// checkBeside finds what is wrong with an adapter beside the others.
func (s *Set) checkBeside(a *Adapter) []error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("adapter %s: "+format, append([]any{a.Tag}, args...)...))
	}
	for _, t := range a.Fallback {
		if s.byTag[t] == nil {
			fault("fallback: no language file describes %s", t)
		}
	}
	if name, tag, ok := s.Alias(a.Model); ok {
		fault("model: %q would also mean the model %q in %s, which has a language file; give the model another name on its server", a.Model, name, tag)
	}
	return faults
}

// cycles finds fallback chains that lead back to where they began.
func (s *Set) cycles() []error {
	const underway, done = 1, 2
	state := map[lang.Tag]int{}
	var faults []error
	var visit func(tag lang.Tag, way []lang.Tag)
	visit = func(tag lang.Tag, way []lang.Tag) {
		way = append(way, tag)
		switch state[tag] {
		case underway:
			way = way[slices.Index(way, tag):]
			faults = append(faults, fmt.Errorf("adapter %s: fallback: a cycle, %s; let one of them end", tag, joinWith(way, " to ")))
			return
		case done:
			return
		}
		state[tag] = underway
		if a := s.byTag[tag]; a != nil {
			for _, next := range a.Fallback {
				visit(next, way)
			}
		}
		state[tag] = done
	}
	for _, tag := range s.all() {
		visit(tag, nil)
	}
	return faults
}

func join(tags []lang.Tag) string { return joinWith(tags, ", ") }

func joinWith(tags []lang.Tag, sep string) string {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = string(t)
	}
	return strings.Join(names, sep)
}

// For returns the adapter of a language that is served: of the tag itself, or
// of the nearest parent that has one (uz-Cyrl, then uz).
func (s *Set) For(tag lang.Tag) (*Adapter, bool) {
	a, ok := s.File(tag)
	if !ok || !s.served[a.Tag] {
		return nil, false
	}
	return a, true
}

// File is For for any language that has a file, served or not.
func (s *Set) File(tag lang.Tag) (*Adapter, bool) {
	for ; tag != ""; tag = tag.Parent() {
		if a, ok := s.byTag[tag]; ok {
			return a, true
		}
	}
	return nil, false
}

// Chain returns the adapters that may answer in a language, the best first:
// its own, then those of its fallback chain, as far as they are served.
// Nothing that a language file does not say is ever tried.
func (s *Set) Chain(tag lang.Tag) []*Adapter {
	a, ok := s.File(tag)
	if !ok {
		return nil
	}
	var chain []*Adapter
	for _, t := range append([]lang.Tag{a.Tag}, a.Fallback...) {
		if s.served[t] {
			chain = append(chain, s.byTag[t])
		}
	}
	return chain
}

// Alias reads a model name that ends in a language, as in "qwen3:8b:ky": the
// part after the last colon is one if a language file has it. What comes
// before is a model's name, or "auto".
func (s *Set) Alias(name string) (model string, tag lang.Tag, ok bool) {
	i := strings.LastIndexByte(name, ':')
	if i < 0 {
		return "", "", false
	}
	tag, err := lang.ParseTag(name[i+1:])
	if err != nil {
		return "", "", false
	}
	_, ok = s.File(tag)
	return name[:i], tag, ok
}

// Serving returns the adapter that is served and whose weights a model server
// calls name.
func (s *Set) Serving(name string) (*Adapter, bool) {
	name = strings.TrimSuffix(name, ":latest")
	for _, a := range s.Adapters() {
		if a.Kind == LoRA && a.ServedName() == name {
			return a, true
		}
	}
	return nil, false
}

// Tags lists the languages that are served, sorted.
func (s *Set) Tags() []lang.Tag { return slices.Clone(s.tags) }

// Adapters lists the adapters that are served, by tag.
func (s *Set) Adapters() []*Adapter {
	list := make([]*Adapter, len(s.tags))
	for i, tag := range s.tags {
		list[i] = s.byTag[tag]
	}
	return list
}
