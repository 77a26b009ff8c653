package crawl

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"

	"tilgate/internal/fault"
)

type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := f(r)
	resp.Request = r
	return resp, nil
}

// timed crawls without a network, and tells when each URL was asked for: "2s
// /a". Answers come at once.
func timed(t *testing.T, o Options, site http.HandlerFunc) (asked []string, last error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o.Start, o.Links = "http://ministry.kg/", links
		c, err := newCrawler(o)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		c.send = roundTrip(func(r *http.Request) *http.Response {
			asked = append(asked, fmt.Sprint(time.Since(begin), " ", r.URL.Path))
			w := httptest.NewRecorder()
			site(w, r)
			return w.Result()
		})
		c.crawl(t.Context(), func(_ Page, err error) bool { last = err; return true })
	})
	return asked, last
}

func TestPoliteness(t *testing.T) {
	site := web{"/": "links /a /b", "/a": "links", "/b": "links"}
	busy := func(status int, after string, times int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/a" && times > 0 {
				times--
				if after != "" {
					w.Header().Set("Retry-After", after)
				}
				w.WriteHeader(status)
				return
			}
			site.ServeHTTP(w, r)
		}
	}
	robots := func(text string) http.HandlerFunc {
		return web{"/": site["/"], "/a": "links", "/b": "links", "/robots.txt": text}.ServeHTTP
	}
	for _, tt := range []struct {
		what string
		site http.HandlerFunc
		set  Options
		want string
		err  string // the last one
	}{
		{"a request a second", site.ServeHTTP, Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a, 4s /b", ""},
		{"as slow as the caller wants", site.ServeHTTP, Options{Every: time.Minute}, "0s /robots.txt, 1m0s /, 2m0s /sitemap.xml, 3m0s /a, 4m0s /b", ""},
		{"as slow as robots.txt wants", robots("User-agent: *\nCrawl-delay: 2.5"), Options{}, "0s /robots.txt, 2.5s /, 5s /sitemap.xml, 7.5s /a, 10s /b", ""},
		{"but not slower than 30 s", robots("User-agent: *\nCrawl-delay: 86400"), Options{}, "0s /robots.txt, 30s /, 1m0s /sitemap.xml, 1m30s /a, 2m0s /b", ""},
		{"and not faster than the caller wants", robots("User-agent: *\nCrawl-delay: 0.1"), Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a, 4s /b", ""},
		{"again when it is busy", busy(503, "", 2), Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a, 5s /a, 9s /a, 10s /b", ""},
		{"when it asks us to", busy(429, "60", 1), Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a, 1m3s /a, 1m4s /b", ""},
		{"at the time that it names", busy(503, "Sat, 01 Jan 2000 00:00:33 GMT", 1), Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a, 33s /a, 34s /b", ""},
		{"a rest is for other pages, too", busy(503, "60", 3), Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a, 1m3s /a, 2m3s /a, 3m3s /b", ""},
		{"not at all when it asks for hours", busy(429, "7200", 1), Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a", "ministry.kg asks us to come again in 2h0m0s"},
		{"nonsense is nothing", busy(503, "soon", 1), Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a, 5s /a, 6s /b", ""},
		{"a negative time is none", busy(503, "-5", 1), Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a, 5s /a, 6s /b", ""},
		{"not without end", busy(502, "", 9), Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a, 5s /a, 9s /a, 10s /b", ""},
		{"what is broken stays broken", busy(500, "", 9), Options{}, "0s /robots.txt, 1s /, 2s /sitemap.xml, 3s /a, 4s /b", ""},
	} {
		asked, err := timed(t, tt.set, tt.site)
		if got := strings.Join(asked, ", "); got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s:\n%s, %v; want\n%s, %s", tt.what, got, err, tt.want, tt.err)
		}
	}
}

// What is over soon is worth asking again.
func TestPassing(t *testing.T) {
	unanswered := func(err error) error { return fault.Unavailable.Wrap(err, "the server does not answer") }
	for _, tt := range []struct {
		what   string
		status int
		err    error
		want   bool
	}{
		{"a connection that broke", 0, unanswered(io.ErrUnexpectedEOF), true},
		{"a page that broke off", 200, fault.Unavailable.Wrap(io.ErrUnexpectedEOF, "it did not come whole"), true},
		{"a resolver that does not answer", 0, unanswered(&net.DNSError{IsTimeout: true}), true},
		{"no such name", 0, unanswered(&net.DNSError{IsNotFound: true}), false},
		{"a certificate of another", 0, unanswered(&tls.CertificateVerificationError{}), false},
		{"a page that took too long", 200, fault.Timeout.Errorf("it did not come"), false},
		{"a page that is too large", 200, tooLarge(1), false},
		{"a bad gateway", 502, nil, true},
		{"a broken server", 500, fault.Unavailable.Errorf("the server answers 500"), false},
		{"a page", 200, nil, false},
	} {
		if got := passing(answer{status: tt.status}, tt.err); got != tt.want {
			t.Errorf("%s: %v", tt.what, got)
		}
	}
}

func pack(t *testing.T, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch name {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "br":
		w = brotli.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "raw deflate":
		var err error
		if w, err = flate.NewWriter(&b, 6); err != nil {
			t.Fatal(err)
		}
	default:
		return data
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBody(t *testing.T) {
	text := strings.Repeat("Жашоо пособиеси балага ай сайын берилет. ", 20)
	bomb := strings.Repeat("\x00", 16<<20)
	var sent []byte
	var encoding string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		if strings.HasSuffix(encoding, " unsized") {
			w.Header().Set("Content-Encoding", "identity")
			w.(http.Flusher).Flush()
		}
		w.Write(sent)
	}))
	defer s.Close()
	for _, tt := range []struct {
		what, packed, encoding, text string
		cut                          int // bytes that are not sent
		state                        State
		err                          string
	}{
		{"as it is", "", "", text, 0, Read, ""},
		{"gzip", "gzip", "gzip", text, 0, Read, ""},
		{"gzip by its old name", "gzip", "x-gzip", text, 0, Read, ""},
		{"brotli", "br", "br", text, 0, Read, ""},
		{"deflate", "deflate", "deflate", text, 0, Read, ""},
		{"deflate without a frame", "raw deflate", "deflate", text, 0, Read, ""},
		{"a gzip bomb", "gzip", "gzip", bomb, 0, LeftOut, "it has more than 1024 kB"},
		{"a brotli bomb", "br", "br", bomb, 0, LeftOut, "it has more than 1024 kB"},
		{"a deflate bomb", "deflate", "deflate", bomb, 0, LeftOut, "it has more than 1024 kB"},
		{"too large", "", "", bomb[:2<<20], 0, LeftOut, "it has more than 1024 kB"},
		{"too large, which it does not say", "", "identity unsized", bomb[:2<<20], 0, LeftOut, "it has more than 1024 kB"},
		{"as large as may be", "", "", bomb[:1<<20], 0, Read, ""},
		{"cut off", "gzip", "gzip", text, 9, Failed, "it did not come whole: unexpected EOF"},
		{"not what it says", "", "gzip", text, 0, Failed, "it did not come whole: gzip: invalid header"},
		{"not what it says", "", "br", text, 0, Failed, "it did not come whole: brotli"},
		{"what was not asked for", "", "zstd", text, 0, LeftOut, `the server sends it as "zstd", which was not asked for`},
		{"packed twice", "gzip", "gzip, gzip", text, 0, LeftOut, `the server sends it as "gzip, gzip", which was not asked for`},
	} {
		packed := pack(t, tt.packed, []byte(tt.text))
		sent, encoding = packed[:len(packed)-tt.cut], tt.encoding
		o := quick(s.URL)
		o.MaxPage = 1 << 20
		for p, err := range Site(t.Context(), o) {
			if p.State != tt.state || err != nil && !strings.Contains(err.Error(), tt.err) || err == nil && string(p.Body) != tt.text {
				t.Errorf("%s: %s with %d bytes, %v", tt.what, p.State, len(p.Body), err)
			}
		}
	}
}

// A server that dawdles does not hold up the crawl.
func TestSlow(t *testing.T) {
	dawdle := func(w http.ResponseWriter, r *http.Request, part func()) {
		for range 1000 {
			part()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/body":
			w.Header().Set("Content-Type", "text/html")
			dawdle(w, r, func() {
				w.Write([]byte("x"))
				w.(http.Flusher).Flush()
			})
		case "/never":
			<-r.Context().Done()
		case "/hints":
			dawdle(w, r, func() { w.WriteHeader(http.StatusEarlyHints) })
		case "/cut":
			w.Header().Set("Content-Length", "100")
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		default:
			web{"/": "links /body /never /hints /cut /fine", "/fine": "links"}.ServeHTTP(w, r)
		}
	}))
	defer s.Close()
	o := quick(s.URL)
	o.FirstByte, o.Whole = 100*time.Millisecond, 300*time.Millisecond
	begin := time.Now()
	got := told(t.Context(), o, s.URL)
	want := []string{
		"read /",
		"failed /body: it did not come within 300ms: context deadline exceeded",
		"failed /cut: it did not come whole: unexpected EOF",
		"read /fine",
		"failed /hints: the server does not answer: net/http: timeout awaiting response headers",
		"failed /never: the server does not answer: net/http: timeout awaiting response headers",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
}

// A deadline of the caller's ends the crawl, and is not taken for a failure of
// the site.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := newCrawler(Options{Start: "http://ministry.kg"})
		if err != nil {
			t.Fatal(err)
		}
		c.send = roundTrip(func(r *http.Request) *http.Response {
			w := httptest.NewRecorder()
			web{"/": "links"}.ServeHTTP(w, r)
			return w.Result()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		var got []string
		c.crawl(ctx, func(p Page, err error) bool {
			if got = append(got, string(p.State)); p.State == Stopped && !fault.Limited.Is(err) {
				t.Error(err)
			}
			return true
		})
		if diff := cmp.Diff([]string{"read", "stopped"}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestContentType(t *testing.T) {
	for _, tt := range []struct{ said, disposition, path, want, ending string }{
		{"text/html; charset=windows-1251", "", "/", "text/html; charset=windows-1251", ".html"},
		{"Text/HTML", "", "/a.pdf", "Text/HTML", ".html"},
		{"application/pdf", "", "/get", "application/pdf", ".pdf"},
		{"application/octet-stream", "", "/буйрук.PDF", "application/pdf", ".pdf"},
		{"application/octet-stream", `attachment; filename="буйрук.docx"`, "/get.php", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"},
		{"application/octet-stream", "", "/get", "application/octet-stream", ""},
		{"application/zip", "", "/a.epub", "application/epub+zip", ".epub"},
		{"application/zip", "", "/a.zip", "application/zip", ".zip"},
		{"text/plain; charset=utf-8", "", "/a.csv", "text/csv", ".csv"},
		{"text/plain; charset=utf-8", "", "/a.txt", "text/plain; charset=utf-8", ".txt"},
		{"", "", "/a.odt", "application/vnd.oasis.opendocument.text", ".odt"},
		{"", "", "/a", "", ""},
		{"text", ";;", "/a.xlsx", "text", ".xlsx"},
	} {
		h := http.Header{}
		h.Set("Content-Type", tt.said)
		h.Set("Content-Disposition", tt.disposition)
		got := contentType(h, tt.path)
		if got != tt.want {
			t.Errorf("%q, %q, %q: %q, want %q", tt.said, tt.disposition, tt.path, got, tt.want)
		}
		if got := (Page{URL: "http://ministry.kg" + tt.path, ContentType: got}).Ending(); got != tt.ending {
			t.Errorf("%q, %q: ending %q, want %q", tt.said, tt.path, got, tt.ending)
		}
	}
}
