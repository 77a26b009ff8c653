package qdrant

import (
	"cmp"
	"strconv"

	"github.com/google/uuid"
	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// namespace makes our point ids differ from anybody else's.
var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("tilgate:passage"))

// pointID is the same for the same passage of the same knowledge base, always:
// for what it says within its document, or, if nobody has named that, for its
// place. The alias says whose it is: what two tenants hold has different ids.
func pointID(alias string, p rag.Passage) *qdrant.PointId {
	key := alias + "\x00" + string(p.Lang) + "\x00" + p.Doc + "\x00" + cmp.Or(p.ID, strconv.Itoa(p.N))
	return qdrant.NewIDUUID(uuid.NewSHA1(namespace, []byte(key)).String())
}

// point is a passage as it is stored. of is how many passages its document
// has, which tells a whole document from one that was cut off.
func (x *Index) point(alias string, p rag.Passage, of int) *qdrant.PointStruct {
	v := p.Vector()
	vectors := map[string]*qdrant.Vector{}
	if len(v.Indices) > 0 { // a passage of signs alone has no terms, but is kept
		vectors[vectorName(p.Lang)] = qdrant.NewVectorSparse(v.Indices, v.Values)
	}
	payload := map[string]*qdrant.Value{
		"doc": text(p.Doc), "id": text(p.ID), "n": qdrant.NewValueInt(int64(p.N)), "of": qdrant.NewValueInt(int64(of)),
		"title": text(p.Title), "head": text(p.Head), "text": text(p.Text), "lang": text(string(p.Lang)),
		"source": text(p.Source), "date": text(p.Date), "sector": text(p.Sector), "origin": text(p.Origin), "hash": text(p.Hash),
	}
	putEdition(payload, p)
	if p.Dense != nil && len(p.Dense) == x.model.Dimension {
		vectors[denseName], payload[modelKey] = qdrant.NewVectorDense(p.Dense), text(x.model.Name)
	}
	return &qdrant.PointStruct{Id: pointID(alias, p), Vectors: qdrant.NewVectorsMap(vectors), Payload: payload}
}

func text(s string) *qdrant.Value { return qdrant.NewValueString(s) }

func passage(kb string, payload map[string]*qdrant.Value, score float32) rag.Passage {
	get := func(key string) string { return payload[key].GetStringValue() }
	p := rag.Passage{
		KB: kb, Doc: get("doc"), ID: get("id"), N: int(payload["n"].GetIntegerValue()), Title: get("title"), Head: get("head"), Text: get("text"),
		Lang: lang.Tag(get("lang")), Source: get("source"), Date: get("date"), Sector: get("sector"), Origin: get("origin"),
		Hash: get("hash"), Score: float64(score),
	}
	takeEdition(&p, payload)
	return p
}
