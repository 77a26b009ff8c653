package rag

import (
	"context"
	"time"

	"tilgate/internal/lang"
)

// An Embedder turns texts into dense vectors, one for each, in their order.
// It fails as a whole, and never shortens a text: one that is too long is an
// error of kind TooLarge.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// A QuestionEncoder turns a question into the vector to search for.
type QuestionEncoder interface {
	Question(ctx context.Context, text string) ([]float32, error)
	// Name identifies the model and how it is used. Vectors of different
	// names are never compared.
	Name() string
}

// A DenseProbe is one search for meaning in one knowledge base, in several
// languages at once: that is what such vectors are for.
type DenseProbe struct {
	KB        string
	Langs     []lang.Tag
	Model     string // of Vector; passages of other models are not found
	Vector    []float32
	K         int
	Threshold float64 // of the cosine; 0 finds everything
}

// A DenseSearcher finds the K passages that mean what the probe means,
// nearest first, with their Cosine. A knowledge base that has no vectors of
// the model gives none, without an error.
type DenseSearcher interface {
	Nearest(ctx context.Context, p DenseProbe) ([]Passage, error)
}

// Dense is what a retriever needs to search for meaning beside words.
type Dense struct {
	Index   DenseSearcher
	Encoder QuestionEncoder
	// Threshold is the cosine from which a passage counts as found, whatever
	// its words are. Models differ too much for a default: at 0, the order
	// takes meaning into account, but words alone decide whether anything was
	// found.
	Threshold float64
	Timeout   time.Duration // for question and search; 0 means 5 s. Then words alone decide.
}

// A Reranked says how well one of the texts given to a Reranker answers.
type Reranked struct {
	Index int // into the texts
	Score float64
}

// A Reranker reads a question beside each text and says which answer it, the
// best first. Texts that it leaves out keep their order behind the others.
type Reranker interface {
	Rerank(ctx context.Context, question string, texts []string) ([]Reranked, error)
}

// Content is the text that a passage is found by, and that a reranker reads.
func (p Passage) Content() string { return p.indexed() }
