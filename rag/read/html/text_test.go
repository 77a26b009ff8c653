package html

import (
	"strings"
	"testing"

	"tilgate/rag"
)

// TestBlocks reads parts of pages. In the texts, ¶ parts blocks, and # stands
// before headings.
func TestBlocks(t *testing.T) {
	for _, tt := range []struct{ name, page, want string }{
		{"inline elements split no word", "<p>Мек<b>теп</b>тин <i>директору</i></p>", "Мектептин директору"},
		{"blocks are apart", "<div>биринчи</div><div>экинчи</div>үчүнчү<p>төртүнчү", "биринчи¶экинчи¶үчүнчү¶төртүнчү"},
		{"a break is a line", "<p>Дарек: Бишкек<br>Тел.: 119<br/>", "Дарек: Бишкек\nТел.: 119"},
		{"white space is one space", "<p> бир\n\t<b> эки </b> үч&nbsp;төрт </p>", "бир эки үч төрт"},
		{"no-break spaces in Urdu", "<p>فیس&nbsp;۵۰۰ روپے</p>", "فیس ۵۰۰ روپے"},
		{"entities", "<p>&lt;АЙЫЛ&gt; &amp; &#1241; &#x4E9; &laquo;ок&raquo;</p>", "<АЙЫЛ> & ә ө «ок»"},
		{"soft hyphens are not seen", "<p>жаран&shy;дык ма\u00adкам</p>", "жарандык макам"},
		{"joiners are", "<p>می\u200cروم ක්\u200dෂ می&zwnj;شود</p>", "می\u200cروم ක්\u200dෂ می\u200cشود"},
		{"word breaks of Khmer are", "<p>សូម\u200bចូល</p>", "សូម\u200bចូល"},
		{"ruby is read without the reading", "<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rt>じ</rt></ruby>です</p>", "漢字です"},
		{"ruby without ends", "<p><ruby>漢<rt>かん<rb>字<rt>じ</ruby>です</p>", "漢字です"},
		{"powers", "<p>10 м<sup>2</sup>, CO<sub>2</sub>, 1<sup>st</sup></p>", "10 м², CO₂, 1st"},
		{"footnotes", `<p>алым<sup><a href="#f">3</a></sup> төлөнөт</p>`, "алым³ төлөнөт"},
		{"quotations", "<p>Ал <q>ооба</q> деди</p>", "Ал “ооба” деди"},
		{"pictures say nothing", `<p>сүрөт <img alt="герб" src=x>жана<img src=y>текст</p>`, "сүрөт жана текст"},
		{"what nobody sees", "<p>бир<script>x()</script><style>p{}</style><!-- эки --><template>үч</template><noscript>төрт</noscript><span hidden>беш</span><span aria-hidden=true>×</span><svg><title>белги</title></svg></p>", "бир"},
		{"hidden with others in it", "<p>а<span style='display: none'>б<span>в</span>г</span>д</p>", "ад"},
		{"fields of forms", "<form><label>Аты</label><input value=x><select><option>Ош<option>Баткен</select><textarea>y</textarea><button>Жөнөтүү</button></form>", "Аты"},
		{"answers that open", `<h3><button aria-expanded=false aria-controls=a>Канча турат?</button></h3><div id=a hidden>200 сом.</div>`, "# Канча турат?¶200 сом."},
		{"white space around what nothing opens", `<p>бир<span hidden id=b> эки </span> үч</p>`, "бир үч"},
		{"what nothing opens", `<p>текст</p><div id=b hidden>жашыруун</div>`, "текст"},
		{"details", "<details><summary>Ким алат?</summary>Баары.</details>", "# Ким алат?¶Баары."},
		{"lists", "<ul><li>бир<li>эки<ol><li>а<li value=5>б</ol></ul>", "• бир\n• эки\n  1. а\n  5. б"},
		{"numbers of lists", "<ol type=I start=4><li>төрт<li>беш</ol><ol type=a><li>а</ol>", "IV. төрт\nV. беш¶a. а"},
		{"cards are no list", "<ul><li><h3>Паспорт</h3><p>Он күн.</ul>", "# Паспорт¶Он күн."},
		{"paragraphs in items", "<ul><li><p>бир</p><p>эки</p></li></ul>", "• бир эки"},
		{"short terms", "<dl><dt>Тел.</dt><dd>119<dt>Факс:<dd>120<dd>121</dl>", "• Тел. 119\n• Факс: 120 121"},
		{"terms in divs", "<dl><div><dt>Баасы<dd>бекер</div><div><dt>Мөөнөтү<dd>он күн</div></dl>", "• Баасы: бекер\n• Мөөнөтү: он күн"},
		{"answers as terms", "<dl><dt>Канча?<dd><p>Эки.</p><table><tr><td>а<td>б<tr><td>в<td>г</table></dl>", "# Канча?¶Эки.¶а | б\nв | г"},
		{"a table without ends", "<table><tr><th>Кызмат<th>Баасы<tr><td>Паспорт<td>200<tr><td>Күбөлүк<td>50</table>", "Кызмат | Баасы\nПаспорт | 200\nКүбөлүк | 50"},
		{"cells that span", "<table><tr><td rowspan=2>Ош<td>а<td>1<tr><td>б<td>2<tr><td colspan=2>бары<td>3</table>", "Ош | а | 1\nОш | б | 2\nбары |  | 3"},
		{"blocks in cells", "<table><tr><td><p>бир</p><p>эки</p><td><ul><li>а<li>б</ul><tr><td>в<td>г</table>", "бир эки | а б\nв | г"},
		{"tables that lay out", "<table><tr><td><h2>Кызматтар</h2><p>текст<td><p>капталда</table>", "# Кызматтар¶текст¶капталда"},
		{"text between rows", "<table>алды<tr><td>а<td>б<tr><td>в<td>г</table>", "алды¶а | б\nв | г"},
		{"lines of pre", "<pre>бир\n  эки\n\nүч</pre>", "бир\nэки\nүч"},
		{"unclosed everything", "<div><p><b><i>бир<div>эки<ul><li>үч", "бир¶эки¶• үч"},
		{"ends without starts", "</p></div>бир</b></td></table>эки", "бирэки"},
		{"an end in a cell", "<div>а<table><tr><td>б</div>в<td>г<tr><td>д<td>е</table>ж</div>", "а¶бв | г\nд | е¶ж"},
		{"a heading closed by another", "<h2>бир</h3>эки", "# бир¶эки"},
		{"what Word writes", "<p class=MsoNormal><o:p>бир</o:p> <st1:place>Ош</st1:place></p>", "бир Ош"},
		{"nothing after XHTML's empty script", `<?xml version="1.0"?><html><head><title/><script src="x"/></head><body><p>бир<a id="x"/> эки</p></body></html>`, "бир эки"},
		{"CDATA of XHTML", `<?xml version="1.0"?><p><![CDATA[а < б]]></p>`, "а < б"},
	} {
		var b rag.Builder
		p, err := Blocks(t.Context(), strings.NewReader(tt.page), Origin{}, &b)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var d rag.Document
		b.Put(&d)
		got := d.Text
		for i := len(d.Marks) - 1; i >= 0; i-- {
			if m := d.Marks[i]; m.Kind == rag.Heading {
				got = got[:m.At] + "# " + got[m.At:]
			}
		}
		if got = strings.ReplaceAll(got, "\n\n", "¶"); got != tt.want || len(p.Notes) > 0 {
			t.Errorf("%s:\n%q, want\n%q; notes %v", tt.name, got, tt.want, p.Notes)
		}
	}
}
