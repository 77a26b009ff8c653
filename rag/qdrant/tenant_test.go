package qdrant

import (
	"strings"
	"testing"

	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// held is what a tenant has: names, sizes and the text of a search.
func held(t *testing.T, x *Index, kb string) string {
	t.Helper()
	kbs, err := x.KBs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(strings.Join(kbs, " "))
	for key, s := range stored(t, x, kb) {
		b.WriteString(" " + string(key.Lang) + "/" + key.Doc + "=" + s.Hash)
	}
	for _, p := range search(t, x, kb, "ky", "пенсия курагы канча жаш").Passages {
		b.WriteString(" " + p.Text)
	}
	return b.String()
}

// TestTenants: two ministries and the default tenant hold a document of the
// same id in a knowledge base of the same name, and none sees another's.
func TestTenants(t *testing.T) {
	x, _ := open(t)
	s := &Store{x.shared}
	texts := map[string]string{"": "Пенсия 58 жаштан.", "moh": "Пенсия курагы 61 жаш.", "moe": "Мугалимдердин пенсиясы 55 жаштан."}
	for tenant, text := range texts {
		create(t, s.For(tenant), "desk", "ky")
		upsert(t, s.For(tenant), "desk", doc("ky", "pension", "hash-"+text, text))
	}
	create(t, s.For("moh"), "secret", "ky")
	upsert(t, s.For("moh"), "secret", doc("ky", "plan", "p", "Жашыруун пенсия планы."))
	before := map[string]string{}
	for tenant, text := range texts {
		before[tenant] = held(t, s.For(tenant), "desk")
		for other, theirs := range texts {
			if strings.Contains(before[tenant], theirs) != (other == tenant) {
				t.Errorf("tenant %q, with %q, sees %q", tenant, text, before[tenant])
			}
		}
		if strings.Contains(before[tenant], "secret") != (tenant == "moh") {
			t.Errorf("tenant %q sees the names %q", tenant, before[tenant])
		}
	}

	// Scores tell how often a word is used; not by others.
	score := search(t, s.For("moe"), "desk", "ky", "пенсия").Passages[0].Score
	for i := range 20 {
		upsert(t, s.For("moh"), "desk", doc("ky", strings.Repeat("x", i+1), "h", "Пенсия, пенсия."))
	}
	if now := search(t, s.For("moe"), "desk", "ky", "пенсия").Passages[0].Score; now != score {
		t.Errorf("what another tenant stored moved a score from %v to %v", score, now)
	}
	for i := range 20 {
		if err := s.For("moh").Forget(t.Context(), "desk", rag.Key{Lang: "ky", Doc: strings.Repeat("x", i+1)}, ""); err != nil {
			t.Fatal(err)
		}
	}

	for _, kb := range []string{"moh.desk", "moh.secret", "desk@1", "moh.secret@1", "desk~1", "secret", ".desk", "../desk", "moh\x00desk", "moh/secret", "*", "", "desk\xff"} {
		x := s.For("moe")
		errs := map[string]error{}
		_, errs["Search"] = x.Search(t.Context(), rag.Probe{KB: kb, Lang: "ky", Lexical: pension[0].Vector(), K: 9})
		_, errs["Nearest"] = x.Nearest(t.Context(), rag.DenseProbe{KB: kb, Langs: []lang.Tag{"ky"}, Vector: []float32{1}, K: 9})
		_, errs["Model"] = x.Model(t.Context(), kb)
		_, errs["Stored"] = x.Stored(t.Context(), kb)
		_, errs["Sizes"] = x.Sizes(t.Context(), kb)
		_, errs["Versions"] = x.Versions(t.Context(), kb)
		_, errs["Rollback"] = x.Rollback(t.Context(), kb, 1)
		errs["Upsert"] = x.Upsert(t.Context(), kb, [][]rag.Passage{pension})
		errs["Forget"] = x.Forget(t.Context(), kb, rag.Key{Lang: "ky", Doc: "pension"}, "")
		errs["Drop"] = x.Drop(t.Context(), kb)
		errs["DropVersion"] = x.DropVersion(t.Context(), kb, 1)
		for call, err := range errs {
			if !fault.NotFound.Is(err) {
				t.Errorf("%s(%q) of another tenant: %v (%v), want NotFound", call, kb, err, fault.Of(err))
			}
		}
	}
	for _, tenant := range []string{"moh.desk", "Moh", " moh", "moh\x00", "moh.", "moh~", "moh@1", "*", "..", strings.Repeat("m", 64), "moh\xff", "мин"} {
		for call, err := range calls(t.Context(), s.For(tenant)) {
			if !fault.Invalid.Is(err) {
				t.Errorf("%s as tenant %q: %v, want Invalid", call, tenant, err)
			}
		}
	}
	for _, name := range []string{"pension", `pension" OR tenant = "moh`, "*", "hash"} {
		if err := s.For("nobody").Forget(t.Context(), "desk", rag.Key{Lang: "ky", Doc: name}, ""); !fault.NotFound.Is(err) {
			t.Errorf("a tenant that holds nothing forgot %q: %v", name, err)
		}
	}
	if err := s.For("moe").Forget(t.Context(), "desk", rag.Key{Lang: "ky", Doc: `x" OR tenant = "moh`}, ""); err != nil {
		t.Error(err)
	}
	for tenant := range texts {
		if after := held(t, s.For(tenant), "desk"); after != before[tenant] {
			t.Errorf("tenant %q had %q and has %q", tenant, before[tenant], after)
		}
	}
}

// TestTenantFilter: even a passage that lies in the wrong collection is seen
// by its tenant alone.
func TestTenantFilter(t *testing.T) {
	x, _ := open(t)
	other := (&Store{x.shared}).For("moh")
	create(t, x, "desk", "ky")
	upsert(t, x, "desk", pension)
	if err := other.put(t.Context(), "desk", []*qdrant.PointStruct{x.point("desk", water[0], 1)}); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, x, "desk"); len(got) != 1 || got[rag.Key{Lang: "ky", Doc: "water"}].Passages != 0 {
		t.Errorf("stored: %v", got)
	}
	if h := search(t, x, "desk", "ky", "сугат суусунун баасы"); h.N != 2 || len(h.Passages) != 0 {
		t.Errorf("a search found %+v", h)
	}
	if err := x.Forget(t.Context(), "desk", rag.Key{Lang: "ky", Doc: "water"}, ""); err != nil {
		t.Fatal(err)
	}
	if n, err := other.countOf(t.Context(), "desk", nil); err != nil || n != 1 {
		t.Errorf("the other's passage: %d, %v", n, err)
	}
}
