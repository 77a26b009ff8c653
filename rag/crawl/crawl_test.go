package crawl

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"tilgate/internal/fault"
	"tilgate/internal/outbound/outboundtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A web is a site by path. "links /a b" is a page with these links, "301 /b"
// a redirect, "404" a status, anything under .txt and .xml the file itself.
type web map[string]string

func (w web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	said, ok := w[r.URL.RequestURI()]
	if !ok {
		said = "404"
	}
	words := strings.Fields(strings.ReplaceAll(said, "HOST", r.Host))
	status, err := strconv.Atoi(words[0])
	switch {
	case err == nil && len(words) == 2:
		rw.Header().Set("Location", words[1])
		rw.WriteHeader(status)
	case err == nil:
		rw.WriteHeader(status)
	case words[0] == "links":
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		for _, href := range words[1:] {
			fmt.Fprintf(rw, "<a href=\"%s\">", href)
		}
	case strings.HasPrefix(words[0], "type="):
		rw.Header().Set("Content-Type", strings.TrimPrefix(words[0], "type="))
		fmt.Fprint(rw, strings.Join(words[1:], " "))
	default:
		rw.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(rw, strings.ReplaceAll(said, "HOST", r.Host))
	}
}

var href = regexp.MustCompile(`<a href="([^"]*)">`)

func links(p Page) (found []string, follow bool) {
	for _, m := range href.FindAllSubmatch(p.Body, -1) {
		found = append(found, string(m[1]))
	}
	return found, true
}

// quick are options for a site on this machine.
func quick(start string) Options {
	return Options{Start: start, Private: true, Links: links, Every: time.Nanosecond}
}

// told crawls, and tells what came: "read /a", "failed /b: why".
func told(ctx context.Context, o Options, host string) []string {
	var lines []string
	for p, err := range Site(ctx, o) {
		line := string(p.State) + " " + p.URL
		if err != nil {
			line = string(p.State) + " " + err.Error()
		}
		lines = append(lines, strings.ReplaceAll(line, host, ""))
	}
	return lines
}

