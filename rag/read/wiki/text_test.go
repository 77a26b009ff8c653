package wiki

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tilgate/rag"
)

// testSite is a wiki of a language, with names of its namespaces.
func testSite(lang string) *site {
	s := newSite()
	s.setLang(lang)
	for ns, names := range map[string]string{
		"6":  "Файл Сүрөт Сурет ស្តេក ไฟล์ ملف ስዕል ရုပ်ပုံ",
		"14": "Категория Санат ចំណាត់ថ្នាក់ក្រុម หมวดหมู่ تصنيف መደብ",
		"4":  "Википедия",
	} {
		for name := range strings.FieldsSeq(names) {
			s.addNamespace(ns, name)
		}
	}
	return s
}

// pageOf returns the document that a page's wikitext becomes.
func pageOf(lang, title, text string) rag.Document {
	var b rag.Builder
	s := stripper{site: testSite(lang)}
	build(&b, s.strip([]byte(text), title))
	d := rag.Document{Title: title}
	b.Put(&d)
	return d
}

// marked writes a document so that its marks can be seen.
func marked(d rag.Document) string {
	var b strings.Builder
	at := 0
	for _, m := range d.Marks {
		b.WriteString(d.Text[at:m.At])
		fmt.Fprintf(&b, "<%s%d>%s</>", [...]string{"", "H", "T", "L"}[m.Kind], m.Level, d.Text[m.At:m.End])
		at = m.End
	}
	return b.String() + d.Text[at:]
}

func TestArticles(t *testing.T) {
	for _, a := range articles {
		if got := marked(pageOf(string(a.lang), a.title, a.text)); got != a.want {
			t.Errorf("%s:\n%s\nwant:\n%s", a.title, got, a.want)
		}
	}
}

