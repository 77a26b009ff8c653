package engine

import (
	"github.com/RoaringBitmap/roaring/v2"
	pb "github.com/qdrant/go-client/qdrant"
	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/proto"
)

// A fieldIndex finds slots by the values at one path. Only the maps that its
// type needs are there. Dead slots stay in until the next start.
type fieldIndex struct {
	request  *pb.CreateFieldIndexCollection
	path     path
	keywords map[string]*slotSet
	integers map[int64]*slotSet
	numbers  map[float64]*slotSet
	dates    map[int64]*slotSet
	bools    map[bool]*slotSet
	words    map[string]*slotSet
	tokens   tokenizer
	points   uint64
}

func newFieldIndex(req *pb.CreateFieldIndexCollection) (*fieldIndex, error) {
	p, err := parsePath(req.GetFieldName())
	if err != nil {
		return nil, err
	}
	f := &fieldIndex{request: req, path: p}
	switch f.kind() {
	case pb.PayloadSchemaType_Keyword, pb.PayloadSchemaType_Uuid:
		f.keywords = map[string]*slotSet{}
	case pb.PayloadSchemaType_Integer:
		f.integers, f.numbers = map[int64]*slotSet{}, map[float64]*slotSet{}
	case pb.PayloadSchemaType_Float:
		f.numbers = map[float64]*slotSet{}
	case pb.PayloadSchemaType_Datetime:
		f.dates = map[int64]*slotSet{}
	case pb.PayloadSchemaType_Bool:
		f.bools = map[bool]*slotSet{}
	case pb.PayloadSchemaType_Text:
		f.words = map[string]*slotSet{}
		f.tokens, err = newTokenizer(req.GetFieldIndexParams().GetTextIndexParams())
	default:
		return nil, unimplemented("payload indexes of type " + f.kind().String())
	}
	return f, err
}

// kind is the type asked for: by parameters, else by name, else keyword.
func (f *fieldIndex) kind() pb.PayloadSchemaType {
	switch f.request.GetFieldIndexParams().GetIndexParams().(type) {
	case *pb.PayloadIndexParams_KeywordIndexParams:
		return pb.PayloadSchemaType_Keyword
	case *pb.PayloadIndexParams_IntegerIndexParams:
		return pb.PayloadSchemaType_Integer
	case *pb.PayloadIndexParams_FloatIndexParams:
		return pb.PayloadSchemaType_Float
	case *pb.PayloadIndexParams_GeoIndexParams:
		return pb.PayloadSchemaType_Geo
	case *pb.PayloadIndexParams_TextIndexParams:
		return pb.PayloadSchemaType_Text
	case *pb.PayloadIndexParams_BoolIndexParams:
		return pb.PayloadSchemaType_Bool
	case *pb.PayloadIndexParams_DatetimeIndexParams:
		return pb.PayloadSchemaType_Datetime
	case *pb.PayloadIndexParams_UuidIndexParams:
		return pb.PayloadSchemaType_Uuid
	}
	return pb.PayloadSchemaType(f.request.GetFieldType() + 1) // the same list, from 1
}

func (f *fieldIndex) info() *pb.PayloadSchemaInfo {
	return &pb.PayloadSchemaInfo{DataType: f.kind(), Params: f.request.GetFieldIndexParams(), Points: pb.PtrOf(f.points)}
}

func (f *fieldIndex) add(slot uint32, payload map[string]*pb.Value) {
	if f.each(payload, func(s *slotSet) { s.add(slot) }) {
		f.points++
	}
}

func (f *fieldIndex) remove(slot uint32, payload map[string]*pb.Value) {
	if f.each(payload, func(s *slotSet) { s.remove(slot) }) {
		f.points--
	}
}

// each calls do with the set of every value in the payload that the index
// covers, and reports whether there was one.
func (f *fieldIndex) each(payload map[string]*pb.Value, do func(*slotSet)) (any bool) {
	for _, v := range f.path.values(payload) {
		if l, ok := v.GetKind().(*pb.Value_ListValue); ok {
			for _, e := range l.ListValue.GetValues() {
				any = f.value(e, do) || any
			}
			continue
		}
		any = f.value(v, do) || any
	}
	return any
}

