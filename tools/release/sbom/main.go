// Sbom writes a list of what is in a Go program (CycloneDX, as JSON) from what
// the program says about itself: its modules, their versions and their sums.
//
//	go run ./sbom /path/to/tilgate > tilgate.cdx.json
package main

import (
	"debug/buildinfo"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime/debug"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("it takes one argument, the path of a program")
	}
	info, err := buildinfo.ReadFile(args[0])
	if err != nil {
		return fmt.Errorf("reading %s: %w", args[0], err)
	}
	bom, err := list(info)
	if err != nil {
		return err
	}
	return cdx.NewBOMEncoder(out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6) // which all readers know
}

// list holds no time and no random number, so that the same program has the
// same list.
func list(info *debug.BuildInfo) (*cdx.BOM, error) {
	program := component(&info.Main)
	program.Type = cdx.ComponentTypeApplication
	var how []cdx.Property
	for _, s := range info.Settings {
		how = append(how, cdx.Property{Name: "go:build:" + s.Key, Value: s.Value})
	}
	program.Properties = &how
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Component: &program}
	std := cdx.Component{Type: cdx.ComponentTypeLibrary, Name: "stdlib", Version: strings.TrimPrefix(info.GoVersion, "go")}
	std.PackageURL = "pkg:golang/stdlib@" + std.Version
	std.BOMRef = std.PackageURL
	parts := []cdx.Component{std}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		c := component(m)
		if m.Sum != "" {
			hash, err := sumOf(m.Sum)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.Path, err)
			}
			c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hash}}
		}
		parts = append(parts, c)
	}
	bom.Components = &parts
	var refs []string
	for _, c := range parts {
		refs = append(refs, c.BOMRef)
	}
	bom.Dependencies = &[]cdx.Dependency{{Ref: program.BOMRef, Dependencies: &refs}}
	return bom, nil
}

func component(m *debug.Module) cdx.Component {
	c := cdx.Component{Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version}
	var parts []string
	for _, p := range strings.Split(m.Path, "/") {
		parts = append(parts, url.PathEscape(p))
	}
	c.PackageURL = "pkg:golang/" + strings.Join(parts, "/") + "@" + url.QueryEscape(m.Version)
	c.BOMRef = c.PackageURL
	return c
}

// sumOf turns the sum of a module, as go.sum has it, into hexadecimal.
func sumOf(sum string) (string, error) {
	text, ok := strings.CutPrefix(sum, "h1:")
	raw, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(raw) != 32 {
		return "", fmt.Errorf("%q is not a sum of Go's kind h1", sum)
	}
	return hex.EncodeToString(raw), nil
}
