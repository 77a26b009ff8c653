package adapters

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"tilgate/internal/lang"
)

//go:embed languages/*.toml
var bundled embed.FS

// A Set is the adapters in force. It is read-only.
type Set struct {
	byTag map[lang.Tag]*Adapter
	tags  []lang.Tag
}

// Bundled returns the adapters that come with Tilgate.
func Bundled() (*Set, error) {
	dir, err := fs.Sub(bundled, "languages")
	if err != nil {
		return nil, err
	}
	return Load(dir)
}

// Load reads every .toml file in a folder. The error names each fault of each
// file; a set with a fault is not returned.
func Load(dir fs.FS) (*Set, error) {
	names, err := fs.Glob(dir, "*.toml")
	if err != nil {
		return nil, err
	}
	set := &Set{byTag: map[lang.Tag]*Adapter{}}
	var faults []error
	for _, name := range names {
		a, err := read(dir, name)
		if err == nil && set.byTag[a.Tag] != nil {
			err = fmt.Errorf("tag: another file describes %s already", a.Tag)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("reading adapter %s: %w", strings.TrimSuffix(path.Base(name), ".toml"), err))
			continue
		}
		set.byTag[a.Tag] = a
		set.tags = append(set.tags, a.Tag)
	}
	if len(names) == 0 {
		faults = append(faults, errors.New("there is no language file (*.toml)"))
	}
	slices.Sort(set.tags)
	return set, errors.Join(faults...)
}

func read(dir fs.FS, name string) (*Adapter, error) {
	data, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, err
	}
	a := new(Adapter)
	meta, err := toml.Decode(string(data), a)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, key := range meta.Undecoded() {
		faults = append(faults, fmt.Errorf("%s: there is no such key", key))
	}
	return a, errors.Join(append(faults, a.check()...)...)
}

// check returns every fault of an adapter, and makes its tags canonical.
func (a *Adapter) check() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, tags := range [][]lang.Tag{a.Fallback, a.Retrieve.Also} {
		for i, t := range tags {
			if parsed, err := lang.ParseTag(string(t)); err != nil {
				fault("%w", err)
			} else {
				tags[i] = parsed
			}
		}
	}
	if tag, err := lang.ParseTag(string(a.Tag)); err != nil {
		fault("tag: %w", err)
	} else {
		a.Tag = tag
	}
	for key, text := range map[string]string{"name": a.Name, "english": a.English, "system": a.System,
		"insist": a.Insist, "terms": a.Terms, "say.unable": a.Say.Unable,
		"say.not_found": a.Say.NotFound, "say.quoting": a.Say.Quoting, "say.translated": a.Say.Translated,
		"say.blocked": a.Say.Blocked, "say.handover": a.Say.Handover, "reviewed": a.Reviewed} {
		if strings.TrimSpace(text) == "" {
			fault("%s is missing", key)
		}
	}
	if len(a.Scripts) == 0 {
		fault(`scripts is missing; list those that people type, the usual one first: ["Cyrl"]`)
	}
	for _, s := range a.Scripts {
		if len(s) != 4 || strings.ToUpper(string(s[:1]))+strings.ToLower(string(s[1:])) != string(s) {
			fault("scripts: %q is not an ISO 15924 code such as Cyrl, Arab, Khmr", s)
		}
	}
	if !slices.Contains([]Kind{PromptOnly, LoRA, FullModel}, a.Kind) {
		fault("kind: %q is not one of prompt_only, lora, full_model", a.Kind)
	}
	if a.Retrieve.K < 0 || a.Retrieve.K > 50 {
		fault("retrieve.k: %d is not in 0..50", a.Retrieve.K)
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

// For returns the adapter of a language: of the tag itself, or of the nearest
// parent that has one (uz-Cyrl, then uz).
func (s *Set) For(tag lang.Tag) (*Adapter, bool) {
	for ; tag != ""; tag = tag.Parent() {
		if a, ok := s.byTag[tag]; ok {
			return a, true
		}
	}
	return nil, false
}

// Tags lists the languages that have an adapter, sorted.
func (s *Set) Tags() []lang.Tag { return slices.Clone(s.tags) }
