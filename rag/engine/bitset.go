package engine

import "github.com/RoaringBitmap/roaring/v2"

// A bitset holds slots densely, for the inner loops that ask about one slot
// after the other.
type bitset []uint64

func (b bitset) has(slot uint32) bool {
	w := int(slot >> 6)
	return w < len(b) && b[w]&(1<<(slot&63)) != 0
}

func (b *bitset) add(slot uint32) {
	for int(slot>>6) >= len(*b) {
		*b = append(*b, make([]uint64, len(*b)+16)...)
	}
	(*b)[slot>>6] |= 1 << (slot & 63)
}

func (b bitset) remove(slot uint32) {
	if w := int(slot >> 6); w < len(b) {
		b[w] &^= 1 << (slot & 63)
	}
}

func bitsetOf(r *roaring.Bitmap) bitset { return bitset(r.ToDense()) }

// A slotSet is the slots that share one payload value: a short list while
// there are few, a bitmap once there are many.
type slotSet struct {
	few  []uint32
	many *roaring.Bitmap
}

const fewSlots = 24

func (s *slotSet) add(slot uint32) {
	if s.many != nil {
		s.many.Add(slot)
		return
	}
	for _, x := range s.few {
		if x == slot {
			return
		}
	}
	if s.few = append(s.few, slot); len(s.few) > fewSlots {
		s.many, s.few = roaring.BitmapOf(s.few...), nil
	}
}

func (s *slotSet) remove(slot uint32) {
	if s.many != nil {
		s.many.Remove(slot)
		return
	}
	for i, x := range s.few {
		if x == slot {
			s.few = append(s.few[:i], s.few[i+1:]...)
			return
		}
	}
}

func (s *slotSet) empty() bool {
	return len(s.few) == 0 && (s.many == nil || s.many.IsEmpty())
}

// addTo adds the slots to r.
func (s *slotSet) addTo(r *roaring.Bitmap) {
	if s == nil {
		return
	}
	r.AddMany(s.few)
	if s.many != nil {
		r.Or(s.many)
	}
}
