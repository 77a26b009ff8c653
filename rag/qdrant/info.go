package qdrant

import "context"

// Info says what a knowledge base is and holds.
type Info struct {
	KB        string   `json:"kb"`
	Tenant    string   `json:"tenant"`
	Version   int      `json:"version"`  // that is searched
	Versions  []int    `json:"versions"` // that are kept, newest first
	Languages []Size   `json:"languages"`
	Documents int      `json:"documents"`
	Passages  int      `json:"passages"`
	Vectors   []string `json:"vectors"` // a passage can be found by
	Model     string   `json:"model"`   // of dense vectors; empty without
	Dimension int      `json:"dimension"`
}

// Info describes a knowledge base.
func (x *Index) Info(ctx context.Context, kb string) (Info, error) {
	alias, current, kept, err := x.versions(ctx, kb)
	if err != nil {
		return Info{}, err
	}
	i := Info{KB: kb, Tenant: x.tenant, Version: current, Versions: kept, Languages: []Size{}, Vectors: []string{}}
	sizes, err := x.Sizes(ctx, kb)
	if err != nil {
		return Info{}, err
	}
	for _, s := range sizes {
		i.Languages = append(i.Languages, s)
		i.Documents += s.Documents
		i.Passages += s.Passages
	}
	collection := versionName(alias, current)
	tags, err := x.languages(ctx, collection)
	if err != nil {
		return Info{}, err
	}
	model, err := x.modelIn(ctx, collection)
	if err != nil {
		return Info{}, err
	}
	for _, t := range tags {
		i.Vectors = append(i.Vectors, vectorName(t))
	}
	if model.Dimension > 0 {
		i.Vectors = append(i.Vectors, denseName)
	}
	i.Model, i.Dimension = model.Name, model.Dimension
	return i, nil
}
