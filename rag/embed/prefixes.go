package embed

import "strings"

// Prefixes are the instructions that a model expects before a text.
type Prefixes struct {
	Query, Passage string
}

// known are the instructions that families of models were trained with, as
// their makers publish them. A family is found in the model's name; the first
// that fits counts.
var known = []struct {
	family string
	Prefixes
}{
	{"qwen3-embedding", Prefixes{Query: "Instruct: Given a question, retrieve passages that answer it\nQuery: "}},
	{"embeddinggemma", Prefixes{"task: search result | query: ", "title: none | text: "}},
	{"multilingual-e5-large-instruct", Prefixes{Query: "Instruct: Given a question, retrieve passages that answer it\nQuery: "}},
	{"e5-", Prefixes{"query: ", "passage: "}},
	{"nomic-embed", Prefixes{"search_query: ", "search_document: "}},
	{"arctic-embed", Prefixes{Query: "query: "}},
	{"bge-m3", Prefixes{}},
}

// PrefixesOf returns the instructions for a model, empty for one that is not
// known. Names are as servers give them: "bge-m3", "BAAI/bge-m3",
// "qwen3-embedding:0.6b".
func PrefixesOf(model string) Prefixes {
	model = strings.ToLower(model)
	for _, k := range known {
		if strings.Contains(model, k.family) {
			return k.Prefixes
		}
	}
	return Prefixes{}
}
