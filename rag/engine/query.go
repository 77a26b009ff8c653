package engine

import (
	"math"

	pb "github.com/qdrant/go-client/qdrant"
)

// A query is one level of a QueryPoints request, parsed: the root or a
// prefetch.
type query struct {
	prefetch  []*query
	want      *pb.Query
	using     string
	filter    *filter
	threshold *float32
	limit     int
	lookup    *pb.LookupLocation
}

const maxPrefetchDepth = 64

// queryLevel is what QueryPoints and PrefetchQuery have in common.
type queryLevel interface {
	GetPrefetch() []*pb.PrefetchQuery
	GetQuery() *pb.Query
	GetUsing() string
	GetFilter() *pb.Filter
	GetLookupFrom() *pb.LookupLocation
}

func parseQuery(q queryLevel, threshold *float32, limit *uint64, outer *filter, depth int) (*query, error) {
	if depth > maxPrefetchDepth {
		return nil, wrongInput("prefetches depth %d exceeds max depth %d", depth, maxPrefetchDepth)
	}
	own, err := parseFilter(q.GetFilter())
	if err != nil {
		return nil, err
	}
	out := &query{want: q.GetQuery(), using: q.GetUsing(), filter: outer.and(own), threshold: threshold,
		limit: defaultLimit, lookup: q.GetLookupFrom()}
	if limit != nil {
		if *limit == 0 {
			return nil, validation("limit: value 0 invalid, must be 1 or larger")
		}
		out.limit = int(min(*limit, math.MaxInt32))
	}
	if threshold != nil && math.IsNaN(float64(*threshold)) {
		return nil, wrongInput("score_threshold is not a number")
	}
	for _, p := range q.GetPrefetch() {
		// Filters hold for all that is below them, so that a filter at the
		// root is enough to keep tenants apart.
		inner, err := parseQuery(p, p.ScoreThreshold, p.Limit, out.filter, depth+1)
		if err != nil {
			return nil, err
		}
		out.prefetch = append(out.prefetch, inner)
	}
	return out, out.checkShape()
}

func (q *query) checkShape() error {
	switch q.want.GetVariant().(type) {
	case nil:
		if len(q.prefetch) > 0 {
			return wrongInput("cannot have prefetches without a query")
		}
	case *pb.Query_Fusion, *pb.Query_Rrf:
		if len(q.prefetch) == 0 {
			return wrongInput("cannot do fusion without prefetches")
		}
	case *pb.Query_Nearest, *pb.Query_OrderBy:
	default:
		return unimplemented("queries of this kind (only nearest, fusion, rrf and order_by)")
	}
	if q.lookup != nil {
		return unimplemented("lookup_from")
	}
	return nil
}

func (c *collection) query(req *pb.QueryPoints) ([]*pb.ScoredPoint, error) {
	if err := checkShards(req.GetShardKeySelector()); err != nil {
		return nil, err
	}
	q, err := parseQuery(req, req.ScoreThreshold, req.Limit, nil, 0)
	if err != nil {
		return nil, err
	}
	sel, err := parseSelection(c.schema, req.GetWithPayload(), req.GetWithVectors(), false)
	if err != nil {
		return nil, err
	}
	offset := int(min(req.GetOffset(), math.MaxInt32))
	q.limit = min(q.limit+offset, math.MaxInt32)
	var found []located
	out := []*pb.ScoredPoint{}
	err = c.read(func(v *view) (err error) {
		found, err = v.run(q)
		return err
	}, func(v *view) error {
		for _, f := range found[min(offset, len(found)):] {
			payload, vectors, err := v.fetch(f.slot, sel)
			if err != nil {
				return err
			}
			out = append(out, &pb.ScoredPoint{Id: f.id.proto(), Payload: payload, Score: f.score, Vectors: vectors, OrderValue: f.value})
		}
		return nil
	})
	return out, err
}

