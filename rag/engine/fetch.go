package engine

import (
	"maps"

	pb "github.com/qdrant/go-client/qdrant"
)

// A selection says what of a point goes into a reply.
type selection struct {
	payload bool
	include []path
	exclude []path
	vectors bool
	names   map[string]bool // nil means all
}

// parseSelection reads the two selectors; payload is what holds without one.
func parseSelection(s *schema, p *pb.WithPayloadSelector, v *pb.WithVectorsSelector, payload bool) (sel selection, err error) {
	sel.payload = payload
	switch o := p.GetSelectorOptions().(type) {
	case *pb.WithPayloadSelector_Enable:
		sel.payload = o.Enable
	case *pb.WithPayloadSelector_Include:
		sel.payload = true
		sel.include, err = parsePaths(o.Include.GetFields())
	case *pb.WithPayloadSelector_Exclude:
		sel.payload = true
		sel.exclude, err = parsePaths(o.Exclude.GetFields())
	}
	if err != nil {
		return sel, err
	}
	switch o := v.GetSelectorOptions().(type) {
	case *pb.WithVectorsSelector_Enable:
		sel.vectors = o.Enable
	case *pb.WithVectorsSelector_Include:
		sel.vectors, sel.names = true, setOf(o.Include.GetNames())
		for _, name := range o.Include.GetNames() {
			_, dense := s.denseIndex(name)
			_, sparse := s.sparseIndex(name)
			if !dense && !sparse {
				return sel, noVector(name)
			}
		}
	}
	return sel, nil
}

func parsePaths(texts []string) ([]path, error) {
	out := make([]path, 0, len(texts))
	for _, t := range texts {
		p, err := parsePath(t)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// fetch reads what sel asks for of one slot.
func (v *view) fetch(slot uint32, sel selection) (payload map[string]*pb.Value, vectors *pb.VectorsOutput, err error) {
	if sel.payload {
		if payload, err = v.payload(slot); err != nil {
			return nil, nil, err
		}
		payload = sel.cut(payload)
	}
	if sel.vectors {
		vec, err := v.vectors(slot)
		if err != nil {
			return nil, nil, err
		}
		vectors = sel.output(v.schema, vec)
	}
	return payload, vectors, nil
}

func (sel selection) cut(payload map[string]*pb.Value) map[string]*pb.Value {
	switch {
	case sel.include != nil:
		return keep(payload, stepsOf(sel.include)).GetFields()
	case sel.exclude != nil:
		return drop(payload, stepsOf(sel.exclude))
	}
	return payload
}

func stepsOf(paths []path) [][]step {
	out := make([][]step, len(paths))
	for i, p := range paths {
		out[i] = p.steps
	}
	return out
}

// keep returns the parts of an object that lie on the paths.
func keep(fields map[string]*pb.Value, paths [][]step) *pb.Struct {
	out := &pb.Struct{Fields: map[string]*pb.Value{}}
	for key, v := range fields {
		if rest, whole := under(key, paths); whole {
			out.Fields[key] = v
		} else if len(rest) > 0 {
			if kept := keepValue(v, rest); kept != nil {
				out.Fields[key] = kept
			}
		}
	}
	return out
}

func keepValue(v *pb.Value, paths [][]step) *pb.Value {
	switch k := v.GetKind().(type) {
	case *pb.Value_StructValue:
		return &pb.Value{Kind: &pb.Value_StructValue{StructValue: keep(k.StructValue.GetFields(), paths)}}
	case *pb.Value_ListValue:
		list := &pb.ListValue{}
		for _, e := range k.ListValue.GetValues() {
			if rest, whole := into(paths); whole {
				list.Values = append(list.Values, e)
			} else if kept := keepValue(e, rest); kept != nil {
				list.Values = append(list.Values, kept)
			}
		}
		return &pb.Value{Kind: &pb.Value_ListValue{ListValue: list}}
	}
	return nil
}

// drop returns the object without what the paths lead to.
func drop(fields map[string]*pb.Value, paths [][]step) map[string]*pb.Value {
	out := maps.Clone(fields)
	for key, v := range fields {
		if rest, whole := under(key, paths); whole {
			delete(out, key)
		} else if len(rest) > 0 {
			out[key] = dropValue(v, rest)
		}
	}
	return out
}

func dropValue(v *pb.Value, paths [][]step) *pb.Value {
	switch k := v.GetKind().(type) {
	case *pb.Value_StructValue:
		return &pb.Value{Kind: &pb.Value_StructValue{StructValue: &pb.Struct{Fields: drop(k.StructValue.GetFields(), paths)}}}
	case *pb.Value_ListValue:
		rest, whole := into(paths)
		if whole {
			return &pb.Value{Kind: &pb.Value_ListValue{ListValue: &pb.ListValue{}}}
		}
		list := &pb.ListValue{}
		for _, e := range k.ListValue.GetValues() {
			list.Values = append(list.Values, dropValue(e, rest))
		}
		return &pb.Value{Kind: &pb.Value_ListValue{ListValue: list}}
	}
	return v
}

// under returns what is left of the paths that begin with key; whole is true
// if one of them ends there.
func under(key string, paths [][]step) (rest [][]step, whole bool) {
	for _, p := range paths {
		if p[0].kind != stepKey || p[0].key != key {
			continue
		}
		if len(p) == 1 {
			return nil, true
		}
		rest = append(rest, p[1:])
	}
	return rest, false
}

// into is under for the elements of an array.
func into(paths [][]step) (rest [][]step, whole bool) {
	for _, p := range paths {
		if p[0].kind != stepEach {
			continue
		}
		if len(p) == 1 {
			return nil, true
		}
		rest = append(rest, p[1:])
	}
	return rest, false
}

// output gives the unnamed vector plainly if it is all there is, and named
// ones by their names.
func (sel selection) output(s *schema, v pointVectors) *pb.VectorsOutput {
	named := map[string]*pb.VectorOutput{}
	for i, data := range v.dense {
		if name := s.dense[i].name; sel.names == nil || sel.names[name] {
			named[name] = &pb.VectorOutput{Vector: &pb.VectorOutput_Dense{Dense: &pb.DenseVector{Data: data}}}
		}
	}
	for i, x := range v.sparse {
		if name := s.sparse[i].name; sel.names == nil || sel.names[name] {
			named[name] = &pb.VectorOutput{Vector: &pb.VectorOutput_Sparse{Sparse: &pb.SparseVector{Indices: x.indices, Values: x.values}}}
		}
	}
	if only := named[""]; len(named) == 1 && only != nil {
		return &pb.VectorsOutput{VectorsOptions: &pb.VectorsOutput_Vector{Vector: only}}
	}
	return &pb.VectorsOutput{VectorsOptions: &pb.VectorsOutput_Vectors{Vectors: &pb.NamedVectorsOutput{Vectors: named}}}
}
