package engine

import (
	"math"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	pb "github.com/qdrant/go-client/qdrant"
)

// A field is a condition on the values at one path. Where the path is missing
// the answer is empty; where the value is an array, one element must pass.
type field struct {
	path  path
	test  func(v *pb.Value) bool // of one value
	whole bool                   // test looks at arrays as a whole
	empty bool                   // the answer where nothing is at the path
	match *pb.Match              // what test does, for an index to do instead
	rng   *pb.Range
	dates *pb.DatetimeRange
}

func parseField(f *pb.FieldCondition) (condition, error) {
	p, err := parsePath(f.GetKey())
	if err != nil {
		return nil, err
	}
	c := &field{path: p}
	switch {
	case f.GetGeoBoundingBox() != nil || f.GetGeoRadius() != nil || f.GetGeoPolygon() != nil:
		return nil, unimplemented("geo conditions")
	case f.GetMatch() != nil:
		c.match = f.GetMatch()
		c.test, err = matchTest(f.GetMatch())
	case f.GetRange() != nil:
		c.rng = f.GetRange()
		c.test = numberTest(f.GetRange())
	case f.GetDatetimeRange() != nil:
		c.dates = f.GetDatetimeRange()
		c.test, err = dateTest(f.GetDatetimeRange())
	case f.GetValuesCount() != nil:
		c.whole, c.test = true, countTest(f.GetValuesCount())
	case f.IsEmpty != nil:
		c.whole, c.empty = true, f.GetIsEmpty()
		c.test = func(v *pb.Value) bool { return emptyValue(v) == f.GetIsEmpty() }
	case f.IsNull != nil:
		c.whole, c.empty = true, !f.GetIsNull()
		c.test = func(v *pb.Value) bool { return nullOrHolding(v) == f.GetIsNull() }
	default:
		return nil, wrongInput("Malformed Field condition type: no condition on %s", f.GetKey())
	}
	return c, err
}

func (c *field) slots(v *view) (*roaring.Bitmap, bool) {
	index := v.fields[c.path.text]
	if index == nil {
		return nil, false
	}
	return index.answer(c)
}

func (c *field) check(p *candidate) (bool, error) {
	payload, err := p.payload()
	if err != nil {
		return false, err
	}
	values := c.path.values(payload)
	if len(values) == 0 {
		return c.empty, nil
	}
	if index := p.view.fields[c.path.text]; index != nil && !p.inside && c.match != nil && index.words != nil {
		if set, ok := index.answer(c); ok {
			return set.Contains(p.slot), nil
		}
	}
	for _, v := range values {
		if c.holds(v) {
			return true, nil
		}
	}
	return false, nil
}

func (c *field) holds(v *pb.Value) bool {
	list, isList := v.GetKind().(*pb.Value_ListValue)
	if c.whole || !isList {
		return c.test(v)
	}
	for _, e := range list.ListValue.GetValues() {
		if c.test(e) {
			return true
		}
	}
	return false
}

