package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
)

func (p *program) langCheckCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{Use: "check [FILE|FOLDER]", Short: "Find every fault of language files at once",
		Long: `Find every fault of a language file, or of a folder of them, at once: keys that do
not exist, texts that are missing, tags that are none, weights that are not
described, fallback chains that go in a circle, glossaries that cannot be read.
Texts that seem to be in another language or script are pointed out too.

Without an argument the folder that the configuration names is checked, together
with the files that come with Tilgate.`,
		Example: "  tilgate lang check languages/ky.toml\n  tilgate lang check languages",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return p.langCheck(args[0])
			}
			c, err := loadConfig(path, p.getenv)
			if err != nil {
				return err
			}
			return p.langCheck(c.Adapters)
		}}
	p.configFlag(cmd, &path)
	return cmd
}

// langCheck checks a file, a folder, or, for "", the bundled files.
func (p *program) langCheck(place string) error {
	folders := []fs.FS{adapters.BundledFiles()}
	only := ""
	if place != "" {
		info, err := os.Stat(place)
		if err != nil {
			return err
		}
		if !info.IsDir() {
			place, only = filepath.Dir(place), filepath.Base(place)
			if filepath.Ext(only) != ".toml" {
				return fmt.Errorf("%s is no language file; their names end in .toml", only)
			}
		}
		folders = append(folders, os.DirFS(place))
	}
	checked, faults := adapters.Check(only, folders...)
	for _, a := range checked {
		for _, doubt := range doubts(a) {
			fmt.Fprintf(p.out, "%s: %s\n", a.Tag, doubt)
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	_, err := fmt.Fprintf(p.out, "%d language files without a fault\n", len(checked))
	return err
}

// doubts are what a person should look at: the texts that the detector takes
// for another language, or that are in another script than the first.
func doubts(a *adapters.Adapter) []string {
	var out []string
	for _, text := range []struct{ key, text string }{{"system", a.System}, {"insist", a.Insist}, {"terms", a.Terms}, {"say.not_found", a.Say.NotFound},
		{"say.quoting", a.Say.Quoting}, {"say.translated", a.Say.Translated}, {"say.blocked", a.Say.Blocked},
		{"say.handover", a.Say.Handover}, {"say.unable", a.Say.Unable}} {
		if got := lang.ScriptOf(text.text); got != a.Scripts[0] {
			out = append(out, fmt.Sprintf("%s is written in %s; the first of scripts is %s", text.key, got, a.Scripts[0]))
			continue
		}
		known := len(strings.Fields(text.text)) > 3 || !a.Scripts[0].Spaced()
		if got := lid.Default().Detect(text.text, lid.Options{}); known && got.Tag != lang.Und && !lang.Near(a.Tag, got.Tag) && got.Confidence > 0.9 {
			out = append(out, fmt.Sprintf("%s looks like %s", text.key, got.Tag))
		}
	}
	if !strings.Contains(a.System, "[1]") {
		out = append(out, "system does not show how to cite: [1]")
	}
	return out
}
