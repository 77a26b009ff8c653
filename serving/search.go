package serving

import (
	"context"
	"slices"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Search asks for passages alone.
type Search struct {
	Query     string
	Language  lang.Tag // of Query; empty means detect it
	Knowledge []string // knowledge bases to search; none means every one
	K         int      // passages wanted; 0 means the retriever's own
}

// Found is what a search found, the best first.
type Found struct {
	Language Language
	Passages []rag.Passage
}

// Search finds passages as an answer would, without one. An empty result
// means that nothing stored is near enough.
func (s *Service) Search(ctx context.Context, c Caller, q Search) (Found, error) {
	ctx = WithCaller(ctx, c)
	bases, err := c.Scope.Bases(q.Knowledge)
	if err != nil {
		return Found{}, err
	}
	f, err := s.find(Request{Caller: c, Messages: []Message{{Role: "user", Content: q.Query}}, Language: q.Language})
	if err != nil {
		return Found{}, err
	}
	found := Found{Language: f.language, Passages: []rag.Passage{}}
	for _, text := range forms(f.searched, f.question) {
		passages, err := s.parts.Retriever.Retrieve(ctx, rag.Query{Text: text, Lang: f.searched, Also: f.also, KBs: bases, K: q.K, Tenant: c.Tenant})
		if err != nil {
			return Found{}, err
		}
		if len(passages) > 0 {
			found.Passages = passages
			break
		}
	}
	return found, nil
}

// Detect says what language each text is in, among those that are served and,
// if it is sure, all that it knows; lang.Und where it is not.
func (s *Service) Detect(texts []string) []Language {
	served := s.parts.Adapters().Tags()
	out := make([]Language, len(texts))
	for i, text := range texts {
		l := s.parts.Detector.Detect(text, served, nil)
		if l.Tag == lang.Und {
			if other := s.parts.Detector.Detect(text, nil, nil); other.Confidence >= certain {
				l = other
			}
		}
		l.By = ByText
		if l.Script == "" {
			l.Script = lang.ScriptOf(text)
		}
		out[i] = l
	}
	return out
}

// Spoken says how a language is served.
type Spoken struct {
	Tag       lang.Tag
	Name      string // in the language itself
	English   string
	Scripts   []lang.Script // that people type; answers default to the first
	Direction string        // "ltr" or "rtl", of the first script
	Kind      string        // of the adapter
	Model     string        // that answers now
	Weights   string        // why the adapter's own do not; empty if they do, or it has none
	Fallback  []lang.Tag
}

// Languages lists the languages that are served.
func (s *Service) Languages(ctx context.Context) []Spoken {
	var list []Spoken
	for _, a := range s.parts.Adapters().Adapters() {
		list = append(list, s.spoken(ctx, a))
	}
	return list
}

func (s *Service) spoken(ctx context.Context, a *adapters.Adapter) Spoken {
	c := s.parts.Models.Pick(ctx, a, "")
	l := Spoken{Tag: a.Tag, Name: a.Name, English: a.English, Scripts: slices.Clone(a.Scripts), Direction: "ltr",
		Kind: string(a.Kind), Model: c.Name, Weights: c.Weights, Fallback: slices.Clone(a.Fallback)}
	if len(a.Scripts) > 0 && a.Scripts[0].RightToLeft() {
		l.Direction = "rtl"
	}
	return l
}

// A KnowledgeBase is what can be searched.
type KnowledgeBase struct {
	Name      string
	Version   int
	Documents int
	Passages  int
	Languages map[lang.Tag]int // documents, by language
}

// A Library lists knowledge bases.
type Library interface {
	// Knowledge lists those of a tenant, by name.
	Knowledge(ctx context.Context, tenant string) ([]KnowledgeBase, error)
}

// Knowledge lists the knowledge bases that a caller may search.
func (s *Service) Knowledge(ctx context.Context, c Caller) ([]KnowledgeBase, error) {
	if s.parts.Library == nil {
		return nil, nil
	}
	list, err := s.parts.Library.Knowledge(ctx, c.Tenant)
	return slices.DeleteFunc(list, func(kb KnowledgeBase) bool {
		_, wrong := c.Scope.Bases([]string{kb.Name})
		return wrong != nil
	}), err
}
