// Package extract is the model that needs no weights: it quotes the sentences
// of the passages that most likely answer the question, with citations, and
// says in the asker's language that it quotes because no model is running.
package extract

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
)

// Name is what answers call this model.
const Name = "extract"

// Sentences is how many sentences are quoted at most.
const Sentences = 2

// near is how good a further sentence must be, relative to the best, to be
// quoted from another passage: below it, what is quoted is mostly about
// something else.
const near = 0.6

// Model is the model. The zero value works.
type Model struct{}

// Chat quotes from the prompt's passages.
func (Model) Chat(_ context.Context, p serving.Prompt) iter.Seq2[serving.Chunk, error] {
	return func(yield func(serving.Chunk, error) bool) {
		quotes := Quotes(rag.Query{Text: p.Question, Lang: p.Adapter.Tag}, p.Passages)
		if len(quotes) == 0 {
			yield(serving.Chunk{}, fault.Unavailable.Errorf("no model is running, and there is nothing to quote"))
			return
		}
		if !yield(serving.Chunk{Text: p.Adapter.Say.Quoting}, nil) {
			return
		}
		for _, text := range render(quotes) {
			if !yield(serving.Chunk{Text: text}, nil) {
				return
			}
		}
		yield(serving.Chunk{Finish: "stop"}, nil)
	}
}

// Quotes picks the sentences to quote, best first.
func Quotes(q rag.Query, passages []rag.Passage) []rag.Quote {
	quotes := rag.Quotes(q, passages, Sentences)
	for i := 1; i < len(quotes); i++ {
		if quotes[i].Passage != quotes[0].Passage && quotes[i].Score < near*quotes[0].Score {
			return quotes[:i]
		}
	}
	return quotes
}

// render writes each quote as a paragraph with its citation. Neighbours in a
// passage become one quote, in the order in which they stand there.
func render(quotes []rag.Quote) []string {
	var out []string
	for i := 0; i < len(quotes); i++ {
		text, passage := quotes[i].Text, quotes[i].Passage
		if i+1 < len(quotes) && quotes[i+1].Passage == passage {
			switch quotes[i+1].Sentence - quotes[i].Sentence {
			case 1:
				text, i = text+" "+quotes[i+1].Text, i+1
			case -1:
				text, i = quotes[i+1].Text+" "+text, i+1
			}
		}
		out = append(out, "\n\n“"+strings.Join(strings.Fields(text), " ")+"” ["+strconv.Itoa(passage+1)+"]")
	}
	return out
}
