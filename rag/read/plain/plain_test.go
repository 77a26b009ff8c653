package plain

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/read"
)

// file is one in memory. Its document is named after it, without the ending.
func file(name, data string) read.File {
	id, _, _ := strings.Cut(name, ".")
	return read.File{FS: fstest.MapFS{name: {Data: []byte(data)}}, Path: name, Name: "kb/" + name, ID: id, Size: int64(len(data))}
}

// all reads the documents and the faults of a file.
func all(r read.Reader, f read.File) (items []read.Item, faults []string) {
	for item, err := range r.Read(context.Background(), f) {
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		items = append(items, item)
	}
	return items, faults
}

// page reads a file that is one document.
func page(name, data string) (item read.Item, fault string) {
	r := Markdown()
	if strings.HasSuffix(strings.ToLower(name), ".txt") {
		r = Text()
	}
	items, faults := all(r, file(name, data))
	if len(items)+len(faults) != 1 {
		return read.Item{}, "not one document or fault"
	}
	if len(faults) > 0 {
		return read.Item{}, faults[0]
	}
	return items[0], ""
}

func TestPage(t *testing.T) {
	for _, tt := range []struct {
		what, name, text string
		want             rag.Document
	}{
		{"front matter", "birth.md", "---\ntitle: Баланын төрөлүшүн каттоо\nsource: https://desk.namuna.example/ky/birth\ndate: 2026-02-10\nsector: civil\nlang: ky\n---\n\nКаттоо акысыз.\n",
			rag.Document{ID: "birth", Title: "Баланын төрөлүшүн каттоо", Text: "Каттоо акысыз.", Lang: "ky", Source: "https://desk.namuna.example/ky/birth", Date: "2026-02-10", Sector: "civil"}},
		{"an id, quotes, capitals, unknown keys", "x.md", "---\nID: birth-7\nTitle: \"Каттоо: акысыз\"\nauthor: А. Осмонова\ntags:\n  - каттоо\n- акысыз\n# эскертүү\n\nlang: kir\n---\nКаттоо акысыз.",
			rag.Document{ID: "birth-7", Title: "Каттоо: акысыз", Text: "Каттоо акысыз.", Lang: "ky", Source: "kb/x.md"}},
		{"front matter of another kind", "x.md", "+++\ntitle = 'Каттоо'\ndate = 2026-02-10T09:30:00+06:00\n[params]\n+++\nАкысыз.",
			rag.Document{ID: "x", Title: "Каттоо", Text: "Акысыз.", Source: "kb/x.md", Date: "2026-02-10"}},
		{"a heading for a title", "water.md", "\n# Сугат суусу\n\nБаасы 40 танга.",
			rag.Document{ID: "water", Title: "Сугат суусу", Text: "Баасы 40 танга.", Source: "kb/water.md"}},
		{"both", "w.md", "---\ntitle: Суу\n---\n# Сугат суусу\nБаасы 40 танга.",
			rag.Document{ID: "w", Title: "Суу", Text: "Сугат суусу\n\nБаасы 40 танга.", Source: "kb/w.md", Marks: []rag.Mark{{Kind: rag.Heading, Level: 1, At: 0, End: 21}}}},
		{"empty front matter", "w.md", "---\n---\nБаасы 40 танга.", rag.Document{ID: "w", Text: "Баасы 40 танга.", Source: "kb/w.md"}},
		{"front matter alone", "w.md", "---\nlang: ky\n---", rag.Document{ID: "w", Lang: "ky", Source: "kb/w.md"}},
		{"nothing", "w.md", "", rag.Document{ID: "w", Source: "kb/w.md"}},
		{"BOM and CRLF", "w.md", "\ufeff---\r\ntitle: Суу\r\n---\r\nБаасы\r\n40 танга.\r\n",
			rag.Document{ID: "w", Title: "Суу", Text: "Баасы\n40 танга.", Source: "kb/w.md"}},
		{"what only looks like a mark", "w.md", "5 * 3 * 2 = 30, a_b_c, #1, [1] жана ** эмес",
			rag.Document{ID: "w", Text: "5 * 3 * 2 = 30, a_b_c, #1, [1] жана ** эмес", Source: "kb/w.md"}},
		{"right to left", "w.markdown", "---\ntitle: پانی\n---\nقیمت **۴۰ تنگہ** ہے۔",
			rag.Document{ID: "w", Title: "پانی", Text: "قیمت ۴۰ تنگہ ہے۔", Source: "kb/w.markdown"}},
		{"plain text stays as it is", "W.TXT", "\ufeff---\r\n**40** [танга](x)\r\n",
			rag.Document{ID: "W", Text: "---\n**40** [танга](x)\n", Source: "kb/W.TXT"}},
	} {
		item, fault := page(tt.name, tt.text)
		if fault != "" || len(item.Notes) > 0 || item.Where != "kb/"+tt.name || item.Read != int64(len(tt.text)) {
			t.Errorf("%s: %q, notes %v, %d bytes at %s", tt.what, fault, item.Notes, item.Read, item.Where)
		}
		if !reflect.DeepEqual(item.Document, tt.want) {
			t.Errorf("%s:\n%+v, want\n%+v", tt.what, item.Document, tt.want)
		}
	}
}

