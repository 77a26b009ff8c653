package plain

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/rag/read"
)

// TestJSONL: broken lines are named, the others are read.
func TestJSONL(t *testing.T) {
	text := "\ufeff" + strings.Join([]string{
		`{"id": "birth", "title": "Каттоо", "text": "Каттоо акысыз.", "lang": "kir", "source": "https://a.example", "date": "2026-02-10", "sector": "civil"}`,
		`{"id": "water", "text": "Баасы 40 танга."}` + "\r",
		``,
		`{"id": "broken", "text": `,
		`{"id": "lost", "text": "Тил жок", "lang": "??"}`,
		`{"id": 7, "TEXT": ["Биринчи.", 2, null, "Экинчи."]}`,
		`null`,
		"{\"id\": \"cp1251\", \"text\": \"\xca\xe0\"}",
		`{"id": "extra", "text": "Ашык\r\nталаа.", "tags": ["a"], "n": 1, "title": null, "date": true}`,
		`{"id": "two", "text": "а"} {"id": "three"}`,
		`{"id": "empty"}`,
		`{"id": "half", "text": "\ud83d эмес \u0000", "date": "эртең"}`,
		`{"id": "last", "text": "Акыркы", "lang": "Kyrgyz"}`,
	}, "\n")
	items, faults := all(JSONL(Fields{}), file("articles.jsonl", text))
	var got []string
	for _, d := range items {
		got = append(got, fmt.Sprintf("%s %s %q %v", d.ID, d.Where, d.Text, d.Notes))
	}
	want := []string{
		`birth kb/articles.jsonl:1 "Каттоо акысыз." []`, `water kb/articles.jsonl:2 "Баасы 40 танга." []`,
		`7 kb/articles.jsonl:6 "Биринчи.\n\n2\n\nЭкинчи." []`, `extra kb/articles.jsonl:9 "Ашык\nталаа." []`, `empty kb/articles.jsonl:11 "" []`,
		`half kb/articles.jsonl:12 "� эмес " [its date "эртең" was left out: a date looks like 2026-02-10]`, `last kb/articles.jsonl:13 "Акыркы" []`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("read\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	birth := rag.Document{ID: "birth", Title: "Каттоо", Text: "Каттоо акысыз.", Lang: "ky", Source: "https://a.example", Date: "2026-02-10", Sector: "civil"}
	if len(items) == len(want) && (!reflect.DeepEqual(items[0].Document, birth) || items[6].Lang != "ky" || items[6].Source != "kb/articles.jsonl" || items[6].Read != int64(len(text))) {
		t.Errorf("read %+v and %+v of %d bytes", items[0], items[6], len(text))
	}
	checkFaults(t, faults, "kb/articles.jsonl:4: broken JSON, want", `kb/articles.jsonl:5: "??" is not a language tag`,
		"kb/articles.jsonl:7: the line is no JSON object", "kb/articles.jsonl:8: the line is not valid UTF-8", "kb/articles.jsonl:10: broken JSON: there is more after the object")
}

func checkFaults(t *testing.T, faults []string, want ...string) {
	t.Helper()
	if len(faults) != len(want) {
		t.Errorf("%d faults, want %d: %q", len(faults), len(want), faults)
		return
	}
	for i := range want {
		if !strings.HasPrefix(faults[i], want[i]) {
			t.Errorf("fault %q, want %q", faults[i], want[i])
		}
	}
}

// TestFields: rows of a corpus are read by the names that it has.
func TestFields(t *testing.T) {
	corpus := strings.Join([]string{
		`{"domain": "news", "language": "kaz_Cyrl", "text": "Жаңалық.", "quality_score": 0.9, "meta": {"url": "https://a.example/1", "lang": "kk", "doc": {"id": "n1"}}}`,
		`{"domain": "forum", "language": "kazakh", "text": "Пікір.", "quality_score": 0.95}`,
		`{"domain": "News", "language": "kazakh", "text": "Нашар.", "quality_score": 0.2}`,
		`{"domain": "news", "language": "kazakh", "text": "Сапасы белгісіз."}`,
		`{"domain": "news", "language": "kazakh", "text": "Жақсы.", "quality_score": "0.8", "meta": "https://a.example"}`,
	}, "\n")
	for _, tt := range []struct {
		what   string
		fields Fields
		want   []string
	}{
		{"all", Fields{Lang: "language"}, []string{"kk-Cyrl Жаңалық.", "kk Пікір.", "kk Нашар.", "kk Сапасы белгісіз.", "kk Жақсы."}},
		{"one domain", Fields{Lang: "language", Domains: []string{"news"}}, []string{"kk-Cyrl Жаңалық.", "kk Нашар.", "kk Сапасы белгісіз.", "kk Жақсы."}},
		{"good ones", Fields{Lang: "Language", MinQuality: 0.8}, []string{"kk-Cyrl Жаңалық.", "kk Пікір.", "kk Жақсы."}},
		{"both", Fields{Lang: "language", Domains: []string{"news"}, MinQuality: 0.5}, []string{"kk-Cyrl Жаңалық.", "kk Жақсы."}},
		{"paths", Fields{Lang: "meta.lang", Domains: []string{"n1"}, Domain: "meta.doc.id", Source: "meta.url"}, []string{"kk Жаңалық."}},
	} {
		items, faults := all(JSONL(tt.fields), file("corpus.jsonl", corpus))
		var got []string
		for _, item := range items {
			got = append(got, string(item.Lang)+" "+item.Text)
			if strings.Contains(tt.fields.Source, ".") && item.Source != "https://a.example/1" {
				t.Errorf("%s: source %s", tt.what, item.Source)
			}
		}
		if !slices.Equal(got, tt.want) || len(faults) > 0 {
			t.Errorf("%s: %q, faults %q; want %q", tt.what, got, faults, tt.want)
		}
	}
}

// TestRowsWithoutID: they are named after what they say, wherever it stands.
func TestRowsWithoutID(t *testing.T) {
	a, _ := all(JSONL(Fields{}), file("a.jsonl", `{"text":"Суу"}`+"\n"+`{"text":"Мал"}`+"\n"+`{"title":"С","text":"уу"}`))
	b, _ := all(JSONL(Fields{}), file("b.jsonl", `{"text":"Мал", "n": 1}`+"\n"+`{"text":"Суу"}`+"\n"+`{"text":"Суу"}`))
	if len(a) != 3 || len(b) != 3 || a[0].ID != b[1].ID || a[1].ID != b[0].ID || b[1].ID != b[2].ID || a[0].ID == a[1].ID || a[0].ID == a[2].ID {
		t.Errorf("ids %v and %v", a, b)
	}
}

// TestCompressed: what a file holds counts, not its name.
func TestCompressed(t *testing.T) {
	text := `{"id":"a","text":"Суу"}` + "\n" + `{"id":"b","text":"Мал"}`
	for _, name := range []string{"a.jsonl", "a.jsonl.gz", "a.jsonl.zst"} {
		for kind, data := range map[string]string{"gzip": gzipped(t, text), "Zstandard": zstandard(t, text), "nothing": text} {
			items, faults := all(JSONL(Fields{}), file(name, data))
			if len(items) != 2 || len(faults) > 0 || items[1].Text != "Мал" || items[1].Read != int64(len(data)) {
				t.Errorf("%s in %s: %v, %q", kind, name, items, faults)
			}
			if kind == "nothing" {
				continue
			}
			_, faults = all(JSONL(Fields{}), file(name, data[:len(data)-8]))
			if len(faults) != 1 || !strings.HasPrefix(faults[0], "kb/"+name+": ") {
				t.Errorf("a truncated %s file: %q", kind, faults)
			}
		}
	}
	for _, data := range []string{"\x1f\x8bnot at all", "\x28\xb5\x2f\xfdnot at all, as can be seen"} {
		_, faults := all(JSONL(Fields{}), file("a.jsonl.gz", data))
		if len(faults) != 1 || !strings.HasPrefix(faults[0], "kb/a.jsonl.gz: ") {
			t.Errorf("a file that only begins compressed: %q", faults)
		}
	}
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t testing.TB, text string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(z.EncodeAll([]byte(text), nil))
}

// TestHostileLines: one line harms no other.
func TestHostileLines(t *testing.T) {
	good := "\n" + `{"id": "after", "text": "а"}`
	for _, tt := range []struct{ what, line, want string }{
		{"too long", strings.Repeat("x", maxLine+1), "kb/a.jsonl:1: the line is over 16 MB, and was passed over"},
		{"nested too deep", `{"text": ` + strings.Repeat("[", 1<<20), "kb/a.jsonl:1: broken JSON"},
		{"nested too deep where it is skipped", `{"x": ` + strings.Repeat(`{"a":`, 1<<20), "kb/a.jsonl:1: broken JSON"},
		{"a list that does not end", `{"text": ["а"`, "kb/a.jsonl:1: broken JSON"},
		{"an object that does not end", `{"text": "а",`, "kb/a.jsonl:1: broken JSON"},
		{"a name without a value", `{"text"}`, "kb/a.jsonl:1: broken JSON"},
		{"a list of lists", `[{"id": "a"}]`, "kb/a.jsonl:1: the line is no JSON object"},
	} {
		items, faults := all(JSONL(Fields{Lang: "x.y.z"}), file("a.jsonl", tt.line+good))
		if len(items) != 1 || items[0].ID != "after" {
			t.Errorf("%s: %d documents, want the good one", tt.what, len(items))
		}
		checkFaults(t, faults, tt.want)
	}
	if _, faults := all(JSONL(Fields{}), file("a.jsonl", "PK\x03\x04\x00\x00\x01\x02")); len(faults) != 1 || faults[0] != "kb/a.jsonl: it holds zero bytes, so it is not text" {
		t.Errorf("a file of another kind: %q", faults)
	}
}

// TestOtherEncodings: a file is decoded as a whole, and says so once.
func TestOtherEncodings(t *testing.T) {
	utf16 := "\xff\xfe"
	for _, r := range `{"id":"a","text":"Суу"}` + "\n" + `{"id":"b","text":"Мал"}` {
		utf16 += string([]byte{byte(r), byte(r >> 8)})
	}
	items, faults := all(JSONL(Fields{}), file("a.jsonl", utf16))
	if len(items) != 2 || len(faults) > 0 || items[1].Text != "Мал" || len(items[0].Notes) != 1 || len(items[1].Notes) != 0 {
		t.Errorf("%v, %q", items, faults)
	}
}

// TestCancel: reading stops, also within a line, when nobody wants it.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range JSONL(Fields{}).Read(ctx, file("a.jsonl", strings.Repeat(`{"text":"а"}`+"\n", 100))) {
		if n++; n == 3 {
			cancel()
		}
		if n == 4 && !fault.Canceled.Is(err) || n > 4 {
			t.Errorf("after the third row: row %d, %v", n, err)
		}
	}
	n = 0
	for range JSONL(Fields{}).Read(context.Background(), file("a.jsonl", `{"text":"а"}`+"\n"+`{"text":"б"}`)) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d rows after the reader stopped at the first", n)
	}
	for _, err := range JSONL(Fields{}).Read(ctx, read.File{FS: fstest.MapFS{}, Path: "gone.jsonl", Name: "kb/gone.jsonl"}) {
		if err == nil || !strings.HasPrefix(err.Error(), "kb/gone.jsonl: ") {
			t.Errorf("a file that is gone: %v", err)
		}
	}
}

