// Package gate decides whether an adapter may take traffic.
//
// An adapter is promoted when it is better than its base on the same items, by
// enough to matter and by a test that chance would seldom pass; it is blocked
// when it is worse in that way. Anything else is no evidence, which is a
// verdict of its own and never one for the adapter.
package gate

import (
	"math"

	"tilgate/internal/verdict"
)

// A Rule says what counts as evidence.
type Rule struct {
	Alpha     float64 // of the test; 0 means .05
	MinEffect float64 // least difference that counts, as a share; 0 means .01
	MinN      int     // least number of items; 0 means 200
}

// The defaults of a Rule.
const (
	DefaultAlpha     = .05
	DefaultMinEffect = .01
	DefaultMinN      = 200
)

// Decide decides by the number of items, the difference of the adapter from
// its base as a share, and the p-value of a paired test.
func (r Rule) Decide(n int, delta, p float64) verdict.Decision {
	if r.MinN == 0 {
		r.MinN = DefaultMinN
	}
	if r.Alpha == 0 {
		r.Alpha = DefaultAlpha
	}
	if r.MinEffect == 0 {
		r.MinEffect = DefaultMinEffect
	}
	switch {
	case n < r.MinN, !(p <= r.Alpha), !(math.Abs(delta) >= r.MinEffect): // NaN is no evidence either
		return verdict.NoEvidence
	case delta > 0:
		return verdict.Promote
	}
	return verdict.Block
}
