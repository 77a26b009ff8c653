package engine

import (
	"maps"

	pb "github.com/qdrant/go-client/qdrant"
	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"
)

func (c *collection) upsert(req *pb.UpsertPoints) error {
	points, err := c.parsePoints(req.GetPoints())
	if err != nil {
		return err
	}
	condition, err := parseFilter(req.GetUpdateFilter())
	if err != nil {
		return err
	}
	ch, err := putting(points)
	if err != nil {
		return err
	}
	c.write.Lock()
	defer c.write.Unlock()
	var put []point
	err = c.read(func(v *view) (err error) {
		put, ch.kill, err = v.choose(points, req.GetUpdateMode(), condition)
		return err
	}, nil)
	if err != nil || len(put) == 0 {
		return err
	}
	if len(put) < len(points) {
		kill := ch.kill
		if ch, err = putting(put); err != nil {
			return err
		}
		ch.kill = kill
	}
	return c.commit(ch)
}

// choose returns the points that mode and condition let in, and the slots of
// those they replace.
func (v *view) choose(points []point, mode pb.UpdateMode, condition *filter) (put []point, kill []uint32, err error) {
	matching, err := v.matching(condition)
	if err != nil {
		return nil, nil, err
	}
	put = make([]point, 0, len(points))
	for _, p := range points {
		old, exists := v.ids[p.id]
		switch {
		case exists && (mode == pb.UpdateMode_InsertOnly || !matching.Contains(old)):
			continue
		case !exists && mode == pb.UpdateMode_UpdateOnly:
			continue
		case exists:
			kill = append(kill, old)
		}
		put = append(put, p)
	}
	return put, kill, nil
}

// parsePoints checks the points before anything is written. Of points with
// the same id the last counts.
func (c *collection) parsePoints(in []*pb.PointStruct) ([]point, error) {
	if len(in) == 0 {
		return nil, wrongInput("Empty update request")
	}
	out := make([]point, 0, len(in))
	at := make(map[pointID]int, len(in))
	for _, p := range in {
		if p.GetVectors() == nil {
			return nil, invalid("Expected some vectors")
		}
		if p.GetId() == nil {
			return nil, invalid("Empty ID is not allowed")
		}
		id, err := parsePointID(p.GetId())
		if err != nil {
			return nil, err
		}
		vectors, err := parseVectors(c.schema, p.GetVectors())
		if err != nil {
			return nil, err
		}
		if err := checkPayload(p.GetPayload()); err != nil {
			return nil, err
		}
		next := point{id: id, payload: p.GetPayload(), vectors: vectors}
		if i, ok := at[id]; ok {
			out[i] = next
			continue
		}
		at[id] = len(out)
		out = append(out, next)
	}
	return out, nil
}

const maxPayloadDepth = 100

func checkPayload(payload map[string]*pb.Value) error {
	for _, v := range payload {
		if tooDeep(v, maxPayloadDepth) {
			return wrongInput("payload is nested more than %d deep", maxPayloadDepth)
		}
	}
	return nil
}

func tooDeep(v *pb.Value, left int) bool {
	if left == 0 {
		return true
	}
	for _, e := range v.GetListValue().GetValues() {
		if tooDeep(e, left-1) {
			return true
		}
	}
	for _, e := range v.GetStructValue().GetFields() {
		if tooDeep(e, left-1) {
			return true
		}
	}
	return false
}

// selected returns the living slots that a selector means. Unknown ids mean
// nothing.
func (v *view) selected(s *pb.PointsSelector) ([]uint32, error) {
	switch o := s.GetPointsSelectorOneOf().(type) {
	case *pb.PointsSelector_Points:
		ids, err := parsePointIDs(o.Points.GetIds())
		if err != nil {
			return nil, err
		}
		var slots []uint32
		seen := map[uint32]bool{}
		for _, id := range ids {
			if slot, ok := v.ids[id]; ok && !seen[slot] {
				seen[slot] = true
				slots = append(slots, slot)
			}
		}
		return slots, nil
	case *pb.PointsSelector_Filter:
		f, err := parseFilter(o.Filter)
		if err != nil {
			return nil, err
		}
		set, err := v.matching(f)
		if err != nil {
			return nil, err
		}
		return set.ToArray(), nil
	}
	return nil, invalid("PointsSelector is missing")
}

