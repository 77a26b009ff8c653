// Package bundle is a file that carries knowledge bases, language files,
// adapters, suites, models and the program itself to a place without a network,
// or that is a backup of all that a place has.
//
// Who opens one knows who signed it, and can check all of it, before anything
// that it holds is unpacked: the signature covers the manifest, and the manifest
// has the digest of every byte that follows. Keep it so: nothing may be read out
// of a bundle that the manifest does not account for.
//
// A file is, one after the other:
//
//	"tilgate bundle 1\n"
//	4 bytes       length of the manifest, big endian, at most 8 MiB
//	the manifest  JSON, exactly as encoding/json writes a Manifest
//	32 bytes      the key of who signed it (Ed25519)
//	64 bytes      the signature on "tilgate bundle 1\n" and the manifest
//	the body      the parts in the order of the manifest, each one frame of zstd
//
// and ends there. Where it carries the program, that stands before all this, as
// it is, and after it "tilgate program 1\n" and the length of the program in 8
// bytes, big endian: so the file can be run. A part is one file, or a knowledge base as rag/qdrant writes
// it. Parts are in ascending order of kind, name and file, so that there are no
// two of one name. The same contents, named and dated the same, give the same
// bytes.
package bundle

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// signed is the kind of thing that is signed, and magic begins a file.
const (
	signed = "tilgate bundle 1"
	magic  = signed + "\n"
)

// Format is the newest version of the manifest that is read. What is written
// has the oldest that can say what is in it.
const Format = 2

// Limits of what is read. They are far above what anybody needs.
const (
	maxManifest = 8 << 20
	maxParts    = 10_000
	maxNeeds    = 100
	maxSize     = math.MaxInt64 / (2 * maxParts) // of a part: sums of all do not overflow
)

// A Kind says what a part is.
type Kind string

// The kinds.
const (
	Adapter   Kind = "adapter"   // a file of a language that has weights
	KB        Kind = "kb"        // a knowledge base
	Languages Kind = "languages" // a file of a language without weights
	Model     Kind = "model"     // a file of a model
	Suite     Kind = "suite"     // a file of a suite
)

// The kinds that a backup has beside knowledge bases. Parts are filled in the
// order of their kinds, which therefore says what is read before what.
const (
	Ledger Kind = "ledger" // what is kept of usage and feedback
	Log    Kind = "log"    // the audit log
	State  Kind = "state"  // a file
)

// kinds are those that a manifest may have.
func (m Manifest) kinds() []Kind {
	if m.Backup {
		return []Kind{KB, Ledger, Log, State}
	}
	return []Kind{Adapter, KB, Languages, Model, Suite}
}

// format is the oldest that can say what is in a manifest.
func (m Manifest) format() int {
	if m.Program != nil || len(m.Needs) > 0 || len(m.Of(Model)) > 0 {
		return 2
	}
	return 1
}

// A Manifest says what is in a bundle.
type Manifest struct {
	Format  int       `json:"format"`
	Backup  bool      `json:"backup,omitempty"` // it is one, and nothing to import
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	Since   string    `json:"since,omitempty"` // Digest of the bundle that this one goes on from
	Program *Program  `json:"program,omitempty"`
	Needs   []Need    `json:"needs,omitempty"` // models that it does not carry
	Body    Body      `json:"body"`
	Parts   []Part    `json:"parts"`
}

