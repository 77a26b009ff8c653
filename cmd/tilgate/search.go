package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/rag"
)

type askFlags struct {
	config, lang, tenant string
	kbs                  []string
	json                 bool
}

func (f *askFlags) add(p *program, cmd *cobra.Command) {
	p.configFlag(cmd, &f.config)
	cmd.Flags().StringVar(&f.lang, "lang", "", "language of the question, such as ky; detected if not given")
	cmd.Flags().StringSliceVar(&f.kbs, "kb", nil, "knowledge bases to search; all if not given")
	tenantFlag(cmd, &f.tenant)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
}

func (p *program) searchCommand() *cobra.Command {
	var f askFlags
	var k int
	var also []string
	cmd := &cobra.Command{Use: `search "QUESTION"`, Short: "Show the passages that a question finds, with scores",
		Long: `Show the passages that a question finds, best first, with scores.

Relevance is the probability that the best passage answers the question. Below
the threshold, an answer would say that nothing was found. Where [embed] in the
configuration names an embedding model, passages are also found by their
meaning, in the languages of --also as well.`,
		Example: `  tilgate search "Пенсияга канча жаштан чыгат?"`,
		Args:    exactly(1, "one question, in quotes"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.search(cmd.Context(), f, args[0], also, k)
		}}
	f.add(p, cmd)
	cmd.Flags().IntVar(&k, "k", 5, "passages to show")
	cmd.Flags().StringSliceVar(&also, "also", nil, "other languages whose passages help, such as ru,en")
	return cmd
}

func (p *program) search(ctx context.Context, f askFlags, question string, also []string, k int) error {
	if k < 1 {
		return usageError{fmt.Errorf("--k is %d; it must be at least 1", k)}
	}
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	tag, err := questionLanguage(c, f.lang, question)
	if err != nil {
		return err
	}
	q := rag.Query{Text: question, Lang: tag, KBs: f.kbs, K: k}
	for _, text := range also {
		other, err := lang.ParseTag(text)
		if err != nil {
			return usageError{fmt.Errorf("--also: %w", err)}
		}
		q.Also = append(q.Also, other)
	}
	store, closeStore, err := openStore(ctx, c, quietLog())
	if err != nil {
		return err
	}
	defer closeStore()
	retrievers, err := openRetrievers(c, quietLog())
	if err != nil {
		return err
	}
	found, err := retrievers(store.For(f.tenant)).Find(ctx, q)
	if err != nil {
		return err
	}
	for _, skipped := range found.Skipped {
		fmt.Fprintln(p.err, "left out:", skipped)
	}
	return p.print(f.json, newSearchResult(tag, found, k))
}

// questionLanguage is what the flag says, or what the detector says among the
// languages that are served.
func questionLanguage(c Config, flag, question string) (lang.Tag, error) {
	if flag != "" {
		tag, err := lang.ParseTag(flag)
		if err != nil {
			return "", usageError{fmt.Errorf("--lang: %w", err)}
		}
		return tag, nil
	}
	set, err := openAdapters(c)
	if err != nil {
		return "", err
	}
	guess := lid.Default().Detect(question, lid.Options{Set: set.Tags()})
	if guess.Tag == lang.Und {
		return "", fmt.Errorf("the language of the question cannot be told; say it with --lang")
	}
	return guess.Tag, nil
}

type searchResult struct {
	Lang      lang.Tag    `json:"lang"`
	Relevance float64     `json:"relevance"`
	Passages  []searchHit `json:"passages"`
}

type searchHit struct {
	Score    float64 `json:"score"`
	Cosine   float64 `json:"cosine,omitempty"` // where dense vectors were searched
	KB       string  `json:"kb"`
	Document string  `json:"document"`
	Title    string  `json:"title"`
	Source   string  `json:"source"`
	Date     string  `json:"date"`
	Text     string  `json:"text"`

	Version    int    `json:"kb_version,omitempty"`
	Edition    string `json:"edition,omitempty"`
	Superseded string `json:"superseded,omitempty"` // in words
}

// superseded says in words that a document is out of force, and what took its
// place; nothing while it is in force.
func superseded(by *rag.Successor) string {
	switch {
	case by == nil:
		return ""
	case by.Name() == "":
		return "superseded"
	case by.Title != "" && by.Source != "":
		return fmt.Sprintf("superseded by %s (%s)", by.Title, by.Source)
	}
	return "superseded by " + by.Name()
}

func newSearchResult(tag lang.Tag, found rag.Found, k int) searchResult {
	r := searchResult{Lang: tag, Relevance: found.Relevance, Passages: []searchHit{}}
	for _, p := range found.Passages[:min(k, len(found.Passages))] {
		r.Passages = append(r.Passages, searchHit{p.Score, p.Cosine, p.KB, p.Doc, p.Title, p.Source, p.Date, p.Text,
			p.Version, p.Edition, superseded(p.SupersededBy)})
	}
	return r
}

func (r searchResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "language %s, relevance %.2f", r.Lang, r.Relevance)
	if len(r.Passages) == 0 {
		b.WriteString(", nothing found")
	}
	for i, h := range r.Passages {
		fmt.Fprintf(&b, "\n\n[%d] %.2f", i+1, h.Score)
		if h.Cosine != 0 {
			fmt.Fprintf(&b, ", cosine %.2f", h.Cosine)
		}
		fmt.Fprintf(&b, "  %s (%s, %s)", h.Title, h.KB, h.Source)
		for _, more := range []string{h.Edition, h.Superseded} {
			if more != "" {
				b.WriteString(", " + more)
			}
		}
		b.WriteString("\n" + h.Text)
	}
	return b.String()
}