func FuzzJSONL(f *testing.F) {
	f.Add([]byte(`{"id":"a","text":"б","lang":"ky"}` + "\n" + `{"id":`))
	f.Add([]byte("\ufeffnull\n[]\n\"\xff\"\r\n\r\n{}"))
	f.Add([]byte(`{"ID":"a","Text":["\ud800\u0000",1,{}],"meta":{"lang":"ky","n":{"q":0.5}}}`))
	f.Add([]byte(gzipped(f, `{"id":"a","text":"б"}`)))
	f.Add([]byte(zstandard(f, `{"id":"a","text":"б"}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for item, err := range JSONL(Fields{Sector: "meta.n.q", Source: "meta.lang"}).Read(context.Background(), file("a.jsonl", string(data))) {
			if err != nil {
				if !strings.HasPrefix(err.Error(), "kb/a.jsonl:") {
					t.Errorf("the fault %q does not name the file", err)
				}
				continue
			}
			checkItem(t, item)
		}
	})
}

// corpus is some megabytes of rows.
func corpus() string {
	text := strings.Repeat(`Баланын төрөлүшүн каттоо жөнүндө арыз бир айдын ичинде берилет, \"кызмат\" көрсөтүү акысыз.\n`, 20)
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, `{"id":"a-%d","domain":"news","lang":"kir","text":"%s","quality_score":0.83,"meta":{"url":"https://a.example/x","tags":["a","b"]}}`+"\n", i, text)
	}
	return b.String()
}

func BenchmarkJSONL(b *testing.B) {
	data := corpus()
	for name, data := range map[string]string{"plain": data, "gzip": gzipped(b, data), "zstd": zstandard(b, data)} {
		b.Run(name, func(b *testing.B) {
			f := file("a.jsonl", data)
			b.SetBytes(int64(len(corpus())))
			for b.Loop() {
				for _, err := range JSONL(Fields{}).Read(context.Background(), f) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkPage(b *testing.B) {
	var text strings.Builder
	for range 3000 {
		text.WriteString("## Баланын төрөлүшүн каттоо\n\nАрыз **бир айдын** ичинде [берилет](a.md), кызмат көрсөтүү акысыз.\n\n- паспорт\n- арыз\n\n")
	}
	for _, name := range []string{"a.txt", "a.md"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if _, fault := page(name, text.String()); fault != "" {
					b.Fatal(fault)
				}
			}
		})
	}
}

// FuzzUnquote: it reads what the standard library reads.
func FuzzUnquote(f *testing.F) {
	for _, s := range []string{`""`, `"Суу\n\"мал\"\\ \/ \t\b\f\r"`, `"\u0441\ud83d\ude00 \ud83d \ude00\ud83d\u0041"`, `"\u0000"`, `12.5`, `"\ud83d\\"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want string
		if utf8.ValidString(s) && json.Unmarshal([]byte(s), &want) == nil && s[0] == '"' && s[len(s)-1] == '"' {
			if got := unquote([]byte(s)); got != want {
				t.Errorf("unquote(%s) = %q, want %q", s, got, want)
			}
		}
	})
}

func TestDomainIsSector(t *testing.T) {
	data := `{"text": "Эмдөө акысыз.", "domain": "health"}
{"text": "Жол оңдолот.", "domain": "roads", "sector": "transport"}
`
	var got []string
	for item, err := range JSONL(Fields{}).Read(t.Context(), file("a.jsonl", data)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, item.Sector)
	}
	if !slices.Equal(got, []string{"health", "transport"}) {
		t.Errorf("sectors %q", got)
	}
}
