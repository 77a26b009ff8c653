package qdrant

import (
	"cmp"
	"context"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// batch is how many points travel in one call: well under the 4 MB that a
// gRPC message may have, at 600 terms a passage.
const batch = 128

// Upsert stores documents, each with all its passages, and drops what an
// earlier state of these documents left behind. When it returns nil they are
// on disk. Stopped half way, it leaves old and new passages beside each other
// until the documents are stored again; it never loses any.
func (x *Index) Upsert(ctx context.Context, kb string, docs [][]rag.Passage) error {
	alias, err := x.name(kb)
	if err != nil {
		return err
	}
	defer x.forgetCounts()
	x.growing.RLock()
	defer x.growing.RUnlock()
	var points []*qdrant.PointStruct
	for _, passages := range docs {
		for _, p := range passages {
			points = append(points, x.point(alias, p, len(passages)))
			if len(points) == batch {
				if err := x.put(ctx, x.at(alias), points); err != nil {
					return err
				}
				points = points[:0]
			}
		}
	}
	return x.put(ctx, x.at(alias), points)
}

// Stored lists the documents of a knowledge base.
func (x *Index) Stored(ctx context.Context, kb string) (map[rag.Key]rag.Stored, error) {
	alias, err := x.name(kb)
	if err != nil {
		return nil, err
	}
	docs := map[rag.Key]rag.Stored{}
	known := map[string]string{} // strings that many documents have in common
	same := func(s string) string {
		if _, ok := known[s]; !ok && len(known) < 10_000 {
			known[s] = s
		}
		return cmp.Or(known[s], s)
	}
	err = x.scroll(ctx, x.at(alias), qdrant.NewWithPayloadInclude("doc", "lang", "hash", "of", "origin", modelKey, replacesKey, replacedByKey, supersededByKey), false, func(points []*qdrant.RetrievedPoint) error {
		for _, p := range points {
			payload := p.GetPayload()
			key := rag.Key{Lang: lang.Tag(payload["lang"].GetStringValue()), Doc: payload["doc"].GetStringValue()}
			hash, model, d := payload["hash"].GetStringValue(), payload[modelKey].GetStringValue(), docs[key]
			if d.Passages > 0 && d.Hash != hash {
				hash = "" // two states beside each other: neither is whole
			}
			if d.Passages > 0 && d.Model != model {
				model = ""
			}
			d = rag.Stored{Hash: hash, Passages: d.Passages + 1, Model: same(model), Origin: same(payload["origin"].GetStringValue())}
			d.Telling = payload[replacesKey] != nil || payload[replacedByKey] != nil
			d.SupersededBy = cmp.Or(docs[key].SupersededBy, successor(payload))
			d.Whole = hash != "" && d.Passages == int(payload["of"].GetIntegerValue())
			docs[key] = d
		}
		return nil
	})
	return docs, err
}

// PassagesOf returns the passages of a document, in no order.
func (x *Index) PassagesOf(ctx context.Context, kb string, key rag.Key) (found []rag.Passage, err error) {
	alias, err := x.name(kb)
	if err != nil {
		return nil, err
	}
	var offset *qdrant.PointId
	for {
		points, next, err := x.page(ctx, &qdrant.ScrollPoints{CollectionName: x.at(alias), Offset: offset, Filter: ofDocument(key),
			Limit: qdrant.PtrOf(uint32(256)), WithPayload: qdrant.NewWithPayload(true)})
		if err != nil {
			return nil, err
		}
		for _, p := range points {
			found = append(found, passage(kb, p.GetPayload(), 0))
		}
		if next == nil {
			return found, nil
		}
		offset = next
	}
}

// ofDocument is met by the passages of a document.
func ofDocument(key rag.Key) *qdrant.Filter {
	return &qdrant.Filter{Must: []*qdrant.Condition{qdrant.NewMatch("lang", string(key.Lang)), qdrant.NewMatch("doc", key.Doc)}}
}

// Forget removes the passages of a document whose hash is not keep; an empty
// keep removes them all.
func (x *Index) Forget(ctx context.Context, kb string, key rag.Key, keep string) error {
	alias, err := x.name(kb)
	if err != nil {
		return err
	}
	defer x.forgetCounts()
	x.growing.RLock()
	defer x.growing.RUnlock()
	filter := ofDocument(key)
	if keep != "" {
		filter.MustNot = []*qdrant.Condition{qdrant.NewMatch("hash", keep)}
	}
	return x.remove(ctx, x.at(alias), filter)
}

// scroll calls f with all points of a collection, page by page.
func (x *Index) scroll(ctx context.Context, collection string, payload *qdrant.WithPayloadSelector, vectors bool, f func([]*qdrant.RetrievedPoint) error) error {
	limit := uint32(256)
	if vectors {
		limit = 64 // an answer has 4 MB at most, and a dense vector up to 16 KB
	}
	var offset *qdrant.PointId
	for {
		points, next, err := x.page(ctx, &qdrant.ScrollPoints{CollectionName: collection, Offset: offset,
			Limit: qdrant.PtrOf(limit), WithPayload: payload, WithVectors: qdrant.NewWithVectors(vectors)})
		if err != nil {
			return err
		}
		if err := f(points); err != nil {
			return err
		}
		if next == nil {
			return nil
		}
		offset = next
	}
}

// written turns vectors as they are read into vectors as they are written.
func written(read *qdrant.VectorsOutput, withDense bool) *qdrant.Vectors {
	vectors := map[string]*qdrant.Vector{}
	for name, v := range read.GetVectors().GetVectors() {
		if dense := v.GetDense(); name == denseName && dense != nil {
			if withDense {
				vectors[name] = qdrant.NewVectorDense(dense.GetData())
			}
			continue
		}
		sparse := v.GetSparse()
		vectors[name] = qdrant.NewVectorSparse(sparse.GetIndices(), sparse.GetValues())
	}
	return qdrant.NewVectorsMap(vectors)
}
