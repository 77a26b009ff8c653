package ragtest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	pb "github.com/qdrant/go-client/qdrant"
	"pgregory.net/rapid"
)

// The model tests draw points, filters and queries at random and compare the
// server with the plainest reading of the contract: look at everything.

// A drawn is a point of the model tests.
type drawn struct {
	tag   string   // "" means the field is missing
	tags  []string // nil means missing
	n     *int64
	terms map[string]map[uint32]float32 // by sparse vector
}

var modelTags = []string{"ky", "kk", "ru", "am"}

func drawPoint(t *rapid.T) drawn {
	p := drawn{tag: rapid.SampledFrom(append(modelTags, "")).Draw(t, "tag"), terms: map[string]map[uint32]float32{}}
	if rapid.Bool().Draw(t, "has tags") {
		p.tags = rapid.SliceOfN(rapid.SampledFrom(modelTags), 0, 3).Draw(t, "tags")
		if p.tags == nil {
			p.tags = []string{}
		}
	}
	if rapid.Bool().Draw(t, "has n") {
		p.n = pb.PtrOf(rapid.Int64Range(-3, 3).Draw(t, "n"))
	}
	for _, using := range []string{"lex", "raw"} {
		if rapid.IntRange(0, 3).Draw(t, "has "+using) > 0 {
			p.terms[using] = drawTerms(t)
		}
	}
	return p
}

func drawTerms(t *rapid.T) map[uint32]float32 {
	return rapid.MapOfN(rapid.Uint32Range(1, 9), rapid.SampledFrom([]float32{0.25, 1, 1.75, 3}), 1, 6).Draw(t, "terms")
}

func (p drawn) proto(id uint64) *pb.PointStruct {
	payload := map[string]any{}
	if p.tag != "" {
		payload["tag"] = p.tag
	}
	if p.tags != nil {
		list := []any{}
		for _, tag := range p.tags {
			list = append(list, tag)
		}
		payload["tags"] = list
	}
	if p.n != nil {
		payload["n"] = *p.n
	}
	v := map[string]*pb.Vector{}
	for using, terms := range p.terms {
		indices, values := pairs(terms)
		v[using] = pb.NewVectorSparse(indices, values)
	}
	return point(id, payload, v)
}

func pairs(terms map[uint32]float32) (indices []uint32, values []float32) {
	for _, term := range slices.Sorted(maps.Keys(terms)) {
		indices, values = append(indices, term), append(values, terms[term])
	}
	return indices, values
}

// A drawnFilter is a filter and what it means.
type drawnFilter struct {
	f     *pb.Filter
	holds func(id uint64, p drawn) bool
}

type drawnCondition struct {
	c     *pb.Condition
	holds func(id uint64, p drawn) bool
}

func drawFilter(t *rapid.T, depth int) drawnFilter {
	list := func(label string) (cs []*pb.Condition, all []drawnCondition) {
		for range rapid.IntRange(0, 2).Draw(t, label) {
			c := drawCondition(t, depth)
			cs, all = append(cs, c.c), append(all, c)
		}
		return cs, all
	}
	f := &pb.Filter{}
	var must, mustNot, should, some []drawnCondition
	f.Must, must = list("must")
	f.MustNot, mustNot = list("must not")
	f.Should, should = list("should")
	least := 0
	if rapid.IntRange(0, 3).Draw(t, "min should") == 0 {
		f.MinShould = &pb.MinShould{}
		f.MinShould.Conditions, some = list("some")
		least = rapid.IntRange(0, 2).Draw(t, "least")
		f.MinShould.MinCount = uint64(least)
	}
	count := func(cs []drawnCondition, id uint64, p drawn) (n int) {
		for _, c := range cs {
			if c.holds(id, p) {
				n++
			}
		}
		return n
	}
	return drawnFilter{f, func(id uint64, p drawn) bool {
		return count(must, id, p) == len(must) && count(mustNot, id, p) == 0 &&
			(len(should) == 0 || count(should, id, p) > 0) && count(some, id, p) >= least
	}}
}

