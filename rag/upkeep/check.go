package upkeep

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/qdrant"
)

// DefaultMaxDrop is how many points of nDCG@10 a new version may be worse than
// the one before.
const DefaultMaxDrop = 2.0

// A Check compares a new version of a knowledge base with the one before.
type Check struct {
	Documents Pair     `json:"documents"`
	Passages  Pair     `json:"passages"`
	Sampled   int      `json:"sampled"` // documents that were asked for by their own words
	Found     int      `json:"found"`   // of these
	Questions int      `json:"questions"`
	NDCG      *Scores  `json:"ndcg_at_10,omitempty"` // with questions
	Against   []string `json:"against"`              // reasons not to show it
}

// A Pair counts something before and after; before is 0 without a version
// before.
type Pair struct {
	Before int `json:"before"`
	After  int `json:"after"`
}

// Scores are points, of 100, before and after; Before is -1 without a version
// before.
type Scores struct {
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// sampled documents are asked for, and wantFound of them must be found: others
// may say the same.
const (
	sampled   = 40
	wantFound = 0.9
)

func joined(reasons []string) string { return strings.Join(reasons, "; ") }

func (j Job) check(ctx context.Context, staged *qdrant.Staged) (c Check, err error) {
	kb := j.Manifest.Name
	after, err := staged.Stored(ctx, kb)
	if err != nil {
		return c, err
	}
	before, err := j.Index.Stored(ctx, kb)
	if err != nil && !fault.NotFound.Is(err) {
		return c, err
	}
	c = Check{Documents: Pair{len(before), len(after)}, Passages: Pair{passagesIn(before), passagesIn(after)}, Against: []string{}}
	c.count(j.mostGone())
	if err := c.sample(ctx, j.Retriever, staged, kb, after); err != nil {
		return c, err
	}
	if j.Manifest.Check.Questions != "" {
		if err := j.ask(ctx, &c, staged); err != nil {
			return c, err
		}
	}
	return c, nil
}

func passagesIn(stored map[rag.Key]rag.Stored) (n int) {
	for _, s := range stored {
		n += s.Passages
	}
	return n
}

func (c *Check) count(mostGone float64) {
	switch {
	case c.Documents.After == 0:
		c.Against = append(c.Against, "it holds no document")
	case float64(c.Documents.After) < (1-mostGone)*float64(c.Documents.Before):
		c.Against = append(c.Against, fmt.Sprintf("it holds %d documents and the version before %d, more than %.0f %% fewer", c.Documents.After, c.Documents.Before, 100*mostGone))
	}
}

// sample asks for some documents by their own words.
func (c *Check) sample(ctx context.Context, retriever func(*qdrant.Index) *rag.Retriever, staged *qdrant.Staged, kb string, stored map[rag.Key]rag.Stored) error {
	if retriever == nil {
		return nil
	}
	r := retriever(staged.Index)
	for _, key := range sampleOf(stored) {
		passages, err := staged.PassagesOf(ctx, kb, key)
		if err != nil || len(passages) == 0 {
			return err
		}
		text := passages[0].Text
		found, err := r.Find(ctx, rag.Query{Text: strings.ToValidUTF8(text[:min(len(text), 300)], ""), Lang: key.Lang, KBs: []string{kb}, K: 10})
		if err != nil {
			return err
		}
		c.Sampled++
		if slices.ContainsFunc(found.Passages, func(p rag.Passage) bool { return p.Doc == key.Doc || p.Text == text }) {
			c.Found++
		}
	}
	if float64(c.Found) < wantFound*float64(c.Sampled) {
		c.Against = append(c.Against, fmt.Sprintf("only %d of %d of its documents are found by their own words", c.Found, c.Sampled))
	}
	return nil
}

// sampleOf chooses documents by a hash, so that the same ones are asked for
// each time.
func sampleOf(stored map[rag.Key]rag.Stored) []rag.Key {
	keys := make([]rag.Key, 0, len(stored))
	for key := range stored {
		keys = append(keys, key)
	}
	order := func(k rag.Key) uint64 { return xxh3.HashString(string(k.Lang) + " " + k.Doc) }
	slices.SortFunc(keys, func(a, b rag.Key) int { return cmp.Compare(order(a), order(b)) })
	return keys[:min(len(keys), sampled)]
}

// A question is one of a set that knows which document answers it.
type question struct {
	Text string   `json:"question"`
	Lang lang.Tag `json:"lang"`
	Doc  string   `json:"doc"`
}

func readQuestions(path string) (list []question, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the questions of the check: %w", err)
	}
	return parseQuestions(path, data)
}

func parseQuestions(path string, data []byte) (list []question, err error) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil || q.Text == "" || q.Doc == "" {
			return nil, fault.Invalid.Errorf(`%s:%d: want {"question": …, "lang": …, "doc": …}`, path, n)
		}
		if q.Lang, err = lang.ParseTag(string(q.Lang)); err != nil {
			return nil, fault.Invalid.Errorf("%s:%d: %v", path, n, err)
		}
		list = append(list, q)
	}
	return list, lines.Err()
}

// ask puts the questions to both versions.
func (j Job) ask(ctx context.Context, c *Check, staged *qdrant.Staged) error {
	list, err := readQuestions(j.Manifest.Place(j.Manifest.Check.Questions))
	if err != nil || len(list) == 0 || j.Retriever == nil {
		return err
	}
	c.Questions, c.NDCG = len(list), &Scores{Before: -1}
	if c.NDCG.After, err = j.score(ctx, staged.Index, list); err != nil {
		return err
	}
	if c.Documents.Before == 0 {
		return nil
	}
	if c.NDCG.Before, err = j.score(ctx, j.Index, list); err != nil {
		return err
	}
	if drop := c.NDCG.Before - c.NDCG.After; drop > j.maxDrop() {
		c.Against = append(c.Against, fmt.Sprintf("nDCG@10 of %d questions fell from %.1f to %.1f, more than %.1f", c.Questions, c.NDCG.Before, c.NDCG.After, j.maxDrop()))
	}
	return nil
}

// score returns the mean nDCG@10, of 100, where one document answers each
// question: 1/log2(1+rank) of it among the documents found (Järvelin and
// Kekäläinen 2002).
func (j Job) score(ctx context.Context, x *qdrant.Index, list []question) (float64, error) {
	r := j.Retriever(x)
	sum := 0.0
	for _, q := range list {
		found, err := r.Find(ctx, rag.Query{Text: q.Text, Lang: q.Lang, KBs: []string{j.Manifest.Name}, K: 30})
		if err != nil {
			return 0, fmt.Errorf("asking %q: %w", q.Text, err)
		}
		if rank := rankOf(q.Doc, found.Passages); rank > 0 && rank <= 10 {
			sum += 1 / math.Log2(1+float64(rank))
		}
	}
	return 100 * sum / float64(len(list)), nil
}

// rankOf returns the place of a document among those that passages are of,
// from 1; 0 if it is not there.
func rankOf(doc string, passages []rag.Passage) int {
	seen := map[string]bool{}
	for _, p := range passages {
		seen[p.Doc] = true
		if p.Doc == doc {
			return len(seen)
		}
	}
	return 0
}
