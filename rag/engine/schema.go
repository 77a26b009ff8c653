package engine

import (
	"slices"

	pb "github.com/qdrant/go-client/qdrant"
)

// A schema is what a collection's points may carry. Vectors are numbered in
// the order of their names; the numbers are stored, and a collection's vectors
// never change.
type schema struct {
	dense  []denseSpec
	sparse []sparseSpec
}

type denseSpec struct {
	name     string
	size     int
	distance pb.Distance
}

type sparseSpec struct {
	name string
	idf  bool // Modifier_Idf
}

const maxDense = 65536

func newSchema(req *pb.CreateCollection) (*schema, error) {
	s := &schema{}
	switch cfg := req.GetVectorsConfig().GetConfig().(type) {
	case nil:
	case *pb.VectorsConfig_Params:
		if err := s.addDense("", cfg.Params); err != nil {
			return nil, err
		}
	case *pb.VectorsConfig_ParamsMap:
		for _, name := range sortedKeys(cfg.ParamsMap.GetMap()) {
			if err := s.addDense(name, cfg.ParamsMap.GetMap()[name]); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range sortedKeys(req.GetSparseVectorsConfig().GetMap()) {
		if _, clash := s.denseIndex(name); clash {
			return nil, wrongInput("sparse vector name `%s` is already used by a dense vector", name)
		}
		params := req.GetSparseVectorsConfig().GetMap()[name]
		s.sparse = append(s.sparse, sparseSpec{name, params.GetModifier() == pb.Modifier_Idf})
	}
	return s, nil
}

func (s *schema) addDense(name string, p *pb.VectorParams) error {
	if p.GetSize() < 1 || p.GetSize() > maxDense {
		return validation("vectors.size: value %d invalid, must be from 1 to 65536", p.GetSize())
	}
	if p.GetDistance() < pb.Distance_Cosine || p.GetDistance() > pb.Distance_Manhattan {
		return invalid("Unknown distance: %d", p.GetDistance())
	}
	if p.GetMultivectorConfig() != nil {
		return unimplemented("multivectors")
	}
	if d := p.GetDatatype(); d != pb.Datatype_Default && d != pb.Datatype_Float32 {
		return unimplemented("vectors of datatype " + d.String())
	}
	s.dense = append(s.dense, denseSpec{name, int(p.GetSize()), p.GetDistance()})
	return nil
}

func (s *schema) denseIndex(name string) (int, bool) {
	return slices.BinarySearchFunc(s.dense, name, func(d denseSpec, n string) int { return compareStrings(d.name, n) })
}

func (s *schema) sparseIndex(name string) (int, bool) {
	return slices.BinarySearchFunc(s.sparse, name, func(d sparseSpec, n string) int { return compareStrings(d.name, n) })
}

func compareStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func noVector(name string) error {
	return wrongInput("Not existing vector name error: %s", name)
}