// matchTest is strict about types: the number 1 is not the keyword "1", nor
// the number 1.0.
func matchTest(m *pb.Match) (func(*pb.Value) bool, error) {
	switch o := m.GetMatchValue().(type) {
	case *pb.Match_Keyword:
		return keywordTest(func(s string) bool { return s == o.Keyword }), nil
	case *pb.Match_Integer:
		return integerTest(func(n int64) bool { return n == o.Integer }), nil
	case *pb.Match_Boolean:
		return func(v *pb.Value) bool {
			b, ok := v.GetKind().(*pb.Value_BoolValue)
			return ok && b.BoolValue == o.Boolean
		}, nil
	case *pb.Match_Keywords:
		set := setOf(o.Keywords.GetStrings())
		return keywordTest(func(s string) bool { return set[s] }), nil
	case *pb.Match_Integers:
		set := setOf(o.Integers.GetIntegers())
		return integerTest(func(n int64) bool { return set[n] }), nil
	case *pb.Match_ExceptKeywords:
		set := setOf(o.ExceptKeywords.GetStrings())
		in := keywordTest(func(s string) bool { return set[s] })
		return func(v *pb.Value) bool { return !nullValue(v) && !in(v) }, nil
	case *pb.Match_ExceptIntegers:
		set := setOf(o.ExceptIntegers.GetIntegers())
		in := integerTest(func(n int64) bool { return set[n] })
		return func(v *pb.Value) bool { return !nullValue(v) && !in(v) }, nil
	case *pb.Match_Text:
		return keywordTest(func(s string) bool { return strings.Contains(s, o.Text) }), nil
	case *pb.Match_Phrase:
		return keywordTest(func(s string) bool { return strings.Contains(s, o.Phrase) }), nil
	case *pb.Match_TextAny:
		words := strings.Fields(o.TextAny)
		return keywordTest(func(s string) bool { return containsAny(s, words) }), nil
	}
	return nil, invalid("Malformed Match condition")
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

func setOf[T comparable](list []T) map[T]bool {
	set := make(map[T]bool, len(list))
	for _, x := range list {
		set[x] = true
	}
	return set
}

func keywordTest(f func(string) bool) func(*pb.Value) bool {
	return func(v *pb.Value) bool {
		s, ok := v.GetKind().(*pb.Value_StringValue)
		return ok && f(s.StringValue)
	}
}

func integerTest(f func(int64) bool) func(*pb.Value) bool {
	return func(v *pb.Value) bool {
		n, ok := v.GetKind().(*pb.Value_IntegerValue)
		return ok && f(n.IntegerValue)
	}
}

func numberOf(v *pb.Value) (float64, bool) {
	switch n := v.GetKind().(type) {
	case *pb.Value_IntegerValue:
		return float64(n.IntegerValue), true
	case *pb.Value_DoubleValue:
		return n.DoubleValue, !math.IsNaN(n.DoubleValue) && !math.IsInf(n.DoubleValue, 0)
	}
	return 0, false
}

func numberTest(r *pb.Range) func(*pb.Value) bool {
	return func(v *pb.Value) bool {
		n, ok := numberOf(v)
		return ok && inRange(n, r.Lt, r.Gt, r.Gte, r.Lte)
	}
}

func inRange[T int64 | uint64 | float64](n T, lt, gt, gte, lte *T) bool {
	return (lt == nil || n < *lt) && (gt == nil || n > *gt) && (gte == nil || n >= *gte) && (lte == nil || n <= *lte)
}

func countTest(r *pb.ValuesCount) func(*pb.Value) bool {
	return func(v *pb.Value) bool {
		n := uint64(1)
		if l, ok := v.GetKind().(*pb.Value_ListValue); ok {
			n = uint64(len(l.ListValue.GetValues()))
		} else if nullValue(v) {
			n = 0
		}
		return inRange(n, r.Lt, r.Gt, r.Gte, r.Lte)
	}
}

// bounds are a datetime range in microseconds.
type bounds struct{ lt, gt, gte, lte *int64 }

func dateBounds(r *pb.DatetimeRange) (b bounds, err error) {
	for _, x := range []struct {
		from interface {
			AsTime() time.Time
			CheckValid() error
		}
		set bool
		to  **int64
	}{{r.GetLt(), r.GetLt() != nil, &b.lt}, {r.GetGt(), r.GetGt() != nil, &b.gt},
		{r.GetGte(), r.GetGte() != nil, &b.gte}, {r.GetLte(), r.GetLte() != nil, &b.lte}} {
		if !x.set {
			continue
		}
		if err := x.from.CheckValid(); err != nil {
			return b, wrongInput("Malformed datetime: %v", err)
		}
		micros := x.from.AsTime().UnixMicro()
		*x.to = &micros
	}
	return b, nil
}

func dateTest(r *pb.DatetimeRange) (func(*pb.Value) bool, error) {
	b, err := dateBounds(r)
	return keywordTest(func(s string) bool {
		t, ok := parseDate(s)
		return ok && inRange(t, b.lt, b.gt, b.gte, b.lte)
	}), err
}

// dateForms are RFC 3339 and the forms without a zone that Qdrant takes as
// UTC.
var dateForms = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07",
	"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
}

// parseDate returns microseconds since 1970.
func parseDate(s string) (int64, bool) {
	if len(s) < 10 || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	for _, form := range dateForms {
		if t, err := time.Parse(form, s); err == nil {
			return t.UnixMicro(), true
		}
	}
	return 0, false
}
