package ragtest

import (
	"testing"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// people is what the filters are asked about; the ids are 1, 2, 3 and so on.
var people = []map[string]any{
	1: {"name": "Айгүл", "langs": []any{"ky", "ru"}, "age": 30, "weight": 61.5, "member": true, "born": "1994-05-01T10:00:00Z"},
	2: {"name": "Nurlan", "langs": []any{"kk"}, "age": 41, "weight": 80, "member": false, "born": "1983-02-28"},
	3: {"name": "Meron Tadesse", "langs": []any{}, "age": nil, "born": "2001-12-31T23:59:59+03:00"},
	4: {"name": "", "langs": []any{nil, "am"}, "age": []any{20, 50}, "kin": []any{
		map[string]any{"as": "mother", "age": 70}, map[string]any{"as": "son", "age": 12}}},
	5: {"langs": "ky", "age": "30", "weight": 61.0, "address": map[string]any{"city": "Osh", "zip code": 723500}},
	6: {},
}

// plainOnly are the cases where a Qdrant index sees only the values of its
// own type, so that asking the index differs from asking the payload.
var plainOnly = map[string]bool{
	"all but an integer: other types do": true,
	"how many values":                    true,
	"one value that is no array":         true,
}

var filterCases = []struct {
	what string
	f    *pb.Filter
	want string
}{
	{"nothing asked", nil, "1 2 3 4 5 6"},
	{"an empty filter", &pb.Filter{}, "1 2 3 4 5 6"},
	{"a keyword, in arrays too", must(pb.NewMatch("langs", "ky")), "1 5"},
	{"one of several keywords", must(pb.NewMatchKeywords("langs", "am", "kk")), "2 4"},
	{"all but a keyword: null and missing never, and one other element is enough", must(pb.NewMatchExceptKeywords("langs", "ky")), "1 2 4"},
	{"all but an integer: other types do", must(pb.NewMatchExceptInts("age", 30)), "2 4 5"},
	{"an integer is not a string", must(pb.NewMatchInt("age", 30)), "1"},
	{"nor a float", must(pb.NewMatchInt("weight", 61)), ""},
	{"one of several integers", must(pb.NewMatchInts("age", 41, 50)), "2 4"},
	{"a bool", must(pb.NewMatchBool("member", false)), "2"},
	{"part of a text", must(pb.NewMatchText("name", "Tad")), "3"},
	{"in its own case", must(pb.NewMatchText("name", "tad")), ""},
	{"in another script", must(pb.NewMatchText("name", "гүл")), "1"},
	{"any word", must(pb.NewMatchTextAny("name", "urla Mero")), "2 3"},
	{"a range", must(pb.NewRange("age", &pb.Range{Gt: pb.PtrOf(30.0)})), "2 4"},
	{"a closed range", must(pb.NewRange("age", &pb.Range{Gte: pb.PtrOf(30.0), Lte: pb.PtrOf(41.0)})), "1 2"},
	{"a range of floats and integers", must(pb.NewRange("weight", &pb.Range{Lt: pb.PtrOf(80.5), Gte: pb.PtrOf(61.2)})), "1 2"},
	{"a range of dates", must(pb.NewDatetimeRange("born", &pb.DatetimeRange{
		Gte: timestamppb.New(time.Date(1983, 2, 28, 0, 0, 0, 0, time.UTC)),
		Lt:  timestamppb.New(time.Date(1994, 5, 1, 10, 0, 0, 0, time.UTC))})), "2"},
	{"dates have zones", must(pb.NewDatetimeRange("born", &pb.DatetimeRange{
		Gte: timestamppb.New(time.Date(2001, 12, 31, 20, 59, 59, 0, time.UTC)),
		Lte: timestamppb.New(time.Date(2001, 12, 31, 20, 59, 59, 0, time.UTC))})), "3"},
	{"is empty", must(pb.NewIsEmpty("langs")), "3 6"},
	{"is empty: null and missing", must(pb.NewIsEmpty("age")), "3 6"},
	{"is null", must(pb.NewIsNull("age")), "3"},
	{"is null: in an array", must(pb.NewIsNull("langs")), "4"},
	{"how many values", must(pb.NewValuesCount("langs", &pb.ValuesCount{Gte: pb.PtrOf(uint64(2))})), "1 4"},
	{"one value that is no array", must(pb.NewValuesCount("langs", &pb.ValuesCount{Lte: pb.PtrOf(uint64(1))})), "2 3 5"},
	{"a path", must(pb.NewMatch("address.city", "Osh")), "5"},
	{"a path into every element", must(pb.NewMatch("kin[].as", "son")), "4"},
	{"a path into one element", must(pb.NewMatch("kin[0].as", "son")), ""},
	{"a path that forgets the array", must(pb.NewMatch("kin.as", "son")), ""},
	{"a quoted key", must(pb.NewMatchInt(`address."zip code"`, 723500)), "5"},
	{"two conditions on one element", must(pb.NewNestedFilter("kin", must(pb.NewMatch("as", "son"), pb.NewRange("age", &pb.Range{Lt: pb.PtrOf(18.0)})))), "4"},
	{"two conditions on different elements", must(pb.NewNestedFilter("kin", must(pb.NewMatch("as", "mother"), pb.NewRange("age", &pb.Range{Lt: pb.PtrOf(18.0)})))), ""},
	{"ids", must(pb.NewHasID(pb.NewIDNum(2), pb.NewIDNum(6), pb.NewIDNum(77))), "2 6"},
	{"has a vector", must(pb.NewHasVector("raw")), "1 3"},
	{"should", &pb.Filter{Should: []*pb.Condition{pb.NewMatch("langs", "kk"), pb.NewMatchBool("member", true)}}, "1 2"},
	{"should and must", &pb.Filter{Must: []*pb.Condition{pb.NewMatch("langs", "ky")},
		Should: []*pb.Condition{pb.NewMatch("langs", "kk"), pb.NewMatchBool("member", true)}}, "1"},
	{"must not", &pb.Filter{MustNot: []*pb.Condition{pb.NewMatch("langs", "ky"), pb.NewIsEmpty("langs")}}, "2 4"},
	{"two of three", &pb.Filter{MinShould: &pb.MinShould{MinCount: 2, Conditions: []*pb.Condition{
		pb.NewMatch("langs", "ky"), pb.NewMatchInt("age", 30), pb.NewMatchBool("member", true)}}}, "1"},
	{"none of three is enough", &pb.Filter{MinShould: &pb.MinShould{MinCount: 0, Conditions: []*pb.Condition{
		pb.NewMatch("langs", "ky")}}}, "1 2 3 4 5 6"},
	{"a filter in a filter", must(pb.NewFilterAsCondition(&pb.Filter{Should: []*pb.Condition{
		pb.NewMatchInt("age", 41), pb.NewMatch("address.city", "Osh")}}), pb.NewMatchKeywords("langs", "ky", "kk")), "2 5"},
}

// testFilters asks the same with no field indexed and with every field
// indexed that can be.
func testFilters(t *testing.T, s *server) {
	c := s.words(t)
	for i, p := range people {
		if p == nil {
			continue
		}
		vectors := map[string]*pb.Vector{}
		if i == 1 || i == 3 {
			vectors["raw"] = pb.NewVectorSparse([]uint32{1}, []float32{1})
		}
		s.upsert(t, c, point(uint64(i), p, vectors))
	}
	const plain = "without index"
	check := func(how string) {
		for _, tt := range filterCases {
			if plainOnly[tt.what] && how != plain {
				continue
			}
			if got := s.ids(t, c, tt.f); got != tt.want {
				t.Errorf("%s, %s: points %q, want %q", tt.what, how, got, tt.want)
			}
			n, err := s.Count(t.Context(), &pb.CountPoints{CollectionName: c, Filter: tt.f})
			if want := uint64((len(tt.want) + 1) / 2); err != nil || n != want {
				t.Errorf("%s, %s: count %d, %v, want %d", tt.what, how, n, err, want)
			}
		}
	}
	check(plain)
	s.index(t, c, "langs", pb.FieldType_FieldTypeKeyword)
	s.index(t, c, "address.city", pb.FieldType_FieldTypeKeyword)
	s.index(t, c, "age", pb.FieldType_FieldTypeInteger)
	s.index(t, c, "weight", pb.FieldType_FieldTypeFloat)
	s.index(t, c, "member", pb.FieldType_FieldTypeBool)
	s.index(t, c, "born", pb.FieldType_FieldTypeDatetime)
	s.index(t, c, "langs", pb.FieldType_FieldTypeKeyword) // again: no error
	check("with index")
	if _, err := s.DeleteFieldIndex(t.Context(), &pb.DeleteFieldIndexCollection{CollectionName: c, FieldName: "langs", Wait: pb.PtrOf(true)}); err != nil {
		t.Error(err)
	}
	check("with one index less")
}

func testTextIndex(t *testing.T, s *server) {
	c := s.words(t)
	s.upsert(t, c, point(1, map[string]any{"text": "Саламаттык сактоо, Бишкек"}, nil),
		point(2, map[string]any{"text": "сактоо министрлиги"}, nil), point(3, map[string]any{"text": "Health office"}, nil))
	s.index(t, c, "text", pb.FieldType_FieldTypeText)
	for _, tt := range []struct {
		text, want string
	}{
		{"САКТОО", "1 2"},      // case does not matter
		{"бишкек сактоо", "1"}, // all words, in any order
		{"бишк", ""},           // whole words
		{"health", "3"},
	} {
		if got := s.ids(t, c, must(pb.NewMatchText("text", tt.text))); got != tt.want {
			t.Errorf("text %q: points %q, want %q", tt.text, got, tt.want)
		}
	}
	if got := s.ids(t, c, must(pb.NewMatchTextAny("text", "health бишкек"))); got != "1 3" {
		t.Errorf("any of the words: points %q, want 1 3", got)
	}
}
