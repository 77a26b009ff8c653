package ingest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// readFiles returns the documents and the faults of files in memory.
func readFiles(t testing.TB, tag lang.Tag, files map[string]string) (docs []Item, faults []string) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	list, err := Folder(fsys, ".", "kb")
	if err != nil {
		t.Fatal(err)
	}
	for item, err := range Documents(list, tag) {
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		docs = append(docs, item)
	}
	return docs, faults
}

func TestReadPage(t *testing.T) {
	for _, tt := range []struct {
		what, name, text string
		tag              lang.Tag
		want             rag.Document
	}{
		{"front matter", "birth.md", "---\ntitle: Баланын төрөлүшүн каттоо\nsource: https://desk.namuna.example/ky/birth\ndate: 2026-02-10\nsector: civil\nlang: ky\n---\n\nКаттоо акысыз.\n", "",
			rag.Document{ID: "birth", Title: "Баланын төрөлүшүн каттоо", Text: "Каттоо акысыз.", Lang: "ky", Source: "https://desk.namuna.example/ky/birth", Date: "2026-02-10", Sector: "civil"}},
		{"an id, quotes, capitals, unknown keys", "x.md", "---\nID: birth-7\nTitle: \"Каттоо: акысыз\"\nauthor: А. Осмонова\n\nlang: kir\n---\nКаттоо акысыз.", "ur",
			rag.Document{ID: "birth-7", Title: "Каттоо: акысыз", Text: "Каттоо акысыз.", Lang: "ky", Source: "kb/x.md"}},
		{"a heading for a title", "a/b/water.md", "\n# Сугат суусу\n\nБаасы 40 танга.", "ky",
			rag.Document{ID: "a/b/water", Title: "Сугат суусу", Text: "Баасы 40 танга.", Lang: "ky", Source: "kb/a/b/water.md"}},
		{"both", "w.md", "---\ntitle: Суу\n---\n# Сугат суусу\nБаасы 40 танга.", "ky",
			rag.Document{ID: "w", Title: "Суу", Text: "Сугат суусу\n\nБаасы 40 танга.", Lang: "ky", Source: "kb/w.md"}},
		{"empty front matter", "w.md", "---\n---\nБаасы 40 танга.", "ky",
			rag.Document{ID: "w", Text: "Баасы 40 танга.", Lang: "ky", Source: "kb/w.md"}},
		{"BOM and CRLF", "w.md", "\ufeff---\r\ntitle: Суу\r\n---\r\nБаасы\r\n40 танга.\r\n", "ky",
			rag.Document{ID: "w", Title: "Суу", Text: "Баасы\n40 танга.", Lang: "ky", Source: "kb/w.md"}},
		{"marks", "w.md", "## Баасы ##\n\nСуу **кымбат эмес**: [40 танга](https://a.example/b) `миң куб` үчүн.\n> Кол менен төлөңүз.\n![сүрөт](x.png)\n- бир\n- эки", "ky",
			rag.Document{ID: "w", Text: "Баасы\n\n\nСуу кымбат эмес: 40 танга миң куб үчүн.\nКол менен төлөңүз.\nсүрөт\n- бир\n- эки", Lang: "ky", Source: "kb/w.md"}},
		{"what only looks like a mark", "w.md", "5 * 3 * 2 = 30, a_b_c, #1, [1] жана ** эмес", "ky",
			rag.Document{ID: "w", Text: "5 * 3 * 2 = 30, a_b_c, #1, [1] жана ** эмес", Lang: "ky", Source: "kb/w.md"}},
		{"right to left", "w.markdown", "---\ntitle: پانی\n---\nقیمت **۴۰ تنگہ** ہے۔", "ur",
			rag.Document{ID: "w", Title: "پانی", Text: "قیمت ۴۰ تنگہ ہے۔", Lang: "ur", Source: "kb/w.markdown"}},
		{"plain text stays as it is", "W.TXT", "\ufeff---\r\n**40** [танга](x)\r\n", "ky",
			rag.Document{ID: "W", Text: "---\n**40** [танга](x)\n", Lang: "ky", Source: "kb/W.TXT"}},
	} {
		docs, faults := readFiles(t, tt.tag, map[string]string{tt.name: tt.text})
		if len(docs) != 1 || len(faults) != 0 {
			t.Errorf("%s: %d documents, faults %q", tt.what, len(docs), faults)
			continue
		}
		if !reflect.DeepEqual(docs[0].Document, tt.want) {
			t.Errorf("%s:\n%+v, want\n%+v", tt.what, docs[0].Document, tt.want)
		}
	}
}

