package quality

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/near"
	"tilgate/rag/read"
)

// TestCounts: whatever comes, what is counted in parts adds up to the whole.
func TestCounts(t *testing.T) {
	finder := kyrgyz(t)
	texts := []string{"", " \n", birth, order, tax, water, pension + citizen, citizen + office, "7"}
	tags := []lang.Tag{"", "ky", "ru", "ur", "km", "uz-Cyrl", lang.Und}
	kinds := append([]read.NoteKind{"new_kind"}, noteKinds...)
	rapid.Check(t, func(t *rapid.T) {
		c := New(Options{Personal: finder, Examples: rapid.IntRange(1, 5).Draw(t, "examples"), Near: near.Options{Limit: rapid.IntRange(1, 40).Draw(t, "limit")}})
		n := rapid.IntRange(0, 30).Draw(t, "documents")
		characters, passages, notes, pages := 0, 0, 0, 0
		for i := range n {
			item := doc(rapid.SampledFrom(tags).Draw(t, "lang"), fmt.Sprint(i, rapid.SampledFrom([]string{".pdf", ".docx", "", ".xml.bz2:12", ".<b>"}).Draw(t, "ending")), "", rapid.SampledFrom(texts).Draw(t, "text"))
			for range rapid.IntRange(0, 4).Draw(t, "notes") {
				item.Notes = append(item.Notes, read.Note{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Text: "it is odd"})
			}
			item.Pages = rapid.IntRange(0, 3).Draw(t, "pages")
			cut := rag.Split(item.Document)
			c.Document(item, rapid.SampledFrom(tags).Draw(t, "declared"), rapid.SampledFrom(tags).Draw(t, "detected"), 0.9, cut)
			characters, passages, notes, pages = characters+len([]rune(item.Text)), passages+len(cut), notes+len(item.Notes), pages+item.Pages
		}
		r := c.Report()
		for _, tt := range []struct {
			what      string
			got, want int
		}{
			{"documents", r.Documents, n},
			{"documents by language", sum(r.Languages, func(l Language) int { return l.Documents }), n},
			{"documents by declaration", sum(r.Declared, func(d Declaration) int { return d.Documents }), n},
			{"documents by format", sum(r.Formats, func(f Format) int { return f.Documents }), n},
			{"documents compared, left and without text", r.Duplicates.Compared + r.Duplicates.Left + r.WithoutText.Documents, n},
			{"characters", r.Characters, characters},
			{"characters by language", sum(r.Languages, func(l Language) int { return l.Characters }), characters},
			{"characters by format", sum(r.Formats, func(f Format) int { return f.Characters }), characters},
			{"passages", r.Passages, passages},
			{"passages by language", sum(r.Languages, func(l Language) int { return l.Passages }), passages},
			{"pages by format", sum(r.Formats, func(f Format) int { return f.Pages }), pages},
			{"notes", sum(r.Notes, func(n Notes) int { return n.Count }), notes},
		} {
			if tt.got != tt.want {
				t.Errorf("%s: %d, want %d", tt.what, tt.got, tt.want)
			}
		}
		checkExamples(t, r, c.o.Examples)
	})
}

func sum[T any](list []T, of func(T) int) int {
	n := 0
	for _, v := range list {
		n += of(v)
	}
	return n
}

// checkExamples reports whether there are as many examples as there may be.
func checkExamples(t *rapid.T, r Report, most int) {
	lists := []Listed{r.WithoutText, {r.Duplicates.Same.Documents, make([]Example, len(r.Duplicates.Same.Examples))}, {r.Duplicates.Near.Documents, make([]Example, len(r.Duplicates.Near.Examples))}}
	for _, d := range r.Declared {
		if d.Differs {
			lists = append(lists, d.Listed)
		} else if len(d.Examples) > 0 {
			t.Errorf("examples of %+v, which does not differ", d)
		}
	}
	for _, n := range r.Notes {
		lists = append(lists, n.Listed)
	}
	for _, f := range r.Personal.Kinds {
		lists = append(lists, f.Listed)
		if f.Documents > r.Personal.Documents || f.Count < f.Documents {
			t.Errorf("%d %s in %d of %d documents", f.Count, f.Kind, f.Documents, r.Personal.Documents)
		}
	}
	for _, l := range lists {
		if len(l.Examples) != min(l.Documents, most) {
			t.Errorf("%d examples of %d documents, want at most %d", len(l.Examples), l.Documents, most)
		}
	}
}

// TestConcurrent: several goroutines count as one does.
func TestConcurrent(t *testing.T) {
	add := func(c *Collector, i int) {
		take(c, doc("ky", fmt.Sprintf("%03d.pdf", i), "Арыз", fmt.Sprintf("%s %d. %s", birth, i%50, citizen), scans(i%3)...), "ky", []lang.Tag{"ky", "ru"}[i%2])
		c.Fault(fmt.Sprint(i), errors.New("it is broken"))
	}
	one, many := New(Options{Personal: kyrgyz(t), Examples: 1000}), New(Options{Personal: kyrgyz(t), Examples: 1000})
	var wait sync.WaitGroup
	for i := range 200 {
		add(one, i)
		wait.Go(func() {
			add(many, i)
			if i%50 == 0 {
				many.Report()
			}
		})
	}
	wait.Wait()
	a, b := one.Report(), many.Report()
	if !reflect.DeepEqual(a.Duplicates, b.Duplicates) || a.Duplicates.Same.Documents != 150 {
		t.Errorf("duplicates %+v, want %+v", b.Duplicates, a.Duplicates)
	}
	if !reflect.DeepEqual(counted(a), counted(b)) {
		t.Errorf("side by side %+v, one after the other %+v", counted(b), counted(a))
	}
}

