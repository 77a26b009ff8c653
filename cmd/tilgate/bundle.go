package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/internal/fit"
	"tilgate/internal/sign"
	"tilgate/serving/ollama"
)

func (p *program) bundleCommand() *cobra.Command {
	return group(&cobra.Command{Use: "bundle", Short: "Carry knowledge bases, languages, adapters, models and the program to places without a network",
		Long: `Carry knowledge bases, language files, adapters, suites, models and the program to
places without a network, in one signed file.

On the side that has the network:

  tilgate trust secret --out centre.secret          once; prints the key
  tilgate bundle export --out desk.tilgate --secret centre.secret --kb desk

and on the other, where the key was brought by somebody who is trusted:

  tilgate trust add centre tgv-… --for bundles      once
  tilgate bundle import desk.tilgate

Later, tilgate bundle export --since desk.tilgate carries only what has changed.

A place that has nothing yet is set up from one file as well:

  tilgate bundle export --out school.tilgate --secret centre.secret --kb desk --program ./tilgate

and there, from the stick: ./school.tilgate setup --signer tgv-…`},
		p.bundleExportCommand(), p.bundleImportCommand(), p.bundleVerifyCommand())
}

// bundleFlags are those that all of these commands have.
type bundleFlags struct {
	config string
	json   bool
}

func (f *bundleFlags) add(p *program, cmd *cobra.Command) *cobra.Command {
	p.configFlag(cmd, &f.config)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

var oneBundle = exactly(1, "the file of a bundle")

func (p *program) bundleVerifyCommand() *cobra.Command {
	var f bundleFlags
	return f.add(p, &cobra.Command{Use: "verify FILE", Short: "Say who signed a bundle, what is in it, and whether it is whole and trusted",
		Long: `Say who signed a bundle, what is in it, and whether it is whole and trusted here.
Nothing is unpacked. The exit code is 1 if the file is not what was signed, or if
its signer is not trusted for bundles.`,
		Args: oneBundle,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := loadConfig(f.config, p.getenv)
			if err != nil {
				return err
			}
			b, err := openBundle(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			defer b.Close()
			whose, untrusted := c.signerOf(b, args[0])
			if err := p.print(f.json, newBundleInfo(b, args[0], whose, untrusted == nil)); err != nil {
				return err
			}
			return untrusted
		}})
}

// openBundle opens a bundle, and reads it once to know that it is whole.
func openBundle(ctx context.Context, path string) (*bundle.Bundle, error) {
	b, err := bundle.Open(path)
	if err != nil {
		return nil, err
	}
	if err := b.Verify(ctx); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// signerOf returns the name of who signed a bundle; its error is why that is
// nobody whose bundles are imported here.
func (c Config) signerOf(b *bundle.Bundle, path string) (name string, err error) {
	trust, err := sign.ReadTrust(c.trustFile())
	if err != nil {
		return "", err
	}
	whose, known := trust.Whose(b.Key)
	switch {
	case !known:
		return "", fault.Forbidden.Errorf("%s is signed by %s, whom nobody here trusts; if that is the right key: tilgate trust add NAME %[2]s --for bundles", path, b.Key)
	case !slices.Contains(whose.For, sign.Bundles):
		return whose.Name, fault.Forbidden.Errorf("%s is signed by %s, who is trusted for %s alone; for bundles too: tilgate trust add %[2]s %[4]s --for bundles", path, whose.Name, join(whose.For), b.Key)
	}
	return whose.Name, nil
}

// bundleInfo is what is said of a bundle.
type bundleInfo struct {
	File     string          `json:"file"`
	Name     string          `json:"name"`
	Created  time.Time       `json:"created"`
	Digest   string          `json:"digest"`
	Since    string          `json:"since,omitempty"`
	Key      sign.Key        `json:"key"`
	SignedBy string          `json:"signed_by,omitempty"`
	Trusted  bool            `json:"trusted"`
	Program  *bundle.Program `json:"program,omitempty"`
	Needs    []bundle.Need   `json:"needs,omitempty"`
	Parts    []bundle.Part   `json:"parts"`
}

func newBundleInfo(b *bundle.Bundle, path, whose string, trusted bool) bundleInfo {
	return bundleInfo{File: path, Name: b.Name, Created: b.Created, Digest: b.Digest, Since: b.Since,
		Key: b.Key, SignedBy: whose, Trusted: trusted, Program: b.Program, Needs: b.Needs, Parts: b.Parts}
}

func (i bundleInfo) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s: %s, made %s, whole\ndigest: %s", i.File, i.Name, i.Created.Format("2006-01-02 15:04 MST"), i.Digest)
	if i.Since != "" {
		fmt.Fprintf(&s, "\nsince:  %s", i.Since)
	}
	fmt.Fprintf(&s, "\nsigned: %s (%s)", cmp.Or(i.SignedBy, "by somebody who is not known here"), i.Key)
	if g := i.Program; g != nil {
		fmt.Fprintf(&s, "\n  %-9s tilgate for %s on %s, %s", "program", g.OS, g.Arch, sizeText(g.Size))
	}
	for _, t := range thingsOf(i.Parts) {
		fmt.Fprintf(&s, "\n  %-9s %s: %s", t.Kind, t.title(), t.describe())
	}
	for _, n := range i.Needs {
		fmt.Fprintf(&s, "\n  %-9s %s, which the place must have by other ways", "needs", n.Model)
	}
	return s.String()
}

// A thing is what the parts of one kind and name are together.
type thing struct {
	Kind  bundle.Kind
	Name  string
	Parts []bundle.Part
}

// thingsOf groups parts, which are sorted.
func thingsOf(parts []bundle.Part) []thing {
	var all []thing
	for _, p := range parts {
		if n := len(all); n > 0 && all[n-1].Kind == p.Kind && all[n-1].Name == p.Name {
			all[n-1].Parts = append(all[n-1].Parts, p)
			continue
		}
		all = append(all, thing{p.Kind, p.Name, []bundle.Part{p}})
	}
	return all
}

// title is what a thing is called: a model, as its server calls it.
func (t thing) title() string {
	for _, p := range t.Parts {
		if p.Kind == bundle.Model && ollama.IsManifest(p.File) {
			if name, err := ollama.StoredName(p.File); err == nil {
				return name
			}
		}
	}
	return t.Name
}

func (t thing) describe() string {
	if k := t.Parts[0].Knowledge; k != nil {
		langs := join(k.Langs)
		if len(k.Langs) > 8 {
			langs = fmt.Sprintf("%d languages", len(k.Langs))
		}
		text := fmt.Sprintf("%d passages, room for %s", k.Passages, langs)
		if k.Base != "" {
			text += fmt.Sprintf("; changes alone: %d passages come, %d go", k.Put, k.Removed)
		}
		return text
	}
	var size int64
	for _, p := range t.Parts {
		size += p.Size
	}
	return fmt.Sprintf("%d files, %s", len(t.Parts), sizeText(size))
}

// digest identifies all files of a thing.
func (t thing) digest() string {
	var s strings.Builder
	for _, p := range t.Parts {
		fmt.Fprintf(&s, "%s %s\n", p.SHA256, p.File)
	}
	return s.String()
}

func sizeText(bytes int64) string {
	if bytes < 1e6 {
		return fmt.Sprintf("%.1f kB", float64(bytes)/1e3)
	}
	return fit.Size(bytes)
}