func drawCondition(t *rapid.T, depth int) drawnCondition {
	tag := rapid.SampledFrom(modelTags).Draw(t, "value")
	n := rapid.Int64Range(-3, 3).Draw(t, "bound")
	kinds := 9
	if depth > 0 {
		kinds = 10
	}
	switch rapid.IntRange(1, kinds).Draw(t, "kind") {
	case 1:
		return drawnCondition{pb.NewMatch("tag", tag), func(_ uint64, p drawn) bool { return p.tag == tag }}
	case 2:
		return drawnCondition{pb.NewMatch("tags", tag), func(_ uint64, p drawn) bool { return slices.Contains(p.tags, tag) }}
	case 3:
		return drawnCondition{pb.NewMatchExceptKeywords("tags", tag), func(_ uint64, p drawn) bool {
			return slices.ContainsFunc(p.tags, func(x string) bool { return x != tag })
		}}
	case 4:
		return drawnCondition{pb.NewMatchKeywords("tag", tag, "kk"), func(_ uint64, p drawn) bool { return p.tag == tag || p.tag == "kk" }}
	case 5:
		return drawnCondition{pb.NewRange("n", &pb.Range{Gte: pb.PtrOf(float64(n))}), func(_ uint64, p drawn) bool { return p.n != nil && *p.n >= n }}
	case 6:
		return drawnCondition{pb.NewMatchInt("n", n), func(_ uint64, p drawn) bool { return p.n != nil && *p.n == n }}
	case 7:
		return drawnCondition{pb.NewIsEmpty("tags"), func(_ uint64, p drawn) bool { return len(p.tags) == 0 }}
	case 8:
		return drawnCondition{pb.NewHasID(pb.NewIDNum(1), pb.NewIDNum(2), pb.NewIDNum(5)), func(id uint64, _ drawn) bool { return id == 1 || id == 2 || id == 5 }}
	case 9:
		return drawnCondition{pb.NewHasVector("lex"), func(_ uint64, p drawn) bool { return p.terms["lex"] != nil }}
	}
	f := drawFilter(t, depth-1)
	return drawnCondition{pb.NewFilterAsCondition(f.f), f.holds}
}

// fill stores drawn points under ids from 1.
func (s *server) fill(t *testing.T, rt *rapid.T, collection string) map[uint64]drawn {
	all := s.allIDs(t, collection)
	if len(all) > 0 {
		if _, err := s.Delete(t.Context(), &pb.DeletePoints{CollectionName: collection, Points: pb.NewPointsSelectorIDs(all), Wait: pb.PtrOf(true)}); err != nil {
			rt.Fatal(err)
		}
	}
	points := map[uint64]drawn{}
	var protos []*pb.PointStruct
	for id := uint64(1); id <= uint64(rapid.IntRange(1, 12).Draw(rt, "points")); id++ {
		points[id] = drawPoint(rt)
		protos = append(protos, points[id].proto(id))
	}
	s.upsert(t, collection, protos...)
	return points
}

func (s *server) allIDs(t *testing.T, collection string) (ids []*pb.PointId) {
	got, err := s.Scroll(t.Context(), &pb.ScrollPoints{CollectionName: collection, Limit: pb.PtrOf(uint32(1000))})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range got {
		ids = append(ids, p.GetId())
	}
	return ids
}

func testModelFilters(t *testing.T, s *server) {
	c := s.words(t)
	run := func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			points := s.fill(t, rt, c)
			for range 5 {
				f := drawFilter(rt, 2)
				var want []string
				for _, id := range slices.Sorted(maps.Keys(points)) {
					if f.holds(id, points[id]) {
						want = append(want, fmt.Sprint(id))
					}
				}
				if got := s.ids(t, c, f.f); got != strings.Join(want, " ") {
					rt.Fatalf("filter %v: points %q, want %q", f.f, got, want)
				}
			}
		})
	}
	t.Run("plain", run)
	s.index(t, c, "tag", pb.FieldType_FieldTypeKeyword)
	s.index(t, c, "tags", pb.FieldType_FieldTypeKeyword)
	s.index(t, c, "n", pb.FieldType_FieldTypeInteger)
	t.Run("indexed", run)
}

// lexical ranks the points that hold under the filter, by the IDF formula
// where the vector has it.
func lexical(points map[uint64]drawn, using string, query map[uint32]float32, f drawnFilter) map[string]float64 {
	n, df := 0.0, map[uint32]float64{}
	for _, p := range points {
		if p.terms[using] != nil {
			n++
		}
		for term := range p.terms[using] {
			df[term]++
		}
	}
	out := map[string]float64{}
	for id, p := range points {
		if !f.holds(id, p) {
			continue
		}
		for term, w := range query {
			v, ok := p.terms[using][term]
			if !ok {
				continue
			}
			weight := float64(w)
			if using == "lex" {
				weight *= math.Log((n-df[term]+0.5)/(df[term]+0.5) + 1)
			}
			out[fmt.Sprint(id)] += weight * float64(v)
		}
	}
	return out
}