// run answers one level. Its prefetches, if any, are the candidates.
func (v *view) run(q *query) ([]located, error) {
	var lists [][]located
	for _, p := range q.prefetch {
		list, err := v.run(p)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	switch o := q.want.GetVariant().(type) {
	case *pb.Query_Fusion:
		return v.runFusion(q, lists, o.Fusion)
	case *pb.Query_Rrf:
		return v.runRRF(q, lists, o.Rrf)
	case *pb.Query_OrderBy:
		return v.ordered(o.OrderBy, q.filter, unionOf(lists), q.limit)
	case *pb.Query_Nearest:
		return v.runNearest(q, unionOf(lists), o.Nearest)
	}
	return v.byID(pointID{}, q.filter, q.limit)
}

// unionOf returns the slots in any of the lists, nil when there are no lists.
func unionOf(lists [][]located) bitset {
	if lists == nil {
		return nil
	}
	out := make(bitset, 1)
	for _, list := range lists {
		for _, h := range list {
			out.add(h.slot)
		}
	}
	return out
}

func (v *view) runFusion(q *query, lists [][]located, f pb.Fusion) ([]located, error) {
	switch f {
	case pb.Fusion_RRF:
		return cut(fuseRRF(lists, defaultRRFK, nil), q), nil
	case pb.Fusion_DBSF:
		return cut(fuseDBSF(lists), q), nil
	}
	return nil, invalid("Unknown fusion: %d", f)
}

const defaultRRFK = 2

func (v *view) runRRF(q *query, lists [][]located, rrf *pb.Rrf) ([]located, error) {
	k := uint32(defaultRRFK)
	if rrf.K != nil {
		k = rrf.GetK()
	}
	if k < 1 {
		return nil, validation("k: value 0 invalid, must be 1 or larger")
	}
	if n := len(rrf.GetWeights()); n > 0 && n != len(lists) {
		return nil, wrongInput("RRF weights count %d does not match prefetches count %d", n, len(lists))
	}
	for _, w := range rrf.GetWeights() {
		if !finite(w) || w < 0 {
			return nil, wrongInput("RRF weight %v is not a number from 0", w)
		}
	}
	return cut(fuseRRF(lists, k, rrf.GetWeights()), q), nil
}

// cut applies threshold and limit to a fused list.
func cut(list []located, q *query) []located {
	if q.threshold != nil {
		for i, h := range list {
			if h.score < *q.threshold {
				list = list[:i]
				break
			}
		}
	}
	return list[:min(len(list), q.limit)]
}

// runNearest searches one vector name, within the candidates unless that is
// nil.
func (v *view) runNearest(q *query, within bitset, in *pb.VectorInput) ([]located, error) {
	allowed, err := v.allowed(q.filter)
	if err != nil {
		return nil, err
	}
	if within != nil {
		for i := range within {
			if i < len(allowed) {
				within[i] &= allowed[i]
			} else {
				within[i] = 0
			}
		}
		allowed = within
	}
	limit := min(q.limit, len(v.ids))
	if i, ok := v.schema.denseIndex(q.using); ok {
		return v.nearestDense(q, i, in, allowed, limit)
	}
	i, ok := v.schema.sparseIndex(q.using)
	if !ok {
		return nil, noVector(q.using)
	}
	return v.nearestSparse(q, i, in, allowed, limit)
}

func (v *view) nearestDense(q *query, i int, in *pb.VectorInput, allowed bitset, limit int) ([]located, error) {
	spec := v.schema.dense[i]
	vec, self, err := v.denseInput(i, in)
	if err != nil {
		return nil, err
	}
	best := newTopK(limit)
	if err := v.searchDense(i, vec, without(allowed, self), best); err != nil {
		return nil, err
	}
	list := v.locate(best.sorted())
	if smallerIsBetter(spec.distance) {
		for i := range list {
			list[i].score = -list[i].score
		}
	}
	return beyond(list, q.threshold, smallerIsBetter(spec.distance)), nil
}

func (v *view) nearestSparse(q *query, i int, in *pb.VectorInput, allowed bitset, limit int) ([]located, error) {
	vec, self, err := v.sparseInput(i, in)
	if err != nil {
		return nil, err
	}
	best := newTopK(limit)
	v.sparse[i].search(vec, v.live, without(allowed, self), best)
	return beyond(v.locate(best.sorted()), q.threshold, false), nil
}

// beyond keeps the hits that are better than the threshold.
func beyond(list []located, threshold *float32, smaller bool) []located {
	if threshold == nil {
		return list
	}
	for i, h := range list {
		if smaller && h.score >= *threshold || !smaller && h.score <= *threshold {
			return list[:i]
		}
	}
	return list
}

func (v *view) locate(hits []hit) []located {
	out := make([]located, len(hits))
	for i, h := range hits {
		out[i] = located{id: v.slots[h.slot], slot: h.slot, score: h.score}
	}
	return out
}

// without returns set without one slot, which is negative for none.
func without(set bitset, slot int64) bitset {
	if slot < 0 || !set.has(uint32(slot)) {
		return set
	}
	out := append(bitset(nil), set...)
	out.remove(uint32(slot))
	return out
}

const noSlot = -1

func (v *view) denseInput(i int, in *pb.VectorInput) ([]float32, int64, error) {
	switch o := in.GetVariant().(type) {
	case *pb.VectorInput_Dense:
		vec, err := newDenseVector(v.schema.dense[i], o.Dense.GetData())
		return vec, noSlot, err
	case *pb.VectorInput_Id:
		slot, vectors, err := v.stored(o.Id)
		if err != nil {
			return nil, noSlot, err
		}
		vec, ok := vectors.dense[i]
		if !ok {
			return nil, noSlot, noVectorAt(o.Id, v.schema.dense[i].name)
		}
		return vec, int64(slot), nil
	case *pb.VectorInput_Sparse:
		return nil, noSlot, wrongInput("Conversion between sparse and regular vectors failed")
	}
	return nil, noSlot, badInput(in)
}

func (v *view) sparseInput(i int, in *pb.VectorInput) (sparseVector, int64, error) {
	switch o := in.GetVariant().(type) {
	case *pb.VectorInput_Sparse:
		vec, err := newSparseVector(o.Sparse.GetIndices(), o.Sparse.GetValues())
		return vec, noSlot, err
	case *pb.VectorInput_Id:
		slot, vectors, err := v.stored(o.Id)
		if err != nil {
			return sparseVector{}, noSlot, err
		}
		vec, ok := vectors.sparse[i]
		if !ok {
			return sparseVector{}, noSlot, noVectorAt(o.Id, v.schema.sparse[i].name)
		}
		return vec, int64(slot), nil
	case *pb.VectorInput_Dense:
		return sparseVector{}, noSlot, wrongInput("Conversion between sparse and regular vectors failed")
	}
	return sparseVector{}, noSlot, badInput(in)
}

func badInput(in *pb.VectorInput) error {
	if in.GetVariant() == nil {
		return invalid("VectorInput variant is missing")
	}
	return unimplemented("multivectors and inference in queries")
}

func noVectorAt(id *pb.PointId, name string) error {
	p, _ := parsePointID(id)
	return notFound("Point %s does not have the vector %q", p, name)
}

// stored returns the vectors of a point that a query names.
func (v *view) stored(id *pb.PointId) (uint32, pointVectors, error) {
	p, err := parsePointID(id)
	if err != nil {
		return 0, pointVectors{}, err
	}
	slot, ok := v.ids[p]
	if !ok {
		return 0, pointVectors{}, notFound("No point with id %s found", p)
	}
	vectors, err := v.vectors(slot)
	return slot, vectors, err
}
