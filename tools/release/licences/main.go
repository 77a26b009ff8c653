// Licences says under which licences the modules are that Tilgate is linked
// with, on every system that it is released for, and what those ask for:
//
//	go run ./licences > ../../docs/licences.md
//	go run ./licences -texts > LICENCES.txt     # the texts, for the archives
//
// It fails if a module has no licence that it knows, or one that asks for more
// than a copy of its text.
package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// root is where Tilgate's go.mod is, from the folder of the tools.
const root = "../.."

func main() {
	texts := len(os.Args) == 2 && os.Args[1] == "-texts"
	if len(os.Args) > 1 && !texts {
		fmt.Fprintln(os.Stderr, "licences takes nothing, or -texts")
		os.Exit(2)
	}
	list, err := linked(root)
	if err == nil {
		err = errors.Join(check(list)...)
	}
	if err == nil && texts {
		err = writeTexts(os.Stdout, list)
	} else if err == nil {
		err = page(os.Stdout, list)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

// systems are those that Tilgate is released for.
var systems = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}

// A module is one that is linked, with the files of its folder that say how it
// may be used.
type module struct {
	path, dir string
	files     []string
}

// linked returns the modules whose packages the program is made of, in order.
func linked(root string) (list []module, err error) {
	seen := map[string]bool{}
	for _, system := range systems {
		goos, arch, _ := strings.Cut(system, "/")
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Dir}}{{end}}{{end}}", "./cmd/tilgate")
		cmd.Dir, cmd.Stderr = root, os.Stderr
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+arch)
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("listing what %s is made of: %w", system, err)
		}
		for line := range strings.Lines(string(out)) {
			path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t")
			if !ok || seen[path] {
				continue
			}
			seen[path] = true
			files, err := filesOf(dir)
			if err != nil {
				return nil, err
			}
			list = append(list, module{path, dir, files})
		}
	}
	slices.SortFunc(list, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return list, nil
}

var named = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|unlicense)`)

func filesOf(dir string) (files []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Type().IsRegular() && named.MatchString(e.Name()) {
			files = append(files, e.Name())
		}
	}
	return files, err
}

// licences of a module are those of its files, without those that add to a
// licence (NOTICE, PATENTS), are about a picture, or collect the texts of other
// modules, linked or not: those that are linked are in the list themselves.
func (m module) licences() (list []string, err error) {
	for _, name := range m.files {
		if adds.MatchString(name) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(m.dir, name))
		if err != nil {
			return nil, err
		}
		for _, l := range classify(string(text)) {
			if !slices.Contains(list, l) {
				list = append(list, l)
			}
		}
	}
	slices.Sort(list)
	return list, nil
}

var adds = regexp.MustCompile(`(?i)^(notice|patents)|logo|3rd-party`)

// allowed are licences that ask for a copy of their text, and nothing of the
// programs that the code is linked into.
var allowed = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "Public domain", "Unicode-3.0", "Unlicense", "Zlib"}

// check says which modules may not be linked.
func check(list []module) (faults []error) {
	for _, m := range list {
		licences, err := m.licences()
		switch {
		case err != nil:
			faults = append(faults, err)
		case len(licences) == 0:
			faults = append(faults, fmt.Errorf("%s: no licence is found in %q of %s", m.path, m.files, m.dir))
		}
		for _, l := range licences {
			if !slices.Contains(allowed, l) {
				faults = append(faults, fmt.Errorf("%s: its licence %s is not among %s", m.path, l, strings.Join(allowed, ", ")))
			}
		}
	}
	return faults
}

func page(w io.Writer, list []module) error {
	fmt.Fprint(w, `# Licences of what Tilgate is linked with

Made by `+"`go run ./licences` in `tools/release`"+`, from the files in each module's
folder; a test fails when it is out of date, or when a module comes in whose licence
asks for more than that its text goes along. The texts go along with each archive of a
release, as LICENCES.txt. Versions stand in the release's list of parts (sbom.cdx.json).

| Module | Licence | Files |
|---|---|---|
`)
	for _, m := range list {
		licences, err := m.licences()
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "| `%s` | %s | %s |\n", m.path, strings.Join(licences, ", "), strings.Join(m.files, ", ")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprint(w, `
The Go standard library is under BSD-3-Clause. go-pdfium holds PDFium as WebAssembly,
whose authors give it under Apache-2.0 and BSD-3-Clause.
`)
	return err
}

// writeTexts writes each text once, under the modules that it is of.
func writeTexts(w io.Writer, list []module) error {
	var order []string
	texts, owners := map[string]string{}, map[string][]string{}
	for _, m := range list {
		for _, name := range m.files {
			text, err := os.ReadFile(filepath.Join(m.dir, name))
			if err != nil {
				return err
			}
			sum := fmt.Sprintf("%x", sha256.Sum256(text))
			if _, ok := texts[sum]; !ok {
				order = append(order, sum)
			}
			texts[sum] = string(text)
			owners[sum] = append(owners[sum], m.path+" ("+name+")")
		}
	}
	for _, sum := range order {
		if _, err := fmt.Fprintf(w, "%s\n\n%s\n\n%s\n\n", strings.Join(owners[sum], "\n"), strings.TrimSpace(texts[sum]), strings.Repeat("-", 72)); err != nil {
			return err
		}
	}
	return nil
}