func TestInline(t *testing.T) {
	for _, tt := range []struct{ what, text, want string }{
		{"a template", "Ош {{жок|а|б=в}}шаары", "Ош шаары"},
		{"templates in templates", "Ош {{а|{{б|{{{1|}}}}}|{{в}}}} шаары", "Ош шаары"},
		{"a parameter in a template's name", "Ош {{{{{1}}}}} шаары", "Ош шаары"},
		{"a template over lines", "Ош\n{{а\n| б = в\n}}\nшаары", "Ош\n\nшаары"},
		{"parser functions and magic words", "{{#if:а|б|в}}{{CURRENTYEAR}}{{DEFAULTSORT:Ош}}Ош __NOTOC____БЕЗ_ОГЛ__шаары", "Ош шаары"},
		{"templates whose text is kept", "{{lang|en|Water}} {{nowrap|2 сом}} {{abbr|ж.|жыл}} {{formatnum:1234}} {{frac|1|2}}", "Water 2 сом ж. 1234 1/2"},
		{"quantities", "{{convert|5|km|mi}} {{Convert|2|by|3|m|abbr=on}}", "5 km 2 × 3 m"},
		{"a kept template's numbered argument", "{{lang|en|2=Water}}", "Water"},
		{"parentheses that a template leaves", "Ош ({{IPA|oʃ}}; {{а}}) шаары (жаңы {{а}}) f() (1)", "Ош шаары (жаңы) f() (1)"},
		{"a link", "[[Ош]]то, [[Нарын|Нарында]] жана [[:Категория:Суу]]", "Ошто, Нарында жана Категория:Суу"},
		{"a link with an empty name", "[[Ош|]] шаары", "Ош шаары"},
		{"files, by all of their names", "а[[Файл:а.jpg|thumb|Бул [[Ош]] [http://a.example шаар]]]б[[File:x.PNG]][[image:y]][[Изображение:а.jpg]]в", "абв"},
		{"categories and other languages", "Ош[[Категория:Шаар]][[category:x]][[ru:Ош]][[zh-min-nan:Osh]][[be-x-old:Ош]][[simple:Osh]]", "Ош"},
		{"what only looks like another language", "[[CSI: Ош]] [[ru: а]] [[wikt:суу|суу]] [[Википедия:Суу]]", "CSI: Ош ru: а суу Википедия:Суу"},
		{"external links", "[http://a.example/б?в=г Мыйзам] [https://a.example] [//a.example Суу] [[http://a.example Жер]] [1]", "Мыйзам Суу Жер [1]"},
		{"an address", "Суу: https://a.example/x", "Суу: https://a.example/x"},
		{"references", "Суу<ref>а</ref> жер<ref name=\"б\"/>, салык<REF name=в>{{г|[[д}}</Ref >.", "Суу жер, салык."},
		{"a reference that is not closed", "Суу<ref name=а> жер<ref>б</ref> салык", "Суу жер салык"},
		{"bold, italic, apostrophes", "'''О'''ш ''ша'''''ары''' o'zbek l''''a'''", "Ош шаары o'zbek l'a"},
		{"comments", "Ош<!-- {{ [[ -->\n<!-- бүтүн сап -->\nшаары", "Ош шаары"},
		{"what is dropped", "Суу<math>x<y</math><gallery>\nа.jpg\n</gallery><syntaxhighlight lang=\"go\">{{</syntaxhighlight><timeline>а</timeline>", "Суу"},
		{"nowiki", "<nowiki>'''[[Ош]]''' {{а}} <b></nowiki> &amp;<nowiki/>", "'''[[Ош]]''' {{а}} <b> &"},
		{"nowiki at a line's front", "<nowiki>*</nowiki> жылдыз\n<nowiki>== а ==</nowiki>", "* жылдыз == а =="},
		{"pre", "<pre>\n* а\n* б\n</pre>", "* а\n* б"},
		{"entities", "а&nbsp;б &lt;b&gt; &#1179; &#x49B; &қ; &copy; &#1;а", "а б <b> қ қ &қ; © а"},
		{"what only looks like an entity", "AT&T; a&copy[[Ош]]; <nowiki>&amp</nowiki>;", "AT&T; a&copyОш; &amp;"},
		{"tags", "<span style=\"a\">Суу</span> <b>жер</b><br>салык <x> 1 < 2 <", "Суу жер\nсалык <x> 1 < 2 <"},
		{"powers", "10<sup>6</sup> м<sup>2</sup> 10<sup>-3</sup> H<sub>2</sub>O 5<sup>ти</sup>", "10⁶ м² 10⁻³ H2O 5ти"},
		{"paragraphs", "а\nб\n\nв<p>г</p>д", "а б\n\nв\n\nг\n\nд"},
		{"lines that begin with a space", "а\n б\n в", "а\nб\nв"},
		{"single braces", "{а} {| }", "{а} {| }"},
		{"no variants in this language", "-{ky:а; ru:б}-", "-{ky:а; ru:б}-"},
		{"a signature of control characters", "а\x01\x02\x04б", "аб"},
	} {
		if got := pageOf("ky", "Ош", tt.text).Text; got != tt.want {
			t.Errorf("%s: %q\n got %q\nwant %q", tt.what, tt.text, got, tt.want)
		}
	}
}

// TestBroken: what its author did not close stays text, and takes nothing
// else with it.
func TestBroken(t *testing.T) {
	for _, tt := range []struct{ what, text, want string }{
		{"a template", "Суу {{а | б = в\n\nЖер", "Суу а | б = в\n\nЖер"},
		{"a template's end", "Суу}} жер", "Суу жер"},
		{"a link", "Суу [[жер\n\nСалык [[Ош]]", "Суу жер\n\nСалык Ош"},
		{"a link in a template", "Суу {{а|[[б}} жер", "Суу жер"},
		{"a template in a link", "[[Суу|{{а]] жер", "Суу|а жер"},
		{"an external link", "[http://a.example Суу\nЖер", "Суу Жер"},
		{"a comment", "Суу <!-- жер", "Суу жер"},
		{"a table", "{|\n| Суу || 40\n\n== Жер ==\nСалык", "<T0>Суу | 40</>\n\n<H2>Жер</>\n\nСалык"},
		{"a table's end", "Суу\n|-\n|}\nЖер", "Суу Жер"},
		{"rows without a table", "{{башы}}\n| Суу || 40\n|}", "Суу || 40"},
		{"a gallery", "<gallery>\nСуу", "Суу"},
		{"a tag", "Суу <b", "Суу <b"},
		{"a heading", "== Суу =\nжер", "<H1>= Суу</>\n\nжер"},
		{"deep templates", strings.Repeat("{{а|", 200) + "Суу" + strings.Repeat("}}", 200) + " жер", " жер"},
		{"deep links", strings.Repeat("[[а|", 200) + "Суу" + strings.Repeat("]]", 200), ""},
	} {
		got := marked(pageOf("ky", "Ош", tt.text))
		if strings.HasPrefix(tt.what, "deep") {
			if !strings.Contains(got, strings.TrimSpace(tt.want)) {
				t.Errorf("%s: %q", tt.what, got)
			}
			continue
		}
		if got != tt.want {
			t.Errorf("%s: %q\n got %q\nwant %q", tt.what, tt.text, got, tt.want)
		}
	}
}

