// Package adapters holds what changes from one language to the next: the
// system prompt, the fixed sentences, the scripts, the fallback chain, the
// weights.
//
// A language is data: one TOML file, which a linguist edits. Those that come
// with Tilgate lie under languages; a folder of the operator's adds to them
// and replaces them, and Live follows its changes. The word adapter always
// means a language adapter here; code that talks to another system carries
// that system's name.
//
// Beside TAG.toml a folder may hold, in TAG/, what the file does not say:
//
//	ky/glossary.tsv    terms that answers must use (glossary.go)
//	ky/verdict.json    what the gate decided about the weights (gate.go)
//	ky/….gguf          the weights themselves
package adapters

import (
	"tilgate/internal/lang"
	"tilgate/internal/verdict"
)

// An Adapter is one language as Tilgate serves it. It is read-only once loaded.
type Adapter struct {
	Tag      lang.Tag      `toml:"tag"`
	Name     string        `toml:"name"`     // in the language itself
	English  string        `toml:"english"`  // in English
	Scripts  []lang.Script `toml:"scripts"`  // that people type; answers default to the first
	Fallback []lang.Tag    `toml:"fallback"` // adapters to ask instead, in order; no cycles
	Kind     Kind          `toml:"kind"`
	Model    string        `toml:"model,omitempty"` // the base on the model server; empty means the configured default
	LoRA     *Weights      `toml:"lora,omitempty"`  // on Model; only and always with kind lora
	Gate     Gate          `toml:"gate,omitempty"`
	Reviewed string        `toml:"reviewed"` // who reviewed the texts; "none" is honest
	System   string        `toml:"system"`   // system prompt, in the language
	Insist   string        `toml:"insist"`   // said to a model that answered in another language
	Terms    string        `toml:"terms"`    // introduces the terms of the glossary
	Say      Say           `toml:"say"`
	Retrieve Retrieve      `toml:"retrieve"`

	Glossary Glossary         `toml:"-"`
	Verdict  *verdict.Verdict `toml:"-"` // on the weights; nil if there is none that can be trusted
	Untrusty string           `toml:"-"` // why a verdict that lies there is not trusted
	Digest   string           `toml:"-"` // SHA-256, in hexadecimal, of the language file and the glossary as they were read
}

// A Kind says how a model is made to speak the language.
type Kind string

// The kinds of adapter.
const (
	PromptOnly Kind = "prompt_only" // the base model with this language's prompt
	LoRA       Kind = "lora"        // a low-rank adapter on the base
	FullModel  Kind = "full_model"  // a model of its own
	Pivot      Kind = "pivot"       // answers in another language, translated; reserved, not served yet
)

// Weights says where the weights of a LoRA are, and whose.
type Weights struct {
	File    string  `toml:"file"`            // a GGUF file or a PEFT folder, relative to the folder of the language file
	SHA256  string  `toml:"sha256"`          // of the content, 64 hexadecimal digits
	Licence string  `toml:"licence"`         // SPDX, or a sentence
	Scale   float64 `toml:"scale,omitempty"` // 0 stands for 1; only llama.cpp can serve another
}

// Say holds the sentences that Tilgate itself says, in the language.
type Say struct {
	NotFound   string `toml:"not_found"`  // the knowledge base has no answer
	Quoting    string `toml:"quoting"`    // no model is running, so what follows is quoted
	Translated string `toml:"translated"` // the answer was translated by a machine
	Blocked    string `toml:"blocked"`    // the question or answer may not be given
	Handover   string `toml:"handover"`   // a person will go on
	Unable     string `toml:"unable"`     // the model did not manage to answer in the language
}

// Retrieve says how passages are found for the language.
type Retrieve struct {
	K    int        `toml:"k"`    // passages for the prompt; 0 means the retriever's default
	Also []lang.Tag `toml:"also"` // languages whose passages still help
}
