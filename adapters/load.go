package adapters

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"tilgate/internal/lang"
	"tilgate/internal/sign"
	"tilgate/internal/verdict"
)

//go:embed languages/*.toml
var bundled embed.FS

// Options say which adapters are served. The zero value serves all.
type Options struct {
	Only []lang.Tag // languages that are served; empty means all that have a file
	// Gates returns the keys of the gates whose verdicts count. A set that
	// follows its folder asks again; nil trusts nobody.
	Gates func() []sign.Key
}

func (o Options) gates() []sign.Key {
	if o.Gates == nil {
		return nil
	}
	return o.Gates()
}

// Bundled returns the adapters that come with Tilgate.
func Bundled() (*Set, error) { return Load(Options{}, BundledFiles()) }

// BundledFiles returns the language files that come with Tilgate.
func BundledFiles() fs.FS {
	dir, err := fs.Sub(bundled, "languages")
	if err != nil {
		panic(err) // the name is a constant
	}
	return dir
}

// Load reads the .toml files of folders. A file of a later folder replaces one
// about the same language in an earlier one. The error names each fault of
// each file; a set with a fault is not returned.
func Load(o Options, folders ...fs.FS) (*Set, error) {
	var layers [][]*Adapter
	var faults []error
	for _, dir := range folders {
		files, err := readFolder(dir, o.gates())
		faults = append(faults, err)
		var layer []*Adapter
		for _, f := range files {
			if err := f.err(); err != nil {
				faults = append(faults, err)
				continue
			}
			layer = append(layer, f.adapter)
		}
		layers = append(layers, layer)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return assemble(o, layers...)
}

// A file is a language file as it was read: an adapter, or why it is none.
type file struct {
	name    string // without .toml
	adapter *Adapter
	faults  []error
}

// err returns every fault with the file's name, a line each.
func (f file) err() error {
	var named []error
	for _, err := range f.faults {
		named = append(named, fmt.Errorf("reading adapter %s: %w", f.name, err))
	}
	return errors.Join(named...)
}

// readFolder reads every language file of a folder, in order of name.
func readFolder(dir fs.FS, keys []sign.Key) ([]file, error) {
	names, err := fs.Glob(dir, "*.toml")
	if err != nil {
		return nil, err
	}
	var files []file
	for _, name := range names {
		f := file{name: strings.TrimSuffix(path.Base(name), ".toml")}
		f.adapter, f.faults = readFile(dir, name, keys)
		files = append(files, f)
	}
	return files, nil
}

// maxFile is more than any language file needs, in bytes.
const maxFile = 1 << 20

func readFile(dir fs.FS, name string, keys []sign.Key) (*Adapter, []error) {
	if info, err := fs.Stat(dir, name); err != nil {
		return nil, []error{err}
	} else if info.Size() > maxFile {
		return nil, []error{fmt.Errorf("it has %d bytes; a language file has %d at most", info.Size(), maxFile)}
	}
	data, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, []error{err}
	}
	a, faults := Parse(data)
	if a == nil {
		return nil, faults
	}
	terms, wrong := readGlossary(dir, string(a.Tag))
	a.Glossary = NewGlossary(a.Tag, terms)
	a.readVerdict(dir, keys)
	a.Digest = digest(string(data), fmt.Sprintf("%q", terms))
	return a, append(faults, wrong...)
}

// Parse reads a language file, and returns every fault of it. The adapter is
// nil if the text is not TOML of the right shape.
func Parse(data []byte) (*Adapter, []error) {
	a := new(Adapter)
	meta, err := toml.Decode(string(data), a)
	if err != nil {
		return nil, []error{err}
	}
	var faults []error
	for _, key := range meta.Undecoded() {
		faults = append(faults, fmt.Errorf("%s: there is no such key", key))
	}
	return a, append(faults, a.check()...)
}

// readVerdict reads TAG/verdict.json. One that cannot be trusted is no fault
// of the language file: its weights just do not pass the gate.
func (a *Adapter) readVerdict(dir fs.FS, keys []sign.Key) {
	data, err := fs.ReadFile(dir, path.Join(string(a.Tag), "verdict.json"))
	if isNotThere(err) {
		return
	}
	var v verdict.Verdict
	if err == nil {
		v, err = verdict.Read(data, keys...)
	}
	if err == nil && v.Tag != a.Tag {
		err = fmt.Errorf("it is about %s", v.Tag)
	}
	if err != nil {
		a.Untrusty = err.Error()
		return
	}
	a.Verdict = &v
}

// isNotThere reports that a file does not exist, or cannot under its name:
// embedded and other strict file systems refuse some names.
func isNotThere(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid)
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
		"insist": a.Insist, "terms": a.Terms,
		"say.not_found": a.Say.NotFound, "say.quoting": a.Say.Quoting, "say.translated": a.Say.Translated,
		"say.blocked": a.Say.Blocked, "say.handover": a.Say.Handover, "say.unable": a.Say.Unable, "reviewed": a.Reviewed} {
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
	if a.Retrieve.K < 0 || a.Retrieve.K > 50 {
		fault("retrieve.k: %d is not in 0..50", a.Retrieve.K)
	}
	a.checkKind(fault)
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return faults
}

// checkKind finds faults in what makes a model speak the language.
func (a *Adapter) checkKind(fault func(format string, args ...any)) {
	switch a.Kind {
	case PromptOnly:
	case LoRA:
		if a.LoRA == nil {
			fault(`lora is missing; kind lora needs lora = { file = "…", sha256 = "…", licence = "…" }`)
		}
	case FullModel:
		if a.Model == "" {
			fault("model is missing; kind full_model names the model on the model server")
		}
	case Pivot:
		fault("kind: pivot is reserved and not yet served; until then, prompt_only or fallback does")
	default:
		fault("kind: %q is not one of prompt_only, lora, full_model", a.Kind)
	}
	if a.Gate != Open && a.Gate != Required {
		fault(`gate: %q is not "required"; leave it out to serve without a verdict`, a.Gate)
	}
	if a.Gate == Required && a.Kind == PromptOnly {
		fault("gate: kind prompt_only has no weights that could be judged")
	}
	if a.LoRA == nil {
		return
	}
	if a.Kind != LoRA {
		fault("lora: kind is %s; say kind = \"lora\" to serve it", a.Kind)
	}
	if a.Model == "" {
		fault("model is missing; a LoRA needs the base that it was trained on")
	}
	a.LoRA.check(fault)
}

func (w *Weights) check(fault func(format string, args ...any)) {
	if !fs.ValidPath(w.File) || w.File == "." {
		fault("lora.file: %q is not a path inside the folder of the language file, such as ky/lora.gguf", w.File)
	}
	if !isHex(w.SHA256, 64) {
		fault("lora.sha256: %q is not 64 hexadecimal digits in lower case; tilgate adapter add writes them", w.SHA256)
	}
	if strings.TrimSpace(w.Licence) == "" {
		fault("lora.licence is missing; say under which licence the weights may be used")
	}
	if w.Scale < 0 || w.Scale > 10 || math.IsNaN(w.Scale) {
		fault("lora.scale: %v is not in 0..10; 0 stands for 1", w.Scale)
	}
}

func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}
