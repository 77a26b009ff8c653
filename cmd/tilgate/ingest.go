package main

import (
	"context"
	"fmt"
	"iter"
	"log/slog"

	"github.com/spf13/cobra"

	"tilgate/internal/lang"
	"tilgate/rag/ingest"
	"tilgate/rag/qdrant"
)

func (p *program) ingestCommand() *cobra.Command {
	var path, kb, tag, tenant string
	var asJSON bool
	var keep int
	cmd := &cobra.Command{Use: "ingest --kb NAME [--lang TAG] PATH…", Short: "Bring documents into a knowledge base",
		Long: `Bring documents into a knowledge base.

Paths are files or folders. Read are Markdown and plain text, one document a
file, and JSONL, one document a line: {"id", "title", "text", "lang",
"source", "date"}. Markdown may begin with lines of title:, source:, date: and
lang: between two lines of ---.

What is stored already and has not changed is left alone, so a run that was
cut off can be repeated. A document that cannot be read is named, the others
are stored all the same, and the exit code is 1.`,
		Example: "  tilgate ingest --kb health --lang ky ./articles\n  tilgate ingest --kb laws laws.jsonl",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("ingest takes files or folders; see tilgate ingest --help")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := loadConfig(path, p.getenv)
			if err != nil {
				return err
			}
			if c.keep = keep; keep < 1 {
				return usageError{fmt.Errorf("--keep is %d; it must be at least 1", keep)}
			}
			var fallback lang.Tag
			if tag != "" {
				if fallback, err = lang.ParseTag(tag); err != nil {
					return usageError{fmt.Errorf("--lang: %w", err)}
				}
			}
			files, err := ingest.Files(args)
			if err != nil {
				return err
			}
			return p.ingest(cmd.Context(), c, tenant, kb, fallback, files, asJSON)
		}}
	p.configFlag(cmd, &path)
	cmd.Flags().StringVar(&kb, "kb", "", "name of the knowledge base (required)")
	cmd.Flags().StringVar(&tag, "lang", "", "language of documents that do not name theirs, such as ky")
	tenantFlag(cmd, &tenant)
	cmd.Flags().IntVar(&keep, "keep", qdrant.DefaultKeep, "versions to keep, should this make another; see tilgate kb versions")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the report as JSON")
	_ = cmd.MarkFlagRequired("kb")
	return cmd
}

func (p *program) ingest(ctx context.Context, c Config, tenant, kb string, tag lang.Tag, files []ingest.File, asJSON bool) error {
	if len(files) == 0 {
		return fmt.Errorf("there is nothing to read: no .md, .txt or .jsonl file in these folders")
	}
	store, closeStore, err := openStore(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer closeStore()
	set, err := openAdapters(c)
	if err != nil {
		return err
	}
	embedder, closeEmbedder, err := openEmbedder(ctx, c, store, p.err)
	if err != nil {
		return err
	}
	defer closeEmbedder()
	report, err := p.runIngest(ctx, store.For(tenant), embedder, kb, set.Tags(), files, ingest.Documents(files, tag))
	if err != nil {
		return err
	}
	if err := p.print(asJSON, newIngestResult(kb, report)); err != nil {
		return err
	}
	for _, fault := range report.Faults {
		fmt.Fprintln(p.err, "not read:", fault)
	}
	if report.WordsOnly > 0 {
		fmt.Fprintf(p.err, "%d passages have no dense vector and are found by their words; ingest again to try once more: %v\n", report.WordsOnly, report.WhyWordsOnly)
	}
	if n := len(report.Faults); n > 0 {
		return fmt.Errorf("%d of the documents could not be read; the others are stored", n)
	}
	return nil
}

// runIngest stores documents and shows how far it is.
func (p *program) runIngest(ctx context.Context, index *qdrant.Index, embedder ingest.Embedder, kb string, langs []lang.Tag, files []ingest.File, items iter.Seq2[ingest.Item, error]) (ingest.Report, error) {
	var total int64
	for _, f := range files {
		total += f.Size
	}
	bar := p.newProgress("ingesting "+kb, total)
	report, err := ingest.Run(ctx, index, items, ingest.Options{KB: kb, Langs: langs, Embedder: embedder,
		Progress: func(done int64, r ingest.Report) { bar.set(done, r.Passages) }})
	bar.end()
	return report, err
}

type ingestResult struct {
	KB        string   `json:"kb"`
	Added     int      `json:"added"`
	Changed   int      `json:"changed"`
	Unchanged int      `json:"unchanged"`
	Passages  int      `json:"passages"`
	WordsOnly int      `json:"words_only,omitempty"` // of these, without a dense vector
	Faults    []string `json:"faults"`
}

func newIngestResult(kb string, r ingest.Report) ingestResult {
	res := ingestResult{KB: kb, Added: r.Added, Changed: r.Changed, Unchanged: r.Unchanged, Passages: r.Passages, WordsOnly: r.WordsOnly, Faults: []string{}}
	for _, f := range r.Faults {
		res.Faults = append(res.Faults, f.Error())
	}
	return res
}

func (r ingestResult) String() string {
	return fmt.Sprintf("%s: %d documents added, %d changed, %d unchanged; %d passages stored", r.KB, r.Added, r.Changed, r.Unchanged, r.Passages)
}
