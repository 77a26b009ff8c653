package engine

import (
	"slices"

	pb "github.com/qdrant/go-client/qdrant"
)

// Values of an ordered field are compared as float64: numbers as they are,
// dates as microseconds, which fit exactly until the year 2255.

func (f *fieldIndex) orderedValues(descending bool) []float64 {
	var out []float64
	for n := range f.numbers {
		out = append(out, n)
	}
	for t := range f.dates {
		out = append(out, float64(t))
	}
	slices.Sort(out)
	if descending {
		slices.Reverse(out)
	}
	return out
}

func (f *fieldIndex) slotsAt(value float64, do func(slot uint32)) {
	s := f.numbers[value]
	if f.dates != nil {
		s = f.dates[int64(value)]
	}
	for _, slot := range s.few {
		do(slot)
	}
	if s.many != nil {
		for it := s.many.Iterator(); it.HasNext(); {
			do(it.Next())
		}
	}
}

func (f *fieldIndex) orderValue(value float64) *pb.OrderValue {
	if f.dates != nil || f.integers != nil {
		return &pb.OrderValue{Variant: &pb.OrderValue_Int{Int: int64(value)}}
	}
	return &pb.OrderValue{Variant: &pb.OrderValue_Float{Float: value}}
}

func (f *fieldIndex) startFrom(s *pb.StartFrom) (value float64, ok bool, err error) {
	switch o := s.GetValue().(type) {
	case *pb.StartFrom_Float:
		return o.Float, true, nil
	case *pb.StartFrom_Integer:
		return float64(o.Integer), true, nil
	case *pb.StartFrom_Timestamp:
		if err := o.Timestamp.CheckValid(); err != nil {
			return 0, false, wrongInput("Malformed datetime: %v", err)
		}
		return float64(o.Timestamp.AsTime().UnixMicro()), true, nil
	case *pb.StartFrom_Datetime:
		t, ok := parseDate(o.Datetime)
		if !ok {
			return 0, false, wrongInput("Malformed datetime: %s", o.Datetime)
		}
		return float64(t), true, nil
	}
	return 0, false, nil
}
