package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/internal/bundle"
	"tilgate/internal/fault"
	"tilgate/rag/qdrant"
)

type exportFlags struct {
	bundleFlags
	out, secret, name, tenant    string
	languages, program           string
	kbs, adapters, suites, since []string
	models, needs                []string
	ollamaModels                 string
}

func (p *program) bundleExportCommand() *cobra.Command {
	var f exportFlags
	cmd := f.add(p, &cobra.Command{Use: "export --out FILE --secret FILE [--kb NAME…] [--languages DIR] [--adapter TAG…] [--suite DIR…] [--model NAME…] [--program FILE] [--since FILE…]",
		Short: "Put knowledge bases, languages, adapters, suites, models and the program into one signed file",
		Long: `Put knowledge bases, language files, adapters, suites, models and the program
itself into one signed file.

A knowledge base goes with all its vectors, as the version that is searched; not
with whose it is. An adapter is a language with its weights and its verdict. The
secret is one that tilgate trust secret made, kept where no service reads.

A model is one that Ollama has on this machine, or a GGUF file; one that the place
gets by other ways is only named, with --needs. With --program the file is a
program too, which sets up a place that has nothing: ./FILE setup --help.

With --since, only what differs from an earlier bundle is carried; of a knowledge
base, only the passages that differ. It can be imported where the earlier bundle
was. If that had a --since itself, name those before it too, the oldest first.`,
		Example: `  tilgate bundle export --out desk.tilgate --secret centre.secret --kb desk --adapter ky
  tilgate bundle export --out may.tilgate --secret centre.secret --kb desk --since desk.tilgate
  tilgate bundle export --out school.tilgate --secret centre.secret --kb desk --model qwen3:1.7b --program ./tilgate`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := p.bundleExport(cmd.Context(), f)
			if err != nil {
				return err
			}
			return p.print(f.json, r)
		}})
	cmd.Flags().StringVar(&f.out, "out", "", "file to write (required)")
	cmd.Flags().StringVar(&f.secret, "secret", "", "file of the secret that signs (required)")
	cmd.Flags().StringVar(&f.name, "name", "", "what the bundle is called; the name of the file if not given")
	cmd.Flags().StringSliceVar(&f.kbs, "kb", nil, "name of a knowledge base")
	cmd.Flags().StringVar(&f.languages, "languages", "", "folder of language files without weights")
	cmd.Flags().StringSliceVar(&f.adapters, "adapter", nil, "tag of a language that has weights")
	cmd.Flags().StringSliceVar(&f.suites, "suite", nil, "folder of a suite")
	cmd.Flags().StringArrayVar(&f.models, "model", nil, "model of Ollama's, such as qwen3:8b, or a GGUF file")
	cmd.Flags().StringVar(&f.ollamaModels, "ollama-models", "", "folder of Ollama's models; where Ollama usually has it if not given")
	cmd.Flags().StringArrayVar(&f.needs, "needs", nil, "model that the place must have, and that is not carried")
	cmd.Flags().StringVar(&f.program, "program", "", "program of Tilgate, for the machine of the place, that the file begins with")
	cmd.Flags().StringSliceVar(&f.since, "since", nil, "an earlier bundle, of which only what differs is carried")
	tenantFlag(cmd, &f.tenant)
	_ = cmd.MarkFlagRequired("out")
	_ = cmd.MarkFlagRequired("secret")
	return cmd
}

func (p *program) bundleExport(ctx context.Context, f exportFlags) (bundleInfo, error) {
	if len(f.kbs)+len(f.adapters)+len(f.suites)+len(f.models) == 0 && f.languages == "" && f.program == "" {
		return bundleInfo{}, usageError{errors.New("say what to carry: --kb, --languages, --adapter, --suite, --model or --program")}
	}
	room, err := p.adapterRoom(f.config)
	if err != nil {
		return bundleInfo{}, err
	}
	if err := room.outside(f.secret); err != nil {
		return bundleInfo{}, err
	}
	secret, err := readSecret(f.secret)
	if err != nil {
		return bundleInfo{}, err
	}
	before, err := readEarlier(ctx, f.since)
	if err != nil {
		return bundleInfo{}, err
	}
	if f.ollamaModels, err = f.modelsFolder(p.getenv); err != nil {
		return bundleInfo{}, err
	}
	sources, err := f.files(room, before)
	if err != nil {
		return bundleInfo{}, err
	}
	if len(f.kbs) > 0 {
		store, closeStore, err := openStore(ctx, room.Config, quietLog())
		if err != nil {
			return bundleInfo{}, err
		}
		defer closeStore()
		for _, kb := range f.kbs {
			sources = append(sources, exportKB(ctx, store.For(f.tenant), kb, before.kbs[kb]))
		}
	}
	name := f.name
	if name == "" {
		name = strings.TrimSuffix(filepath.Base(f.out), filepath.Ext(f.out))
	}
	head := bundle.Head{Name: name, Created: time.Now(), Since: before.digest, Program: f.program, Needs: needsOf(f.needs, f.ollamaModels)}
	if _, err := bundle.Write(f.out, head, secret, sources); err != nil {
		return bundleInfo{}, fmt.Errorf("writing bundle %s: %w", f.out, err)
	}
	b, err := openBundle(ctx, f.out) // as it lies on disk
	if err != nil {
		return bundleInfo{}, err
	}
	defer b.Close()
	whose, untrusted := room.signerOf(b, f.out)
	return newBundleInfo(b, f.out, whose, untrusted == nil), nil
}