func TestPageFaults(t *testing.T) {
	for _, tt := range []struct{ what, name, text, want string }{
		{"a bad language", "a.md", "---\nlang: биздин тил\n---\nКаттоо", `kb/a.md: "биздин тил" is not a language tag`},
		{"open front matter", "a.md", "---\nlang: ky\nКаттоо акысыз.", "kb/a.md: its front matter, opened by --- in the first line, is not closed"},
		{"a line without a key", "a.md", "---\nlang: ky\nКаттоо акысыз\n---\nа", `kb/a.md: its front matter has the line "Каттоо акысыз", want key: value`},
		{"no text", "a.txt", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "kb/a.txt: it holds zero bytes, so it is not text"},
		{"an unknown encoding", "a.txt", strings.Repeat("\x81\x9f\xff\xd8\x8d", 50), "kb/a.txt: it is not UTF-8 text, and in no encoding that is recognised; convert it first"},
	} {
		if _, fault := page(tt.name, tt.text); !strings.HasPrefix(fault, tt.want) {
			t.Errorf("%s: fault %q, want %q", tt.what, fault, tt.want)
		}
	}
	big := file("a.md", strings.Repeat("а", read.MaxText/2+1))
	if _, faults := all(Markdown(), big); len(faults) != 1 || faults[0] != "kb/a.md: 64 MB is over the limit of 64 MB" {
		t.Errorf("a file that is too big: %q", faults)
	}
}

// TestEncodings: text in other encodings is read, with a note.
func TestEncodings(t *testing.T) {
	for _, tt := range []struct{ what, text, want, note string }{
		{"Windows-1251", "\xcf\xeb\xe0\xf2\xe0 \xe7\xe0 \xe2\xee\xe4\xf3 \xe2\xed\xee\xf1\xe8\xf2\xf1\xff \xe5\xe6\xe5\xec\xe5\xf1\xff\xf7\xed\xee.", "Плата за воду вносится ежемесячно.", "it was read as windows-1251"},
		{"UTF-16", "\xff\xfe\x21\x04\x43\x04\x43\x04", "Суу", "it was read as utf-16le"},
		{"a broken character", "Баасы кырк танга болот, аны кол менен төлөңүз.\xd1", "Баасы кырк танга болот, аны кол менен төлөңүз.\ufffd", "it is not all UTF-8; broken characters read \ufffd"},
		{"little to go by", "caf\xe9", "café", "it was read as windows-1252, which is a guess; UTF-8 needs none"},
		{"decoded wrongly before", "РљР°С‚С‚РѕРѕ Р°РєС‹СЃС‹Р·", "Каттоо акысыз", "it was once decoded wrongly, and was repaired"},
	} {
		for _, name := range []string{"a.txt", "a.md"} {
			item, fault := page(name, tt.text)
			if item.Text != tt.want || fault != "" || len(item.Notes) != 1 || item.Notes[0].String() != tt.note || item.Notes[0].Kind != read.Encoding {
				t.Errorf("%s in %s: %q, notes %v, %s; want %q, %s", tt.what, name, item.Text, item.Notes, fault, tt.want, tt.note)
			}
		}
	}
}

