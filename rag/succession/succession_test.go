package succession

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// read makes documents of lines such as "ky/laws/b 2020 replaces a, c" and
// "en/a by b". The rest of a line is names.
func read(text string) (docs []rag.Document) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = strings.TrimSpace(line)
		key, rest, _ := strings.Cut(line, " ")
		tag, id, _ := strings.Cut(key, "/")
		d := rag.Document{ID: id, Lang: lang.Tag(tag), Title: "T " + id, Origin: "docs/" + id + ".md"}
		if strings.Contains(id, "://") {
			d.Origin, d.Source = id, id
		}
		if len(rest) >= 4 && rest[0] == '2' {
			d.Date, rest = rest[:4]+"-01-01", strings.TrimSpace(rest[4:])
		}
		if names, ok := strings.CutPrefix(rest, "replaces "); ok {
			names, d.ReplacedBy, _ = strings.Cut(names, " by ")
			d.Replaces = strings.Split(names, ", ")
		} else {
			d.ReplacedBy = strings.TrimPrefix(rest, "by ")
		}
		docs = append(docs, d)
	}
	return docs
}

// shown writes successors down: "ky/a < b".
func shown(r Result) string {
	var lines []string
	for key, s := range r.By {
		name := s.Doc
		if s.Doc == "" {
			name = "(" + s.Name() + ")"
		} else if s.Lang != key.Lang {
			name = string(s.Lang) + "/" + name
		}
		lines = append(lines, fmt.Sprintf("%s/%s < %s", key.Lang, key.Doc, name))
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func TestOf(t *testing.T) {
	for _, tt := range []struct{ name, docs, want string }{
		{"nothing is said", "ky/a\nky/b 2020", ""},
		{"the new one says it", "ky/a\nky/b replaces a", "ky/a < b"},
		{"the old one says it", "ky/a by b\nky/b", "ky/a < b"},
		{"both say it", "ky/a by b\nky/b replaces a", "ky/a < b"},
		{"several at once", "ky/a\nky/b\nky/c replaces a, b", "ky/a < c; ky/b < c"},
		{"a chain leads to its end", "ky/a\nky/b replaces a\nky/c replaces b\nky/d replaces c", "ky/a < d; ky/b < d; ky/c < d"},
		{"a chain out of the knowledge base", "ky/a\nky/b replaces a by https://law.example/9", "ky/a < (https://law.example/9); ky/b < (https://law.example/9)"},
		{"what replaced it is elsewhere", "ky/a by the law of 2024", "ky/a < (the law of 2024)"},
		{"what is here counts more than what is elsewhere", "ky/a by https://law.example/9\nky/b replaces a", "ky/a < b"},
		{"two claim the same place: the newer has it", "ky/a\nky/b 2019 replaces a\nky/c 2024 replaces a\nky/d 2021 replaces a", "ky/a < c"},
		{"it says itself which", "ky/a by b\nky/b 2019\nky/c 2024 replaces a", "ky/a < b"},
		{"itself", "ky/a replaces a\nky/b by b", ""},
		{"it replaces what is not there", "ky/a replaces z", ""},

		{"its own language first", "ky/a\nen/a\nen/b replaces a", "en/a < b"},
		{"another script of it", "uz-Cyrl/a\nen/a\nuz/b replaces a", "uz-Cyrl/a < uz/b"},
		{"any, where there is none", "ky/a\nru/a\nen/b replaces a", "ky/a < en/b; ru/a < en/b"},

		{"by its file", "ky/laws/a\nky/laws/b replaces docs/laws/a.md", "ky/laws/a < laws/b"},
		{"by its file, in the same folder", "ky/laws/a\nky/laws/b replaces a.md", "ky/laws/a < laws/b"},
		{"by its file, from another folder", "ky/old/a\nky/laws/b replaces ../old/a.md", "ky/old/a < laws/b"},
		{"by its id, in the same folder", "ky/laws/a\nky/laws/b replaces a", "ky/laws/a < laws/b"},
		{"by its address", "ky/https://www.Law.example/a/\nky/b replaces http://law.example/a#top", "ky/https://www.Law.example/a/ < b"},
		{"another page of the address", "ky/https://law.example/?id=1\nky/https://law.example/?id=2\nky/b replaces https://law.example/?id=2", "ky/https://law.example/?id=2 < b"},

		{"a circle, of which dates tell nothing", "ky/a replaces b\nky/b replaces a", ""},
		{"a circle, of which they do", "ky/a 2019 replaces b\nky/b 2021 replaces a", "ky/a < b"},
		{"three in a circle", "ky/a 2019 replaces c\nky/b 2023 replaces a\nky/c 2021 replaces b", "ky/a < b; ky/c < b"},
		{"one of a circle has no date", "ky/a replaces b\nky/b 2021 replaces a", ""},
		{"into a circle", "ky/x by a\nky/a replaces b\nky/b replaces a", "ky/x < a"},
	} {
		if got := shown(Of(read(tt.docs), nil)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRules(t *testing.T) {
	old := func(ids ...string) func(rag.Document) bool {
		return func(d rag.Document) bool { return slices.Contains(ids, d.ID) }
	}
	docs := read("ky/a by c\nky/b 2030 replaces a\nky/c\nru/a\nru/b")
	for _, tt := range []struct {
		rules []Rule
		want  string
	}{
		{[]Rule{{old("a"), "b"}}, "ky/a < b; ru/a < b"}, // the keeper knows best
		{[]Rule{{old("a", "b"), "b"}}, "ky/a < b; ru/a < b"},
		{[]Rule{{old("c"), ""}}, "ky/a < (); ky/c < ()"},
		{[]Rule{{old("b"), "https://law.example/"}}, "ky/a < c; ky/b < (https://law.example/); ru/b < (https://law.example/)"},
		{[]Rule{{old("a"), "c"}, {old("a"), "b"}}, "ky/a < b; ru/a < b"}, // the last of them counts
	} {
		if got := shown(Of(docs, tt.rules)); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestReported(t *testing.T) {
	r := Of(read("ky/a replaces b\nky/b replaces a\nky/c replaces gone"), nil)
	if len(r.Circles) != 1 || len(r.Circles[0]) != 2 {
		t.Errorf("circles %v", r.Circles)
	}
	if len(r.Missing) != 1 || r.Missing[0] != (Missing{rag.Key{Lang: "ky", Doc: "c"}, "gone"}) {
		t.Errorf("missing %v", r.Missing)
	}
}

// Long chains and large circles take no time that matters.
func TestLarge(t *testing.T) {
	const n = 100_000
	chain := make([]rag.Document, n)
	for i := range chain {
		chain[i] = rag.Document{ID: fmt.Sprint(i), Lang: "ky", ReplacedBy: fmt.Sprint(i + 1)}
	}
	start := time.Now()
	by := Of(chain, nil).By // the last one's is elsewhere
	chain[n-1].ReplacedBy = "0"
	circle := Of(chain, nil)
	if len(by) != n || len(circle.By) != 0 || len(circle.Circles) != 1 {
		t.Errorf("%d in the chain, %d in the circle", len(by), len(circle.By))
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

// Whatever documents say, who is led on ends at a document that is in force, or
// outside.
func FuzzOf(f *testing.F) {
	f.Add("ky/a 2020 replaces b\nky/b replaces a\nen/c by https://x.example/")
	f.Add("/ by \nky/. replaces .., ./../a")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 || strings.TrimSpace(text) == "" {
			return
		}
		docs := read(text)
		keys := map[rag.Key]bool{}
		for _, d := range docs {
			keys[keyOf(d)] = true
		}
		if len(keys) < len(docs) {
			return // ingest lets no two documents of a key in
		}
		by := Of(docs, nil).By
		for key, s := range by {
			if to := (rag.Key{Lang: s.Lang, Doc: s.Doc}); s.Doc != "" && (by[to] != nil || !keys[to] || to == key) {
				t.Errorf("%v leads to %v, of %v", key, to, slices.Collect(maps.Keys(by)))
			}
		}
	})
}