func TestBlocks(t *testing.T) {
	for _, tt := range []struct{ what, text, want string }{
		{"headings without text go", "== а ==\n=== б ===\n== в ==\nСуу\n=== г ===\n* [http://a.example д]\n== е ==\n<references/>", "<H2>в</>\n\nСуу"},
		{"headings of other headings stay", "= а =\n== б ==\n==== в ====\nСуу", "<H1>а</>\n\n<H2>б</>\n\n<H4>в</>\n\nСуу"},
		{"lists", "* а\n** б\n*# в\n*# г\n* д", "<L0>• а\n  • б\n  1. в\n  2. г\n• д</>"},
		{"numbers begin again", "# а\n# б\n\n# в", "<L0>1. а\n2. б</>\n\n<L0>1. в</>"},
		{"numbers go on after a line under them", "# а\n#* б\n# в", "<L0>1. а\n  • б\n2. в</>"},
		{"terms", "; Суу : жер : от\n: дагы", "<L0>• Суу\n  • жер : от\n  • дагы</>"},
		{"indents", ":а\n::б", "а\n\nб"},
		{"links with words stay", "* [http://a.example а] жана б\n* [http://a.example в].\n* https://a.example", "<L0>• а жана б</>"},
		{"HTML lists", "<ol><li>а</li><li>б<ul><li>в</li></ul></li></ol>г", "<L0>1. а\n2. б\n  • в</>\n\nг"},
		{"HTML headings", "<h3>а</h3>\nСуу", "<H3>а</>\n\nСуу"},
		{"a line across", "а\n----\nб", "а\n\nб"},
	} {
		if got := marked(pageOf("ky", "Ош", tt.text)); got != tt.want {
			t.Errorf("%s: %q\n got %q\nwant %q", tt.what, tt.text, got, tt.want)
		}
	}
}

func TestTables(t *testing.T) {
	for _, tt := range []struct{ what, text, want string }{
		{"rows", "{|\n|-\n| а || б\n|-\n| в\n| г\n|}", "<T0>а | б\nв | г</>"},
		{"heads", "{|\n! а !! б || в\n|-\n! г\n! д\n! е\n|-\n! ж\n| 1\n| 2\n|}", "<T2>а | б | в\nг | д | е\nж | 1 | 2</>"},
		{"attributes", "{| class=x\n|+ style=a | Аты\n|- style=b\n| style=\"c\" | а || d=e | б\n|}", "Аты\n\n<T0>а | б</>"},
		{"columns", "{|\n! colspan=\"2\" | а\n! б\n|-\n| 1 || 2 || 3\n|}", "<T1>а |  | б\n1 | 2 | 3</>"},
		{"rows that reach down", "{|\n| rowspan=3 | а || 1\n|-\n| 2\n|-\n| rowspan=2 | 3\n|-\n| б\n|}", "<T0>а | 1\nа | 2\nа | 3\nб | 3</>"},
		{"text over lines", "{|\n| а\nб\n\n* в\n* г\n|}", "<T0>а б • в • г</>"},
		{"a link's bar is none of the table's", "{|\n| [[а|б]] || [[в|г]]\n|}", "<T0>б | г</>"},
		{"bars from templates", "{{(!}}\n{{!}} а {{!!}} б\n{{!-}}\n{{!}} в\n{{!)}}", "<T0>а | б\nв</>"},
		{"a brace before a bar from a template", "{{{!}} class=x\n| а\n|}", "<T0>а</>"},
		{"a table in a cell", "{|\n| а\n{|\n| б || в\n|-\n| г\n|}\n| д\n|}", "<T0>а; б, в; г | д</>"},
		{"an indented table", "Суу\n:{|\n| а\n|}\nжер", "Суу\n\n<T0>а</>\n\nжер"},
		{"two tables", "{|\n| а\n|}\n{|\n| б\n|}", "<T0>а</>\n\n<T0>б</>"},
		{"HTML", "<table class=x><caption>Аты</caption><tr><th colspan=2>а</th></tr><tr><td>1<br>2</td><td>3</td></tr></table>", "Аты\n\n<T1>а | \n1 2 | 3</>"},
		{"HTML in a cell", "{|\n| а <table><tr><td>б</td></tr></table>\n| в\n|}", "<T0>а; б | в</>"},
		{"an empty table", "{|\n|-\n|\n|}", ""},
	} {
		if got := marked(pageOf("ky", "Ош", tt.text)); got != tt.want {
			t.Errorf("%s: %q\n got %q\nwant %q", tt.what, tt.text, got, tt.want)
		}
	}
}