// files are the sources of all that is not a knowledge base, but what an
// earlier bundle has brought already.
func (f exportFlags) files(room adapterRoom, before earlier) ([]bundle.Source, error) {
	var things []fileThing
	if f.languages != "" {
		list, err := languagesIn(f.languages)
		if err != nil {
			return nil, fmt.Errorf("--languages %s: %w", f.languages, err)
		}
		things = append(things, list...)
	}
	for _, tag := range f.adapters {
		t, err := weightedLanguage(room, tag)
		if err != nil {
			return nil, fmt.Errorf("--adapter %s: %w", tag, err)
		}
		things = append(things, t)
	}
	for _, dir := range f.suites {
		t, err := suiteIn(dir)
		if err != nil {
			return nil, fmt.Errorf("--suite %s: %w", dir, err)
		}
		things = append(things, t)
	}
	for _, name := range f.models {
		t, err := modelIn(name, f.ollamaModels)
		if err != nil {
			return nil, fmt.Errorf("--model %s: %w", name, err)
		}
		things = append(things, t)
	}
	var sources []bundle.Source
	for _, t := range things {
		same, err := before.brought(t)
		if err != nil {
			return nil, err
		}
		if !same {
			sources = append(sources, t.sources()...)
		}
	}
	return sources, nil
}

// modelsFolder is where Ollama's models lie, if any is spoken of.
func (f exportFlags) modelsFolder(getenv func(string) string) (string, error) {
	wanted := slices.ContainsFunc(f.models, func(name string) bool { return !strings.HasSuffix(name, ggufEnd) })
	dir, err := ollamaFolder(f.ollamaModels, getenv)
	if err != nil && !wanted {
		return "", nil
	}
	return dir, err
}

func exportKB(ctx context.Context, x *qdrant.Index, kb string, since *qdrant.Snapshot) bundle.Source {
	return bundle.Source{Kind: bundle.KB, Name: kb, Fill: func(w io.Writer) (*bundle.Knowledge, error) {
		c, err := x.Export(ctx, kb, since, w)
		if err == nil && since != nil && c.Put+c.Removed == 0 {
			err = bundle.ErrUnchanged
		}
		return &bundle.Knowledge{Langs: c.Langs, Passages: c.Passages, State: c.State, Base: c.Base, Put: c.Put, Removed: c.Removed}, err
	}}
}

// earlier is what bundles that went before have brought.
type earlier struct {
	digest string // of the last; empty if there is none
	kbs    map[string]*qdrant.Snapshot
	files  map[string]string // thing.digest of each kind and name
}

func readEarlier(ctx context.Context, paths []string) (earlier, error) {
	e := earlier{kbs: map[string]*qdrant.Snapshot{}, files: map[string]string{}}
	for _, path := range paths {
		b, err := openBundle(ctx, path)
		if err != nil {
			return e, fmt.Errorf("--since: %w", err)
		}
		err = e.add(ctx, b)
		b.Close()
		if err != nil {
			return e, fmt.Errorf("--since %s: %w", path, err)
		}
	}
	return e, nil
}

func (e *earlier) add(ctx context.Context, b *bundle.Bundle) error {
	if b.Since == "" && e.digest != "" {
		return fault.Invalid.Errorf("it goes on from no other bundle; name it first")
	}
	if b.Since != e.digest {
		return fault.Invalid.Errorf("it goes on from the bundle %.12s…; name that before it", b.Since)
	}
	e.digest = b.Digest
	for _, t := range thingsOf(b.Parts) {
		if t.Kind != bundle.KB {
			e.files[string(t.Kind)+" "+t.Name] = t.digest()
			continue
		}
		r, err := b.Unpack(ctx, t.Parts[0])
		if err != nil {
			return err
		}
		if e.kbs[t.Name] == nil {
			e.kbs[t.Name] = &qdrant.Snapshot{}
		}
		err = e.kbs[t.Name].Read(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	return nil
}

// brought reports whether a thing is as it was brought.
func (e earlier) brought(t fileThing) (bool, error) {
	old, ok := e.files[string(t.kind)+" "+t.name]
	if !ok {
		return false, nil
	}
	now, err := t.digest()
	return now == old, err
}
