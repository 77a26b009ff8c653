// Package serving answers questions.
//
// Service.Answer takes a Request and yields Events: one Plan (language,
// adapter, passages), Deltas of text, and one Done. What it needs from the
// outside (a model, a retriever, a detector, a recorder) it asks for with the
// small interfaces here; the child packages meet them.
package serving

import (
	"context"
	"iter"
	"time"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Message is one turn of a conversation.
type Message struct {
	Role    string // "system", "user" or "assistant"
	Content string
}

// Params are the sampling parameters that a caller may set. A nil field
// leaves the choice to the model.
type Params struct {
	Temperature *float64
	TopP        *float64
	MaxTokens   *int
	Seed        *int
	Stop        []string
}

// A Prompt is what a model is asked. Messages is the whole of it for a model
// that reads; the other fields are what Messages was made from, for one that
// does not (extract).
type Prompt struct {
	Model    string // on the model server; empty means its default
	Messages []Message
	Params   Params
	// Begun is how the answer begins already, when another model server has
	// broken off after it: the model is to go on from there. Models that cannot
	// may say some of it again.
	Begun string

	Question string
	Passages []rag.Passage   // cited as [1], [2], … in this order
	Shown    int             // how many of them stand in Messages, from the first
	Terms    []adapters.Term // of the glossary that the answer is told to use
	Adapter  *adapters.Adapter
}

// A Chunk is a piece of a model's answer. The last one has Finish set.
type Chunk struct {
	Text   string
	Finish string  // "stop" or "length" on the last chunk, else empty
	Usage  *Usage  // on the last chunk, when the model server counted
	Served *Served // on the first chunk, when it is known what answers
	// Continued marks the place where one model server broke off and another
	// goes on. Models do not set it.
	Continued bool
}

// Usage counts tokens. Estimated is set when nobody counted them.
type Usage struct {
	PromptTokens     int
	CompletionTokens int
	Estimated        bool
}

// A Model turns a prompt into text. It yields chunks until one has Finish
// set, or yields one error and ends; an answer that just stops is an error.
// Canceling ctx stops the model server's work as well.
type Model interface {
	Chat(ctx context.Context, p Prompt) iter.Seq2[Chunk, error]
}

// A Surface is an API that callers and model servers speak.
type Surface string

// The surfaces.
const (
	OpenAI Surface = "openai"
	Ollama Surface = "ollama"
)

// Raw is a request that names a plain model: it is sent on as it came.
type Raw struct {
	ID      string    // of the answer: "chatcmpl-…"
	Created time.Time // of the answer
	Surface Surface   // that the caller speaks
	Path    string    // of the request, as on the surface: "/v1/chat/completions", "/api/generate"
	Model   string
	Stream  bool
	Trace   string // W3C traceparent of the caller, as it came
	Body    []byte // the caller's JSON; valid until Forward returns
	// Adapter is the one whose weights Model names, if it names some: they
	// answer only where its gate admits them.
	Adapter *adapters.Adapter
}

// A Reply is the answer to a Raw, as it goes to the caller: whole in Body, or
// in the pieces of Stream.
type Reply struct {
	Status int    // of HTTP
	Type   string // of the content
	Body   []byte
	// Stream yields what to send, each piece at once, with all framing; a piece
	// is valid until the next. It is ranged over exactly once, if only to
	// break at its first piece, and ends the work when it ends. An error means that
	// the answer broke off.
	Stream iter.Seq2[[]byte, error]
	// Exact is set when the bytes are the model server's own: then nothing, not
	// even a comment, may stand between two pieces.
	Exact bool
	// Tally counts what is in the answer, of a stream as it goes by. nil knows
	// nothing.
	Tally *Tally
	// Served says what answers; of a stream, once it has begun. nil knows
	// nothing.
	Served *Served
}

// A Held model is one that a model server can answer with.
type Held struct {
	Name   string
	Digest string // of its weights, template and parameters; empty if the server tells none
}

// A ModelInfo describes a model that can be named in a request.
type ModelInfo struct {
	Name    string
	Created time.Time
	Owner   string // "ollama", "tilgate"
	Root    string // where it was loaded from, if the server tells
	Parent  string // of an adapter, its base
	Size    int64  // bytes; 0 if the server does not tell
	Digest  string // of Ollama's manifest

	// Of what is in memory, if the server tells.
	Expires time.Time // when it is unloaded, unless it is asked again
	VRAM    int64     // bytes of Size on a GPU
	Context int       // tokens
}

// An Upstream serves plain models.
type Upstream interface {
	// Models lists what can be named now.
	Models(ctx context.Context) ([]ModelInfo, error)
	// Running lists what is in memory now, as far as servers tell.
	Running(ctx context.Context) ([]ModelInfo, error)
	// Forward returns the answer on the caller's surface. Canceling ctx stops
	// the model server's work, also while the reply streams.
	Forward(ctx context.Context, r Raw) (Reply, error)
}

// A Retriever finds passages that may help with a question. An empty result
// with no error means that nothing stored was near enough.
type Retriever interface {
	Retrieve(ctx context.Context, q rag.Query) ([]rag.Passage, error)
}

// A Language is what a question was taken to be in.
type Language struct {
	Tag        lang.Tag
	Script     lang.Script
	Confidence float64 // 0..1; 1 when the caller named the language
	By         string  // how it is known
}

// The ways in which a language is known, the surest first.
const (
	ByCaller       = "named"        // the request says so
	ByText         = "detected"     // in the question
	ByKeyboard     = "keyboard"     // in the question, put right as typed on the wrong keyboard
	ByConversation = "conversation" // in the turns before it
	ByKey          = "key"          // the default of the caller's key
	ByDefault      = "default"      // that of the configuration
)