func (f *fieldIndex) value(v *pb.Value, do func(*slotSet)) bool {
	before := 0
	count := func(s *slotSet) { before++; do(s) }
	switch k := v.GetKind().(type) {
	case *pb.Value_StringValue:
		visit(f.keywords, k.StringValue, count)
		if t, ok := parseDate(k.StringValue); f.dates != nil && ok {
			visit(f.dates, t, count)
		}
		if f.words != nil {
			for _, w := range f.tokens.document(k.StringValue) {
				visit(f.words, w, count)
			}
		}
	case *pb.Value_IntegerValue:
		visit(f.integers, k.IntegerValue, count)
		visit(f.numbers, float64(k.IntegerValue), count)
	case *pb.Value_DoubleValue:
		if n, ok := numberOf(v); ok {
			visit(f.numbers, n, count)
		}
	case *pb.Value_BoolValue:
		visit(f.bools, k.BoolValue, count)
	}
	return before > 0
}

// visit calls do with the set at key, made if need be and dropped if empty
// afterwards. A nil map has no sets.
func visit[K comparable](m map[K]*slotSet, key K, do func(*slotSet)) {
	if m == nil {
		return
	}
	s := m[key]
	if s == nil {
		s = &slotSet{}
		m[key] = s
	}
	if do(s); s.empty() {
		delete(m, key)
	}
}

// answer gives the slots that the condition holds for, if this index knows.
func (f *fieldIndex) answer(c *field) (*roaring.Bitmap, bool) {
	out := roaring.New()
	switch {
	case c.match != nil:
		return out, f.answerMatch(c.match, out)
	case c.rng != nil && f.numbers != nil:
		for n, s := range f.numbers {
			if inRange(n, c.rng.Lt, c.rng.Gt, c.rng.Gte, c.rng.Lte) {
				s.addTo(out)
			}
		}
		return out, true
	case c.dates != nil && f.dates != nil:
		b, err := dateBounds(c.dates)
		for t, s := range f.dates {
			if inRange(t, b.lt, b.gt, b.gte, b.lte) {
				s.addTo(out)
			}
		}
		return out, err == nil
	}
	return nil, false
}

func (f *fieldIndex) answerMatch(m *pb.Match, out *roaring.Bitmap) bool {
	switch o := m.GetMatchValue().(type) {
	case *pb.Match_Keyword:
		f.keywords[o.Keyword].addTo(out)
		return f.keywords != nil
	case *pb.Match_Keywords:
		for _, k := range o.Keywords.GetStrings() {
			f.keywords[k].addTo(out)
		}
		return f.keywords != nil
	case *pb.Match_Integer:
		f.integers[o.Integer].addTo(out)
		return f.integers != nil
	case *pb.Match_Integers:
		for _, n := range o.Integers.GetIntegers() {
			f.integers[n].addTo(out)
		}
		return f.integers != nil
	case *pb.Match_Boolean:
		f.bools[o.Boolean].addTo(out)
		return f.bools != nil
	case *pb.Match_Text:
		return f.words != nil && f.withWords(o.Text, true, out)
	case *pb.Match_TextAny:
		return f.words != nil && f.withWords(o.TextAny, false, out)
	}
	return false
}

// withWords adds the slots that have all of the text's tokens, or any.
func (f *fieldIndex) withWords(text string, all bool, out *roaring.Bitmap) bool {
	for i, w := range f.tokens.query(text) {
		one := roaring.New()
		f.words[w].addTo(one)
		if all && i > 0 {
			out.And(one)
		} else {
			out.Or(one)
		}
	}
	return true
}

// loadFields fills the indexes from the payloads of living slots.
func (c *collection) loadFields(tx *bolt.Tx) error {
	err := tx.Bucket(bucketFields).ForEach(func(k, v []byte) error {
		req := &pb.CreateFieldIndexCollection{}
		if err := proto.Unmarshal(v, req); err != nil {
			return err
		}
		f, err := newFieldIndex(req)
		c.fields[string(k)] = f
		return err
	})
	if err != nil || len(c.fields) == 0 {
		return err
	}
	all := make([]*fieldIndex, 0, len(c.fields))
	for _, f := range c.fields {
		all = append(all, f)
	}
	return c.fill(tx, all...)
}

// fill adds the payloads of all living slots to the indexes.
func (c *collection) fill(tx *bolt.Tx, fields ...*fieldIndex) error {
	rows := tx.Bucket(bucketPayloads)
	keys := map[string]bool{}
	for _, f := range fields {
		keys[f.path.steps[0].key] = true
	}
	for it := c.alive.Iterator(); it.HasNext(); {
		slot := it.Next()
		payload, err := decodeSome(rows.Get(slotKey(slot)), keys)
		if err != nil {
			return err
		}
		for _, f := range fields {
			f.add(slot, payload)
		}
	}
	return nil
}
