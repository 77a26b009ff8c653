package engine

import (
	"github.com/RoaringBitmap/roaring/v2"
	pb "github.com/qdrant/go-client/qdrant"
)

// A filter is a parsed pb.Filter. Its zero value matches everything.
type filter struct {
	must, mustNot, should []condition
	minShould             []condition
	minCount              uint64
	hasMin                bool
}

// A condition is one of the kinds in conditions.go. check looks at one point;
// slots, where there is an index to answer from, gives all points at once.
type condition interface {
	check(p *candidate) (bool, error)
	slots(v *view) (*roaring.Bitmap, bool)
}

const maxFilterDepth = 64

func parseFilter(f *pb.Filter) (*filter, error) {
	if f == nil {
		return nil, nil
	}
	return parseFilterAt(f, 0)
}

func parseFilterAt(f *pb.Filter, depth int) (*filter, error) {
	if depth > maxFilterDepth {
		return nil, wrongInput("filter is nested more than %d deep", maxFilterDepth)
	}
	out := &filter{}
	var err error
	parse := func(cs []*pb.Condition) (list []condition) {
		for _, c := range cs {
			if err != nil {
				return nil
			}
			var parsed condition
			parsed, err = parseCondition(c, depth)
			list = append(list, parsed)
		}
		return list
	}
	out.must, out.mustNot, out.should = parse(f.GetMust()), parse(f.GetMustNot()), parse(f.GetShould())
	if m := f.GetMinShould(); m != nil {
		out.minShould, out.minCount, out.hasMin = parse(m.GetConditions()), m.GetMinCount(), true
	}
	return out, err
}

// and returns a filter that asks for both; either may be nil.
func (f *filter) and(g *filter) *filter {
	if f == nil {
		return g
	}
	if g == nil {
		return f
	}
	return &filter{must: []condition{f, g}}
}

func (f *filter) check(p *candidate) (bool, error) {
	if f == nil {
		return true, nil
	}
	for _, c := range f.must {
		if ok, err := c.check(p); err != nil || !ok {
			return false, err
		}
	}
	for _, c := range f.mustNot {
		if ok, err := c.check(p); err != nil || ok {
			return false, err
		}
	}
	if len(f.should) > 0 {
		if ok, err := atLeast(1, f.should, p); err != nil || !ok {
			return false, err
		}
	}
	if f.hasMin {
		return atLeast(f.minCount, f.minShould, p)
	}
	return true, nil
}

func atLeast(n uint64, conditions []condition, p *candidate) (bool, error) {
	for _, c := range conditions {
		if n == 0 {
			return true, nil
		}
		ok, err := c.check(p)
		if err != nil {
			return false, err
		}
		if ok {
			n--
		}
	}
	return n == 0, nil
}

// slots answers from indexes alone, if they suffice. The result may hold dead
// slots where the condition is not negated, but never lacks a living one.
func (f *filter) slots(v *view) (*roaring.Bitmap, bool) {
	if f.hasMin {
		return nil, false
	}
	set, rest := f.narrow(v)
	return set, !rest
}

// narrow returns living slots among which all matches are, and whether each of
// them must still be checked.
func (f *filter) narrow(v *view) (set *roaring.Bitmap, rest bool) {
	set = v.alive.Clone()
	for _, c := range f.must {
		if g, ok := c.(*filter); ok {
			s, more := g.narrow(v)
			set.And(s)
			rest = rest || more
			continue
		}
		if s, ok := c.slots(v); ok {
			set.And(s)
		} else {
			rest = true
		}
	}
	for _, c := range f.mustNot {
		if s, ok := c.slots(v); ok {
			set.AndNot(s)
		} else {
			rest = true
		}
	}
	if len(f.should) > 0 {
		if any, ok := union(v, f.should); ok {
			set.And(any)
		} else {
			rest = true
		}
	}
	return set, rest || f.hasMin
}

func union(v *view, conditions []condition) (*roaring.Bitmap, bool) {
	out := roaring.New()
	for _, c := range conditions {
		s, ok := c.slots(v)
		if !ok {
			return nil, false
		}
		out.Or(s)
	}
	return out, true
}

// matching returns the living slots that f matches.
func (v *view) matching(f *filter) (*roaring.Bitmap, error) {
	if f == nil {
		return v.alive, nil
	}
	set, rest := f.narrow(v)
	if !rest {
		return set, nil
	}
	out := roaring.New()
	for it := set.Iterator(); it.HasNext(); {
		slot := it.Next()
		ok, err := f.check(&candidate{view: v, slot: slot})
		if err != nil {
			return nil, err
		}
		if ok {
			out.Add(slot)
		}
	}
	return out, nil
}

// allowed is matching in the form that inner loops ask.
func (v *view) allowed(f *filter) (bitset, error) {
	if f == nil {
		return v.live, nil
	}
	set, err := v.matching(f)
	if err != nil {
		return nil, err
	}
	return bitsetOf(set), nil
}

// A candidate is a point that is being checked; its payload is read once, and
// only if a condition asks for it.
type candidate struct {
	view   *view
	slot   uint32
	loaded bool
	fields map[string]*pb.Value
	inside bool // fields are those of a nested object
}

func (p *candidate) payload() (map[string]*pb.Value, error) {
	if !p.loaded {
		fields, err := p.view.payload(p.slot)
		if err != nil {
			return nil, err
		}
		p.fields, p.loaded = fields, true
	}
	return p.fields, nil
}