func TestReadPageFaults(t *testing.T) {
	for _, tt := range []struct{ what, name, text, want string }{
		{"no language", "a.md", "Каттоо акысыз.", "kb/a.md: its language is not known: say it with --lang, or in the file"},
		{"a bad language", "a.md", "---\nlang: кыргызча\n---\nКаттоо", `kb/a.md: "кыргызча" is not a language tag`},
		{"nothing", "a.md", "", "kb/a.md: its language"},
		{"front matter alone", "a.md", "---\nlang: ky\n---\n \n", "kb/a.md: it has no text"},
		{"open front matter", "a.md", "---\nlang: ky\nКаттоо акысыз.", "kb/a.md: its front matter, opened by --- in the first line, is not closed"},
		{"a line without a key", "a.md", "---\nlang: ky\nКаттоо акысыз\n---\nа", `kb/a.md: its front matter has the line "Каттоо акысыз"`},
		{"not UTF-8", "a.txt", "\xca\xe0\xf2\xf2\xee\xee", "kb/a.txt: it is not UTF-8 text; convert it first"}, // Windows-1251
		{"UTF-16", "a.txt", "\xff\xfeK\x00a\x00", "kb/a.txt: it is not UTF-8"},
		{"zero bytes", "a.txt", "a\x00b", "kb/a.txt: it holds zero bytes"},
		{"a long id", "a.md", "---\nlang: ky\nid: " + strings.Repeat("и", 600) + "\n---\nа", "kb/a.md: its id has 1200 bytes"},
	} {
		docs, faults := readFiles(t, "", map[string]string{tt.name: tt.text, "z.md": "---\nlang: ky\n---\nЖакшы."})
		if len(docs) != 1 || docs[0].ID != "z" {
			t.Errorf("%s: %d documents, want the good one", tt.what, len(docs))
		}
		if len(faults) != 1 || !strings.HasPrefix(faults[0], tt.want) {
			t.Errorf("%s: faults %q, want %q", tt.what, faults, tt.want)
		}
	}
	big := File{FS: fstest.MapFS{}, Path: "a.md", Name: "a.md", Size: maxFile + 1}
	for _, err := range big.documents("ky") {
		if err == nil || !strings.Contains(err.Error(), "a.md: 64 MB is over the limit of 64 MB") {
			t.Errorf("a file that is too big: %v", err)
		}
	}
}

// TestReadLines: broken lines are named, the others are read.
func TestReadLines(t *testing.T) {
	text := "\ufeff" + strings.Join([]string{
		`{"id": "birth", "title": "Каттоо", "text": "Каттоо акысыз.", "lang": "kir", "source": "https://a.example", "date": "2026-02-10", "sector": "civil"}`,
		`{"id": "water", "text": "Баасы 40 танга."}` + "\r",
		``,
		`{"id": "broken", "text": `,
		`{"text": "Ким?"}`,
		`{"id": "empty", "text": " "}`,
		`{"id": "lost", "text": "Тил жок", "lang": "??"}`,
		`{"id": 7, "text": "сан"}`,
		`null`,
		"{\"id\": \"cp1251\", \"text\": \"\xca\xe0\"}",
		`{"id": "extra", "text": "Ашык талаа.", "tags": ["a"], "n": 1}`,
		`{"id": "last", "text": "Акыркы"}`,
	}, "\n")
	docs, faults := readFiles(t, "ky", map[string]string{"articles.jsonl": text})
	var got []string
	for _, d := range docs {
		got = append(got, d.ID+" "+d.Where)
	}
	if want := []string{"birth kb/articles.jsonl:1", "water kb/articles.jsonl:2", "extra kb/articles.jsonl:11", "last kb/articles.jsonl:12"}; !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
	if len(docs) > 0 {
		want := rag.Document{ID: "birth", Title: "Каттоо", Text: "Каттоо акысыз.", Lang: "ky", Source: "https://a.example", Date: "2026-02-10", Sector: "civil"}
		if !reflect.DeepEqual(docs[0].Document, want) {
			t.Errorf("read %+v, want %+v", docs[0].Document, want)
		}
		if last := docs[len(docs)-1]; last.Read != int64(len(text)) {
			t.Errorf("at the last line %d bytes are read of %d", last.Read, len(text))
		}
	}
	for i, want := range []string{
		"kb/articles.jsonl:4: broken JSON", `kb/articles.jsonl:5: the line has no "id"`, "kb/articles.jsonl:6: it has no text",
		`kb/articles.jsonl:7: "??" is not a language tag`, "kb/articles.jsonl:8: broken JSON", `kb/articles.jsonl:9: the line has no "id"`,
		"kb/articles.jsonl:10: the line is not valid UTF-8",
	} {
		if i >= len(faults) || !strings.HasPrefix(faults[i], want) {
			t.Errorf("fault %d of %q, want %q", i, faults, want)
		}
	}
	if len(faults) != 7 {
		t.Errorf("%d faults, want 7: %q", len(faults), faults)
	}
	if _, faults := readFiles(t, "", map[string]string{"a.jsonl": `{"id": "a", "text": "б"}`}); len(faults) != 1 || !strings.Contains(faults[0], "a.jsonl:1: its language is not known") {
		t.Errorf("a line without a language: %q", faults)
	}
	huge := `{"id": "ok", "text": "а"}` + "\n" + strings.Repeat("x", maxLine+1) + "\n" + `{"id": "after", "text": "а"}`
	docs, faults = readFiles(t, "ky", map[string]string{"a.jsonl": huge})
	if len(docs) != 1 || len(faults) != 1 || !strings.Contains(faults[0], "a.jsonl:2: the line is over 16 MB; the rest of the file was not read") {
		t.Errorf("a line that is too long: %d documents, %q", len(docs), faults)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	outside := t.TempDir()
	for _, name := range []string{"b.md", "a.txt", "sub/c.JSONL", ".git/d.md", "sub/.e.md", "photo.png", "README"} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(outside, "secret.md"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"link.md": filepath.Join(outside, "secret.md"), "folder": outside, "loop": dir} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Skip("symbolic links cannot be made here:", err)
		}
	}
	names := func(paths ...string) (ids []string) {
		t.Helper()
		files, err := Files(paths)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			ids = append(ids, f.ID)
			if !strings.HasPrefix(f.Name, filepath.ToSlash(dir)) || f.Size != 2 {
				t.Errorf("%s has the name %s and %d bytes", f.ID, f.Name, f.Size)
			}
		}
		return ids
	}
	if got, want := names(dir), []string{"a", "b", "sub/c"}; !slices.Equal(got, want) {
		t.Errorf("in the folder are %q, want %q", got, want)
	}
	if got, want := names(filepath.Join(dir, "b.md"), filepath.Join(dir, "sub")), []string{"b", "c"}; !slices.Equal(got, want) {
		t.Errorf("named files and folders: %q, want %q", got, want)
	}
	for _, tt := range []struct{ path, want string }{
		{filepath.Join(dir, "photo.png"), "files that can be read end in .md, .txt or .jsonl"},
		{filepath.Join(dir, "nothing.md"), "nothing.md"},
	} {
		if _, err := Files([]string{tt.path}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Files(%s): %v, want %q", filepath.Base(tt.path), err, tt.want)
		}
	}
}

