package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zeebo/xxh3"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/rag"
	"tilgate/rag/qdrant"
	"tilgate/serving"
	"tilgate/serving/record"
)

// Of a knowledge base some documents are asked for by a sentence of their own,
// and so many of them must be what the answer rests on: others may say the same.
const (
	askedDocuments = 20
	wantFound      = 0.9
)

// ask asks each restored knowledge base, before anybody else sees it, through
// all that an answer passes. The model is the one that quotes: whether a model
// server answers says nothing about a backup.
func (r *restoring) ask(ctx context.Context) error {
	if r.flags.noAsk {
		return nil
	}
	for i, m := range r.imported {
		x := m.Searched()
		svc, err := r.service(ctx, x)
		if err != nil {
			return err
		}
		kb := &r.report.Knowledge[i]
		if err := askKB(ctx, svc, x, m.KB, kb); err != nil {
			return fmt.Errorf("asking %s: %w", kb.Name, err)
		}
		if float64(kb.Found) < wantFound*float64(kb.Asked) {
			return fault.Internal.Errorf("knowledge base %s was asked %d of its own sentences, and only %d were answered from their document; --no-ask restores it all the same", kb.Name, kb.Asked, kb.Found)
		}
	}
	return nil
}

// service is what answers from one index.
func (r *restoring) service(ctx context.Context, x *qdrant.Index) (*serving.Service, error) {
	c := r.c
	c.Ollama, c.OpenAI, c.Backends, c.Fallback, c.Aliases = OllamaConfig{NumCtx: c.Ollama.NumCtx}, OpenAIConfig{}, nil, "", nil
	if staged := readyAt(c.Adapters, ""); c.Adapters != "" && exists(staged) {
		c.Adapters = staged
	}
	set, err := openAdapters(c)
	if err != nil {
		return nil, err
	}
	m, err := openMakers(ctx, c, quietLog())
	if err != nil {
		return nil, err
	}
	return serving.New(serving.Parts{
		Adapters:  func() *adapters.Set { return set },
		Detector:  detector{lid.Default()},
		Retriever: rag.Tenants(func(string) *rag.Retriever { return m.retrievers(x) }),
		Models:    m.models,
		Guard:     m.guard,
		Recorder:  record.New(io.Discard),
	}, m.options(c, quietLog())), nil
}

func askKB(ctx context.Context, svc *serving.Service, x *qdrant.Index, kb string, report *kbRestored) error {
	stored, err := x.Stored(ctx, kb)
	if err != nil {
		return err
	}
	for _, key := range someOf(stored) {
		passages, err := x.PassagesOf(ctx, kb, key)
		if err != nil {
			return err
		}
		question := sentenceOf(key.Lang, passages)
		if question == "" {
			continue
		}
		answer, found, err := askOne(ctx, svc, x.Tenant(), kb, key, question)
		if fault.Unsupported.Is(err) { // this program has no adapter for its language
			continue
		}
		if err != nil {
			return fmt.Errorf("%q: %w", question, err)
		}
		report.Asked++
		if found {
			report.Found++
			if report.Example == nil {
				report.Example = &example{question, clipped(answer, 300)}
			}
		}
	}
	return nil
}

// someOf chooses documents by a hash, so that the same ones are asked for each
// time.
func someOf(stored map[rag.Key]rag.Stored) []rag.Key {
	keys := make([]rag.Key, 0, len(stored))
	for key := range stored {
		keys = append(keys, key)
	}
	order := func(k rag.Key) uint64 { return xxh3.HashString(string(k.Lang) + " " + k.Doc) }
	slices.SortFunc(keys, func(a, b rag.Key) int { return cmp.Compare(order(a), order(b)) })
	return keys[:min(len(keys), askedDocuments)]
}

// longest is as long as a question is made here, in bytes.
const longest = 300

// sentenceOf returns the longest sentence of a document's first passage, which
// has most to be found by.
func sentenceOf(tag lang.Tag, passages []rag.Passage) (best string) {
	if len(passages) == 0 {
		return ""
	}
	for s := range lang.Sentences(tag, passages[0].Text) {
		if s = strings.TrimSpace(s); len(s) > len(best) && len(s) <= longest {
			best = s
		}
	}
	if best == "" {
		best = clipped(strings.TrimSpace(passages[0].Text), longest)
	}
	return best
}

func clipped(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// askOne asks, and reports whether the answer rests on a document, or on what
// says the same.
func askOne(ctx context.Context, svc *serving.Service, tenant, kb string, key rag.Key, question string) (answer string, found bool, err error) {
	r := serving.Request{ID: "restore", Caller: serving.Caller{Tenant: tenant}, Language: key.Lang, Knowledge: []string{kb},
		Messages: []serving.Message{{Role: "user", Content: question}}}
	var text strings.Builder
	for event, err := range svc.Answer(ctx, r) {
		if err != nil {
			return "", false, err
		}
		switch e := event.(type) {
		case serving.Delta:
			text.WriteString(e.Text)
		case serving.Done:
			return text.String(), e.Plan.Grounded && slices.ContainsFunc(e.Plan.Passages, func(p rag.Passage) bool {
				return p.Doc == key.Doc || strings.Contains(clipped(p.Text, len(p.Text)), clipped(question, longest))
			}), nil
		}
	}
	return "", false, errors.New("the answer did not end")
}
