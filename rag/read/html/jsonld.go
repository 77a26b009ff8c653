package html

import (
	"encoding/json"
	"strings"
)

// A schema is what a page says about itself to search engines.
type schema struct {
	published, modified, lang string
}

// maxSchemaDepth is how deep a thing may be that the page is about.
const maxSchemaDepth = 8

// readSchema finds the dates and the language of the article in blocks of
// JSON-LD. Broken ones say nothing.
func readSchema(scripts [][]byte) (s schema) {
	for _, script := range scripts {
		var said any
		if json.Unmarshal(script, &said) == nil {
			s.find(said, 0)
		}
	}
	return s
}

func (s *schema) find(v any, depth int) {
	if depth > maxSchemaDepth {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, each := range v {
			s.find(each, depth+1)
		}
	case map[string]any:
		take(&s.published, v["datePublished"])
		take(&s.modified, v["dateModified"])
		take(&s.lang, v["inLanguage"])
		for _, key := range []string{"@graph", "mainEntity", "mainEntityOfPage"} {
			s.find(v[key], depth+1)
		}
	}
}

func take(to *string, v any) {
	if text, ok := v.(string); ok && *to == "" && len(text) < maxFact {
		*to = strings.TrimSpace(text)
	}
}
