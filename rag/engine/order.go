package engine

import "slices"

// An idOrder lists point ids in their order, for scrolling. Ids are added in
// any order and sorted in when somebody scrolls; ids that are gone are left in
// until then.
type idOrder struct {
	sorted []pointID
	added  []pointID
	gone   int
}

func (o *idOrder) add(id pointID) { o.added = append(o.added, id) }

// settled reports whether sorted may be read as it is.
func (o *idOrder) settled() bool {
	return len(o.added) == 0 && o.gone <= len(o.sorted)/2
}

// settle sorts in what was added and drops what is no longer in ids.
func (o *idOrder) settle(ids map[pointID]uint32) {
	slices.SortFunc(o.added, pointID.compare)
	merged := make([]pointID, 0, len(ids))
	a, b := o.sorted, o.added
	for len(a) > 0 || len(b) > 0 {
		var id pointID
		if len(b) == 0 || (len(a) > 0 && a[0].compare(b[0]) <= 0) {
			id, a = a[0], a[1:]
		} else {
			id, b = b[0], b[1:]
		}
		if _, ok := ids[id]; ok && (len(merged) == 0 || merged[len(merged)-1] != id) {
			merged = append(merged, id)
		}
	}
	o.sorted, o.added, o.gone = merged, nil, 0
}

// from returns the sorted ids that are not before start.
func (o *idOrder) from(start pointID) []pointID {
	i, _ := slices.BinarySearchFunc(o.sorted, start, pointID.compare)
	return o.sorted[i:]
}
