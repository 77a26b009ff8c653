// Package lora is about adapter weights before a model server has them: what
// a LoRA was made for, whether it fits a base model, and how to give it to a
// server that cannot take it as it came.
//
// A LoRA is, for some of the base model's matrices W, two thin ones: the
// server computes with W + scale·B·A. It comes as PEFT leaves it, a folder
// with adapter_config.json and adapter_model.safetensors, or as GGUF.
// WriteGGUF turns the first into the second; Merge adds either to the base.
//
// The one thing to know: GGUF files of the llama architecture hold the rows
// of the query and key matrices in another order than the model's authors do
// (see permute). The rows of B must follow. A server that is given a wrong
// order says nothing, and answers a little worse.
//
// These files come from strangers. Nothing here trusts a size before it was
// held against the size of the file, and no whole base is ever in memory.
package lora

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// Weights is a LoRA that was read, and found to be sound in itself. Its
// numbers stay on disk until they are needed.
type Weights struct {
	Format  string   // "peft" or "gguf"
	Base    string   // the base model's name, if it is said
	Arch    string   // as GGUF names architectures, if it is said
	Rank    int      // the largest one
	Alpha   float64  // as the file says
	RSLoRA  bool     // the scale is Alpha/√rank instead of Alpha/rank
	Modules []string // that are adapted, as PEFT names them: "q_proj", …
	Layers  int      // that the base must have: the last one adapted, and those before
	Licence string   // as the file says; empty when it does not

	// SHA256 is of the content, in hex: of a GGUF file; of a PEFT folder, what
	// sha256sum adapter_config.json adapter_model.safetensors | sha256sum
	// prints in it.
	SHA256 string

	pairs  []pair
	depth  int // layers of the base that it was made for, 0 if unknown
	source io.ReaderAt
	closer io.Closer
}

// A pair is what is added to one matrix of the base.
type pair struct {
	layer  int
	module string
	a, b   matrix // rank × in, out × rank
	scale  float64
}

func (p pair) rank() int { return p.a.rows }

// A matrix is rows of numbers, somewhere in a file.
type matrix struct {
	rows, cols int
	read       func() ([]float32, error) // row by row
}

// Open reads a LoRA: a PEFT folder, or a GGUF file. The error holds all that
// keeps it from being used with any base.
func Open(path string) (*Weights, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	open := openGGUF
	if info.IsDir() {
		open = openPEFT
	}
	w, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("reading LoRA %s: %w", path, err)
	}
	return w, nil
}

// Close closes the files that Open opened.
func (w *Weights) Close() error { return w.closer.Close() }

// summarize derives from the pairs what they have in common.
func (w *Weights) summarize() {
	for _, p := range w.pairs {
		w.Rank = max(w.Rank, p.rank())
		w.Layers = max(w.Layers, p.layer+1)
	}
	for _, m := range modules {
		if slices.ContainsFunc(w.pairs, func(p pair) bool { return p.module == m.peft }) {
			w.Modules = append(w.Modules, m.peft)
		}
	}
}
