package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/evals"
	"tilgate/evals/dataset"
	"tilgate/evals/metric"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/rag"
	"tilgate/rag/engine"
	"tilgate/rag/ingest"
	"tilgate/rag/qdrant"
	"tilgate/rag/read"
	"tilgate/serving/extract"
)

func (p *program) evalCommand() *cobra.Command {
	return group(&cobra.Command{Use: "eval", Short: "Score models in each language, and decide which adapter may take traffic",
		Long: `Score models in each language, and decide which adapter may take traffic.

run asks any models the questions of suites and writes reports; compare and
history put runs side by side; review has people compare answers; gate compares
an adapter with its base and signs a verdict that a running service obeys. score
does the sacreBLEU command line's job, and verify checks our numbers against
those of other programs.`},
		p.evalRunCommand(), p.evalGateCommand(), p.evalReportCommand(), p.evalCompareCommand(), p.evalHistoryCommand(), p.evalSuiteCommand(), p.evalReviewCommand(),
		p.evalScoreCommand(), p.evalVerifyCommand(),
		p.evalExtractCommand(), p.evalRetrievalCommand())
}

const corpusHelp = `A corpus is a folder with corpus.jsonl (id, title, text), queries.jsonl (id,
text, answers) and qrels.txt (question, 0, document, grade), or a folder of
such folders. It is indexed in a temporary folder; nothing else is touched.`

type evalFlags struct {
	corpus, lang string
	json         bool
}

func (f *evalFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.corpus, "corpus", "", "folder of the corpus, or of several (required)")
	cmd.Flags().StringVar(&f.lang, "lang", "", "language of the corpus, such as ky; detected if not given")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON, one object a corpus")
	_ = cmd.MarkFlagRequired("corpus")
}

