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

// promptsOf names the file of prompts for a data set.
func promptsOf(format string, t *evals.Task) string {
	switch {
	case format == "xcopa" || format == "copal":
		return "copa"
	case format == "nusax":
		return "sentiment"
	case format == "sib200":
		return "topic"
	case format == "americasnli":
		return "nli"
	case t.Kind == evals.Reading && t.Name == "open":
		return "open"
	}
	return string(t.Kind)
}

// prompts returns the ways to ask: with instructions in English, in another
// wording, and in the language of the task where somebody has written them.
// A file of prompts has a table of texts by language; those of English are
// "en" and "en2".
func prompts(file string, tag lang.Tag) []evals.Prompt {
	var texts map[string]string
	data, err := promptFiles.ReadFile(path.Join("prompts", file+".toml"))
	if err == nil {
		err = toml.Unmarshal(data, &texts)
	}
	if err != nil {
		panic(fmt.Sprintf("prompts %s: %v", file, err)) // they are ours
	}
	list := []evals.Prompt{{Name: "english", Text: texts["en"]}}
	if text := texts["en2"]; text != "" {
		list = append(list, evals.Prompt{Name: "short", Text: text})
	}
	if text := texts[string(tag.Base())]; text != "" && tag.Base() != "en" {
		list = append(list, evals.Prompt{Name: "own", Text: text})
	}
	return list
}
