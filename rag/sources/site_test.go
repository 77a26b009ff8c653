package sources

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"tilgate/rag/crawl"
	"tilgate/rag/ingest"
	"tilgate/rag/read"
)

// A site serves pages that tests change.
type site struct {
	*httptest.Server
	mu     sync.Mutex
	pages  map[string]string // by path; a page that is a number is answered with it
	asked  []string
	etags  bool
	broken bool
}

func newSite(t *testing.T, pages map[string]string) *site {
	s := &site{pages: pages, etags: true}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		panic(http.ErrAbortHandler)
	}
	page, ok := s.pages[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	tag := fmt.Sprintf(`"%x"`, len(page))
	if s.etags && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if page == "500" {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if !strings.HasSuffix(r.URL.Path, ".txt") && !strings.HasSuffix(r.URL.Path, ".xml") {
		s.asked = append(s.asked, r.URL.Path)
	}
	if s.etags {
		w.Header().Set("ETag", tag)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, page)
}

func (s *site) set(path, page string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pages[path] = page; page == "" {
		delete(s.pages, path)
	}
	s.asked = nil
}

var href = regexp.MustCompile(`href="([^"]*)"`)

var mark = regexp.MustCompile(`<[^>]*>`)

// readPage makes a document of a page without its marks.
func readPage(_ context.Context, p crawl.Page) (Page, error) {
	out := Page{Follow: true}
	for _, m := range href.FindAllSubmatch(p.Body, -1) {
		out.Links = append(out.Links, string(m[1]))
	}
	out.Item.Text = strings.TrimSpace(mark.ReplaceAllString(string(p.Body), ""))
	out.Hidden = strings.Contains(out.Item.Text, "жашыруун")
	if _, same, ok := strings.Cut(string(p.Body), "canonical="); ok {
		out.Canonical, _, _ = strings.Cut(same, ">")
	}
	return out, nil
}

// syncSite is sync from a site.
func (w *world) syncSite(s *site, stateless bool, want ...string) ingest.Report {
	w.t.Helper()
	r := w.trySite(s, stateless)
	for i, path := range want {
		want[i] = s.URL + path + " " + s.URL + path
	}
	w.holds(want...)
	return r
}

func (w *world) trySite(s *site, stateless bool) ingest.Report {
	w.t.Helper()
	w.m.Sources = []Source{{Site: s.URL + "/", Lang: "ky", Private: true, Rate: 10_000}}
	var state *State
	if !stateless {
		var err error
		if state, err = OpenState(w.data, "", "desk"); err != nil {
			w.t.Fatal(err)
		}
		defer state.Close()
	}
	if err := w.x.Create(w.t.Context(), "desk", nil); err != nil {
		w.t.Fatal(err)
	}
	stored, err := w.x.Stored(w.t.Context(), "desk")
	if err != nil {
		w.t.Fatal(err)
	}
	set := Open(w.m, Options{State: state, Stored: stored, Page: readPage, Reader: func(Source) read.Readers { return nil }})
	r, err := ingest.Run(w.t.Context(), w.x, set.Items(w.t.Context()), ingest.Options{KB: "desk", Stored: stored, Sync: true, Settled: set.Settled})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (s *site) asks(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.asked)
	if !slices.Equal(s.asked, want) {
		t.Errorf("sent were %q, want %q", s.asked, want)
	}
	s.asked = nil
}

// TestSite: a second crawl takes what the server says has not changed for what
// is stored, still follows its links, and removes what is gone.
func TestSite(t *testing.T) {
	w := newWorld(t)
	s := newSite(t, map[string]string{
		"/":      `<a href="/a">Суу</a> <a href="/b">Жер</a> башкы бет`,
		"/a":     `<a href="/c">дагы</a> Суу таза болсун.`,
		"/b":     `Жер салыгы жылына эки жолу төлөнөт.`,
		"/c":     `Каттоо акысыз жана бир күндө бүтөт.`,
		"/other": `Бул бетке эч ким шилтебейт.`,
	})
	w.counts(w.syncSite(s, false, "/", "/a", "/b", "/c"), 4, 0, 0, 0)
	s.asks(t, "/", "/a", "/b", "/c")
	w.counts(w.syncSite(s, false, "/", "/a", "/b", "/c"), 0, 0, 0, 4)
	s.asks(t)
	s.set("/c", "Каттоо эми акылуу болду, баасы элүү танга.")
	w.counts(w.syncSite(s, false, "/", "/a", "/b", "/c"), 0, 1, 0, 3)
	s.asks(t, "/c")
	s.set("/b", "")
	w.counts(w.syncSite(s, false, "/", "/a", "/c"), 0, 0, 1, 3)
	s.set("/c", "500") // is it there? nobody knows
	if r := w.syncSite(s, false, "/", "/a", "/c"); len(r.Faults) != 1 || r.Kept != 1 {
		t.Errorf("%+v", r)
	}
	s.mu.Lock()
	s.broken = true
	s.mu.Unlock()
	if r := w.syncSite(s, false, "/", "/a", "/c"); len(r.Faults) == 0 || r.Kept != 3 || r.Removed != 0 {
		t.Errorf("%+v", r)
	}
}

// TestSiteWithoutTags: where a server says nothing of use, the bytes tell; and
// without a state everything is read, and the documents tell.
func TestSiteWithoutTags(t *testing.T) {
	w := newWorld(t)
	s := newSite(t, map[string]string{"/": `<a href="/a">Суу</a> башкы бет`, "/a": "Суу таза болсун."})
	s.etags = false
	w.counts(w.syncSite(s, false, "/", "/a"), 2, 0, 0, 0)
	w.counts(w.syncSite(s, false, "/", "/a"), 0, 0, 0, 2)
	s.asks(t, "/", "/", "/a", "/a")
	w.counts(w.syncSite(s, true, "/", "/a"), 0, 0, 0, 2)
}

// TestSiteCanonical: a page that stands at two addresses is one document, and
// one that asks to be left out is.
func TestSiteCanonical(t *testing.T) {
	w := newWorld(t)
	s := newSite(t, nil)
	same := "<link canonical=" + s.URL + "/b>"
	s.pages = map[string]string{
		"/":  `<a href="/a">Суу</a> <a href="/b">Суу</a> <a href="/c">башка</a> башкы бет`,
		"/a": same + "Суу таза болсун.", "/b": same + "Суу таза болсун.", "/c": "Бул бет жашыруун, издөөгө кирбейт.",
	}
	r := w.trySite(s, true)
	w.holds(s.URL+"/ "+s.URL+"/", s.URL+"/a "+s.URL+"/b")
	w.counts(r, 2, 0, 0, 0)
}
