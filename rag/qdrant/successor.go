package qdrant

import (
	"context"
	"slices"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// What documents say of their editions, and what follows from it. A payload has
// a key only if there is something to say, so that points of documents that
// say nothing are what they always were.
const (
	editionKey      = "edition"
	replacesKey     = "replaces"
	replacedByKey   = "replaced_by"
	supersededByKey = "superseded_by" // null or absent while the document is in force
)

// putEdition adds what a passage's document says of its edition to a payload.
func putEdition(payload map[string]*qdrant.Value, p rag.Passage) {
	for key, s := range map[string]string{editionKey: p.Edition, replacedByKey: p.ReplacedBy} {
		if s != "" {
			payload[key] = text(s)
		}
	}
	if len(p.Replaces) > 0 {
		list := make([]*qdrant.Value, len(p.Replaces))
		for i, name := range p.Replaces {
			list[i] = text(name)
		}
		payload[replacesKey] = qdrant.NewValueFromList(list...)
	}
	if p.SupersededBy != nil {
		payload[supersededByKey] = successorValue(p.SupersededBy)
	}
}

// successorValue is null for nil.
func successorValue(s *rag.Successor) *qdrant.Value {
	if s == nil {
		return qdrant.NewValueNull()
	}
	fields := map[string]*qdrant.Value{}
	for key, value := range map[string]string{"doc": s.Doc, "lang": string(s.Lang), "title": s.Title, "source": s.Source, "date": s.Date, editionKey: s.Edition} {
		if value != "" {
			fields[key] = text(value)
		}
	}
	return qdrant.NewValueStruct(&qdrant.Struct{Fields: fields})
}

func successor(payload map[string]*qdrant.Value) *rag.Successor {
	s := payload[supersededByKey].GetStructValue()
	if s == nil {
		return nil
	}
	get := func(key string) string { return s.GetFields()[key].GetStringValue() }
	return &rag.Successor{Doc: get("doc"), Lang: lang.Tag(get("lang")), Title: get("title"), Source: get("source"), Date: get("date"), Edition: get(editionKey)}
}

// takeEdition is the reverse of putEdition.
func takeEdition(p *rag.Passage, payload map[string]*qdrant.Value) {
	p.Edition, p.ReplacedBy = payload[editionKey].GetStringValue(), payload[replacedByKey].GetStringValue()
	for _, name := range payload[replacesKey].GetListValue().GetValues() {
		p.Replaces = append(p.Replaces, name.GetStringValue())
	}
	p.SupersededBy = successor(payload)
}

// A Standing says what a document of a knowledge base says of its edition, and
// whether it is marked as superseded.
type Standing struct {
	rag.Document                // without its text
	SupersededBy *rag.Successor // as it is marked
	Mixed        bool           // its passages are not marked alike
}

// Standings lists all documents of a knowledge base, in no order.
func (x *Index) Standings(ctx context.Context, kb string) ([]Standing, error) {
	alias, err := x.name(kb)
	if err != nil {
		return nil, err
	}
	var list []Standing
	at := map[rag.Key]int{}
	keys := qdrant.NewWithPayloadInclude("doc", "lang", "title", "source", "date", "origin", editionKey, replacesKey, replacedByKey, supersededByKey)
	err = x.scroll(ctx, x.at(alias), keys, false, func(points []*qdrant.RetrievedPoint) error {
		for _, point := range points {
			p := passage(kb, point.GetPayload(), 0)
			key := rag.Key{Lang: p.Lang, Doc: p.Doc}
			i, known := at[key]
			if !known {
				i = len(list)
				at[key] = i
				list = append(list, Standing{SupersededBy: p.SupersededBy})
			}
			s := &list[i]
			s.Mixed = s.Mixed || !s.SupersededBy.Equal(p.SupersededBy)
			s.Document = rag.Document{ID: p.Doc, Lang: p.Lang, Title: p.Title, Source: p.Source, Date: p.Date, Origin: p.Origin,
				Edition: p.Edition, Replaces: p.Replaces, ReplacedBy: p.ReplacedBy}
		}
		return nil
	})
	return slices.Clip(list), err
}

// Supersede marks a document as superseded, or as in force with nil.
func (x *Index) Supersede(ctx context.Context, kb string, key rag.Key, by *rag.Successor) error {
	alias, err := x.name(kb)
	if err != nil {
		return err
	}
	x.growing.RLock()
	defer x.growing.RUnlock()
	return x.amend(ctx, x.at(alias), map[string]*qdrant.Value{supersededByKey: successorValue(by)}, ofDocument(key))
}