func TestVariants(t *testing.T) {
	for _, tt := range []struct{ lang, text, want string }{
		{"zh", "-{zh-cn:软件; zh-tw:軟體;}-和-{zh-tw:網路;zh-hans:网络}-", "软件和网络"},
		{"zh", "-{计算机}- -{H|zh-cn:甲;zh-tw:乙}--{T|zh-cn:丙}-丁", "计算机 丁"},
		{"zh", "-{A|zh-hant:軟體; zh-hans:软件}- -{zh-hk:單}-", "软件 單"},
		{"zh", "-{R|a; b:c}- -{甲=>zh-cn:乙;}-", "a; b:c 乙"},
		{"kk", "-{kk-latn:Qazaq; kk-cyrl:Қазақ; kk-arab:قازاق}-", "Қазақ"},
		{"uz", "-{uz-cyrl:Сув; uz-latn:Suv}- -{Oʻsh", "Suv Oʻsh"},
		{"sr", "-{sr-el:voda; sr-ec:вода}-", "вода"},
		{"tg", "-{tg-latn:ob; tg:об}-", "об"},
		{"ku", "-{ku-arab:ئاو; ku-latn:av}-", "av"},
		{"sr", "а -{вода\n\nб }- в", "а вода\n\nб }- в"},
	} {
		if got := pageOf(tt.lang, "", tt.text).Text; got != tt.want {
			t.Errorf("%s: %q is %q, want %q", tt.lang, tt.text, got, tt.want)
		}
	}
}

// TestLinear: markup that never closes is read in time that grows as it does.
func TestLinear(t *testing.T) {
	const size = 1 << 18
	for _, part := range []string{
		"{{", "}}", "[[", "]]", "{{[[", "[[а]]", "{|\n", "\n{|", "\n|}", "|rowspan=50 colspan=50|а\n|-\n|", "!а!!", "<ref>", "<", "<b", "<b>", "</ref>", "<!--", "<!---->",
		"<ref></references>", "<nowiki>", "<gallery>", "&", "&#", "[//", "[//a ", "[[http://", "-{", "-{a:", "}-", "-{[//a }-", "'", "''", "__", "_", "*", "#", ":", ";а: ", "=",
		"(", "(,", ")", "( {{а}})", "<sup>", "</sup>", "<li>", "<ul>", "<td>", "<table>", "\n", " ", "\n ", "\n* [//a", "{{nowrap|", "{{lang|а|{{!}}", "<h2>", "\n== а ==\n", "|", "||", "{{{", "{{{{{!}}",
		"[[a|", "<pre>", "<math>", "\x02", "https://", "{{а}}",
	} {
		start := time.Now()
		pageOf("zh", "Ош", strings.Repeat(part, size/len(part)))
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("%q: %v", part, took)
		}
	}
}
