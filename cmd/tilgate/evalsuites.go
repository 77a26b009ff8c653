package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/evals"
	"tilgate/evals/dataset"
	"tilgate/evals/suites"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag/sample"
)

// suiteHelp says how a suite is named, for the help of the commands that take
// one.
const suiteHelp = `A SUITE is a folder with suite.toml; the name of one that comes with Tilgate
(namuna, desk); or FORMAT:PATH, a public data set as it is published. The formats are
`

// openSuite reads what a SUITE argument names.
func openSuite(arg string, langs []lang.Tag) (*evals.Suite, error) {
	switch arg {
	case suites.NamunaName:
		return namuna()
	case suites.DeskName:
		return suites.Desk()
	}
	if format, path, ok := strings.Cut(arg, ":"); ok && slices.Contains(dataset.Formats(), format) {
		dir, err := folderOf(path)
		if err != nil {
			return nil, err
		}
		s, err := dataset.Suite(format, dir, langs)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", arg, err)
		}
		return s, nil
	}
	if _, err := os.Stat(arg); errors.Is(err, fs.ErrNotExist) {
		return nil, fault.NotFound.Errorf("there is no suite %q: it is neither a folder, nor one that comes with Tilgate (%s, %s), nor FORMAT:PATH with one of the formats %s",
			arg, suites.NamunaName, suites.DeskName, strings.Join(dataset.Formats(), ", "))
	}
	s, err := suites.Load(os.DirFS(arg))
	if err != nil {
		return nil, fmt.Errorf("reading the suite in %s:\n%w", arg, err)
	}
	return s, nil
}

// namuna makes the suite that comes with Tilgate out of the sample knowledge
// base.
func namuna() (*evals.Suite, error) {
	set, err := adapters.Bundled()
	if err != nil {
		return nil, err
	}
	tags, err := sample.Langs()
	if err != nil {
		return nil, err
	}
	var all []suites.Sample
	for _, tag := range tags {
		one, err := sampleIn(tag)
		if err != nil {
			return nil, err
		}
		if a, ok := set.For(tag); ok {
			one.Abstentions = []string{a.Say.NotFound, a.Say.Unable}
		}
		all = append(all, one)
	}
	return suites.Namuna(all)
}

func sampleIn(tag lang.Tag) (suites.Sample, error) {
	s := suites.Sample{Lang: tag, KB: sample.KB}
	for item, err := range sample.Documents(tag) {
		if err != nil {
			return s, err
		}
		d := item.Document
		s.Articles = append(s.Articles, suites.Article{ID: d.ID, Title: d.Title, Text: d.Text, Sector: d.Sector})
	}
	questions, err := sample.Questions(tag)
	for _, q := range questions {
		s.Questions = append(s.Questions, suites.Question{ID: q.ID, Text: q.Text, Article: q.Doc, Answer: q.Answer})
	}
	return s, err
}

func folderOf(path string) (fs.FS, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fault.Invalid.Errorf("%s is a file; name the folder that it is in", path)
	}
	return os.DirFS(path), nil
}

// keepTasks leaves the tasks in some languages; all if none is named.
func keepTasks(s *evals.Suite, langs []lang.Tag) {
	if len(langs) == 0 {
		return
	}
	s.Tasks = slices.DeleteFunc(s.Tasks, func(t *evals.Task) bool {
		return !slices.ContainsFunc(langs, func(tag lang.Tag) bool { return tag == t.Lang || tag == t.Lang.Base() })
	})
}

func parseTags(list []string) ([]lang.Tag, error) {
	var tags []lang.Tag
	for _, text := range list {
		tag, err := parseTag(strings.TrimSpace(text))
		if err != nil {
			return nil, err
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

func (p *program) evalSuiteCommand() *cobra.Command {
	return group(&cobra.Command{Use: "suite", Short: "Look at suites, check them and seal them",
		Long: "Look at suites, check them and seal them.\n\n" + suiteHelp + strings.Join(dataset.Formats(), ", ") + "."},
		p.evalSuiteShowCommand(), p.evalSuiteSealCommand())
}

func (p *program) evalSuiteShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "show SUITE", Short: "Check a suite, and list its tasks with their sizes, licence and digest",
		Example: "  tilgate eval suite show namuna\n  tilgate eval suite show xcopa:data/xcopa",
		Args:    exactly(1, "the suite"),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := openSuite(args[0], nil)
			if err != nil {
				return err
			}
			return p.print(asJSON, shownSuite(s))
		}}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

type suiteShown struct {
	Name    string      `json:"name"`
	Title   string      `json:"title"`
	Version string      `json:"version"`
	Licence string      `json:"licence"`
	Source  string      `json:"source"`
	SHA256  string      `json:"sha256"`
	Tasks   []taskShown `json:"tasks"`
}

type taskShown struct {
	ID      string     `json:"id"`
	Kind    evals.Kind `json:"kind"`
	Lang    lang.Tag   `json:"lang"`
	Items   int        `json:"items"`
	Shots   int        `json:"shots"`
	Prompts []string   `json:"prompts"`
}

func shownSuite(s *evals.Suite) suiteShown {
	shown := suiteShown{Name: s.Name, Title: s.Title, Version: s.Version, Licence: s.Licence, Source: s.Source, SHA256: s.Digest}
	for _, t := range s.Tasks {
		one := taskShown{ID: t.ID(), Kind: t.Kind, Lang: t.Lang, Items: len(t.Items), Shots: len(t.Shots)}
		for _, p := range t.Prompts {
			one.Prompts = append(one.Prompts, p.Name)
		}
		shown.Tasks = append(shown.Tasks, one)
	}
	return shown
}

func (s suiteShown) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\nversion %s, licence: %s\nsource: %s\nSHA-256 %s\n", s.Name, s.Title, s.Version, s.Licence, s.Source, s.SHA256)
	for _, t := range s.Tasks {
		fmt.Fprintf(&b, "\n  %-32s %-16s %5d items  %d examples  prompts %s", t.ID, t.Kind, t.Items, t.Shots, strings.Join(t.Prompts, ", "))
	}
	return b.String()
}

func (p *program) evalSuiteSealCommand() *cobra.Command {
	return &cobra.Command{Use: "seal DIR", Short: "Write the SHA-256 of a suite's files into its suite.toml",
		Long: `Write the SHA-256 of a suite's files into its suite.toml. From then on the suite
is refused when a file of it was changed, added or lost; seal it again after an
edit that is meant.`,
		Args: exactly(1, "the folder of the suite"),
		RunE: func(_ *cobra.Command, args []string) error {
			n, err := suites.Seal(args[0])
			if err != nil {
				return fmt.Errorf("sealing %s:\n%w", args[0], err)
			}
			_, err = fmt.Fprintf(p.out, "%d files sealed in %s\n", n, filepath.Join(args[0], "suite.toml"))
			return err
		}}
}
