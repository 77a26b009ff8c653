package dataset

import (
	"embed"
	"fmt"
	"path"

	"github.com/BurntSushi/toml"

	"tilgate/evals"
	"tilgate/internal/lang"
)

//go:embed prompts/*.toml
var promptFiles embed.FS

// promptFile reads one of our tables by language.
func promptFile[T any](name string) map[lang.Tag]T {
	var table map[lang.Tag]T
	data, err := promptFiles.ReadFile(path.Join("prompts", name+".toml"))
	if err == nil {
		err = toml.Unmarshal(data, &table)
	}
	if err != nil {
		panic(fmt.Sprintf("prompts %s: %v", name, err)) // they are ours
	}
	return table
}

// own is what a table has for a language. A tag with a script is not served by
// what is written in the usual one.
func own[T any](table map[lang.Tag]T, tag lang.Tag) (T, bool) {
	text, ok := table[tag]
	if !ok && tag.Script() == "" {
		text, ok = table[tag.Base()]
	}
	return text, ok && tag.Base() != "en"
}

// setPrompts gives a task its ways to ask: with instructions in English, in
// another wording, and in its own language where somebody has written them.
// A file of prompts has texts by language; those in English are "en" and "en2".
func setPrompts(p part) {
	table := promptFile[string](p.prompts)
	p.Prompts = []evals.Prompt{{Name: "english", Text: table["en"]}, {Name: "short", Text: table["en2"]}}
	if p.Kind == evals.RAG { // what is searched with is the question, and instructions may mislead
		p.Prompts = append([]evals.Prompt{{Name: "plain", Text: "{{text}}"}}, p.Prompts...)
	}
	if text, ok := own(table, p.Lang); ok {
		p.Prompts = append(p.Prompts, evals.Prompt{Name: "own", Text: text})
	}
	if p.prompts != "copa" {
		return
	}
	// The language's own word for cause and effect depends on the item, and so
	// is a field of it.
	if asked, ok := own(promptFile[map[string]string]("copa-asked"), p.Lang); ok {
		for _, i := range p.Items {
			i.Fields["asked"] = asked[i.Fields["question"]]
		}
	}
}