func TestMarkdown(t *testing.T) {
	for _, tt := range []struct{ what, text, want, marks string }{
		{"marks", "## Баасы ##\n\nСуу **кымбат эмес**: [40 танга](https://a.example) `миң  куб` үчүн.\n> Кол менен *төлөңүз*.\n![сүрөт](x.png)\n\n- бир\n- эки",
			"Баасы\n\nСуу кымбат эмес: 40 танга миң куб үчүн.\n\nКол менен төлөңүз.\nсүрөт\n\n• бир\n• эки", "heading 2: Баасы; list: • бир|• эки"},
		{"hard breaks and long lines", "Баасы\\\nкырк  \nтанга,\nанан төлөңүз.", "Баасы\nкырк\nтанга,\nанан төлөңүз.", ""},
		{"a heading by underlining", "Баасы\n-----\nКырк танга.", "Баасы\n\nКырк танга.", "heading 2: Баасы"},
		{"numbers", "3. үч\n4. төрт\n   дагы\n\n   жана дагы\n   - кичине\n\n1) бир", "3. үч\n4. төрт дагы жана дагы\n  • кичине\n\n1) бир", "list: 3. үч|4. төрт дагы жана дагы|  • кичине; list: 1) бир"},
		{"tasks", "- [x] арыз\n- [ ] төлөм", "• [x] арыз\n• [ ] төлөм", "list: • [x] арыз|• [ ] төлөм"},
		{"a table", "| Кызмат | Баасы |\n|---|--:|\n| Каттоо | **акысыз** |\n| Көчүрмө | 20 \\| 40 |\n| Бош |\n\nБүттү.", "Кызмат | Баасы\nКаттоо | акысыз\nКөчүрмө | 20 | 40\nБош | \n\nБүттү.", "table 1: Кызмат | Баасы|Каттоо | акысыз|Көчүрмө | 20 | 40|Бош | "},
		{"two tables", "|а|\n|-|\n|1|\n\n|б|\n|-|\n|2|", "а\n1\n\nб\n2", "table 1: а|1; table 1: б|2"},
		{"a table in a list", "- бир\n\n  |а|б|\n  |-|-|\n  |1|2|\n- эки", "• бир\n\nа | б\n1 | 2\n\n• эки", "list: • бир; table 1: а | б|1 | 2; list: • эки"},
		{"code", "```sh\nls *\n\ncd _a_\n```\n\n    четке\n", "ls *\ncd _a_\n\nчетке", ""},
		{"a quote in a quote", "> бир\n>> эки\n\nүч", "бир\n\nэки\n\nүч", ""},
		{"links", "[Каттоо](a.md \"ат\") <https://a.example> [кара][1] [жок][2]\n\n[1]: b.md", "Каттоо https://a.example кара [жок][2]", ""},
		{"characters by name", "5 &lt; 7 &amp; 9 \\* 2 &copy; \\\\ `&lt;` &#1178; AT&T", "5 < 7 & 9 * 2 © \\ &lt; Қ AT&T", ""},
		{"HTML", "<div class=\"a\">\n<script>alert(\"1\")</script>\n<p>Баасы &mdash; 40</p>\n<!-- жок --><style>p {}</style>\n</div>\n\nСуу<br>мал <b>эт</b> <!-- жок -->аш", "Баасы — 40\n\nСуу\nмал эт аш", ""},
		{"footnotes", "Акысыз[^1].\n\n[^1]: Баланын ата-энеси үчүн.", "Акысыз.\n\n1. Баланын ата-энеси үчүн.", "list: 1. Баланын ата-энеси үчүн."},
		{"crossed out", "~~40~~ 50 танга", "40 50 танга", ""},
		{"rulers", "бир\n\n---\n\n***\n\nэки", "бир\n\nэки", ""},
		{"joiners stay", "می\u200cخواهم", "می\u200cخواهم", ""},
	} {
		item, fault := page("a.md", "---\ntitle: Т\n---\n"+tt.text)
		if item.Text != tt.want || fault != "" || len(item.Notes) > 0 {
			t.Errorf("%s: %s\n%q, want\n%q", tt.what, fault, item.Text, tt.want)
		}
		if got := marks(item.Document); got != tt.marks {
			t.Errorf("%s: marks %s, want %s", tt.what, got, tt.marks)
		}
	}
}

