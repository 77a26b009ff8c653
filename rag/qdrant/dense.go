package qdrant

import (
	"context"
	"time"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// denseName is the dense vector of a passage, whatever its language.
const denseName = "dense"

// modelKey holds the name of the model that dense vectors are from: in a
// collection's metadata, and in the payload of each point that has one.
const modelKey = "model"

// A Model is the embedding model whose vectors passages are stored with.
type Model struct {
	Name      string
	Dimension int
}

// UseModel makes knowledge bases have room for the dense vectors of a model.
// It is called before the first Create. A knowledge base that has none, or
// those of another model, is moved to its next version, without vectors: its
// passages get them as they are ingested again.
func (s *Store) UseModel(m Model) { s.model = m }

// Model returns the model whose dense vectors a knowledge base has room for;
// its zero value if it has none.
func (x *Index) Model(ctx context.Context, kb string) (Model, error) {
	alias, err := x.name(kb)
	if err != nil {
		return Model{}, err
	}
	return x.modelIn(ctx, x.at(alias))
}

func (s *shared) modelIn(ctx context.Context, collection string) (Model, error) {
	info, err := s.client.GetCollectionInfo(ctx, collection)
	if err != nil {
		return Model{}, explain(err)
	}
	return modelOf(info), nil
}

func modelOf(info *qdrant.CollectionInfo) Model {
	params := info.GetConfig().GetParams().GetVectorsConfig().GetParamsMap().GetMap()[denseName]
	return Model{Name: info.GetConfig().GetMetadata()[modelKey].GetStringValue(), Dimension: int(params.GetSize())}
}

// holds reports whether vectors of model b can go where those of m do. A
// Qdrant older than 1.16 does not keep the name; points do.
func (m Model) holds(b Model) bool {
	return b.Dimension == 0 || m.Dimension == b.Dimension && (m.Name == b.Name || m.Name == "")
}

// addDense gives a collection that is to be made room for a model's vectors.
func (m Model) addDense(req *qdrant.CreateCollection) {
	if m.Dimension == 0 {
		return
	}
	req.VectorsConfig = qdrant.NewVectorsConfigMap(map[string]*qdrant.VectorParams{
		denseName: {Size: uint64(m.Dimension), Distance: qdrant.Distance_Cosine}})
	req.Metadata = map[string]*qdrant.Value{modelKey: text(m.Name)}
}

// Nearest returns the passages in some languages whose vectors point where
// the probe's does.
func (x *Index) Nearest(ctx context.Context, p rag.DenseProbe) ([]rag.Passage, error) {
	alias, err := x.name(p.KB)
	if err != nil {
		return nil, err
	}
	model, err := x.rememberedModel(ctx, x.at(alias))
	if err != nil || model.Dimension != len(p.Vector) || model.Name != "" && model.Name != p.Model {
		return nil, err
	}
	points, err := x.query(ctx, &qdrant.QueryPoints{
		CollectionName: x.at(alias),
		Query:          qdrant.NewQueryDense(p.Vector),
		Using:          qdrant.PtrOf(denseName),
		Limit:          qdrant.PtrOf(uint64(p.K)),
		ScoreThreshold: threshold(p.Threshold),
		Filter:         &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewMatch(modelKey, p.Model), inLanguages(p.Langs)}},
		WithPayload:    qdrant.NewWithPayload(true),
	})
	if err != nil {
		return nil, explain(err)
	}
	version, err := x.searched(ctx, alias)
	if err != nil {
		return nil, err
	}
	var out []rag.Passage
	for _, point := range points {
		found := passage(p.KB, point.GetPayload(), 0)
		found.Version, found.Cosine = version, float64(point.GetScore())
		out = append(out, found)
	}
	return out, nil
}

// rememberedModel is modelIn, asked once in a while: a search of a knowledge
// base that has no vectors of the model need not begin.
func (x *Index) rememberedModel(ctx context.Context, collection string) (Model, error) {
	x.mu.Lock()
	known, ok := x.models[collection]
	x.mu.Unlock()
	if ok && time.Since(known.at) < remember {
		return known.Model, nil
	}
	m, err := x.modelIn(ctx, collection)
	if err != nil {
		return Model{}, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.models == nil {
		x.models = map[string]rememberedModel{}
	}
	x.models[collection] = rememberedModel{m, time.Now()}
	return m, nil
}

type rememberedModel struct {
	Model
	at time.Time
}

func threshold(cosine float64) *float32 {
	if cosine == 0 {
		return nil
	}
	return qdrant.PtrOf(float32(cosine))
}

// inLanguages is met by passages whose language has one of these bases.
func inLanguages(tags []lang.Tag) *qdrant.Condition {
	var any []*qdrant.Condition
	for _, t := range tags {
		any = append(any, qdrant.NewHasVector(vectorName(t)))
	}
	return qdrant.NewFilterAsCondition(&qdrant.Filter{Should: any})
}
