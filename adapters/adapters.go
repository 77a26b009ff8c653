// Package adapters holds what changes from one language to the next: the
// system prompt, the fixed sentences, the scripts, the fallback chain.
//
// A language is data: one TOML file under languages, which a linguist edits.
// The word adapter always means a language adapter here; code that talks to
// another system carries that system's name.
package adapters

import "tilgate/internal/lang"

// An Adapter is one language as Tilgate serves it. It is read-only once loaded.
type Adapter struct {
	Tag      lang.Tag      `toml:"tag"`
	Name     string        `toml:"name"`     // in the language itself
	English  string        `toml:"english"`  // in English
	Scripts  []lang.Script `toml:"scripts"`  // that people type; answers default to the first
	Fallback []lang.Tag    `toml:"fallback"` // adapters to ask instead, in order
	Kind     Kind          `toml:"kind"`
	Model    string        `toml:"model"`    // on the model server; empty means the configured default
	Reviewed string        `toml:"reviewed"` // who reviewed the texts; "none" is honest
	System   string        `toml:"system"`   // system prompt, in the language
	Insist   string        `toml:"insist"`   // added to the prompt after an answer in another language
	Terms    string        `toml:"terms"`    // introduces the terms that an answer must use
	Say      Say           `toml:"say"`
	Retrieve Retrieve      `toml:"retrieve"`
}

// A Kind says how a model is made to speak the language.
type Kind string

// The kinds of adapter.
const (
	PromptOnly Kind = "prompt_only" // the base model with this language's prompt
	LoRA       Kind = "lora"        // a low-rank adapter on the base
	FullModel  Kind = "full_model"  // a model of its own
)

// Say holds the sentences that Tilgate itself says, in the language.
type Say struct {
	NotFound   string `toml:"not_found"`  // the knowledge base has no answer
	Quoting    string `toml:"quoting"`    // no model is running, so what follows is quoted
	Translated string `toml:"translated"` // the answer was translated by a machine
	Blocked    string `toml:"blocked"`    // the question or answer may not be given
	Handover   string `toml:"handover"`   // a person will go on
	Unable     string `toml:"unable"`     // no reliable answer came about in the language
}

// Retrieve says how passages are found for the language.
type Retrieve struct {
	K    int        `toml:"k"`    // passages for the prompt; 0 means the retriever's default
	Also []lang.Tag `toml:"also"` // languages whose passages still help
}
