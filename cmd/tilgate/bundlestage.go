package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"tilgate/adapters"
	"tilgate/adapters/lora"
	"tilgate/evals/suites"
	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// prepareLanguages makes languages and adapters ready, as adapters/overlay
// does: the language file is moved last, and all that it names lies on disk
// by then.
func (i *importRun) prepareLanguages(ctx context.Context) error {
	things := thingsOf(append(i.bundle.Of(bundle.Adapter), i.bundle.Of(bundle.Languages)...))
	if len(things) == 0 {
		return nil
	}
	folder, err := i.room.folder()
	if err != nil {
		return err
	}
	place, err := newPlacing(folder.Dir)
	if err != nil {
		return err
	}
	i.folders, i.cleanup = append(i.folders, place), append(i.cleanup, place.close)
	here, err := languageFilesOf(folder.Dir)
	if err != nil {
		return err
	}
	for _, t := range things {
		if err := i.prepareLanguage(ctx, place, t, here[lang.Tag(t.Name)].name); err != nil {
			return fmt.Errorf("%s %s: %w", t.Kind, t.Name, err)
		}
	}
	// What would keep a service from taking the files is found before they are there.
	_, err = adapters.Load(adapterOptions(i.room.Config), adapters.BundledFiles(), os.DirFS(folder.Dir), os.DirFS(place.stage))
	return err
}

// prepareLanguage makes one language ready. Its language file takes the name
// that it has here, if it is here.
func (i *importRun) prepareLanguage(ctx context.Context, l *placing, t thing, known string) error {
	tag, report := lang.Tag(t.Name), filesImported{Kind: t.Kind, Name: t.Name, Folder: l.dir, Changed: []string{}}
	file := languageFile(tag)
	if known == "" {
		known = file
	}
	var last []string
	for _, part := range t.Parts {
		name := part.File
		if name == file {
			name = known
		}
		if err := l.unpack(ctx, i.bundle, part, name); err != nil {
			return err
		}
		if isHere(filepath.Join(l.dir, filepath.FromSlash(name)), part) {
			report.Same++
			continue
		}
		report.Changed = append(report.Changed, name)
		if name == known {
			last = []string{name}
		} else {
			l.moves = append(l.moves, name)
		}
	}
	l.moves = append(l.moves, last...)
	i.report.Files = append(i.report.Files, report)
	return i.room.checkLanguage(l.stage, known, t)
}

// checkLanguage reads a language as it lies ready, and refuses what does not
// belong to it.
func (r adapterRoom) checkLanguage(stage, file string, t thing) error {
	text, err := os.ReadFile(filepath.Join(stage, file))
	if err != nil {
		return fault.Invalid.Errorf("the bundle has no %s.toml for it", t.Name)
	}
	a, faults := adapters.Parse(text)
	if err := errors.Join(faults...); err != nil {
		return err
	}
	if string(a.Tag) != t.Name {
		return fault.Invalid.Errorf("its language file is about %s", a.Tag)
	}
	for _, part := range t.Parts {
		if !belongs(part, a) {
			return fault.Invalid.Errorf("the bundle holds %s, which is no file of a language", part.File)
		}
	}
	// Who signs bundles must not be able to do without who signs verdicts.
	if old, ok := r.set.File(a.Tag); ok && old.Tag == a.Tag && old.Gate == adapters.Required && a.Gate != adapters.Required && a.Kind != adapters.PromptOnly {
		return fault.Forbidden.Errorf("its weights need a verdict here, and the bundle would let them answer without one; tilgate adapter remove %s takes the gate away first", a.Tag)
	}
	if a.Kind != adapters.LoRA {
		return nil
	}
	w, err := lora.Open(filepath.Join(stage, filepath.FromSlash(a.LoRA.File)))
	if err != nil {
		return err
	}
	defer w.Close()
	if w.SHA256 != a.LoRA.SHA256 {
		return fault.Invalid.Errorf("its weights are not those that its language file names")
	}
	return nil
}

// belongs reports whether a file is one that a language may have.
func belongs(part bundle.Part, a *adapters.Adapter) bool {
	switch part.File {
	case languageFile(a.Tag), glossaryFile(a.Tag):
		return true
	case verdictFile(a.Tag):
		return part.Kind == bundle.Adapter
	}
	if part.Kind != bundle.Adapter || a.LoRA == nil {
		return false
	}
	weights := path.Clean(a.LoRA.File)
	return strings.HasPrefix(weights, string(a.Tag)+"/") && (part.File == weights || path.Dir(part.File) == weights)
}

// prepareSuites makes suites ready, each a folder of its own.
func (i *importRun) prepareSuites(ctx context.Context) error {
	things := thingsOf(i.bundle.Of(bundle.Suite))
	if len(things) == 0 {
		return nil
	}
	dir := i.flags.suites
	if dir == "" {
		dir = filepath.Join(i.room.Data, "suites")
	}
	place, err := newPlacing(dir)
	if err != nil {
		return err
	}
	i.folders, i.cleanup = append(i.folders, place), append(i.cleanup, place.close)
	for _, t := range things {
		if err := i.prepareSuite(ctx, place, t); err != nil {
			return fmt.Errorf("suite %s: %w", t.Name, err)
		}
	}
	return nil
}

func (i *importRun) prepareSuite(ctx context.Context, l *placing, t thing) error {
	report := filesImported{Kind: t.Kind, Name: t.Name, Folder: l.dir, Changed: []string{}}
	for _, part := range t.Parts {
		name := path.Join(t.Name, part.File)
		if err := l.unpack(ctx, i.bundle, part, name); err != nil {
			return err
		}
		if isHere(filepath.Join(l.dir, filepath.FromSlash(name)), part) {
			report.Same++
		} else {
			report.Changed = append(report.Changed, name)
		}
	}
	s, err := suites.Load(os.DirFS(filepath.Join(l.stage, t.Name)))
	if err != nil {
		return err
	}
	if s.Name != t.Name {
		return fault.Invalid.Errorf("it calls itself %s", s.Name)
	}
	old, err := suites.Load(os.DirFS(filepath.Join(l.dir, t.Name)))
	if len(report.Changed) > 0 || err != nil || old.Digest != s.Digest {
		l.moves = append(l.moves, t.Name)
	}
	i.report.Files = append(i.report.Files, report)
	return nil
}
