package qdrant

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"tilgate/internal/lang"
	"tilgate/rag"
)

var lawKey = rag.Key{Lang: "ky", Doc: "law-2019"}

// laws is an index with a law in two editions, of which nothing is marked yet.
func laws(t *testing.T) *Index {
	t.Helper()
	x, _ := open(t)
	create(t, x, "desk", "ky")
	old, fresh := doc("ky", "law-2019", "h1", "Жер салыгы он сом.", "Суу акысыз."), doc("ky", "law-2025", "h2", "Жер салыгы он беш сом.")
	for i := range old {
		old[i].Edition, old[i].ReplacedBy = "1", "law-2025"
	}
	fresh[0].Edition, fresh[0].Replaces = "2-басылышы", []string{"law-2019", "https://law.example/2012"}
	upsert(t, x, "desk", old, fresh, water)
	return x
}

// what returns what is known of the edition of a document's passages.
func what(t *testing.T, x *Index, key rag.Key) (out []rag.Passage) {
	t.Helper()
	passages, err := x.PassagesOf(t.Context(), "desk", key)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range passages {
		out = append(out, rag.Passage{Edition: p.Edition, Replaces: p.Replaces, ReplacedBy: p.ReplacedBy, SupersededBy: p.SupersededBy})
	}
	return out
}

// TestSupersede marks a document, also as out of force, and as in force again;
// copies and exports of the knowledge base know it too.
func TestSupersede(t *testing.T) {
	x := laws(t)
	for _, by := range []*rag.Successor{nil, {Doc: "law-2025", Lang: "ky", Title: "Салык", Source: "https://law.example/2025", Date: "2025-01-01", Edition: "2"}, {}, {Title: "Башка мыйзам"}, nil} {
		if err := x.Supersede(t.Context(), "desk", lawKey, by); err != nil {
			t.Fatal(err)
		}
		want := slices.Repeat([]rag.Passage{{Edition: "1", ReplacedBy: "law-2025", SupersededBy: by}}, 2)
		if got := what(t, x, lawKey); !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
		s := stored(t, x, "desk")
		if d := s[lawKey]; !d.Telling || !d.SupersededBy.Equal(by) || !d.Whole {
			t.Errorf("%+v", d)
		}
		if d := s[rag.Key{Lang: "ky", Doc: "water"}]; d.Telling || d.SupersededBy != nil {
			t.Errorf("%+v", d)
		}

		c, data := export(t, x, "desk", nil)
		imported, _ := open(t)
		importInto(t, imported, c.State, data)
		copied, _ := open(t)
		if _, err := Copy(t.Context(), x, copied, "desk", nil); err != nil {
			t.Fatal(err)
		}
		for _, other := range []*Index{imported, copied} {
			if got := what(t, other, lawKey); !reflect.DeepEqual(got, want) {
				t.Errorf("elsewhere: %+v, want %+v", got, want)
			}
			if got := what(t, other, rag.Key{Lang: "ky", Doc: "law-2025"}); !reflect.DeepEqual(got, []rag.Passage{{Edition: "2-басылышы", Replaces: []string{"law-2019", "https://law.example/2012"}}}) {
				t.Errorf("elsewhere: %+v", got)
			}
		}
	}
	if err := x.Supersede(t.Context(), "desk", rag.Key{Lang: "ky", Doc: "nobody"}, nil); err != nil {
		t.Errorf("a document that is gone: %v", err)
	}
}

// TestPlainPayload: passages of documents that say nothing are stored as they
// always were.
func TestPlainPayload(t *testing.T) {
	x, _ := open(t)
	p := x.point("desk", water[0], 1)
	keys := sortedKeys(p.GetPayload())
	if got := strings.Join(keys, " "); got != "date doc hash head id lang n of origin sector source text title" {
		t.Errorf("the payload has %s", got)
	}
}

// TestSearchedVersion: a search says in which version it found what it found.
func TestSearchedVersion(t *testing.T) {
	x := laws(t)
	version := func(x *Index) int {
		h, err := x.Search(t.Context(), rag.Probe{KB: "desk", Lang: "ky", Lexical: rag.AnalyzerFor("ky").Question("ky", "жер салыгы"), K: 1})
		if err != nil || len(h.Passages) == 0 {
			t.Fatal(h, err)
		}
		return h.Passages[0].Version
	}
	if got := version(x); got != 1 {
		t.Errorf("version %d", got)
	}
	staged, err := x.Stage(t.Context(), "desk", []lang.Tag{"ky"})
	if err != nil {
		t.Fatal(err)
	}
	upsert(t, staged.Index, "desk", doc("ky", "law", "h", "Жер салыгы жыйырма сом."))
	if got := version(staged.Index); got != 2 {
		t.Errorf("version %d while it is made", got)
	}
	if got := version(x); got != 1 {
		t.Errorf("version %d", got)
	}
	if _, err := staged.Show(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := version(x); got != 2 {
		t.Errorf("version %d when it is shown", got)
	}
	if _, err := x.Rollback(t.Context(), "desk", 0); err != nil {
		t.Fatal(err)
	}
	if got := version(x); got != 1 {
		t.Errorf("version %d after the way back", got)
	}
}
