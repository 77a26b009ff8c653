package forget

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/engine/enginetest"
	"tilgate/rag/qdrant"
)

var now = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

func document(id, text string) rag.Document { return rag.Document{ID: id, Lang: "ky", Text: text} }

var complaint = document("арыз-асан", "Асан Үсөн уулу 2026-жылы арыз берди. Анын арызы каралды жана жооп берилди.")

func openList(t *testing.T) (*List, string) {
	t.Helper()
	dir := t.TempDir()
	l, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l, dir
}

func store(t *testing.T, x *qdrant.Index, docs ...rag.Document) {
	t.Helper()
	if err := x.Create(t.Context(), "desk", []lang.Tag{"ky"}); err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		if err := x.Upsert(t.Context(), "desk", [][]rag.Passage{rag.Split(d)}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestForget(t *testing.T) {
	_, client := enginetest.Open(t)
	x := qdrant.New(client, qdrant.Options{}).For("")
	water := document("суу", "Сугат суусунун баасы кырк танга.")
	store(t, x, complaint, water)
	l, dir := openList(t)
	key := rag.Key{Lang: "ky", Doc: complaint.ID}
	e := Entry{Tenant: "default", KB: "desk", Why: "суроо боюнча", Time: now}
	texts, err := l.Forget(t.Context(), x, e, key)
	if err != nil || len(texts) != 1 || texts[0] != complaint.Text {
		t.Fatalf("Forget = %q, %v", texts, err)
	}
	if keys, err := x.Keys(t.Context(), "desk"); err != nil || len(keys) != 1 || keys[0].Doc != water.ID {
		t.Errorf("left is %v, %v", keys, err)
	}
	if _, err := l.Forget(t.Context(), x, e, key); !fault.NotFound.Is(err) {
		t.Errorf("forgetting it again: %v", err)
	}
	file, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil || bytes.Contains(file, []byte("Асан")) || bytes.Contains(file, []byte(complaint.ID)) || !bytes.Contains(file, []byte("суроо")) {
		t.Errorf("the list tells what was forgotten: %s, %v", file, err)
	}

	store(t, x, complaint) // a backup is restored
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if texts, err := again.Replay(t.Context(), "default", x); err != nil || len(texts) != 1 {
		t.Errorf("Replay = %q, %v", texts, err)
	}
	if keys, _ := x.Keys(t.Context(), "desk"); len(keys) != 1 {
		t.Errorf("left is %v", keys)
	}
	if texts, err := again.Replay(t.Context(), "moh", x); err != nil || len(texts) != 0 {
		t.Errorf("of another tenant, Replay = %q, %v", texts, err)
	}
}

func TestRefuses(t *testing.T) {
	l, _ := openList(t)
	key := rag.Key{Lang: "ky", Doc: complaint.ID}
	if err := l.Add(NewEntry("default", "desk", key, rag.Split(complaint), "", now)); err != nil {
		t.Fatal(err)
	}
	rule := l.For("default", "desk")
	for _, tt := range []struct {
		what string
		d    rag.Document
		want bool
	}{
		{"itself", complaint, true},
		{"its name, with other words", document(complaint.ID, "Башка сөз."), true},
		{"its words under another name", document("көчүрмө", complaint.Text), true},
		{"its words with a title", rag.Document{ID: "x", Title: "Арыз", Lang: "ky", Text: complaint.Text}, true},
		{"its name in another language", rag.Document{ID: complaint.ID, Lang: "ru", Text: "Заявление."}, false},
		{"another", document("суу", "Сугат суусунун баасы кырк танга."), false},
		{"nothing", document("бош", ""), false},
	} {
		if got := rule.Refuses(tt.d); got != tt.want {
			t.Errorf("%s: refused %v, want %v", tt.what, got, tt.want)
		}
	}
	if l.For("default", "other").Refuses(complaint) || l.For("moh", "desk").Refuses(complaint) {
		t.Error("what one knowledge base forgot is refused by another")
	}
	if err := l.Allow("default", "desk", key); err != nil {
		t.Error(err)
	}
	if l.For("default", "desk").Refuses(complaint) {
		t.Error("it is allowed and refused")
	}
	if err := l.Allow("default", "desk", key); !fault.NotFound.Is(err) {
		t.Errorf("allowed again: %v", err)
	}
}

// TestTwoStates: what a document said before and what it says now are both
// forgotten.
func TestTwoStates(t *testing.T) {
	l, dir := openList(t)
	key := rag.Key{Lang: "ky", Doc: "a"}
	other, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, list := range []*List{l, other} {
		d := document("a", []string{"Биринчи сөз.", "Экинчи сөз."}[i])
		if err := list.Add(NewEntry("default", "desk", key, rag.Split(d), "", now)); err != nil {
			t.Fatal(err)
		}
	}
	if changed, err := l.Refresh(); !changed || err != nil {
		t.Errorf("what another process added is not seen: %v", err)
	}
	rule := l.For("default", "desk")
	if len(l.Entries()) != 1 || !rule.Says("Биринчи сөз.") || !rule.Says("Экинчи сөз.") || rule.Says("Үчүнчү сөз.") {
		t.Errorf("%+v", l.Entries())
	}
	if got := l.Tenants(); !slices.Equal(got, []string{"default"}) {
		t.Errorf("tenants %q", got)
	}
}

func TestBrokenList(t *testing.T) {
	for _, text := range []string{"{", `{"kb": "desk"}`, `{"document": "` + digest("a") + `"}`, "\x00\x00", "[]"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v, want the line named", text, err)
		}
	}
}

func TestProve(t *testing.T) {
	dir := t.TempDir()
	texts := []string{complaint.Text, "кыска"}
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("clean", bytes.Repeat([]byte("Башка сөз. "), 300_000))
	p, err := Prove(t.Context(), dir, texts)
	if err != nil || len(p.Left) != 0 || p.Files != 1 || p.Bytes < 3e6 || p.Pieces != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	for _, at := range []int{0, 1<<20 - 60, 1<<20 - 20, 1<<20 + 5, 2_500_000} { // also across what is read at a time
		data := bytes.Repeat([]byte{0xd0}, 3_000_000)
		copy(data[at:], complaint.Text)
		write("db", data)
		if p, err := Prove(t.Context(), dir, texts); err != nil || len(p.Left) != 1 || !strings.HasSuffix(p.Left[0], "db") {
			t.Errorf("at byte %d: %+v, %v", at, p, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"tenant":"default","kb":"desk","lang":"ky","document":"` + digest("a") + `","passages":["x"]}` + "\n\n"))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parse(bytes.NewReader(data))
		for _, e := range entries {
			if err == nil && (e.KB == "" || len(e.Document) != 64) {
				t.Errorf("%+v", e)
			}
		}
	})
}

// BenchmarkProve reads 64 MB for the text of 100 passages.
func BenchmarkProve(b *testing.B) {
	dir := b.TempDir()
	data := bytes.Repeat([]byte("Сугат суусунун баасы кырк танга, аны он күндүн ичинде төлөңүз. "), 600_000)
	if err := os.WriteFile(filepath.Join(dir, "db"), data, 0o600); err != nil {
		b.Fatal(err)
	}
	var texts []string
	for i := range 100 {
		texts = append(texts, strings.Repeat(string(rune('а'+i%30)), 10)+complaint.Text[i%20*2:])
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if p, err := Prove(b.Context(), dir, texts); err != nil || len(p.Left) != 0 {
			b.Fatal(p, err)
		}
	}
}

// What either of two lists knows is on the list that they become.
func TestMerge(t *testing.T) {
	l, _ := openList(t)
	other, dir := openList(t)
	key := rag.Key{Lang: "ky", Doc: "a"}
	for i, list := range []*List{l, other} {
		d := document("a", []string{"Биринчи сөз.", "Экинчи сөз."}[i])
		if err := list.Add(NewEntry("default", "desk", key, rag.Split(d), "", now)); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.Add(NewEntry("moh", "desk", key, nil, "", now)); err != nil {
		t.Fatal(err)
	}
	entries, err := Read(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false} {
		if more, err := l.Merge(entries); err != nil || more != want {
			t.Errorf("merged %d times: more %v, %v", i+1, more, err)
		}
	}
	rule := l.For("default", "desk")
	if len(l.Entries()) != 2 || !rule.Says("Биринчи сөз.") || !rule.Says("Экинчи сөз.") || l.For("moh", "desk").Empty() {
		t.Errorf("%+v", l.Entries())
	}
	if entries, err := Read(filepath.Join(t.TempDir(), FileName)); err != nil || entries != nil {
		t.Errorf("a file that is not there: %v, %v", entries, err)
	}
}
