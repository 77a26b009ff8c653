package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/internal/sign"
	"tilgate/internal/wholefile"
	"tilgate/rag/qdrant"
	"tilgate/serving/ollama"
)

// programHere is where the program of a bundle is put for a service.
const programHere = "/usr/local/bin/tilgate"

// openFrom opens the bundle that setup installs from: the one that is named, or
// this very file where it is one that was run.
func (f *setupFlags) openFrom(ctx context.Context) error {
	if f.bundle == "" {
		here, err := os.Executable()
		if err != nil || !bundle.Carries(here) {
			return err
		}
		f.bundle = here
	}
	b, err := openBundle(ctx, f.bundle)
	if err != nil {
		return err
	}
	if g := b.Program; g != nil && (g.OS != runtime.GOOS || g.Arch != runtime.GOARCH) {
		b.Close()
		return fault.Invalid.Errorf("the program in %s is for %s on %s; this machine has %s on %s", f.bundle, g.OS, g.Arch, runtime.GOOS, runtime.GOARCH)
	}
	f.from = b
	return nil
}

func (f *setupFlags) closeFrom() {
	if f.from != nil {
		f.from.Close()
	}
}

// fillFrom takes from the bundle what no flag says.
func (f *setupFlags) fillFrom(given func(flag string) bool) error {
	if f.from == nil {
		return nil
	}
	if f.adapters == "" && len(f.from.Of(bundle.Languages))+len(f.from.Of(bundle.Adapter)) > 0 {
		f.adapters = filepath.Join(f.data, "languages")
	}
	model, err := f.modelFrom()
	if err != nil || model == "" {
		return err
	}
	if !given("ollama") && !given("openai") && !given("no-model") {
		f.ollama = ollamaHere
	}
	if f.ollama != "" && f.model == "" {
		f.model = model
	}
	return nil
}

// modelFrom is the first model that the bundle has or needs; empty if none.
func (f *setupFlags) modelFrom() (string, error) {
	for _, part := range f.from.Of(bundle.Model) {
		if ollama.IsManifest(part.File) {
			return ollama.StoredName(part.File)
		}
	}
	if len(f.from.Needs) > 0 {
		return f.from.Needs[0].Model, nil
	}
	return "", nil
}

// trustFrom wants to know that the bundle comes from whom it should: by its key,
// which was told by other ways. ask is nil where nobody can be asked.
func (f *setupFlags) trustFrom(ask *asker) error {
	if f.from == nil {
		return nil
	}
	key := f.from.Key.String()
	if _, err := (Config{Data: f.data}).signerOf(f.from, f.bundle); err == nil && f.signer == "" {
		return nil // it is trusted here already
	}
	switch {
	case f.signer == key:
		return nil
	case f.signer != "":
		return fault.Forbidden.Errorf("%s is signed by %s, and not by %s: it is not the one that you were told of", f.bundle, key, f.signer)
	case ask == nil:
		return usageError{fmt.Errorf("--signer is missing: the key that you were told by other ways; %s says that it is signed by %s", f.bundle, key)}
	}
	ok, err := ask.yes(fmt.Sprintf("%s is signed by\n  %s\nIs that the key that you were told?", f.bundle, key), false)
	if err == nil && !ok {
		err = errors.New("nothing was written")
	}
	return err
}

// showFrom says what will be installed.
func (f *setupFlags) showFrom(w io.Writer) error {
	if f.from == nil {
		return nil
	}
	_, err := fmt.Fprintf(w, "Bundle        %s\n", newBundleInfo(f.from, f.bundle, f.from.Name, true))
	if err == nil && f.installs() {
		_, err = fmt.Fprintf(w, "Program       it goes to %s\n", f.binary)
	}
	return err
}

// installs reports whether the bundle brings the program that the service runs.
func (s setting) installs() bool { return s.from != nil && s.from.Program != nil }

// install brings in what the bundle carries: the program first.
func (p *program) install(ctx context.Context, m *maker, s setting) error {
	if s.from == nil {
		return nil
	}
	if s.installs() {
		if err := m.folder(filepath.Dir(s.binary), 0o755); err != nil {
			return err
		}
		if err := m.program(s.binary, s.from); err != nil {
			return fmt.Errorf("writing %s: %w", s.binary, err)
		}
	}
	if len(s.from.Parts) == 0 {
		return nil
	}
	if err := s.trust(); err != nil {
		return err
	}
	r, err := p.bundleImport(ctx, importFlags{bundleFlags: bundleFlags{config: s.config},
		ollamaModels: s.ollamaModels, withoutModels: s.noModel, keep: qdrant.DefaultKeep}, s.bundle)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.out, "\n%s\n", r); err != nil {
		return err
	}
	if m.uid < 0 {
		return nil
	}
	return belong(s.data, s.data)
}

// trust lets the bundles of this signer be imported, from now on.
func (s setting) trust() error {
	c := Config{Data: s.data}
	if _, err := c.signerOf(s.from, s.bundle); err == nil {
		return nil
	}
	t, err := sign.ReadTrust(c.trustFile())
	if err != nil {
		return err
	}
	if err := t.Add(s.from.Name, s.from.Key, time.Now(), sign.Bundles); err != nil {
		return err
	}
	return t.Write(c.trustFile())
}

// program puts the program of a bundle into its place, and keeps what is there.
func (m *maker) program(path string, from *bundle.Bundle) error {
	t := madeThing{Kind: aFile, Path: path, SHA256: from.Program.SHA256}
	if sum, err := fileSHA256(path); err == nil {
		if sum == t.SHA256 {
			return os.Chmod(path, 0o755)
		}
		if err := m.replace(&t); err != nil {
			return err
		}
	}
	if err := m.note(t); err != nil {
		return err
	}
	sweep(path)
	_, err := wholefile.Program(path, func(w io.Writer) error {
		_, err := io.Copy(w, from.OpenProgram())
		return err
	})
	return err
}
