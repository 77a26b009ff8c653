package lang

import "slices"

// near are pairs of languages that a short text often cannot be told apart in,
// and whose readers read both: one norm beside another.
var near = map[Tag][]Tag{
	"sr": {"bs", "hr", "cnr"}, "bs": {"sr", "hr", "cnr"}, "hr": {"sr", "bs", "cnr"},
	"id": {"ms"}, "ms": {"id"}, "rn": {"rw"}, "rw": {"rn"},
	"jv": {"ban"}, // polite Javanese shares its words
}

// Near reports whether readers of a language read b as well as their own.
// Tags of one language are near each other.
func Near(a, b Tag) bool {
	a, b = a.Base(), b.Base()
	return a == b || slices.Contains(near[a], b)
}
