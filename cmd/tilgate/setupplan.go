package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"tilgate/internal/lang"
	"tilgate/rag/sources"
	"tilgate/serving/auth"
)

// A setupPlan is what setup will make, before any of it is.
type setupPlan struct {
	c     Config
	files []*planned // in the order in which they are written
}

// A planned is a file that setup will write.
type planned struct {
	path, text string
	state      string // "new", "as it is" or "different", as it was last looked at
}

const (
	isNew     = "new"
	isSame    = "as it is"
	different = "different"
)

// planSetup makes the files of a setting. Its error names all that is wrong with
// the setting.
func planSetup(s setting, getenv func(string) string) (*setupPlan, error) {
	c, manifests, faults := s.fill()
	faults = append(faults, s.faults()...)
	for _, each := range []string{s.config, s.data, s.unit, s.binary, s.adapters, s.cert, s.tlsKey, s.key, s.model} {
		if strings.ContainsFunc(each, unicode.IsControl) || strings.ContainsRune(each, unicode.ReplacementChar) {
			faults = append(faults, fmt.Errorf("%q has characters that no name has", each))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, usageError{err}
	}
	text := configText(s, c)
	c, err := parseConfig(s.config, []byte(text), getenv)
	if err != nil {
		return nil, usageError{err}
	}
	set, err := openAdapters(c)
	if err != nil {
		return nil, usageError{err}
	}
	for what, tag := range c.defaults() {
		if _, ok := set.For(tag); !ok {
			return nil, usageError{fmt.Errorf("%s: no adapter serves %s; tilgate lang list shows what there is", what, tag)}
		}
	}
	p := &setupPlan{c: c, files: []*planned{{path: s.config, text: text}}}
	p.files = append(p.files, manifests...)
	if s.unit != "" {
		unit, err := unitText(s, c)
		if err != nil {
			return nil, usageError{err}
		}
		p.files = append(p.files, &planned{path: s.unit, text: unit})
	}
	return p, nil
}

// fill makes the configuration of a setting, and its manifests.
func (s setting) fill() (c Config, manifests []*planned, faults []error) {
	c = defaultConfig()
	c.Data, c.Listen, c.Hosts, c.Proxies, c.Adapters = s.data, s.listen, s.hosts, s.proxies, s.adapters
	c.TLS = TLSConfig{Cert: s.cert, Key: s.tlsKey}
	for _, text := range s.languages {
		tag, err := lang.ParseTag(strings.TrimSpace(text))
		if err != nil {
			faults = append(faults, fmt.Errorf("languages: %w", err))
		}
		c.Languages = append(c.Languages, tag)
	}
	if len(c.Languages) > 0 {
		c.Language = c.Languages[0]
	}
	c.Ollama = OllamaConfig{URL: s.ollama, NumCtx: s.numCtx}
	switch {
	case s.ollama != "":
		c.Ollama.Model = s.model
	case s.openai != "":
		c.OpenAI = OpenAIConfig{URL: s.openai, Model: s.model, NumCtx: s.numCtx}
	}
	for _, path := range s.knowledge {
		file, m, err := s.manifest(path, c.Languages)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if m != nil {
			if slices.ContainsFunc(manifests, func(other *planned) bool { return other.path == m.path }) {
				faults = append(faults, fmt.Errorf("knowledge: two folders would both make the knowledge base of %s; rename one", m.path))
			}
			manifests = append(manifests, m)
		}
		c.Knowledge = append(c.Knowledge, file)
	}
	return c, manifests, faults
}

var notInName = regexp.MustCompile(`[^a-z0-9_-]+`)

// manifest returns the manifest of a folder or file of documents, or that which
// path is itself.
func (s setting) manifest(path string, languages []lang.Tag) (file string, made *planned, err error) {
	if err := absolute(&path); err != nil {
		return "", nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", nil, fmt.Errorf("knowledge: %w", err)
	}
	if !info.IsDir() && strings.EqualFold(filepath.Ext(path), ".toml") {
		_, err := sources.ReadManifest(path)
		return path, nil, err
	}
	base := strings.ToLower(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	name := strings.Trim(notInName.ReplaceAllString(base, "-"), "-_")
	if name = name[:min(len(name), 40)]; name == "" {
		name = "documents" // a name in another script, say
	}
	file = filepath.Join(filepath.Dir(s.config), name+".toml")
	if file == s.config {
		file = filepath.Join(filepath.Dir(s.config), name+"-documents.toml")
	}
	m := sources.Manifest{Name: name, Languages: slices.Clone(languages), Sources: []sources.Source{{Path: path}}}
	return file, &planned{path: file, text: manifestText(m)}, m.Validate()
}

// faults are those that the loader of the configuration does not see.
func (s setting) faults() (faults []error) {
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	named := 0
	for _, is := range []bool{s.ollama != "", s.openai != "", s.noModel} {
		if is {
			named++
		}
	}
	if named > 1 {
		add("--ollama, --openai and --no-model: name one of them; the configuration can be given more servers later")
	}
	if s.model != "" && s.ollama == "" && s.openai == "" {
		add("--model: %s needs a server; name it with --ollama or --openai", s.model)
	}
	for _, host := range s.hosts {
		if !hostNamed.MatchString(host) {
			add("--host: %q is no name such as assistant.example, without http:// and port", host)
		}
	}
	for _, origin := range s.pages {
		if _, err := auth.ParseOrigin(origin); err != nil {
			add("--page: %w", err)
		}
	}
	if len(s.key) > 100 {
		add("--key: a name of %d bytes is too long", len(s.key))
	}
	if info, err := os.Stat(s.data); err == nil && !info.IsDir() {
		add("--data: %s is a file", s.data)
	}
	return faults
}

var hostNamed = regexp.MustCompile(`^[\pL\pN]([\pL\pN.-]*[\pL\pN])?$|^[0-9a-fA-F:]+$`)

// look sees which of the files are there.
func (p *setupPlan) look(config string) error {
	if _, err := readMade(config); err != nil {
		return err
	}
	for _, f := range p.files {
		info, err := os.Lstat(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			f.state = isNew
			continue
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is there, and is no plain file: name another, or take it away", f.path)
		}
		text, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		f.state = different
		if bytes.Equal(text, []byte(f.text)) {
			f.state = isSame
		}
	}
	return nil
}

func (p *setupPlan) taken() (list []string) {
	for _, f := range p.files {
		if f.state == different {
			list = append(list, f.path)
		}
	}
	return list
}

// show lists the files, with what will stand in them if whole.
func (p *setupPlan) show(w io.Writer, whole bool) error {
	for _, f := range p.files {
		if _, err := fmt.Fprintf(w, "%-14s%s\n", strings.ToUpper(f.state[:1])+f.state[1:], f.path); err != nil {
			return err
		}
		if !whole {
			continue
		}
		if _, err := fmt.Fprintf(w, "\n%s\n", indented(f.text)); err != nil {
			return err
		}
	}
	return nil
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ") + "\n"
}