// counted is a report without what depends on the order of documents.
func counted(r Report) []any {
	list := []any{r.Documents, r.Passages, r.Characters, r.Lengths, r.Languages, r.Formats, r.Findings, r.Faults.Count}
	for _, d := range r.Declared {
		list = append(list, d.Documents, len(d.Examples))
	}
	for _, n := range r.Notes {
		list = append(list, n.Count, n.Documents, len(n.Examples))
	}
	return list
}

// TestNothingPersonal: no number or address comes through, wherever it stands.
func TestNothingPersonal(t *testing.T) {
	const pin, mail = "21503199000123", "asan@post.example.kg"
	finder := kyrgyz(t)
	c := New(Options{KB: "desk", Personal: finder})
	at159 := strings.Repeat("а", 150) + " " + pin // the title is cut in the middle of it
	for i, title := range []string{"ПИН " + pin, at159, "Кат: " + mail, "ok"} {
		item := doc("ky", fmt.Sprintf("scan_%s-%d.pdf", pin, i), title, birth+fmt.Sprint(" ПИН ", pin, ", ", mail, i), read.Note{Kind: read.Scanned, Where: "page of " + pin, Text: "the field " + mail + " is a picture"})
		take(c, item, "ky", "ru")
	}
	take(c, doc("ky", "a/"+mail+".txt", "", birth), "ky", "ky")
	c.Fault("desk/"+pin+".pdf", fmt.Errorf("desk/%s.pdf: line 3 has %q", pin, "ПИН "+pin+" "+mail))
	r := c.Report()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for what, shown := range map[string]string{"JSON": string(data), "text": text(t, r), "page": page(t, r)} {
		if strings.Contains(shown, pin[:8]) || strings.Contains(shown, "asan") {
			t.Errorf("the %s has personal data", what)
		}
		if !strings.Contains(shown, "[national_id]") || !strings.Contains(shown, "[email]") {
			t.Errorf("the %s does not say where personal data stood", what)
		}
	}
	if got := r.Personal; got.Documents != 4 || len(got.Kinds) != 2 || got.Kinds[1].Count < 4 {
		t.Errorf("found %+v", got)
	}
	if r.Personal.Sampled != 0 || New(Options{}).Report().Personal != nil {
		t.Error("what was not searched is called searched, or the reverse")
	}
}

// TestSearchLong: of a long document the first megabyte is searched, and no
// number is lost between two pieces.
func TestSearchLong(t *testing.T) {
	c := New(Options{Personal: kyrgyz(t)})
	line := "Жаран 21503199000123 катталды.\n"
	n := mostSearched/len(line) + 100
	item := doc("ky", "a", "", strings.Repeat(line, n))
	item.Document.Title = "ПИН 21503199000123"
	c.Document(item, "ky", "ky", 1, nil)
	f := c.Report().Personal
	if want := mostSearched/len(line) + 1; f.Sampled != 1 || f.Kinds[0].Count != want {
		t.Errorf("%d numbers in %d sampled documents, want %d in 1", f.Kinds[0].Count, f.Sampled, want)
	}
}

// TestManyKinds: what files name does not make a report large.
func TestManyKinds(t *testing.T) {
	c := New(Options{})
	for i := range 3 * mostKinds {
		c.Document(doc(lang.Tag(fmt.Sprintf("ky-x-%d", i)), fmt.Sprintf("a.e%d", i), "", ""), lang.Tag(fmt.Sprintf("ky-x-%d", i)), "ky", 1, nil)
	}
	r := c.Report()
	if len(r.Languages) != mostKinds+1 || len(r.Formats) != mostKinds+1 || len(r.Declared) != mostKinds+1 {
		t.Errorf("%d languages, %d declarations, %d formats", len(r.Languages), len(r.Declared), len(r.Formats))
	}
	if r.Languages[0].Tag != "" || r.Languages[0].Documents != 2*mostKinds {
		t.Errorf("of the others there are %+v", r.Languages[0])
	}
}

// TestMemory: what a document takes, and nothing of the file it was cut from.
func TestMemory(t *testing.T) {
	const documents = 2000
	c := New(Options{Personal: kyrgyz(t)})
	take(c, doc("ky", "first", "", birth), "ky", "ky") // makes the tables
	before := heap()
	for i := range documents {
		file := fmt.Sprintf("desk/%06d.pdf Төрөлүш жөнүндө күбөлүк ", i) + strings.Repeat(birth, 5) + fmt.Sprint(i)
		item := doc("ky", "", file[16:60], file[60:])
		item.ID, item.Where = file[5:15], file[:15]
		c.Document(item, "ky", "ky", 1, nil)
	}
	if each := (heap() - before) / documents; each < 512 || each > 1300 {
		t.Errorf("a document takes %d bytes, want about 1 kB", each)
	}
	runtime.KeepAlive(c)
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func TestTwice(t *testing.T) {
	c := New(Options{})
	take(c, doc("ky", "a", "", birth, scans(2)...), "ky", "ru")
	before := c.Report()
	saved, _ := json.Marshal(before)
	take(c, doc("ky", "b", "", birth, scans(2)...), "ky", "ru")
	if now, _ := json.Marshal(before); string(now) != string(saved) {
		t.Error("a report changes after it was made")
	}
	if r := c.Report(); r.Documents != 2 || r.Duplicates.Same.Documents != 1 {
		t.Errorf("the second report is %+v", r)
	}
}
