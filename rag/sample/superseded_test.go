package sample

import (
	"iter"
	"slices"
	"strings"
	"testing"

	"tilgate/evals/metric"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/engine/enginetest"
	"tilgate/rag/ingest"
	"tilgate/rag/qdrant"
	"tilgate/rag/read"
	"tilgate/serving/extract"
)

// older is a former edition of an article: other numbers, and a sentence more
// at its beginning that says what the article is about, so that it is often the
// better match.
func older(d rag.Document) rag.Document {
	d.ID += "-2019"
	d.Text = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '8' {
			return r + 1
		}
		return r
	}, d.Title+". "+d.Text)
	d.Marks = nil
	return d
}

// TestSuperseded asks the sample's questions of a knowledge base in which each
// article stands beside a former edition of it.
func TestSuperseded(t *testing.T) {
	_, client := enginetest.Open(t)
	x := qdrant.New(client, qdrant.Options{}).For(rag.DefaultTenant)
	for _, tag := range languages(t) {
		both := func(yield func(read.Item, error) bool) {
			for item, err := range Documents(tag) {
				old := item
				old.Document, old.Where = older(item.Document), item.Where+".old"
				if !yield(item, err) || !yield(old, err) {
					return
				}
			}
		}
		report, err := ingest.Run(t.Context(), x, iter.Seq2[read.Item, error](both), ingest.Options{KB: KB, Langs: languages(t)})
		if err != nil || report.Err() != nil {
			t.Fatal(report, err)
		}
	}
	retriever := rag.NewRetriever(x, rag.Options{})
	before := ask(t, retriever)
	for _, tag := range languages(t) {
		for item := range Documents(tag) {
			d := item.Document
			by := &rag.Successor{Doc: d.ID, Lang: tag, Title: d.Title}
			if err := x.Supersede(t.Context(), KB, rag.Key{Lang: tag, Doc: older(d).ID}, by); err != nil {
				t.Fatal(err)
			}
		}
	}
	after := ask(t, retriever)
	for _, tag := range languages(t) {
		t.Logf("%s: the former edition first %.3f to %.3f, MRR@10 of the one in force %.3f to %.3f, quoted from the former one %.3f to %.3f", tag,
			before[tag].old, after[tag].old, before[tag].mrr, after[tag].mrr, before[tag].quoted, after[tag].quoted)
		if after[tag].old > 0 || after[tag].quoted > 0 || after[tag].mrr < before[tag].mrr {
			t.Errorf("%s: %+v, before %+v", tag, after[tag], before[tag])
		}
	}
}

// What is seen of questions: shares, but for the mean reciprocal rank.
type seen struct{ old, mrr, quoted float64 }

func ask(t *testing.T, retriever *rag.Retriever) map[lang.Tag]seen {
	all := map[lang.Tag]seen{}
	for _, tag := range languages(t) {
		var s seen
		n := 0.0
		for _, q := range questions(t, tag) {
			if q.Doc == "" {
				continue
			}
			n++
			query := rag.Query{Text: q.Text, Lang: tag}
			found, err := retriever.Find(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			place := func(doc string) int {
				i := slices.IndexFunc(found.Passages, func(p rag.Passage) bool { return p.Doc == doc })
				if i < 0 {
					i = len(found.Passages)
				}
				return i
			}
			if place(q.Doc+"-2019") < place(q.Doc) {
				s.old++
			}
			s.mrr += metric.MRR(byDocument(found.Passages), map[string]int{q.Doc: 1}, rag.DefaultK)
			best := found.Best(rag.DefaultK)
			for _, quote := range extract.Quotes(query, best)[:1] {
				if best[quote.Passage].Doc == q.Doc+"-2019" {
					s.quoted++
				}
			}
		}
		all[tag] = seen{s.old / n, s.mrr / n, s.quoted / n}
	}
	return all
}