// marks writes the marks of a document so that people can read them.
func marks(d rag.Document) string {
	var all []string
	for _, m := range d.Marks {
		name := map[rag.MarkKind]string{rag.Heading: "heading", rag.Table: "table", rag.List: "list"}[m.Kind]
		if m.Level > 0 {
			name += " " + string(rune('0'+m.Level))
		}
		all = append(all, name+": "+strings.ReplaceAll(d.Text[m.At:m.End], "\n", "|"))
	}
	return strings.Join(all, "; ")
}

// TestTag: languages go by many names, and by none that two have.
func TestTag(t *testing.T) {
	for _, tt := range []struct {
		name string
		want lang.Tag
	}{
		{"ky", "ky"}, {"kir", "ky"}, {"kk_Cyrl", "kk-Cyrl"}, {"kazakh", "kk"}, {" Kyrgyz ", "ky"}, {"кыргызча", "ky"}, {"қазақ тілі", "kk"},
		{"Urdu", "ur"}, {"اردو", "ur"}, {"Persian", "fa"}, {"ខ្មែរ", "km"}, {"amharic", "am"}, {"Uzbek", "uz"}, {"Chinese", "zh"},
	} {
		if got, err := Tag(tt.name); got != tt.want {
			t.Errorf("Tag(%q) = %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
	for _, name := range []string{"", "??", "биздин тил", "all languages"} {
		if got, err := Tag(name); err == nil {
			t.Errorf("Tag(%q) = %s, want an error", name, got)
		}
	}
}

func TestDay(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"2026-02-10", "2026-02-10"}, {"2026-02-10T23:30:00+06:00", "2026-02-10"}, {"2026-02-10 09:00:00", "2026-02-10"}, {"10.02.2026", "2026-02-10"},
		{"20260210", "2026-02-10"}, {"2026-02-30", ""}, {"2026", ""}, {"эртең", ""}, {"", ""},
	} {
		if got := Day(tt.text); got != tt.want {
			t.Errorf("Day(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func FuzzPage(f *testing.F) {
	f.Add("a.md", "---\ntitle: Суу\nlang: ky\n---\n# Баасы\n\n**40** [танга](x)\n")
	f.Add("a.md", "\ufeff---\r\n---\r\n> а\r\n> - б\r\n>   1. в\r\n")
	f.Add("a.md", "---\nid: \xff")
	f.Add("a.md", "|а|б|\n|-|-|\n|`|`\\||\n\n<div>&lt;\n</div>\n\n- [ ] а[^1]\n\n[^1]: б\n\n![а][б]\n\n[б]: <в> 'г'")
	f.Add("a.txt", "\xff\xfeK\x00")
	f.Fuzz(func(t *testing.T, name, data string) {
		if name != "a.md" {
			name = "a.txt"
		}
		item, fault := page(name, data)
		if fault != "" {
			if !strings.HasPrefix(fault, "kb/"+name+": ") {
				t.Errorf("the fault %q does not name the file", fault)
			}
			return
		}
		checkItem(t, item)
		if len(item.Text) > 8*len(data)+64 {
			t.Errorf("%d bytes of text from %d", len(item.Text), len(data))
		}
	})
}

// checkItem reports what no document that was read may be.
func checkItem(t *testing.T, item read.Item) {
	t.Helper()
	d := item.Document
	for _, s := range []string{d.ID, d.Title, d.Text, string(d.Lang), d.Source, d.Date, d.Sector} {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			t.Errorf("%q is not text", s)
		}
	}
	if d.ID == "" || d.Source == "" || item.Where == "" {
		t.Errorf("a document without an id, a source or a place: %+v", item)
	}
	at := 0
	for _, m := range d.Marks {
		if m.At < at || m.End <= m.At || m.End > len(d.Text) || !utf8.ValidString(d.Text[m.At:m.End]) {
			t.Errorf("marks %+v of %q", d.Marks, d.Text)
		}
		at = m.End
	}
}
