package engine

import (
	"github.com/RoaringBitmap/roaring/v2"
	pb "github.com/qdrant/go-client/qdrant"
)

func parseCondition(c *pb.Condition, depth int) (condition, error) {
	switch o := c.GetConditionOneOf().(type) {
	case *pb.Condition_Field:
		return parseField(o.Field)
	case *pb.Condition_IsEmpty:
		p, err := parsePath(o.IsEmpty.GetKey())
		return &isEmpty{p}, err
	case *pb.Condition_IsNull:
		p, err := parsePath(o.IsNull.GetKey())
		return &isNull{p}, err
	case *pb.Condition_HasId:
		ids, err := parsePointIDs(o.HasId.GetHasId())
		set := make(hasID, len(ids))
		for _, id := range ids {
			set[id] = true
		}
		return set, err
	case *pb.Condition_HasVector:
		return hasVector(o.HasVector.GetHasVector()), nil
	case *pb.Condition_Filter:
		if o.Filter == nil {
			return &filter{}, nil
		}
		return parseFilterAt(o.Filter, depth+1)
	case *pb.Condition_Nested:
		p, err := parsePath(o.Nested.GetKey())
		if err != nil {
			return nil, err
		}
		if o.Nested.GetFilter() == nil {
			return nil, invalid("Empty nested filter is not allowed")
		}
		f, err := parseFilterAt(o.Nested.GetFilter(), depth+1)
		return &nested{p.eachElement(), f}, err
	}
	return nil, invalid("Malformed Condition type")
}

type isEmpty struct{ path path }

func (c *isEmpty) slots(*view) (*roaring.Bitmap, bool) { return nil, false }

func (c *isEmpty) check(p *candidate) (bool, error) {
	payload, err := p.payload()
	if err != nil {
		return false, err
	}
	for _, v := range c.path.values(payload) {
		if !emptyValue(v) {
			return false, nil
		}
	}
	return true, nil
}

func emptyValue(v *pb.Value) bool {
	if l, ok := v.GetKind().(*pb.Value_ListValue); ok {
		return len(l.ListValue.GetValues()) == 0
	}
	return nullValue(v)
}

func nullValue(v *pb.Value) bool {
	switch v.GetKind().(type) {
	case nil, *pb.Value_NullValue:
		return true
	}
	return false
}

type isNull struct{ path path }

func (c *isNull) slots(*view) (*roaring.Bitmap, bool) { return nil, false }

func (c *isNull) check(p *candidate) (bool, error) {
	payload, err := p.payload()
	if err != nil {
		return false, err
	}
	for _, v := range c.path.values(payload) {
		if nullOrHolding(v) {
			return true, nil
		}
	}
	return false, nil
}

// nullOrHolding reports whether v is null or an array with a null in it.
func nullOrHolding(v *pb.Value) bool {
	for _, e := range v.GetListValue().GetValues() {
		if nullValue(e) {
			return true
		}
	}
	return nullValue(v)
}

type hasID map[pointID]bool

func (c hasID) slots(v *view) (*roaring.Bitmap, bool) {
	out := roaring.New()
	for id := range c {
		if slot, ok := v.ids[id]; ok {
			out.Add(slot)
		}
	}
	return out, true
}

func (c hasID) check(p *candidate) (bool, error) {
	return !p.inside && c[p.view.slots[p.slot]], nil
}

type hasVector string

func (c hasVector) slots(v *view) (*roaring.Bitmap, bool) {
	if i, ok := v.schema.denseIndex(string(c)); ok {
		return v.dense[i].holders, true
	}
	if i, ok := v.schema.sparseIndex(string(c)); ok {
		return v.sparse[i].holders, true
	}
	return roaring.New(), true
}

func (c hasVector) check(p *candidate) (bool, error) {
	set, _ := c.slots(p.view)
	return !p.inside && set.Contains(p.slot), nil
}

// nested holds if one object of an array satisfies the whole filter.
type nested struct {
	path   path
	filter *filter
}

func (c *nested) slots(*view) (*roaring.Bitmap, bool) { return nil, false }

func (c *nested) check(p *candidate) (bool, error) {
	payload, err := p.payload()
	if err != nil {
		return false, err
	}
	for _, v := range c.path.values(payload) {
		o, ok := v.GetKind().(*pb.Value_StructValue)
		if !ok {
			continue
		}
		inner := &candidate{view: p.view, slot: p.slot, loaded: true, fields: o.StructValue.GetFields(), inside: true}
		if ok, err := c.filter.check(inner); err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}
