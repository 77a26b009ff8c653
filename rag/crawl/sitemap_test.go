package crawl

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestSitemap(t *testing.T) {
	for _, tt := range []struct {
		what, text string
		pages      []string
		maps       []string
		err        string
	}{
		{"nothing", "", nil, nil, ""},
		{"blanks", " \n ", nil, nil, ""},
		{"pages", `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>http://a.kg/1</loc><lastmod>2026-11-27</lastmod></url><url><loc> http://a.kg/2 </loc></url></urlset>`,
			[]string{"http://a.kg/1", " http://a.kg/2 "}, nil, ""},
		{"an index", `<sitemapindex><sitemap><loc>/1.xml</loc></sitemap></sitemapindex>`, nil, []string{"/1.xml"}, ""},
		{"pages in other languages, and pictures", `<urlset xmlns:xhtml="x" xmlns:image="i"><url><loc>/ky</loc><xhtml:link rel="alternate" hreflang="ru" href="/ru"/><image:image><image:loc>/i.jpg</image:loc></image:image></url></urlset>`,
			[]string{"/ky", "/ru"}, nil, ""},
		{"escapes, as they should be and as they are", `<urlset><url><loc>/?a=1&amp;b=2&c=3<![CDATA[&d]]>&bad;</loc></url></urlset>`, []string{"/?a=1&b=2&c=3&d&bad;"}, nil, ""},
		{"comments", `<urlset><!-- <url><loc>/old</loc></url> --><url><loc>/n<!-- x -->ew</loc></url></urlset>`, []string{"/new"}, nil, ""},
		{"a byte order mark", "\ufeff<urlset><url><loc>/a</loc></url></urlset>", []string{"/a"}, nil, ""},
		{"Windows-1251", "<?xml version='1.0' encoding='windows-1251'?><urlset><url><loc>/\xe0</loc></url></urlset>", []string{"/а"}, nil, ""},
		{"an encoding that nobody knows", "<?xml version='1.0' encoding='klingon'?><urlset/>", nil, nil, `the encoding "klingon" is not known`},
		{"cut off", `<urlset><url><loc>/a</loc></url><url><loc>/b`, []string{"/a"}, nil, "the sitemap is broken"},
		{"cut off between pages", `<urlset><url><loc>/a</loc></url>`, []string{"/a"}, nil, "the sitemap is broken"},
		{"a page", `<!DOCTYPE html><html><body></body></html>`, nil, nil, "it is no sitemap: it begins with <html>"},
		{"JSON", `{"error": 404}`, nil, nil, "it is no sitemap: a line of it is"},
		{"plain text", "http://a.kg/кызмат\r\n\nhttps://a.kg/2", []string{"http://a.kg/кызмат", "https://a.kg/2"}, nil, ""},
		{"elements within each other", strings.Repeat("<urlset>", 1000), nil, nil, "more than 16 elements within each other"},
		{"many elements within each other", "<urlset>" + strings.Repeat("<a>", 5<<20), nil, nil, "more than 16 elements within each other"},
		{"many attributes", "<urlset><url " + strings.Repeat(` a=""`, 5<<20), nil, nil, "an element or text of more than 16384 bytes"},
		{"a long text", "<urlset><url><loc>" + strings.Repeat("a", 20<<20), nil, nil, "an element or text of more than 16384 bytes"},
		{"a long text in parts", "<urlset><url><loc>" + strings.Repeat("aaaaaaaa<!---->", 1<<20), nil, nil, "URLs of more than 2000 characters"},
		{"a long line", "http" + strings.Repeat("a", 20<<20), nil, nil, "the sitemap is broken"},
		{"entities that grow", `<!DOCTYPE u [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>`, []string{"&b;"}, nil, ""},
		{"broken gzip", "\x1f\x8b\x08nonsense", nil, nil, "gzip"},
	} {
		data := []byte(tt.text)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := parseSitemap(data, maxSitemap)
		runtime.ReadMemStats(&after)
		if !slices.Equal(s.pages, tt.pages) || !slices.Equal(s.maps, tt.maps) || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %q, %v", tt.what, s.pages, s.maps, err)
		}
		if grew := after.TotalAlloc - before.TotalAlloc; grew > 1<<20 {
			t.Errorf("%s: it took %d kB", tt.what, grew>>10)
		}
	}
}

func TestSitemapBomb(t *testing.T) {
	for what, text := range map[string]string{
		"pages":           "<urlset>" + strings.Repeat("<url><loc>/a</loc></url>", maxListed+9),
		"other languages": "<urlset><url>" + strings.Repeat(`<link href="/a"/>`, maxListed+9),
		"lines":           strings.Repeat("http://a.kg/\n", maxListed+9),
	} {
		if s, err := parseSitemap([]byte(text), maxSitemap); err == nil || !strings.Contains(err.Error(), "more than 50000 URLs") || len(s.pages) > maxListed+1 {
			t.Errorf("%s: %d, %v", what, len(s.pages), err)
		}
	}
	for _, text := range []string{"\n", "<urlset/>", "http://a.kg/\n"} {
		packed := pack(t, "gzip", bytes.Repeat([]byte(text), 1<<18))
		if _, err := parseSitemap(packed, 100<<10); err == nil || !strings.Contains(err.Error(), "more than 100 kB") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if s, err := parseSitemap(pack(t, "gzip", []byte("<urlset><url><loc>/a</loc></url></urlset>")), maxSitemap); err != nil || len(s.pages) != 1 {
		t.Errorf("%q, %v", s, err)
	}
}

func FuzzSitemap(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0" encoding="windows-1251"?><urlset><url><loc>/а&amp;b</loc><xhtml:link href="/c"/></url></urlset>`))
	f.Add([]byte("<sitemapindex><sitemap><loc>/1.xml</loc></sitemap></sitemapindex></a>"))
	f.Add([]byte("\ufeffhttp://a.kg/\r\nhttp"))
	f.Add([]byte("<a b='c'><![CDATA[x]]><!DOCTYPE x [<!ENTITY y 'z'>]>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseSitemap(data, maxSitemap)
		if len(s.pages)+len(s.maps) > maxListed+1 {
			t.Errorf("%d URLs", len(s.pages)+len(s.maps))
		}
		for _, u := range slices.Concat(s.pages, s.maps) {
			if len(u) > 2*maxToken {
				t.Errorf("a URL of %d bytes", len(u))
			}
		}
		if again, err2 := parseSitemap(data, maxSitemap); (err == nil) != (err2 == nil) || !slices.Equal(again.pages, s.pages) {
			t.Errorf("%q, then %q", s, again)
		}
	})
}
