package engine

import (
	"slices"

	pb "github.com/qdrant/go-client/qdrant"
)

// get returns points in the order asked for, each once; missing ones are left
// out.
func (c *collection) get(req *pb.GetPoints) ([]*pb.RetrievedPoint, error) {
	if err := checkShards(req.GetShardKeySelector()); err != nil {
		return nil, err
	}
	ids, err := parsePointIDs(req.GetIds())
	if err != nil {
		return nil, err
	}
	sel, err := parseSelection(c.schema, req.GetWithPayload(), req.GetWithVectors(), false)
	if err != nil {
		return nil, err
	}
	var found []located
	seen := map[pointID]bool{}
	var out []*pb.RetrievedPoint
	err = c.read(func(v *view) error {
		for _, id := range ids {
			if slot, ok := v.ids[id]; ok && !seen[id] {
				seen[id] = true
				found = append(found, located{id: id, slot: slot})
			}
		}
		return nil
	}, func(v *view) error {
		out, err = v.records(found, sel)
		return err
	})
	return out, err
}

// A located is a point and where it was when the memory was looked at.
type located struct {
	id    pointID
	slot  uint32
	score float32
	value *pb.OrderValue // of order_by
}

func (v *view) records(found []located, sel selection) ([]*pb.RetrievedPoint, error) {
	out := make([]*pb.RetrievedPoint, 0, len(found))
	for _, f := range found {
		payload, vectors, err := v.fetch(f.slot, sel)
		if err != nil {
			return nil, err
		}
		out = append(out, &pb.RetrievedPoint{Id: f.id.proto(), Payload: payload, Vectors: vectors, OrderValue: f.value})
	}
	return out, nil
}

const defaultLimit = 10

func (c *collection) scroll(req *pb.ScrollPoints) (*pb.ScrollResponse, error) {
	if err := checkShards(req.GetShardKeySelector()); err != nil {
		return nil, err
	}
	limit := defaultLimit
	if req.Limit != nil {
		limit = int(req.GetLimit())
	}
	if limit < 1 {
		return nil, validation("limit: value 0 invalid, must be 1 or larger")
	}
	f, err := parseFilter(req.GetFilter())
	if err != nil {
		return nil, err
	}
	sel, err := parseSelection(c.schema, req.GetWithPayload(), req.GetWithVectors(), true)
	if err != nil {
		return nil, err
	}
	if req.GetOrderBy() != nil {
		if req.GetOffset() != nil {
			return nil, wrongInput("Cannot use an `offset` when using `order_by`. The alternative for paging is to use `order_by.start_from` and a filter to exclude the IDs that you've already seen for the `order_by.start_from` value")
		}
		return c.scrollOrdered(req.GetOrderBy(), f, limit, sel)
	}
	var offset pointID
	if req.GetOffset() != nil {
		if offset, err = parsePointID(req.GetOffset()); err != nil {
			return nil, err
		}
	}
	return c.scrollByID(offset, f, limit, sel)
}

func (c *collection) scrollByID(offset pointID, f *filter, limit int, sel selection) (*pb.ScrollResponse, error) {
	resp := &pb.ScrollResponse{}
	var found []located
	err := c.read(func(v *view) (err error) {
		found, err = v.byID(offset, f, limit+1)
		return err
	}, func(v *view) (err error) {
		if len(found) > limit {
			resp.NextPageOffset = found[limit].id.proto()
			found = found[:limit]
		}
		resp.Result, err = v.records(found, sel)
		return err
	})
	return resp, err
}

// byID returns the first matching points in id order, from offset on.
func (v *view) byID(offset pointID, f *filter, limit int) ([]located, error) {
	var set bitset
	var err error
	if f != nil {
		if set, err = v.allowed(f); err != nil {
			return nil, err
		}
	}
	var found []located
	for _, id := range v.sortedFrom(offset) {
		slot, ok := v.ids[id]
		if !ok || (f != nil && !set.has(slot)) {
			continue
		}
		if found = append(found, located{id: id, slot: slot, score: 1}); len(found) == limit {
			break
		}
	}
	return found, nil
}

// sortedFrom returns all ids from start on, in order; some may be gone.
func (v *view) sortedFrom(start pointID) []pointID {
	v.orderMu.Lock()
	defer v.orderMu.Unlock()
	if !v.order.settled() {
		v.order.settle(v.ids)
	}
	return v.order.from(start)
}

func (c *collection) scrollOrdered(by *pb.OrderBy, f *filter, limit int, sel selection) (*pb.ScrollResponse, error) {
	resp := &pb.ScrollResponse{}
	var found []located
	err := c.read(func(v *view) (err error) {
		found, err = v.ordered(by, f, nil, limit)
		return err
	}, func(v *view) (err error) {
		resp.Result, err = v.records(found, sel)
		return err
	})
	return resp, err
}

// ordered returns points by the values of an indexed field. A point with
// several values is there several times; within is nil or limits the points.
func (v *view) ordered(by *pb.OrderBy, f *filter, within bitset, limit int) ([]located, error) {
	index := v.fields[by.GetKey()]
	if index == nil || (index.numbers == nil && index.dates == nil) {
		return nil, wrongInput("No range index for `order_by` key: `%s`. Please create one to use `order_by`. Check https://qdrant.tech/documentation/concepts/indexing/#payload-index to see which payload schemas support Range conditions", by.GetKey())
	}
	start, hasStart, err := index.startFrom(by.GetStartFrom())
	if err != nil {
		return nil, err
	}
	set, err := v.allowed(f)
	if err != nil {
		return nil, err
	}
	descending := by.GetDirection() == pb.Direction_Desc
	var out []located
	for _, value := range index.orderedValues(descending) {
		if hasStart && (descending && value > start || !descending && value < start) {
			continue
		}
		at := len(out)
		index.slotsAt(value, func(slot uint32) {
			if set.has(slot) && (within == nil || within.has(slot)) {
				out = append(out, located{id: v.slots[slot], slot: slot, score: 1, value: index.orderValue(value)})
			}
		})
		slices.SortFunc(out[at:], func(a, b located) int { return a.id.compare(b.id) })
		if len(out) >= limit {
			return out[:limit], nil
		}
	}
	return out, nil
}