// A Program is Tilgate for one system, in front of the bundle.
type Program struct {
	OS     string `json:"os"` // as GOOS and GOARCH have it
	Arch   string `json:"arch"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// A Need is a model that the place must have by other ways.
type Need struct {
	Model  string `json:"model"`            // as a model server calls it
	Digest string `json:"digest,omitempty"` // of it in Ollama, if that is known
}

// Body identifies what follows the manifest.
type Body struct {
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// A Part is one of the things in a bundle.
type Part struct {
	Kind      Kind       `json:"kind"`
	Name      string     `json:"name"`           // of the knowledge base, the language, the model, the suite
	File      string     `json:"file,omitempty"` // with slashes; empty for a knowledge base
	Size      int64      `json:"size"`           // bytes, unpacked
	SHA256    string     `json:"sha256"`         // of the same
	Packed    int64      `json:"packed"`         // bytes in the body
	Knowledge *Knowledge `json:"knowledge,omitempty"`
}

// Knowledge says what a part of kind KB makes of a knowledge base.
type Knowledge struct {
	Langs    []lang.Tag `json:"languages"`
	Passages int        `json:"passages"`       // once it is imported
	State    string     `json:"state"`          // identifies them
	Base     string     `json:"base,omitempty"` // the state that it changes; empty: it is whole
	Put      int        `json:"put"`            // passages that it brings
	Removed  int        `json:"removed"`        // passages that it takes away
}

// ID names a part: kb desk, suite desk/suite.toml.
func (p Part) ID() string {
	if p.File == "" {
		return string(p.Kind) + " " + p.Name
	}
	return string(p.Kind) + " " + p.Name + ": " + p.File
}

func compareParts(a, b Part) int {
	return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name), strings.Compare(a.File, b.File))
}

// Of returns the parts of a kind.
func (m Manifest) Of(kind Kind) []Part {
	return slices.DeleteFunc(slices.Clone(m.Parts), func(p Part) bool { return p.Kind != kind })
}

// parse reads a manifest, and nothing that is written otherwise than encode
// writes it: two readers must not see two things in it.
func parse(data []byte) (Manifest, error) {
	var m Manifest
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &version); err == nil && version.Format > Format {
		return m, fault.Unsupported.Errorf("this bundle is of format %d, which a later Tilgate writes; this one reads %d", version.Format, Format)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return m, fault.Invalid.Wrap(err, "the manifest of this bundle cannot be read")
	}
	if again, err := m.encode(); err != nil || !bytes.Equal(again, data) {
		return m, fault.Invalid.Errorf("the manifest of this bundle is not written as Tilgate writes it")
	}
	return m, m.check()
}

func (m Manifest) encode() ([]byte, error) {
	data, err := json.Marshal(m)
	if err == nil && len(data) > maxManifest {
		err = fault.TooLarge.Errorf("the manifest has %d bytes, %d are possible: put less into one bundle", len(data), maxManifest)
	}
	return data, err
}

func (m Manifest) check() error {
	var packed int64
	switch {
	case m.Format != m.format():
		return fault.Invalid.Errorf("the format of the bundle is %d, want %d for what is in it", m.Format, m.format())
	case m.Backup && (m.Program != nil || m.Needs != nil):
		return fault.Invalid.Errorf("the bundle is a backup, and has what no backup has")
	case !printable(m.Name):
		return fault.Invalid.Errorf("the name of the bundle is %q; it is one line of at most %d bytes", m.Name, maxName)
	case m.Created.Location() != time.UTC:
		return fault.Invalid.Errorf("the bundle was made at %v, which is not UTC", m.Created)
	case m.Since != "" && !isDigest(m.Since), !isDigest(m.Body.SHA256):
		return fault.Invalid.Errorf("the manifest has something else where a SHA-256 belongs")
	case len(m.Parts) == 0 && m.Program == nil:
		return fault.Invalid.Errorf("the bundle holds nothing")
	case len(m.Parts) > maxParts:
		return fault.TooLarge.Errorf("the bundle holds %d files, %d are possible", len(m.Parts), maxParts)
	}
	if err := m.Program.check(); err != nil {
		return err
	}
	if err := checkNeeds(m.Needs); err != nil {
		return err
	}
	for i, p := range m.Parts {
		if err := p.check(m.kinds()); err != nil {
			return fault.Invalid.Wrap(err, fmt.Sprintf("part %d of the bundle (%q)", i+1, p.ID()))
		}
		if i > 0 && compareParts(m.Parts[i-1], p) >= 0 {
			return fault.Invalid.Errorf("part %d of the bundle, %s, is there twice or out of order", i+1, p.ID())
		}
		packed += p.Packed
	}
	if packed != m.Body.Size {
		return fault.Invalid.Errorf("the parts of the bundle have %d bytes, but its body has %d", packed, m.Body.Size)
	}
	return clashes(m.Parts)
}

func (p *Program) check() error {
	switch {
	case p == nil:
		return nil
	case !wellNamed(p.OS), !wellNamed(p.Arch), p.Size <= 0, p.Size > maxSize, !isDigest(p.SHA256):
		return fault.Invalid.Errorf("the manifest does not say which program it is")
	}
	return nil
}

func checkNeeds(needs []Need) error {
	if len(needs) > maxNeeds {
		return fault.TooLarge.Errorf("the bundle needs %d models, %d are possible", len(needs), maxNeeds)
	}
	for i, n := range needs {
		if !printable(n.Model) || n.Digest != "" && !isDigest(n.Digest) || i > 0 && needs[i-1].Model >= n.Model {
			return fault.Invalid.Errorf("the models that the bundle needs are not listed as they should be")
		}
	}
	return nil
}

func (p Part) check(kinds []Kind) error {
	switch {
	case !slices.Contains(kinds, p.Kind):
		return fmt.Errorf("its kind is none of %v", kinds)
	case !wellNamed(p.Name):
		return errors.New("its name is not one that a folder can have everywhere")
	case (p.File == "") != (p.Kind == KB), (p.Knowledge != nil) != (p.Kind == KB):
		return errors.New("a knowledge base has no file, and everything else has one")
	case p.File != "" && !wellPlaced(p.File):
		return errors.New("its file is not named so that it can lie in a folder everywhere")
	case p.Size < 0, p.Packed <= 0, p.Size > maxSize, p.Packed > maxSize:
		return fmt.Errorf("it has %d bytes, packed %d, which cannot be", p.Size, p.Packed)
	case !isDigest(p.SHA256):
		return errors.New("it has no SHA-256")
	}
	return p.Knowledge.check()
}

func (k *Knowledge) check() error {
	if k == nil {
		return nil
	}
	for _, state := range []string{k.State, k.Base} {
		if len(state) > maxName || strings.Trim(state, "0123456789abcdef-") != "" {
			return errors.New("it does not say which state of the knowledge base it is")
		}
	}
	for _, t := range k.Langs {
		if tag, err := lang.ParseTag(string(t)); err != nil || tag != t {
			return fmt.Errorf("%q is no language", t)
		}
	}
	if k.State == "" || k.Passages < 0 || k.Put < 0 || k.Removed < 0 {
		return errors.New("it does not say what it holds")
	}
	return nil
}