func (c *collection) delete(s *pb.PointsSelector) error {
	c.write.Lock()
	defer c.write.Unlock()
	var ch change
	err := c.read(func(v *view) (err error) {
		ch.kill, err = v.selected(s)
		return err
	}, nil)
	if err != nil || len(ch.kill) == 0 {
		return err
	}
	return c.commit(ch)
}

// setPayload merges the top-level keys of the request's payload into the
// points', or into the object at the request's key.
func (c *collection) setPayload(req *pb.SetPayloadPoints) error {
	var key *path
	if req.Key != nil {
		p, err := parsePath(req.GetKey())
		if err != nil {
			return err
		}
		key = &p
	}
	if err := checkPayload(req.GetPayload()); err != nil {
		return err
	}
	c.write.Lock()
	defer c.write.Unlock()
	var ch change
	err := c.read(func(v *view) error {
		slots, err := v.selected(req.GetPointsSelector())
		if err != nil {
			return err
		}
		for _, slot := range slots {
			old, err := v.payload(slot)
			if err != nil {
				return err
			}
			ch.update = append(ch.update, payloadUpdate{slot, old, merged(old, req.GetPayload(), key)})
		}
		return nil
	}, nil)
	if err != nil || len(ch.update) == 0 {
		return err
	}
	return c.commit(ch)
}

func merged(old, set map[string]*pb.Value, key *path) map[string]*pb.Value {
	out := maps.Clone(old)
	if out == nil {
		out = map[string]*pb.Value{}
	}
	if key == nil {
		maps.Copy(out, set)
		return out
	}
	root := proto.Clone(&pb.Value{Kind: &pb.Value_StructValue{StructValue: &pb.Struct{Fields: out}}}).(*pb.Value)
	setAt(root, key.steps, set)
	return root.GetStructValue().GetFields()
}

// setAt merges set into what is at steps. Missing objects are made, elements
// of arrays are not.
func setAt(v *pb.Value, steps []step, set map[string]*pb.Value) {
	if len(steps) == 0 || steps[0].kind == stepKey {
		if _, ok := v.GetKind().(*pb.Value_StructValue); !ok {
			v.Kind = &pb.Value_StructValue{StructValue: &pb.Struct{}}
		}
		s := v.GetStructValue()
		if s.Fields == nil {
			s.Fields = map[string]*pb.Value{}
		}
		if len(steps) == 0 {
			maps.Copy(s.Fields, set)
			return
		}
		next := s.Fields[steps[0].key]
		if next == nil {
			next = &pb.Value{}
			s.Fields[steps[0].key] = next
		}
		setAt(next, steps[1:], set)
		return
	}
	for i, e := range v.GetListValue().GetValues() {
		if steps[0].kind == stepEach || steps[0].index == i {
			setAt(e, steps[1:], set)
		}
	}
}

// createFieldIndex is idempotent; the same field with other parameters is
// indexed anew.
func (c *collection) createFieldIndex(req *pb.CreateFieldIndexCollection) error {
	f, err := newFieldIndex(req)
	if err != nil {
		return err
	}
	row, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return err
	}
	c.write.Lock()
	defer c.write.Unlock()
	err = c.read(func(*view) error { return nil }, func(v *view) error {
		if _, err := v.rows(bucketPayloads); err != nil {
			return err
		}
		return c.fill(v.tx, f) // c.alive changes only under c.write
	})
	if err != nil {
		return err
	}
	err = c.update(func(tx *bolt.Tx) error { return tx.Bucket(bucketFields).Put([]byte(req.GetFieldName()), row) })
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fields[f.path.text] = f
	return nil
}

func (c *collection) deleteFieldIndex(name string) error {
	if _, err := parsePath(name); err != nil {
		return err
	}
	c.write.Lock()
	defer c.write.Unlock()
	if err := c.read(func(*view) error { return nil }, nil); err != nil {
		return err // closed
	}
	err := c.update(func(tx *bolt.Tx) error { return tx.Bucket(bucketFields).Delete([]byte(name)) })
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.fields, name)
	return nil
}
