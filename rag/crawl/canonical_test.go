package crawl

import (
	"net/url"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	for raw, want := range map[string]string{
		"http://ministry.kg":                              "http://ministry.kg/",
		"HTTP://Ministry.KG:80/":                          "http://ministry.kg/",
		"https://ministry.kg.:443/a":                      "https://ministry.kg/a",
		"http://ministry.kg:443/":                         "http://ministry.kg:443/",
		"  http://ministry.kg/a \n":                       "http://ministry.kg/a",
		"http://ministry.kg/a\n\tb":                       "http://ministry.kg/ab",
		"http://ministry.kg/a#бөлүм":                      "http://ministry.kg/a",
		"http://ministry.kg/?#":                           "http://ministry.kg/",
		"http://ministry.kg?a=1":                          "http://ministry.kg/?a=1",
		"http://ministry.kg/a/./b/../c":                   "http://ministry.kg/a/c",
		"http://ministry.kg/../../etc":                    "http://ministry.kg/etc",
		"http://ministry.kg/a/%2e%2E/b":                   "http://ministry.kg/b",
		"http://ministry.kg/a//b":                         "http://ministry.kg/a//b",
		`http://ministry.kg\a\b`:                          "http://ministry.kg/a/b",
		"http://ministry.kg/%41%7e%2d":                    "http://ministry.kg/A~-",
		"http://ministry.kg/%d0%b0":                       "http://ministry.kg/%D0%B0",
		"http://ministry.kg/а":                            "http://ministry.kg/%D0%B0",
		"http://ministry.kg/\xd0":                         "http://ministry.kg/%D0",
		"http://ministry.kg/a%2fb":                        "http://ministry.kg/a%2Fb",
		"http://ministry.kg/a%2fа":                        "http://ministry.kg/a%2F%D0%B0",
		"http://ministry.kg/100%":                         "http://ministry.kg/100%25",
		"http://ministry.kg/%2":                           "http://ministry.kg/%252",
		"http://ministry.kg/%zz%41":                       "http://ministry.kg/%25zzA",
		"http://ministry.kg/%2541":                        "http://ministry.kg/%2541",
		"http://ministry.kg/a b|c\"<>":                    "http://ministry.kg/a%20b%7Cc%22%3C%3E",
		"http://ministry.kg/a?b=c d&e=ө":                  "http://ministry.kg/a?b=c%20d&e=%D3%A9",
		"http://ministry.kg/a?b=1+2&c[]=%2B":              "http://ministry.kg/a?b=1+2&c%5B%5D=%2B",
		"http://ministry.kg/a?utm_source=x&id=1":          "http://ministry.kg/a?id=1",
		"http://ministry.kg/a?UTM_X=1&fbclid=2&gclid":     "http://ministry.kg/a",
		"http://ministry.kg/a?&&b=1&":                     "http://ministry.kg/a?b=1",
		"http://ministry.kg/a?PHPSESSID=0f":               "http://ministry.kg/a",
		"http://ministry.kg/a;jsessionid=0F.n1?b":         "http://ministry.kg/a?b",
		"http://ministry.kg/a;JSESSIONID=0F/b;v=1":        "http://ministry.kg/a/b;v=1",
		"http://ministry.kg/..;jsessionid=1/b":            "http://ministry.kg/b",
		"http://МИНИСТРЛИК.КГ/":                           "http://xn--h1aaaiddizik.xn--c1an/",
		"http://وزارة.example/خدمات":                      "http://xn--mgbexc3i.example/%D8%AE%D8%AF%D9%85%D8%A7%D8%AA",
		"http://faß.example/":                             "http://xn--fa-hia.example/",
		"http://[2001:DB8:0::1]:80/":                      "http://[2001:db8::1]/",
		"http://[2001:db8::1]:8080":                       "http://[2001:db8::1]:8080/",
		"http://ministry.kg/?u=http://other.kg/../x":      "http://ministry.kg/?u=http://other.kg/../x",
		"http://ministry.kg/" + strings.Repeat("a", 1981): "http://ministry.kg/" + strings.Repeat("a", 1981),
	} {
		got, err := Canonical(raw)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", raw, got, err, want)
		}
	}
	for _, raw := range []string{
		"", "/a", "//ministry.kg/a", "mailto:a@ministry.kg", "javascript:alert(1)", "http:ministry.kg", "http:///a", "http://",
		"http://user@ministry.kg/", "http://ministry.kg:port/", "http://mini stry.kg/", "http://%/", "http://ministry..kg/", "http://.kg/", "http://./", "http://ministry.kg../", "http://\x970/", "http://[::1", "http://a\x00b/",
		"http://ministry.kg/" + strings.Repeat("a", 1982), "http://ministry.kg/" + strings.Repeat("ө", 400),
	} {
		if got, err := Canonical(raw); err == nil {
			t.Errorf("%q: %q", raw, got)
		}
	}
}