func TestSite(t *testing.T) {
	sitemap := func(paths ...string) string {
		return `<urlset><url><loc>http://HOST` + strings.Join(paths, `</loc></url><url><loc>http://HOST`) + `</loc></url></urlset>`
	}
	for _, tt := range []struct {
		what string
		web  web
		set  func(*Options)
		want []string
	}{
		{"the nearest first, each once, sorted", web{
			"/":  "links /b /a#top /a?utm_source=x b /c/../a",
			"/a": "links /deep /b",
			"/b": "links / /a", "/deep": "links",
		}, nil, []string{"read /", "read /a", "read /b", "read /deep"}},
		{"other sites and other things are passed over", web{
			"/": "links https://other.kg/ mailto:a@b.kg javascript:void(0) tel:112 //other.kg/x http://HOST:81/ ftp://HOST/ http://u:p@HOST/secret data:text/html,x",
		}, nil, []string{"read /"}},
		{"names in any script, and broken escapes", web{
			"/": "links /Кыргызча/бет /عربي /100% /%zz %d0%b0 /a%2Fb",
			"/%D0%9A%D1%8B%D1%80%D0%B3%D1%8B%D0%B7%D1%87%D0%B0/%D0%B1%D0%B5%D1%82": "links",
			"/%D8%B9%D8%B1%D8%A8%D9%8A": "links", "/100%25": "links", "/%25zz": "links", "/%D0%B0": "links", "/a%2Fb": "links",
		}, nil, []string{"read /", "read /%25zz", "read /%D0%9A%D1%8B%D1%80%D0%B3%D1%8B%D0%B7%D1%87%D0%B0/%D0%B1%D0%B5%D1%82", "read /%D0%B0", "read /%D8%B9%D8%B1%D8%A8%D9%8A", "read /100%25", "read /a%2Fb"}},
		{"no further than the depth", web{"/": "links /1", "/1": "links /2", "/2": "links /3", "/3": "links"},
			func(o *Options) { o.MaxDepth = 2 }, []string{"read /", "read /1", "read /2"}},
		{"the first page only", web{"/": "links /1"}, func(o *Options) { o.MaxDepth = -1 }, []string{"read /"}},
		{"no more than so many pages", web{"/": "links /1 /2 /3", "/1": "links", "/2": "links", "/3": "links"},
			func(o *Options) { o.MaxPages = 3 }, []string{"read /", "read /1", "read /2", "stopped  has more than 3 pages; the others were not read"}},
		{"no more than so many bytes", web{"/": "links /1", "/1": "links /" + strings.Repeat("x", 1500), "/2": "links"},
			func(o *Options) { o.MaxBytes = 1000; o.Before = []string{"http://x/"} }, []string{"read /", "read /1", "stopped  has sent 0 MB, which is the limit; the rest was not read"}},
		{"pages that are not there are told from those that failed", web{
			"/": "links /gone /missing /forbidden /broken /empty /choice /same", "/choice": "300", "/same": "304", "/gone": "410", "/forbidden": "403", "/broken": "500", "/empty": "204",
		}, nil, []string{"read /", "failed /broken: the server answers 500 Internal Server Error", "failed /choice: the server answers 300 Multiple Choices", "left_out /empty: the server answers 204 No Content",
			"failed /forbidden: the server answers 403 Forbidden", "gone /gone: the server answers 410 Gone", "gone /missing: the server answers 404 Not Found", "failed /same: the server answers 304 Not Modified"}},
		{"types that nobody reads", web{
			"/":      "links /a.jpg /b.pdf /c.doc /d",
			"/a.jpg": "type=image/jpeg", "/b.pdf": "type=application/octet-stream %PDF", "/c.doc": "type=application/msword", "/d": "type=application/octet-stream",
		}, nil, []string{"read /", "left_out /a.jpg: pages of type image/jpeg are not read", "read /b.pdf",
			"left_out /c.doc: pages of type application/msword are not read", "left_out /d: pages of type application/octet-stream are not read"}},
		{"links that may not be followed", web{"/": "links /a", "/a": "links"},
			func(o *Options) {
				o.Links = func(p Page) ([]string, bool) { found, _ := links(p); return found, false }
			}, []string{"read /"}},
		{"what is said to be too large is not sent", web{"/": "links /a /b", "/a": "links /" + strings.Repeat("x", 1500), "/b": "links"},
			func(o *Options) { o.MaxPage, o.MaxBytes = 500, 500 }, []string{"read /", "left_out /a: it has more than 0 kB", "read /b"}},
		{"types that the caller names", web{"/": "links /a.jpg", "/a.jpg": "type=image/jpeg"},
			func(o *Options) { o.Types = []string{"image/jpeg"} }, []string{"left_out /: pages of type text/html are not read"}},
		{"redirects are followed within the site", web{
			"/": "links /a /b /other /cloud /ftp /none /login /loop /long/1", "/a": "301 /new", "/new": "links /more", "/more": "links",
			"/b": "302 /new", "/other": "301 https://other.kg/", "/cloud": "302 http://169.254.169.254/latest/", "/ftp": "301 ftp://HOST/", "/none": "301", "/login": "302 http://user:secret@HOST/",
			"/loop": "302 /loop2", "/loop2": "302 /loop",
			"/long/1": "302 /long/2", "/long/2": "302 /long/3", "/long/3": "302 /long/4", "/long/4": "302 /long/5", "/long/5": "302 /long/6", "/long/6": "302 /long/7", "/long/7": "links",
		}, nil, []string{"read /", "read /new",
			"left_out /cloud: it leads to http://169.254.169.254/latest/: 169.254.169.254 is another site",
			"left_out /ftp: it leads to no page: the URL does not begin with http:// or https:// and a host",
			"left_out /login: it leads to no page: the URL holds a user name or a password; it must have none",
			"failed /long/1: it leads on more than 5 times: /long/1 → /long/2 → /long/3 → /long/4 → /long/5 → /long/6 → /long/7",
			"failed /loop: it leads round in a circle: /loop → /loop2 → /loop",
			"failed /none: it leads round in a circle: /none → /none",
			"left_out /other: it leads to https://other.kg/: other.kg is another site", "read /more"}},
		{"a redirect to what failed", web{"/": "links /a /b", "/a": "301 /x", "/b": "301 /y", "/x": "404", "/y": "500"}, nil,
			[]string{"read /", "gone /a: it leads to /x: the server answers 404 Not Found", "failed /b: it leads to /y: the server answers 500 Internal Server Error"}},
		{"robots.txt counts for links, redirects and the first page", web{
			"/robots.txt": "User-agent: *\nDisallow: /private\nAllow: /private/open\n",
			"/":           "links /private/1 /private/2 /private/open /a", "/private/open": "links", "/a": "302 /private/3",
		}, nil, []string{"read /", "left_out /private/1: robots.txt says Disallow: /private", "left_out /a: it leads to /private/3: robots.txt says Disallow: /private", "read /private/open"}},
		{"robots.txt that forbids everything", web{"/robots.txt": "User-agent: tilgate\nDisallow: /", "/": "links"}, nil,
			[]string{"left_out /: robots.txt says Disallow: /"}},
		{"robots.txt that is not there", web{"/robots.txt": "403", "/": "links"}, nil, []string{"read /"}},
		{"robots.txt that leads to another", web{"/robots.txt": "301 /r.txt", "/r.txt": "User-agent: *\nDisallow: /a", "/": "links /a"}, nil,
			[]string{"read /", "left_out /a: robots.txt says Disallow: /a"}},
		{"robots.txt that leads round in a circle is none", web{"/robots.txt": "301 /robots.txt", "/": "links"}, nil, []string{"read /"}},
		{"robots.txt of another site", web{"/robots.txt": "301 http://other.kg/robots.txt", "/": "links"}, nil,
			[]string{"stopped /robots.txt could not be read, so nothing may be: it leads to http://other.kg/robots.txt: other.kg is another site"}},
		{"robots.txt that nobody can read", web{"/robots.txt": "500", "/": "links"}, nil,
			[]string{"stopped /robots.txt could not be read, so nothing may be: the server answers 500 Internal Server Error"}},
		{"robots.txt that may not be had now", web{"/robots.txt": "429", "/": "links"}, nil,
			[]string{"stopped /robots.txt could not be read, so nothing may be: the server answers 429 Too Many Requests"}},
		{"robots.txt that is too large", web{"/robots.txt": "User-agent: *\nDisallow: /a\n" + strings.Repeat("# эскертүү\n", 50_000) + "Disallow: /b", "/": "links /a /b", "/b": "links"}, nil,
			[]string{"read /", "left_out /a: robots.txt says Disallow: /a", "read /b"}},
		{"robots.txt that is a page", web{"/robots.txt": "links /a", "/": "links"}, nil, []string{"read /"}},
		{"pages of sitemaps come first, of the same site only", web{
			"/robots.txt": "Sitemap: http://HOST/maps.xml\nSitemap: http://other.kg/map.xml", "/maps.xml": "<sitemapindex><sitemap><loc>/map1.xml</loc></sitemap><sitemap><loc> http://HOST/missing.xml </loc></sitemap></sitemapindex>",
			"/map1.xml": sitemap("/z", "/y?a=1&amp;b=2"), "/sitemap.xml": sitemap("/x") + "<!-- " + sitemap("/w") + " -->",
			"/": "links /a /z", "/z": "links", "/y?a=1&b=2": "links", "/x": "links", "/a": "links",
		}, nil, []string{"read /", "left_out http://other.kg/map.xml: other.kg is another site", "gone /missing.xml: the sitemap is not there",
			"read /x", "read /y?a=1&b=2", "read /z", "read /a"}},
		{"a sitemap in plain text", web{"/robots.txt": "Sitemap: /list.txt", "/list.txt": "\ufeffhttp://HOST/a\r\n\r\nhttp://other.kg/b\n", "/": "links", "/a": "links"}, nil,
			[]string{"read /", "read /a"}},
		{"a page where the sitemap should be", web{"/sitemap.xml": "<!DOCTYPE html><html><body><p>Барак табылган жок</body></html>", "/": "links"}, nil, []string{"read /"}},
		{"a sitemap that is none", web{"/robots.txt": "Sitemap: /map.xml", "/map.xml": "<html></html>", "/": "links"}, nil,
			[]string{"read /", "failed /map.xml: it is no sitemap: it begins with <html>"}},
		{"sitemaps within sitemaps without end", web{
			"/sitemap.xml": index("/1.xml"), "/1.xml": index("/2.xml"), "/2.xml": index("/3.xml"), "/3.xml": index("/4.xml"), "/4.xml": sitemap("/a"), "/": "links",
		}, nil, []string{"read /", "left_out /4.xml: sitemaps within more than 3 others are left out"}},
		{"sitemaps without end", many(maxSitemaps), nil, []string{"read /", "left_out /99.xml: there are more than 100 sitemaps; the others are left out"}},
		{"a sitemap that nobody named, and that robots.txt forbids", web{"/robots.txt": "User-agent: *\nDisallow: /*.xml$", "/sitemap.xml": sitemap("/a"), "/": "links"}, nil, []string{"read /"}},
		{"a sitemap that lists itself", web{"/sitemap.xml": index("/sitemap.xml", "/b.xml"), "/b.xml": index("/sitemap.xml"), "/": "links"}, nil, []string{"read /"}},
		{"a calendar without end", calendar(40), func(o *Options) { o.MaxAlike = 3; o.MaxDepth = 1000 },
			[]string{"read /", "read /calendar?month=1", "read /calendar?month=2", "read /calendar?month=3",
				`left_out /calendar?month=4: links lead to more than 3 pages like "/calendar?month"; the others are left out`}},
		{"a search by everything", web{"/": "links /s?a=1 /s?b=1 /s?c=1", "/s?a=1": "links", "/s?b=1": "links"}, func(o *Options) { o.MaxAlike = 2 },
			[]string{"read /", `left_out /s?c=1: links lead to more than 2 pages like "/s?*"; the others are left out`, "read /s?a=1", "read /s?b=1"}},
		{"a path of many parts", web{"/": "links /" + strings.Join(strings.Fields("a b c d e f g h i j k l m n o p q r s t u v w x y z 1 2 3 4"), "/")}, nil,
			[]string{"read /", "left_out /a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/1/2/3/4: paths of more than 30 parts are left out"}},
		{"what a sitemap lists is no trap", web{"/sitemap.xml": sitemap("/1", "/2", "/3"), "/": "links /4", "/1": "links", "/2": "links", "/3": "links", "/4": "links"},
			func(o *Options) { o.MaxAlike = 1 }, []string{"read /", "read /1", "read /2", "read /3", "read /4"}},
		{"a path that repeats itself", web{"/": "links a/", "/a/": "links a/", "/a/a/": "links a/", "/a/a/a/": "links a/", "/a/a/a/a/": "links a/"}, nil,
			[]string{"read /", "read /a/", "read /a/a/", "read /a/a/a/", "left_out /a/a/a/a/: paths that repeat a part more than 3 times are left out"}},
		{"pages of the last crawl", web{"/": "links /a", "/a": "links", "/b": "links /c", "/old": "301 /a", "/rest": "302 /a", "/to": "301 /new", "/new": "links", "/ago": "301 /now", "/now": "links", "/broken": "500",
			"/robots.txt": "User-agent: *\nDisallow: /p"},
			func(o *Options) {
				for _, p := range []string{"a", "b", "old", "rest", "to", "missing", "broken", "private", "ago", "now"} {
					o.Before = append(o.Before, o.Start+p)
				}
				o.Before = append(o.Before, "http://other.kg/", "nonsense")
			},
			[]string{"read /", "read /a", "gone /ago: it has moved to /now", "read /now", "read /b", "failed /broken: the server answers 500 Internal Server Error", "gone /missing: the server answers 404 Not Found",
				"gone /old: it has moved to /a", "left_out /private: robots.txt says Disallow: /p", "elsewhere /rest: it leads to /a for now", "gone /to: it has moved to /new", "read /new",
				"left_out http://other.kg/: other.kg is another site", "left_out nonsense: the URL does not begin with http:// or https:// and a host"}},
		{"a link that is too long", web{"/": "links /" + strings.Repeat("a", 1990) + "?1 /" + strings.Repeat("b", 3000)}, nil,
			[]string{"read /", "left_out /" + strings.Repeat("a", 199) + ": URLs of more than 2000 characters are left out"}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			s := httptest.NewServer(tt.web)
			defer s.Close()
			o := quick(s.URL + "/")
			if tt.set != nil {
				tt.set(&o)
			}
			var got []string
			for _, line := range told(t.Context(), o, s.URL) {
				got = append(got, strings.ReplaceAll(line, strings.TrimPrefix(s.URL, "http://"), ""))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func index(names ...string) string {
	return "<sitemapindex><sitemap><loc>" + strings.Join(names, "</loc></sitemap><sitemap><loc>") + "</loc></sitemap></sitemapindex>"
}

func many(sitemaps int) web {
	w := web{"/": "links"}
	var names []string
	for i := range sitemaps + 1 {
		names = append(names, fmt.Sprintf("/%d.xml", i))
		w[names[i]] = "<urlset/>"
	}
	w["/robots.txt"] = "Sitemap: /i.xml"
	w["/i.xml"] = index(names[1:]...)
	return w
}

func calendar(months int) web {
	w := web{"/": "links /calendar?month=1"}
	for i := range months {
		w[fmt.Sprintf("/calendar?month=%d", i)] = fmt.Sprintf("links /calendar?month=%d", i+1)
	}
	return w
}

// A site that goes down ends the crawl, so that nobody takes its pages for
// gone.
func TestDown(t *testing.T) {
	w := web{"/": "links"}
	for i := range 30 {
		name := fmt.Sprintf("/p%02d", i)
		w["/"] += " " + name
		w[name] = "500"
	}
	w["/p05"] = "404" // an answer all the same
	s := httptest.NewServer(w)
	defer s.Close()
	got := told(t.Context(), quick(s.URL), s.URL)
	want := " is down: 20 pages in a row failed: /p25: the server answers 500 Internal Server Error"
	if len(got) != 1+26+1 || got[27] != "stopped "+want {
		t.Errorf("%d answers, the last %q", len(got), got[len(got)-1])
	}
}

func TestUnchanged(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		etag := `"` + r.URL.Path + `"`
		if r.Header.Get("If-None-Match") == etag {
			rw.WriteHeader(http.StatusNotModified)
			return
		}
		rw.Header().Set("ETag", etag)
		rw.Header().Set("Last-Modified", "Fri, 27 Nov 2026 08:00:00 GMT")
		web{"/": "links /a", "/a": "links"}.ServeHTTP(rw, r)
	}))
	defer s.Close()
	o := quick(s.URL)
	o.Known = func(url string) (string, string, bool) {
		return `"/"`, "Fri, 27 Nov 2026 08:00:00 GMT", strings.HasSuffix(url, "/")
	}
	o.Links = func(p Page) ([]string, bool) {
		if p.State == Unchanged && p.Body == nil {
			return []string{"/a"}, true
		}
		return nil, false
	}
	var got []Page
	for p, err := range Site(t.Context(), o) {
		if err != nil {
			t.Error(err)
		}
		p.URL = strings.TrimPrefix(p.URL, s.URL)
		got = append(got, p)
	}
	want := []Page{
		{URL: "/", State: Unchanged, Status: 304, ETag: `"/"`, LastModified: "Fri, 27 Nov 2026 08:00:00 GMT", Found: ByStart},
		{URL: "/a", State: Read, Status: 200, ContentType: "text/html; charset=utf-8", Body: []byte{}, ETag: `"/a"`, LastModified: "Fri, 27 Nov 2026 08:00:00 GMT", Depth: 1, Found: ByLink},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNamesOfTheSite(t *testing.T) {
	names := map[string]string{"ministry.kg.": "127.0.0.1", "www.ministry.kg.": "127.0.0.1", "xn--80adxhks.kg.": "127.0.0.1", "evil.kg.": "127.0.0.1"}
	var hosts []string
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		name, port, _ := strings.Cut(r.Host, ":")
		if r.URL.Path != "/sitemap.xml" && r.URL.Path != "/robots.txt" {
			hosts = append(hosts, name+r.URL.Path)
		}
		w := web{"/": "links //ministry.kg:" + port + "/a //www.MINISTRY.kg.:" + port + "/b //evil.kg:" + port + "/c", "/a": "links", "/b": "links"}
		if name == "ministry.kg" {
			w["/"] = "301 http://www." + r.Host + "/"
		}
		w.ServeHTTP(rw, r)
	}))
	defer s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	for _, tt := range []struct {
		start string
		want  []string
	}{
		{"http://ministry.kg:", []string{"ministry.kg/", "www.ministry.kg/", "www.ministry.kg/a", "www.ministry.kg/b"}}, // links follow the first page
		{"http://www.ministry.kg:", []string{"www.ministry.kg/", "www.ministry.kg/a", "www.ministry.kg/b"}},
		{"http://МОСКВА.kg:", []string{"xn--80adxhks.kg/"}},
	} {
		hosts = nil
		o := quick(tt.start + port)
		o.Resolver = outboundtest.Resolver(names)
		lines := told(t.Context(), o, "")
		if !slices.Equal(hosts, tt.want) {
			t.Errorf("%s: asked %q, want %q; %q", tt.start, hosts, tt.want, lines)
		}
	}
}

