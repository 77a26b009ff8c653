// Package langchain offers a knowledge base to programs written with
// langchaingo: as a vectorstores.VectorStore, and so, by
// vectorstores.ToRetriever, as a schema.Retriever.
//
// Of langchaingo only the words are used (schema, vectorstores): its splitters,
// loaders and Qdrant store do not hold up for the languages served here. What
// comes in is split, analysed and stored as by rag/ingest, so that storing a
// document again replaces it.
package langchain

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/tmc/langchaingo/schema"
	"github.com/tmc/langchaingo/vectorstores"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/ingest"
	"tilgate/rag/read"
)

var _ vectorstores.VectorStore = (*Store)(nil)

// Options of a Store.
type Options struct {
	KB       string          // knowledge base, where a call names none with WithNameSpace
	Lang     lang.Tag        // of documents and questions that name none
	Embedder ingest.Embedder // gives documents dense vectors; may be nil
}

// A Store is a set of knowledge bases; langchaingo's name space says which.
type Store struct {
	writer    ingest.Writer
	retriever *rag.Retriever
	opts      Options
}

// New returns a store that writes documents to one side of an index and finds
// them at the other.
func New(w ingest.Writer, r *rag.Retriever, o Options) *Store {
	return &Store{writer: w, retriever: r, opts: o}
}

// AddDocuments stores documents and returns their ids. The id of one is its
// metadata's "id", and it must have one: an id that were made up anew would
// store the same text twice. "lang", "title", "source", "date" and "sector"
// are read as well.
func (s *Store) AddDocuments(ctx context.Context, docs []schema.Document, options ...vectorstores.Option) ([]string, error) {
	o, err := s.options(options)
	if err != nil {
		return nil, err
	}
	var ids []string
	var documents []rag.Document
	for i, d := range docs {
		if o.Deduplicater != nil && o.Deduplicater(ctx, d) {
			continue
		}
		document, err := s.document(d)
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", i+1, err)
		}
		ids, documents = append(ids, document.ID), append(documents, document)
	}
	report, err := ingest.Run(ctx, s.writer, items(documents), ingest.Options{KB: o.NameSpace, Embedder: s.opts.Embedder})
	if err == nil {
		err = report.Err()
	}
	return ids, err
}

func items(documents []rag.Document) iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		for _, d := range documents {
			if !yield(read.Item{Document: d, Where: "document " + d.ID}, nil) {
				return
			}
		}
	}
}

func (s *Store) document(d schema.Document) (rag.Document, error) {
	get := func(key string) string { text, _ := d.Metadata[key].(string); return text }
	tag := s.opts.Lang
	if text := get("lang"); text != "" {
		var err error
		if tag, err = lang.ParseTag(text); err != nil {
			return rag.Document{}, err
		}
	}
	switch {
	case tag == "":
		return rag.Document{}, fault.Invalid.Errorf(`its metadata has no "lang"`)
	case get("id") == "":
		return rag.Document{}, fault.Invalid.Errorf(`its metadata has no "id", which is a string`)
	case strings.TrimSpace(d.PageContent) == "":
		return rag.Document{}, fault.Invalid.Errorf("it is empty")
	}
	return rag.Document{ID: get("id"), Title: get("title"), Text: d.PageContent, Lang: tag,
		Source: get("source"), Date: get("date"), Sector: get("sector")}, nil
}

// Filters narrow a search; pass one with vectorstores.WithFilters.
type Filters struct {
	Lang   lang.Tag   // of the question
	Also   []lang.Tag // other languages whose passages still help
	Sector string     // of government; empty means every one
}

// SimilaritySearch returns the passages that may answer a question, best
// first, with what is known of them as metadata. WithScoreThreshold, from 0 to
// 1, is the probability that there is an answer among them, under which
// nothing is returned; a passage's Score is as its search scored it.
func (s *Store) SimilaritySearch(ctx context.Context, query string, n int, options ...vectorstores.Option) ([]schema.Document, error) {
	o, err := s.options(options)
	if err != nil {
		return nil, err
	}
	f, known := o.Filters.(Filters)
	if !known && o.Filters != nil {
		return nil, fault.Invalid.Errorf("filters of type %T are not known here; use langchain.Filters", o.Filters)
	}
	if o.ScoreThreshold < 0 || o.ScoreThreshold > 1 {
		return nil, fault.Invalid.Errorf("a score threshold of %v is not in 0..1", o.ScoreThreshold)
	}
	if f.Lang == "" {
		f.Lang = s.opts.Lang
	}
	if f.Lang == "" || n < 1 {
		return nil, fault.Invalid.Errorf("a search needs the language of the question and a number of passages from 1")
	}
	wanted := n
	if f.Sector != "" {
		wanted = max(10*n, 100) // some are in other sectors
	}
	found, err := s.retriever.Find(ctx, rag.Query{Text: query, Lang: f.Lang, Also: f.Also, KBs: []string{o.NameSpace}, K: wanted})
	if err != nil || found.Relevance < float64(o.ScoreThreshold) {
		return nil, err
	}
	if f.Sector != "" {
		found.Passages = slices.DeleteFunc(found.Passages, func(p rag.Passage) bool { return p.Sector != f.Sector })
	}
	docs := []schema.Document{}
	for _, p := range found.Best(n) {
		docs = append(docs, schema.Document{PageContent: p.Text, Score: float32(p.Score), Metadata: map[string]any{
			"edition": p.Edition, "superseded": p.SupersededBy != nil, "kb_version": p.Version, "id": p.Doc, "n": p.N, "kb": p.KB, "lang": string(p.Lang), "title": p.Title, "head": p.Head, "source": p.Source, "date": p.Date, "sector": p.Sector}})
	}
	return docs, nil
}

func (s *Store) options(options []vectorstores.Option) (vectorstores.Options, error) {
	o := vectorstores.Options{NameSpace: s.opts.KB}
	for _, set := range options {
		set(&o)
	}
	switch {
	case o.NameSpace == "":
		return o, fault.Invalid.Errorf("no knowledge base is named; use vectorstores.WithNameSpace")
	case o.Embedder != nil:
		return o, fault.Invalid.Errorf("one knowledge base has vectors of one model; an embedder for a single call is not taken")
	}
	return o, nil
}
