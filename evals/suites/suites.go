// Package suites reads suites that people write: folders of TOML and JSONL.
//
// A suite is a folder with suite.toml, which says its name, version, licence
// and source. Its tasks stand there or in other .toml files of the folder; each
// names a file of items, one JSON object a line (evals.Item), or a file of a
// public format that evals/dataset reads. Under [sha256], suite.toml may name
// the digest of each file; a file that has another is refused, and so is one
// that is not named. Seal writes that table.
//
// Reading is strict, and every error names file and line: a misspelt key, an
// id that was there before, a gold answer that is no choice, text that is not
// UTF-8.
package suites

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"tilgate/evals"
	"tilgate/evals/dataset"
	"tilgate/internal/lang"
)

// DeskName is what the suite is called that people wrote about the sample
// knowledge base.
const DeskName = "desk"

//go:embed desk
var shipped embed.FS

// Desk reads that suite: questions to the knowledge base, some of which it does
// not answer, questions with four choices, and requests that should be refused
// beside some that only look so.
func Desk() (*evals.Suite, error) {
	dir, err := fs.Sub(shipped, DeskName)
	if err != nil {
		return nil, err
	}
	return Load(dir)
}

// head is suite.toml.
type head struct {
	Name    string            `toml:"name"`
	Title   string            `toml:"title"`
	Version string            `toml:"version"`
	Licence string            `toml:"licence"`
	Source  string            `toml:"source"`
	SHA256  map[string]string `toml:"sha256,omitempty"`
	Tasks   []task            `toml:"task,omitempty"`
}

// task is one [[task]].
type task struct {
	Name        string         `toml:"name"`
	Kind        evals.Kind     `toml:"kind"`
	Lang        string         `toml:"lang"`
	From        string         `toml:"from"`
	Items       string         `toml:"items"`
	Shots       string         `toml:"shots"`
	Format      string         `toml:"format"` // of the items; empty means evals.Item
	Labels      []evals.Label  `toml:"label"`
	Prompts     []evals.Prompt `toml:"prompt"`
	LogLik      bool           `toml:"loglik"`
	Profile     string         `toml:"profile"`
	Knowledge   []string       `toml:"knowledge"`
	MaxTokens   int            `toml:"max_tokens"`
	Refusals    []string       `toml:"refusals"`
	Abstentions []string       `toml:"abstentions"`
}

const headFile = "suite.toml"