// A site that moves from http to https, and to www., has one name for each page
// all the same.
func TestMovedSite(t *testing.T) {
	plain := web{"/robots.txt": "301 https://www.ministry.kg/robots.txt", "/": "301 https://www.ministry.kg/", "/old": "301 https://www.ministry.kg/new", "/new": "301 https://www.ministry.kg/new", "/gone": "410"}
	secure := web{"/robots.txt": "User-agent: *\nDisallow: /p", "/": "links http://ministry.kg/new http://www.ministry.kg/a /a http://ministry.kg/p", "/new": "links", "/a": "302 http://ministry.kg/b"}
	plain["/b"] = "links" // which it has only there
	var got []string
	asked, last := timed(t, Options{Before: []string{"http://ministry.kg/old", "http://ministry.kg/gone", "http://ministry.kg/b", "http://ministry.kg/new"}}, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.URL.String())
		if r.URL.Scheme == "https" {
			secure.ServeHTTP(w, r)
		} else {
			plain.ServeHTTP(w, r)
		}
	})
	want := []string{
		"http://ministry.kg/robots.txt", "https://www.ministry.kg/robots.txt", "http://ministry.kg/", "https://www.ministry.kg/robots.txt", "https://www.ministry.kg/",
		"https://www.ministry.kg/sitemap.xml", "https://www.ministry.kg/a", "http://ministry.kg/b", "https://www.ministry.kg/new", "http://ministry.kg/gone", "http://ministry.kg/new", "http://ministry.kg/old",
	}
	if diff := cmp.Diff(want, got); diff != "" || len(asked) != len(want) {
		t.Errorf("-want +got:\n%s", diff)
	}
	if last == nil || last.Error() != "http://ministry.kg/old: it has moved to https://www.ministry.kg/new" {
		t.Error(last)
	}
}

