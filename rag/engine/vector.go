package engine

import (
	"math"
	"slices"

	pb "github.com/qdrant/go-client/qdrant"
)

// A sparseVector is a sparse vector with ascending, unique indices.
type sparseVector struct {
	indices []uint32
	values  []float32
}

func newSparseVector(indices []uint32, values []float32) (sparseVector, error) {
	if len(indices) != len(values) {
		return sparseVector{}, validation("values: must be the same length as indices")
	}
	for _, v := range values {
		if !finite(v) {
			return sparseVector{}, wrongInput("sparse vector holds %v, which is not a finite number", v)
		}
	}
	ascending, unique := true, true
	for i := 1; i < len(indices); i++ {
		ascending = ascending && indices[i-1] < indices[i]
	}
	v := sparseVector{slices.Clone(indices), slices.Clone(values)}
	if !ascending {
		v.sort()
		for i := 1; i < len(v.indices); i++ {
			unique = unique && v.indices[i-1] != v.indices[i]
		}
	}
	if !unique {
		return sparseVector{}, validation("indices: must be unique")
	}
	return v, nil
}

func (v sparseVector) sort() {
	pairs := make([]uint64, len(v.indices))
	for i, x := range v.indices {
		pairs[i] = uint64(x)<<32 | uint64(math.Float32bits(v.values[i]))
	}
	slices.Sort(pairs)
	for i, p := range pairs {
		v.indices[i], v.values[i] = uint32(p>>32), math.Float32frombits(uint32(p))
	}
}

func finite(v float32) bool {
	return math.Float32bits(v)&0x7f800000 != 0x7f800000
}

// newDenseVector checks a dense vector and brings it into the form that is
// stored: a copy, of length one for Cosine.
func newDenseVector(spec denseSpec, data []float32) ([]float32, error) {
	if len(data) != spec.size {
		return nil, wrongInput("Vector dimension error: expected dim: %d, got %d", spec.size, len(data))
	}
	for _, v := range data {
		if !finite(v) {
			return nil, wrongInput("vector holds %v, which is not a finite number", v)
		}
	}
	v := slices.Clone(data)
	if spec.distance == pb.Distance_Cosine {
		normalise(v)
	}
	return v, nil
}

// normalise scales v to length one, unless it is so near to zero or to one
// that Qdrant leaves it alone.
func normalise(v []float32) {
	sum := dot(v, v)
	if sum < 1.1920929e-07 || math.Abs(float64(sum)-1) <= 1e-6 {
		return
	}
	length := float32(math.Sqrt(float64(sum)))
	for i := range v {
		v[i] /= length
	}
}

// dot adds in eight lanes, so that the processor need not wait for each sum.
func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for len(a) >= 8 {
		x, y := (*[8]float32)(a), (*[8]float32)(b)
		s0 += x[0] * y[0]
		s1 += x[1] * y[1]
		s2 += x[2] * y[2]
		s3 += x[3] * y[3]
		s4 += x[4] * y[4]
		s5 += x[5] * y[5]
		s6 += x[6] * y[6]
		s7 += x[7] * y[7]
		a, b = a[8:], b[8:]
	}
	for i, x := range a {
		s0 += x * b[i]
	}
	return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
}

// similarity is the score that callers see. For Euclid and Manhattan smaller
// is better.
func similarity(d pb.Distance, a, b []float32) float32 {
	switch d {
	case pb.Distance_Euclid:
		var sum float32
		for i, x := range a {
			sum += (x - b[i]) * (x - b[i])
		}
		return float32(math.Sqrt(float64(sum)))
	case pb.Distance_Manhattan:
		var sum float32
		for i, x := range a {
			sum += float32(math.Abs(float64(x - b[i])))
		}
		return sum
	}
	return dot(a, b)
}

func smallerIsBetter(d pb.Distance) bool {
	return d == pb.Distance_Euclid || d == pb.Distance_Manhattan
}

// pointVectors are the vectors of one point, by their numbers in the schema.
type pointVectors struct {
	dense  map[int][]float32
	sparse map[int]sparseVector
}

func parseVectors(s *schema, v *pb.Vectors) (pointVectors, error) {
	out := pointVectors{}
	switch o := v.GetVectorsOptions().(type) {
	case *pb.Vectors_Vector:
		err := out.add(s, "", o.Vector)
		return out, err
	case *pb.Vectors_Vectors:
		for name, vec := range o.Vectors.GetVectors() {
			if err := out.add(s, name, vec); err != nil {
				return out, err
			}
		}
		return out, nil
	}
	return out, invalid("Expected some vectors")
}

func (p *pointVectors) add(s *schema, name string, v *pb.Vector) error {
	if i, ok := s.denseIndex(name); ok {
		data, err := denseData(v)
		if err != nil {
			return err
		}
		vec, err := newDenseVector(s.dense[i], data)
		if err != nil {
			return err
		}
		if p.dense == nil {
			p.dense = map[int][]float32{}
		}
		p.dense[i] = vec
		return nil
	}
	i, ok := s.sparseIndex(name)
	if !ok {
		return noVector(name)
	}
	indices, values, err := sparseData(v)
	if err != nil {
		return err
	}
	vec, err := newSparseVector(indices, values)
	if err != nil {
		return err
	}
	if p.sparse == nil {
		p.sparse = map[int]sparseVector{}
	}
	p.sparse[i] = vec
	return nil
}

func denseData(v *pb.Vector) ([]float32, error) {
	switch o := v.GetVector().(type) {
	case nil: // the form of clients before 1.12
		//lint:ignore SA1019 old clients send it
		if v.GetIndices() != nil {
			return nil, wrongInput("Conversion between sparse and regular vectors failed")
		}
		//lint:ignore SA1019 old clients send it
		return v.GetData(), nil
	case *pb.Vector_Dense:
		return o.Dense.GetData(), nil
	case *pb.Vector_Sparse:
		return nil, wrongInput("Conversion between sparse and regular vectors failed")
	case *pb.Vector_MultiDense:
		return nil, unimplemented("multivectors")
	}
	return nil, unimplemented("inference")
}

func sparseData(v *pb.Vector) ([]uint32, []float32, error) {
	switch o := v.GetVector().(type) {
	case nil:
		//lint:ignore SA1019 old clients send it
		if v.GetIndices() == nil {
			return nil, nil, wrongInput("Conversion between sparse and regular vectors failed")
		}
		//lint:ignore SA1019 old clients send it
		return v.GetIndices().GetData(), v.GetData(), nil
	case *pb.Vector_Sparse:
		return o.Sparse.GetIndices(), o.Sparse.GetValues(), nil
	case *pb.Vector_Dense, *pb.Vector_MultiDense:
		return nil, nil, wrongInput("Conversion between sparse and regular vectors failed")
	}
	return nil, nil, unimplemented("inference")
}
