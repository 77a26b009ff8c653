package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"tilgate/internal/lang"
	"tilgate/rag/qdrant"
	"tilgate/rag/sources"
)

// ingestFlags say what is brought in, and how.
type ingestFlags struct {
	config, kb, tag, tenant string
	asJSON, dry, all        bool
	keep                    int
	sites, include, exclude []string
	depth, pages            int
	rate                    float64
	private                 bool
}

func (p *program) ingestCommand() *cobra.Command {
	var f ingestFlags
	cmd := &cobra.Command{Use: "ingest --kb NAME [--lang TAG] PATH…", Short: "Bring documents into a knowledge base",
		Long: `Bring documents into a knowledge base.

Paths are files or folders; --site adds a web site. Read are

  PDF (pages that are pictures are read by tesseract, if it is installed),
  Word (.docx), OpenDocument (.odt), EPUB, HTML, Markdown, plain text,
  sheets (.xlsx, .csv): a table, or a document for each question and answer,
  JSONL, one document a line: {"id", "title", "text", "lang", "source", "date"},
  dumps of MediaWiki (.xml, .xml.bz2, .xml.zst) and ZIM files.

A document is in the language that it names itself, or else that of --lang, or
else the one that its words are in. Markdown may begin with lines of title:,
source:, date: and lang: between two lines of ---.

What is stored already and has not changed is left alone, so a run that was
cut off can be repeated. A document that cannot be read is named, the others
are stored all the same, and the exit code is 1. To keep a knowledge base true
to its sources, removals included, describe them in a manifest: tilgate kb sync.`,
		Example: `  tilgate ingest --kb health --lang ky ./articles
  tilgate ingest --kb laws laws.jsonl orders.pdf
  tilgate ingest --kb portal --site https://portal.example.kg/ky/`,
		RunE: func(cmd *cobra.Command, args []string) error { return p.ingest(cmd, f, args) }}
	p.configFlag(cmd, &f.config)
	flags := cmd.Flags()
	flags.StringVar(&f.kb, "kb", "", "name of the knowledge base (required)")
	flags.StringVar(&f.tag, "lang", "", "language of documents that do not name theirs, such as ky")
	tenantFlag(cmd, &f.tenant)
	flags.IntVar(&f.keep, "keep", qdrant.DefaultKeep, "versions to keep, should this make another; see tilgate kb versions")
	flags.StringArrayVar(&f.sites, "site", nil, "URL where a web site begins; may be given several times")
	flags.IntVar(&f.depth, "depth", 0, "of a site: links from its beginning (default 20)")
	flags.IntVar(&f.pages, "pages", 0, "of a site: pages at most (default 10000)")
	flags.Float64Var(&f.rate, "rate", 0, "of a site: requests a second (default 1)")
	flags.BoolVar(&f.private, "private", false, "of a site: it may be in a private network, or on this machine")
	flags.StringArrayVar(&f.include, "include", nil, "read only paths that match, such as '**/*.pdf'")
	flags.StringArrayVar(&f.exclude, "exclude", nil, "read no paths that match")
	flags.BoolVar(&f.all, "all", false, "read also what has not changed since the last run")
	flags.BoolVar(&f.dry, "dry-run", false, "say what would be added and changed, and store nothing")
	flags.BoolVar(&f.asJSON, "json", false, "print the report as JSON")
	_ = cmd.MarkFlagRequired("kb")
	return cmd
}

func (p *program) ingest(cmd *cobra.Command, f ingestFlags, paths []string) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	if c.keep = f.keep; f.keep < 1 {
		return usageError{fmt.Errorf("--keep is %d; it must be at least 1", f.keep)}
	}
	m, err := f.manifest(paths)
	if err != nil {
		return err
	}
	return p.withKeeper(cmd.Context(), c, func(k *keeper) error {
		j := k.of(m)
		j.All, j.Dry = f.all, f.dry
		return p.runJob(cmd.Context(), j, f.asJSON)
	})
}

// manifest describes what the command line names.
func (f ingestFlags) manifest(paths []string) (sources.Manifest, error) {
	m := sources.Manifest{Name: f.kb, Tenant: f.tenant}
	if len(paths)+len(f.sites) == 0 {
		return m, usageError{errors.New("ingest takes files or folders, or --site; see tilgate ingest --help")}
	}
	var tag lang.Tag
	if f.tag != "" {
		var err error
		if tag, err = lang.ParseTag(f.tag); err != nil {
			return m, usageError{fmt.Errorf("--lang: %w", err)}
		}
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return m, fmt.Errorf("listing files: %w", err)
		}
		m.Sources = append(m.Sources, sources.Source{Path: path, Lang: tag, Include: f.include, Exclude: f.exclude})
	}
	for _, site := range f.sites {
		m.Sources = append(m.Sources, sources.Source{Site: site, Lang: tag, Include: f.include, Exclude: f.exclude,
			Depth: f.depth, Pages: f.pages, Rate: f.rate, Private: f.private})
	}
	if err := m.Validate(); err != nil {
		return m, usageError{err}
	}
	return m, nil
}