func TestLinks(t *testing.T) {
	base, err := url.Parse("https://www.ministry.kg/ky/news/1?a=b")
	if err != nil {
		t.Fatal(err)
	}
	s := siteOf(base)
	for href, want := range map[string]string{
		"":                            "https://www.ministry.kg/ky/news/1?a=b",
		"#top":                        "https://www.ministry.kg/ky/news/1?a=b",
		"?page=2":                     "https://www.ministry.kg/ky/news/1?page=2",
		"2":                           "https://www.ministry.kg/ky/news/2",
		"../":                         "https://www.ministry.kg/ky/",
		"/":                           "https://www.ministry.kg/",
		"кызмат//бет":                 "https://www.ministry.kg/ky/news/%D0%BA%D1%8B%D0%B7%D0%BC%D0%B0%D1%82//%D0%B1%D0%B5%D1%82",
		`\ru\`:                        "https://www.ministry.kg/ru/",
		"http://ministry.kg/a":        "https://www.ministry.kg/a",
		"//Ministry.kg/a":             "https://www.ministry.kg/a",
		"https://ministry.kg:443/a":   "https://www.ministry.kg/a",
		"https://ministry.kg:8443/":   "",
		"https://kg/":                 "",
		"https://ministry.kg.evil.kg": "",
		"https://evilministry.kg/":    "",
		"https://my.ministry.kg/":     "",
		`\\evil.kg\a`:                 "",
		`https:\\evil.kg\a`:           "",
		"https://ministry.kg@evil.kg": "",
		"tel:+996312":                 "",
	} {
		u, err := s.link(base, href)
		if want == "" && err == nil || want != "" && (err != nil || u.String() != want) {
			t.Errorf("%q: %v, %v; want %q", href, u, err, want)
		}
	}
}

// However a link is written, what is asked for is a URL of the site, in a form
// that does not change any more, and that is sent as it is.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"http://ministry.kg/a/../b?utm_x=1#c", "//www.ministry.kg/%d0%b", `\\evil.kg\..\%2e%2e/`, "http://ministry.kg@evil.kg/", "кызмат/?ө=%zz",
		"http://[::ffff:127.0.0.1]:80/", "a;jsessionid=1;jsessionid=2/..;jsessionid=3", "http://МИНИСТРЛИК.кг./", "http:/\\ministry.kg", "?&&=&%26", "..//../%2F", "https://ministry.kg:443//x//",
	} {
		f.Add(seed)
	}
	base, err := url.Parse("http://ministry.kg/ky/")
	if err != nil {
		f.Fatal(err)
	}
	s := siteOf(base)
	f.Fuzz(func(t *testing.T, raw string) {
		if once, err := Canonical(raw); err == nil {
			if twice, err := Canonical(once); err != nil || twice != once {
				t.Errorf("%q: %q, then %q, %v", raw, once, twice, err)
			}
		}
		u, err := s.link(base, raw)
		if err != nil {
			return
		}
		text := u.String()
		if !strings.HasPrefix(text, "http://ministry.kg/") || len(text) > maxURL || u.Host != "ministry.kg" || u.User != nil || u.Fragment != "" {
			t.Errorf("%q: %q", raw, text)
		}
		if text != s.origin+u.RequestURI() {
			t.Errorf("%q: %q is sent as %q", raw, text, u.RequestURI())
		}
		for _, c := range []byte(text) {
			if c <= ' ' || c > '~' {
				t.Errorf("%q: %q holds %q", raw, text, c)
			}
		}
		for part := range strings.SplitSeq(u.Path, "/") {
			if part == ".." && !strings.Contains(text, "%2F") {
				t.Errorf("%q: %q leads up", raw, text)
			}
		}
		if again, err := s.link(u, text); err != nil || again.String() != text {
			t.Errorf("%q: %q, then %v, %v", raw, text, again, err)
		}
	})
}