// Where a name leads is looked at when it is dialled.
func TestPrivateAddresses(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	defer s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	for _, tt := range []struct {
		start, at string // of ministry.kg
		private   bool
		want      string
	}{
		{"http://127.0.0.1:" + port, "", false, "127.0.0.1, where the web site is, is no address of the public internet"},
		{"http://ministry.kg:" + port, "127.0.0.1", false, "127.0.0.1, where the web site is, is no address of the public internet"},
		{"http://ministry.kg", "10.0.0.7", false, "10.0.0.7, where the web site is, is no address of the public internet"},
		{"http://ministry.kg", "64:ff9b::a00:7", false, "10.0.0.7, where the web site is, is no address of the public internet"},
		{"http://169.254.169.254/latest/meta-data", "", true, "may not be at 169.254.169.254, where clouds keep secrets"},
		{"http://ministry.kg", "169.254.169.254", true, "may not be at 169.254.169.254, where clouds keep secrets"},
	} {
		o := quick(tt.start)
		o.Private = tt.private
		o.Resolver = outboundtest.Resolver(map[string]string{"ministry.kg.": tt.at})
		got := told(t.Context(), o, "")
		if len(got) != 1 || !strings.HasPrefix(got[0], "stopped ") || !strings.Contains(got[0], tt.want) {
			t.Errorf("%s at %s: %q", tt.start, tt.at, got)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for start, want := range map[string]string{
		"":                         "does not begin with http",
		"ministry.kg":              "does not begin with http",
		"ftp://ministry.kg":        "does not begin with http",
		"http://u:p@ministry.kg/":  "a user name or a password",
		"http://минис трлик.kg":    "the URL is broken",
		"http://-bad-.kg/":         "is no name of a host",
		"http://[fe80::1%25eth0]/": "is no name of a host",
	} {
		got := told(t.Context(), Options{Start: start}, "")
		if len(got) != 1 || !strings.HasPrefix(got[0], "stopped") || !strings.Contains(got[0], want) {
			t.Errorf("%q: %q", start, got)
		}
	}
	for _, err := range Site(t.Context(), Options{Start: "http://ministry.kg", Contact: "a\r\nCookie: b"}) {
		if !fault.Invalid.Is(err) {
			t.Error(err)
		}
	}
}

// What is sent says who asks, and nothing about anybody else.
func TestRequest(t *testing.T) {
	var got []http.Header
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header)
		rw.Header().Set("Set-Cookie", "session=1")
		web{"/": "links /a", "/a": "302 /b", "/b": "links"}.ServeHTTP(rw, r)
	}))
	defer s.Close()
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	o := quick(s.URL)
	o.Language, o.Contact = "ky, ru;q=0.5", "https://tilgate.example/bot"
	o.Types = []string{"text/html", "application/pdf"}
	told(t.Context(), o, "")
	want := http.Header{
		"User-Agent":      {"Tilgate (+https://tilgate.example/bot)"},
		"Accept":          {"text/html, application/pdf, */*;q=0.1"},
		"Accept-Encoding": {"gzip, deflate, br"},
		"Accept-Language": {"ky, ru;q=0.5"},
	}
	if diff := cmp.Diff(want, got[len(got)-1]); diff != "" || len(got) != 5 {
		t.Errorf("%d requests; -want +got:\n%s", len(got), diff)
	}
}

// A caller who wants no more, and one who is gone, get no more.
func TestEnd(t *testing.T) {
	s := httptest.NewServer(calendar(100))
	defer s.Close()
	for p := range Site(t.Context(), quick(s.URL)) {
		if p.Depth == 2 {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for p, err := range Site(ctx, quick(s.URL)) {
		if n++; n == 3 {
			cancel()
		}
		if n == 4 && (p.State != Stopped || !fault.Canceled.Is(err)) || n > 4 {
			t.Errorf("%d: %v, %v", n, p, err)
		}
	}
	if n != 4 {
		t.Errorf("%d answers", n)
	}
}
