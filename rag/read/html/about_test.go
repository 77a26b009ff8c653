package html

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestAbout reads what pages say about themselves.
func TestAbout(t *testing.T) {
	for _, tt := range []struct{ name, head, title, published, modified, hint, canonical string }{
		{name: "nothing"},
		{name: "a title with the site's name", head: `<title>Каттоо | Министрлик</title><meta property=og:site_name content=Министрлик>`, title: "Каттоо"},
		{name: "a title that has the heading in it", head: `<title>Туулганды каттоо - Министрлик</title><h1>Туулганды <b>каттоо</b></h1>`, title: "Туулганды каттоо"},
		{name: "another heading", head: `<title>Кызматтар</title><h1>Министрлик</h1>`, title: "Кызматтар"},
		{name: "only a heading", head: `<h1>Министрлик</h1>`, title: "Министрлик"},
		{name: "entities", head: `<title>Ата &amp; эне&shy;</title>`, title: "Ата & эне"},
		{name: "languages of the page", head: `<html lang="ky-KG"><meta http-equiv=content-language content=ru>`, hint: "ky-KG"},
		{name: "a language of XHTML", head: `<html xml:lang="kir">`, hint: "ky"},
		{name: "a language of the main part", head: `<html lang=en><main lang=km><p>អត្ថបទ</p></main>`, hint: "km"},
		{name: "a language that is none", head: `<html lang="Kyrgyz language"><meta property=og:locale content=ky_KG>`, hint: "ky-KG"},
		{name: "a language of JSON-LD", head: `<script type="application/ld+json">[{"inLanguage":"uz-Latn"}]</script>`, hint: "uz-Latn"},
		{name: "a day does not move with the zone", head: `<meta property="article:published_time" content="2026-03-14T23:30:00-11:00">`, published: "2026-03-14"},
		{name: "dates of JSON-LD", head: `<script type="application/ld+json">{"@graph":[{"@type":"WebSite"},{"mainEntity":{"datePublished":"2025-01-02","dateModified":"2025-03-04T00:00"}}]}</script>`, published: "2025-01-02", modified: "2025-03-04"},
		{name: "broken JSON-LD", head: `<script type="application/ld+json">{"datePublished":</script><meta name=DC.Date content=2024-05-06>`, published: "2024-05-06"},
		{name: "microdata", head: `<time datetime=2020-01-01>кече</time><time itemprop=datePublished datetime=2024-02-29>`, published: "2024-02-29"},
		{name: "a time in the text", head: `<time datetime="2023-12-31 10:00">31-декабрь</time>`, published: "2023-12-31"},
		{name: "times of events", head: `<time datetime=2023-12-31>31-декабрь</time> <time datetime=2024-01-02>2-январь</time>`},
		{name: "a day as people write it", head: `<meta name=date content=05.04.2022>`, published: "2022-04-05"},
		{name: "days that are none", head: `<meta name=date content=2022-02-30><meta name=pubdate content=0001-01-01>`},
		{name: "an address", head: `<link rel=canonical href="/kyzmat?a=1#b">`, canonical: "https://min.example/kyzmat?a=1"},
		{name: "another host's address", head: `<link rel=canonical href="https://evil.example/">`},
		{name: "an address that is no page", head: `<link rel=canonical href="javascript:alert(1)">`},
	} {
		at := &url.URL{Scheme: "https", Host: "min.example", Path: "/ky/a"}
		p := read1(t, tt.head+"<p>текст</p>", Origin{URL: at})
		got := []string{p.Title, p.Published, p.Modified, string(p.Hint), p.Canonical}
		want := []string{tt.title, tt.published, tt.modified, tt.hint, tt.canonical}
		if !slices.Equal(got, want) {
			t.Errorf("%s: title, published, modified, language, address %q, want %q", tt.name, got, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	p := read1(t, "<p>\xe6\xe7", Origin{ContentType: "text/html; charset=windows-1251", Language: "kk, ru"})
	if p.Hint != "kk" || p.Text != "жз" {
		t.Errorf("language %q, text %q; want kk, жз", p.Hint, p.Text)
	}
}

func TestEncodings(t *testing.T) {
	for _, tt := range []struct{ name, page string }{
		{"meta charset", "<meta charset=windows-1251><p>\xcf\xe0\xf1\xef\xee\xf0\xf2"},
		{"http-equiv", `<META http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>` + "\xf0\xc1\xd3\xd0\xcf\xd2\xd4"},
		{"XML", `<?xml version="1.0" encoding="windows-1251"?><p>` + "\xcf\xe0\xf1\xef\xee\xf0\xf2</p>"},
		{"byte order mark", "\xff\xfe<\x00p\x00>\x00\x1f\x04\x30\x04\x41\x04\x3f\x04\x3e\x04\x40\x04\x42\x04"},
		{"a declaration that is wrong", "<meta charset=windows-1251><p>Паспорт"},
	} {
		if p := read1(t, tt.page, Origin{}); p.Text != "Паспорт" {
			t.Errorf("%s: %q, notes %v", tt.name, p.Text, p.Notes)
		}
	}
}

func TestLinks(t *testing.T) {
	const source = `<base href="/ky/"><meta name=robots content="noindex, NOFOLLOW"><meta http-equiv=refresh content="0; URL='/жаңы'">
<link rel="alternate" hreflang="ru" href="/ru/"><link rel=alternate hreflang=x-default href=/><link rel=alternate type=application/rss+xml href=/rss>
<a href="a.pdf">бир</a> <a href="a.pdf#bet2">эки</a> <a href="#top">үч</a> <a href="mailto:a@min.example">төрт</a> <a href="javascript:x()">беш</a>
<a rel="external nofollow" href="//other.example/б в?q=1&amp;r=2">алты</a> <nav><a href="https://min.example/z">жети</a></nav>
<a href="http://user:pass@min.example/">сегиз</a> <a href="http://[::1">тогуз</a> <a href="  b.html
 ">он</a><iframe src="/frame"></iframe><map><area href=/area></map>`
	p := read1(t, source, Origin{URL: &url.URL{Scheme: "https", Host: "min.example", Path: "/x/y"}})
	want := []Link{{"https://min.example/ky/a.pdf", false}, {"https://other.example/%D0%B1%20%D0%B2?q=1&r=2", true},
		{"https://min.example/z", false}, {"https://min.example/ky/b.html", false}, {"https://min.example/frame", false}, {"https://min.example/area", false}}
	if !slices.Equal(p.Links, want) {
		t.Errorf("links %v, want %v", p.Links, want)
	}
	if want := "https://min.example/%D0%B6%D0%B0%D2%A3%D1%8B"; p.Refresh != want || !p.NoIndex || !p.NoFollow {
		t.Errorf("refresh %q, noindex %v, nofollow %v", p.Refresh, p.NoIndex, p.NoFollow)
	}
	if !slices.Equal(p.Alternates, []Alternate{{"ru", "https://min.example/ru/"}}) {
		t.Errorf("alternates %v", p.Alternates)
	}

	var many strings.Builder
	for i := range 2 * maxLinks {
		fmt.Fprintf(&many, "<a href=/%d>x</a>", i)
	}
	if p := read1(t, many.String(), Origin{URL: &url.URL{Scheme: "https", Host: "min.example"}}); len(p.Links) != maxLinks {
		t.Errorf("%d links, want %d", len(p.Links), maxLinks)
	}
}