// Load reads the suite in a folder. The error names every fault of it.
func Load(dir fs.FS) (*evals.Suite, error) {
	r := reader{dir: dir, digests: map[string]string{}}
	s, seal, faults := r.suite()
	if seal != nil {
		faults = append(faults, r.sealed(seal)...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	s.Digest = r.digest()
	return s, nil
}

// suite reads everything, and returns the digests that should be.
func (r *reader) suite() (s *evals.Suite, seal map[string]string, faults []error) {
	var h head
	if err := r.toml(headFile, &h); err != nil {
		return nil, nil, []error{err}
	}
	if h.Name == "" || strings.ContainsAny(h.Name, "/ \t") {
		return nil, nil, []error{fmt.Errorf("%s: name is %q; it is one word that stands in the names of the tasks", headFile, h.Name)}
	}
	s = &evals.Suite{Name: h.Name, Title: h.Title, Version: h.Version, Licence: h.Licence, Source: h.Source}
	faults = r.tasks(s, headFile, h.Tasks)
	files, err := fs.Glob(r.dir, "*.toml")
	if err != nil {
		return nil, nil, []error{err}
	}
	for _, name := range files {
		var more struct {
			Tasks []task `toml:"task"`
		}
		if name == headFile {
			continue
		}
		if err := r.toml(name, &more); err != nil {
			faults = append(faults, err)
			continue
		}
		faults = append(faults, r.tasks(s, name, more.Tasks)...)
	}
	if len(s.Tasks) == 0 && len(faults) == 0 {
		faults = append(faults, fmt.Errorf("%s: the suite has no [[task]]", headFile))
	}
	return s, h.SHA256, append(faults, twice(s.Tasks)...)
}

func twice(tasks []*evals.Task) []error {
	var faults []error
	seen := map[string]bool{}
	for _, t := range tasks {
		if seen[t.ID()] {
			faults = append(faults, fmt.Errorf("the task %s is there twice", t.ID()))
		}
		seen[t.ID()] = true
	}
	return faults
}

// A reader reads the files of a suite, and keeps their digests.
type reader struct {
	dir     fs.FS
	digests map[string]string
}

func (r *reader) read(name string) ([]byte, error) {
	data, err := fs.ReadFile(r.dir, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	r.digests[name] = hex.EncodeToString(sum[:])
	return data, nil
}

func (r *reader) toml(name string, into any) error {
	data, err := r.read(name)
	if err != nil {
		return err
	}
	meta, err := toml.Decode(string(bytes.TrimPrefix(data, []byte("\ufeff"))), into)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		return fmt.Errorf("%s: there is no key %s", name, extra[0])
	}
	return nil
}

func (r *reader) tasks(s *evals.Suite, file string, list []task) []error {
	var faults []error
	for i, t := range list {
		made, err := r.task(t)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: task %d (%s): %w", file, i+1, t.Name, err))
			continue
		}
		made.Suite = s.Name
		s.Tasks = append(s.Tasks, made)
	}
	return faults
}

func (r *reader) task(t task) (*evals.Task, error) {
	made := &evals.Task{Name: t.Name, Kind: t.Kind, Labels: t.Labels, Prompts: t.Prompts, LogLik: t.LogLik, Profile: t.Profile,
		Knowledge: t.Knowledge, MaxTokens: t.MaxTokens, Refusals: t.Refusals, Abstentions: t.Abstentions}
	var err error
	if made.Lang, err = lang.ParseTag(t.Lang); err != nil {
		return nil, fmt.Errorf("lang: %w", err)
	}
	if t.From != "" {
		if made.From, err = lang.ParseTag(t.From); err != nil {
			return nil, fmt.Errorf("from: %w", err)
		}
	}
	if err := checkTask(made); err != nil {
		return nil, err
	}
	if made.Items, err = r.items(t.Format, t.Items, made); err != nil {
		return nil, err
	}
	if t.Shots != "" {
		if made.Shots, err = r.items(t.Format, t.Shots, made); err != nil {
			return nil, err
		}
	}
	_, err = made.Cases(-1) // each prompt finds what it names
	return made, err
}

func (r *reader) items(format, name string, t *evals.Task) ([]evals.Item, error) {
	if name == "" {
		return nil, errors.New("items is missing: the file with one item a line")
	}
	data, err := r.read(path.Clean(name))
	if err != nil {
		return nil, err
	}
	if format != "" {
		return dataset.Items(format, r.dir, path.Clean(name))
	}
	return Items(data, name, t)
}

// digest is the SHA-256 over all files: their names and digests, by name.
func (r *reader) digest() string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(r.digests)) {
		fmt.Fprintf(h, "%s %s\n", r.digests[name], name)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sealed compares the files that were read with the digests in suite.toml,
// which cannot hold its own.
func (r *reader) sealed(want map[string]string) []error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(r.digests)) {
		switch digest, named := want[name]; {
		case name == headFile:
		case !named:
			faults = append(faults, fmt.Errorf("%s is not named under [sha256] in %s; tilgate eval suite seal writes that table", name, headFile))
		case !strings.EqualFold(digest, r.digests[name]):
			faults = append(faults, fmt.Errorf("%s has the SHA-256 %s, but %s says %s: it was changed since the suite was sealed", name, r.digests[name], headFile, digest))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if r.digests[name] == "" {
			faults = append(faults, fmt.Errorf("%s is named under [sha256] in %s, but no task uses it", name, headFile))
		}
	}
	return faults
}