func testModelScores(t *testing.T, s *server) {
	c := s.words(t)
	rapid.Check(t, func(rt *rapid.T) {
		points := s.fill(t, rt, c)
		for _, using := range []string{"lex", "raw"} {
			query, f := drawTerms(rt), drawFilter(rt, 1)
			want := lexical(points, using, query, f)
			indices, values := pairs(query)
			got := s.query(t, &pb.QueryPoints{CollectionName: c, Using: &using, Filter: f.f, Query: pb.NewQuerySparse(indices, values), Limit: pb.PtrOf(uint64(100))})
			last := float32(math.Inf(1))
			for _, p := range got {
				score, ok := want[idText(p.GetId())]
				if !ok || !near(p.GetScore(), float32(score)) || p.GetScore() > last {
					rt.Fatalf("%s %v under %v: got %s, want %v", using, query, f.f, hitsText(got), want)
				}
				last = p.GetScore()
			}
			if len(got) != len(want) {
				rt.Fatalf("%s %v under %v: got %s, want %v", using, query, f.f, hitsText(got), want)
			}
		}
		s.checkFusion(t, rt, c)
	})
}

// checkFusion fuses what two searches of the server itself return, and
// compares with what the server fuses.
func (s *server) checkFusion(t *testing.T, rt *rapid.T, c string) {
	k := rapid.Uint32Range(1, 60).Draw(rt, "k")
	weights := []float32{rapid.SampledFrom([]float32{0.5, 1, 3}).Draw(rt, "w"), 1}
	var legs []*pb.PrefetchQuery
	rrf, dbsf := map[string]float64{}, map[string]float64{}
	for i, using := range []string{"lex", "raw"} {
		indices, values := pairs(drawTerms(rt))
		q := pb.NewQuerySparse(indices, values)
		legs = append(legs, &pb.PrefetchQuery{Using: pb.PtrOf(using), Query: q, Limit: pb.PtrOf(uint64(50))})
		list := s.query(t, &pb.QueryPoints{CollectionName: c, Using: pb.PtrOf(using), Query: q, Limit: pb.PtrOf(uint64(50))})
		if tied(list) {
			return // their order, and so their rank, is anybody's guess
		}
		mean, deviation := spread(list)
		for pos, p := range list {
			id := idText(p.GetId())
			rrf[id] += 1 / (float64(pos+1)/float64(weights[i]) + float64(k) - 1)
			if deviation == 0 {
				dbsf[id] += 0.5
			} else {
				dbsf[id] += (float64(p.GetScore()) - (mean - 3*deviation)) / (6 * deviation)
			}
		}
	}
	for _, tt := range []struct {
		q    *pb.Query
		want map[string]float64
	}{{pb.NewQueryRRF(&pb.Rrf{K: &k, Weights: weights}), rrf}, {pb.NewQueryFusion(pb.Fusion_DBSF), dbsf}} {
		got := s.query(t, &pb.QueryPoints{CollectionName: c, Prefetch: legs, Query: tt.q, Limit: pb.PtrOf(uint64(100))})
		last := float32(math.Inf(1))
		for _, p := range got {
			if !near(p.GetScore(), float32(tt.want[idText(p.GetId())])) || p.GetScore() > last {
				rt.Fatalf("%v: got %s, want %v", tt.q, hitsText(got), tt.want)
			}
			last = p.GetScore()
		}
		if len(got) != len(tt.want) {
			rt.Fatalf("%v: got %s, want %v", tt.q, hitsText(got), tt.want)
		}
	}
}

func tied(list []*pb.ScoredPoint) bool {
	for i := 1; i < len(list); i++ {
		if near(list[i-1].GetScore(), list[i].GetScore()) {
			return true
		}
	}
	return false
}

func spread(list []*pb.ScoredPoint) (mean, deviation float64) {
	for _, p := range list {
		mean += float64(p.GetScore()) / float64(len(list))
	}
	for _, p := range list {
		deviation += (float64(p.GetScore()) - mean) * (float64(p.GetScore()) - mean)
	}
	if len(list) < 2 {
		return mean, 0
	}
	return mean, math.Sqrt(deviation / float64(len(list)-1))
}