func (p *program) evalExtractCommand() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{Use: "extract --corpus DIR", Short: "Measure the answers that are quoted when no model runs",
		Long: `Measure the answers that are quoted when no model runs.

` + corpusHelp + `

Answered is the share of questions whose gold answer stands inside the quoted
sentences. Refused is the share of questions that are turned away when the
passages that answer them are taken out, at the threshold that keeps 90 % of
the others. Kept and refused by default are the same two shares at the
threshold that Tilgate uses when none is configured.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.eachCorpus(cmd.Context(), f, func(ctx context.Context, c *indexedCorpus) (any, error) {
				return c.extract(ctx)
			})
		}}
	f.add(cmd)
	return cmd
}

func (p *program) evalRetrievalCommand() *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{Use: "retrieval --corpus DIR", Short: "Measure which documents are found: nDCG@10, MRR@10, recall",
		Long: `Measure which documents are found: nDCG@10, MRR@10, Recall@1/5/10/100, with ties
as trec_eval breaks them.

` + corpusHelp,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.eachCorpus(cmd.Context(), f, func(ctx context.Context, c *indexedCorpus) (any, error) {
				return c.retrieval(ctx)
			})
		}}
	f.add(cmd)
	return cmd
}

// eachCorpus indexes every corpus that the flags name and prints what
// measure finds in it.
func (p *program) eachCorpus(ctx context.Context, f evalFlags, measure func(context.Context, *indexedCorpus) (any, error)) error {
	dirs, err := corpora(f.corpus)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		c, err := indexCorpus(ctx, dir, f.lang)
		if err != nil {
			return fmt.Errorf("corpus %s: %w", dir, err)
		}
		result, err := measure(ctx, c)
		c.close()
		if err != nil {
			return fmt.Errorf("corpus %s: %w", dir, err)
		}
		if err := p.print(f.json, result); err != nil {
			return err
		}
	}
	return nil
}

// corpora returns dir, or the folders in it that hold a corpus.
func corpora(dir string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(dir, "corpus.jsonl")); err == nil {
		return []string{dir}, nil
	}
	found, err := filepath.Glob(filepath.Join(dir, "*", "corpus.jsonl"))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("%s holds no corpus.jsonl, and no folder in it does", dir)
	}
	for i := range found {
		found[i] = filepath.Dir(found[i])
	}
	return found, err
}

// An indexedCorpus is a collection in an engine of its own.
type indexedCorpus struct {
	evals.Collection
	name      string
	tag       lang.Tag
	seconds   float64 // to index
	retriever *rag.Retriever
	close     func()
}

func indexCorpus(ctx context.Context, dir, tag string) (*indexedCorpus, error) {
	c := &indexedCorpus{name: filepath.Base(dir)}
	var err error
	if c.Collection, err = dataset.BEIR(os.DirFS(dir)); err != nil {
		return nil, err
	}
	if c.tag, err = corpusLanguage(c.Collection, tag); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "tilgate-eval-")
	if err != nil {
		return nil, err
	}
	store, err := engine.Open(temp, engine.Options{Log: quietLog()})
	if err != nil {
		return nil, err
	}
	client, err := store.Client()
	if err != nil {
		return nil, err
	}
	c.close = func() { client.Close(); store.Close(); os.RemoveAll(temp) }
	index := qdrant.New(client, qdrant.Options{}).For(rag.DefaultTenant)
	start := time.Now()
	report, err := ingest.Run(ctx, index, c.items(), ingest.Options{KB: "corpus", Langs: []lang.Tag{c.tag}})
	if err == nil {
		err = report.Err()
	}
	if err != nil {
		c.close()
		return nil, err
	}
	c.seconds = time.Since(start).Seconds()
	c.retriever = rag.NewRetriever(index, rag.Options{})
	return c, nil
}

func corpusLanguage(c evals.Collection, named string) (lang.Tag, error) {
	if named != "" {
		return lang.ParseTag(named)
	}
	var text strings.Builder
	for _, d := range c.Docs[:min(20, len(c.Docs))] {
		text.WriteString(d.Text[:min(len(d.Text), 500)])
		text.WriteByte('\n')
	}
	guess := lid.Default().Detect(strings.ToValidUTF8(text.String(), " "), lid.Options{})
	if guess.Tag == lang.Und {
		return "", fmt.Errorf("its language cannot be told; say it with --lang")
	}
	return guess.Tag.Base(), nil
}

func (c *indexedCorpus) items() iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		for _, d := range c.Docs {
			doc := rag.Document{ID: d.ID, Title: d.Title, Text: d.Text, Lang: c.tag}
			if !yield(read.Item{Document: doc, Where: d.ID}, nil) {
				return
			}
		}
	}
}

type extractResult struct {
	Corpus           string   `json:"corpus"`
	Lang             lang.Tag `json:"lang"`
	Questions        int      `json:"questions"`
	Answered         float64  `json:"answered"`
	Refused          float64  `json:"refused_at_90_kept"`
	Threshold        float64  `json:"threshold_at_90_kept"`
	KeptByDefault    float64  `json:"kept_by_default"`
	RefusedByDefault float64  `json:"refused_by_default"`
}

func (r extractResult) String() string {
	return fmt.Sprintf("%-12s %-3s  %5d questions  answered %.3f  refused %.3f (threshold %.3f)  by default: kept %.3f, refused %.3f",
		r.Corpus, r.Lang, r.Questions, r.Answered, r.Refused, r.Threshold, r.KeptByDefault, r.RefusedByDefault)
}

// extract quotes an answer to every question, and asks every question again
// with the documents that answer it out of sight.
func (c *indexedCorpus) extract(ctx context.Context) (extractResult, error) {
	r := extractResult{Corpus: c.name, Lang: c.tag, Questions: len(c.Questions)}
	var with, without []float64
	answered := 0
	for _, q := range c.Questions {
		query := rag.Query{Text: q.Text, Lang: c.tag, K: 3 * rag.DefaultK}
		found, err := c.retriever.Find(ctx, query)
		if err != nil {
			return r, err
		}
		with = append(with, found.Relevance)
		if quoted(extract.Quotes(query, found.Best(rag.DefaultK)), q.Answers) {
			answered++
		}
		rest := rag.Hits{N: found.N}
		for _, p := range found.Passages {
			if c.Relevant[q.ID][p.Doc] == 0 {
				rest.Passages = append(rest.Passages, p)
			}
		}
		without = append(without, rag.Relevance(query, rest))
	}
	r.Answered = share(answered, len(c.Questions))
	r.Threshold, r.Refused = metric.RefusedAt(0.9, with, without)
	r.KeptByDefault = 1 - metric.Below(rag.DefaultThreshold, with)
	r.RefusedByDefault = metric.Below(rag.DefaultThreshold, without)
	return r, nil
}

// quoted reports whether a gold answer stands inside one of the quotes.
func quoted(quotes []rag.Quote, answers []string) bool {
	for _, q := range quotes {
		for _, a := range answers {
			if strings.Contains(q.Text, a) {
				return true
			}
		}
	}
	return false
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

type retrievalResult struct {
	Corpus    string   `json:"corpus"`
	Lang      lang.Tag `json:"lang"`
	Questions int      `json:"questions"`
	NDCG10    float64  `json:"ndcg@10"`
	MRR10     float64  `json:"mrr@10"`
	Recall1   float64  `json:"recall@1"`
	Recall5   float64  `json:"recall@5"`
	Recall10  float64  `json:"recall@10"`
	Recall100 float64  `json:"recall@100"`
	QPS       float64  `json:"queries_per_second"`
	IndexSecs float64  `json:"index_seconds"`
}

func (r retrievalResult) String() string {
	return fmt.Sprintf("%-12s %-3s  %5d questions  nDCG@10 %.4f  MRR@10 %.4f  R@1 %.4f  R@5 %.4f  R@10 %.4f  R@100 %.4f  %.0f queries/s  indexed in %.2f s",
		r.Corpus, r.Lang, r.Questions, r.NDCG10, r.MRR10, r.Recall1, r.Recall5, r.Recall10, r.Recall100, r.QPS, r.IndexSecs)
}

func (c *indexedCorpus) retrieval(ctx context.Context) (retrievalResult, error) {
	r := retrievalResult{Corpus: c.name, Lang: c.tag, IndexSecs: c.seconds}
	start := time.Now()
	rankings := make([][]evals.Ranked, len(c.Questions))
	for i, q := range c.Questions {
		found, err := c.retriever.Find(ctx, rag.Query{Text: q.Text, Lang: c.tag, K: 150})
		if err != nil {
			return r, err
		}
		rankings[i] = documents(found.Passages)
	}
	r.QPS = float64(len(c.Questions)) / time.Since(start).Seconds()
	for i, q := range c.Questions {
		relevant := c.Relevant[q.ID]
		if len(relevant) == 0 {
			continue // trec_eval counts judged questions only
		}
		ranked := metric.Order(rankings[i])
		r.Questions++
		r.NDCG10 += metric.NDCG(ranked, relevant, 10)
		r.MRR10 += metric.MRR(ranked, relevant, 10)
		r.Recall1 += metric.Recall(ranked, relevant, 1)
		r.Recall5 += metric.Recall(ranked, relevant, 5)
		r.Recall10 += metric.Recall(ranked, relevant, 10)
		r.Recall100 += metric.Recall(ranked, relevant, 100)
	}
	for _, sum := range []*float64{&r.NDCG10, &r.MRR10, &r.Recall1, &r.Recall5, &r.Recall10, &r.Recall100} {
		*sum /= float64(max(1, r.Questions))
	}
	return r, nil
}

// documents ranks documents by their best passage.
func documents(passages []rag.Passage) []evals.Ranked {
	var ranked []evals.Ranked
	seen := map[string]bool{}
	for _, p := range passages {
		if !seen[p.Doc] {
			seen[p.Doc] = true
			ranked = append(ranked, evals.Ranked{Doc: p.Doc, Score: p.Score})
		}
	}
	return ranked
}