// TestDocumentsRead: progress counts the bytes of all files, and reading
// stops when the reader does.
func TestDocumentsRead(t *testing.T) {
	fsys := fstest.MapFS{"a.txt": {Data: []byte("суу")}, "b.jsonl": {Data: []byte(`{"id":"x","text":"y"}` + "\n" + `{"id":"z","text":"y"}`)}, "c.txt": {Data: []byte("мал")}}
	files, err := Folder(fsys, ".", "kb")
	if err != nil {
		t.Fatal(err)
	}
	var read []int64
	for item, err := range Documents(files, "ky") {
		if err != nil {
			t.Fatal(err)
		}
		read = append(read, item.Read)
	}
	if want := []int64{6, 28, 49, 55}; !slices.Equal(read, want) {
		t.Errorf("bytes read %v, want %v", read, want)
	}
	n := 0
	for range Documents(files, "ky") {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("read %d documents after the reader stopped at 2", n)
	}
}

func FuzzMarkdown(f *testing.F) {
	f.Add([]byte("---\ntitle: Суу\nlang: ky\n---\n# Баасы\n\n**40** [танга](x)\n"))
	f.Add([]byte("\ufeff---\r\n---\r\n> а\r\n"))
	f.Add([]byte("---\nid: \xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		page := File{FS: fstest.MapFS{"a.md": {Data: data}}, Path: "a.md", Name: "a.md", ID: "a", Size: int64(len(data))}
		for item, err := range page.documents("ky") {
			if err != nil {
				if !strings.HasPrefix(err.Error(), "a.md: ") {
					t.Errorf("the fault %q does not name the file", err)
				}
				continue
			}
			checkItem(t, item)
		}
	})
}

func FuzzJSONL(f *testing.F) {
	f.Add([]byte(`{"id":"a","text":"б","lang":"ky"}` + "\n" + `{"id":`))
	f.Add([]byte("\ufeffnull\n[]\n\"\xff\"\r\n\r\n{}"))
	f.Add([]byte(`{"ID":"a","Text":"\ud800\u0000"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := File{FS: fstest.MapFS{"a.jsonl": {Data: data}}, Path: "a.jsonl", Name: "a.jsonl", Size: int64(len(data))}
		lines, found := bytes.Count(data, []byte("\n"))+1, 0
		for item, err := range file.documents("ky") {
			if found++; err != nil {
				var n int
				if _, scan := fmt.Sscanf(err.Error(), "a.jsonl:%d: ", &n); scan != nil || n < 1 || n > lines {
					t.Errorf("the fault %q does not name its line", err)
				}
				continue
			}
			checkItem(t, item)
		}
		if found > lines {
			t.Errorf("%d documents and faults in %d lines", found, lines)
		}
	})
}

// checkItem reports what no document that was read may be.
func checkItem(t *testing.T, item Item) {
	t.Helper()
	d := item.Document
	for _, s := range []string{d.ID, d.Title, d.Text, string(d.Lang), d.Source, d.Date, d.Sector} {
		if !utf8.ValidString(s) {
			t.Errorf("%q is not UTF-8", s)
		}
	}
	if strings.TrimSpace(d.Text) == "" || d.ID == "" || d.Lang == "" {
		t.Errorf("a document without text, id or language: %+v", d)
	}
}
