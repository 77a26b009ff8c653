// Package crawl reads one web site for a knowledge base, page by page, slowly,
// and no further than its robots.txt allows.
//
// A site is one host, with and without "www.", over http and https where it
// has no port of its own. Links are written with the origin that the first
// page came from, so that each page has one URL; redirects are followed as the
// server says, within the site.
//
// What a crawl did not bring is not known to be gone: a server may be down, a
// page that leads to others may have failed, a limit may be reached. A page is
// Gone only where the server says so. Whoever keeps the pages of a crawl gives
// them to the next one in Options.Before, and gets an answer about each.
//
// Everything that comes from the site is somebody else's: names are checked
// where they lead when they are dialled (internal/outbound), and every wait,
// size and count has a limit.
package crawl

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"tilgate/internal/fault"
)

// Options say what to crawl, and how far. All but Start may be left out.
type Options struct {
	Start    string // where the site begins: https://example.kg/ky/
	Private  bool   // the site may be in a private network
	Language string // Accept-Language of requests: "ky, ru;q=0.5"
	Contact  string // where the owner of the site can ask about us, for the user agent

	// Links returns the links of a page, as they stand in it, and whether they
	// may be followed. It is asked before the page is given out, also about
	// pages that are Unchanged, which have no body: then it returns those that
	// it found last time. Without it only sitemaps lead to pages.
	Links func(Page) (links []string, follow bool)
	// Known returns what the server said about a page when it was last read, so
	// that it need not be sent again.
	Known func(url string) (etag, lastModified string, ok bool)
	// Before has URLs of pages from the last crawl, as they came in Page.URL.
	// Each gets an answer, unless the crawl is Stopped: those that nothing led to
	// this time are asked for at the end, without following their links.
	Before []string

	Types    []string      // media types that are read; none means Types()
	Every    time.Duration // between two requests; 0 means 1 s. A site may ask for more
	MaxPages int           // URLs that are asked for; 0 means 10,000
	MaxDepth int           // links from the first page or a sitemap; 0 means 20, less means none
	MaxAlike int           // URLs found by links that differ in numbers or in a query only; 0 means 2,000
	MaxPage  int64         // bytes of one page; 0 means 32 MB
	MaxBytes int64         // bytes that are sent to us in all; 0 means 8 GB

	FirstByte time.Duration // wait for an answer to begin; 0 means 30 s
	Whole     time.Duration // wait for an answer to end; 0 means 5 min

	Resolver *net.Resolver // of names; nil means the machine's
}

func (o Options) filled() Options {
	if len(o.Types) == 0 {
		o.Types = Types()
	}
	if o.Links == nil {
		o.Links = func(Page) ([]string, bool) { return nil, false }
	}
	if o.Known == nil {
		o.Known = func(string) (string, string, bool) { return "", "", false }
	}
	o.Every = cmp.Or(o.Every, time.Second)
	o.MaxPages = cmp.Or(o.MaxPages, 10_000)
	o.MaxDepth = cmp.Or(o.MaxDepth, 20)
	o.MaxAlike = cmp.Or(o.MaxAlike, 2_000)
	o.MaxPage = cmp.Or(o.MaxPage, 32<<20)
	o.MaxBytes = cmp.Or(o.MaxBytes, 8<<30)
	o.FirstByte = cmp.Or(o.FirstByte, 30*time.Second)
	o.Whole = cmp.Or(o.Whole, 5*time.Minute)
	return o
}

// A Page is the answer about one URL.
type Page struct {
	URL          string // in the one way that it is written, as Canonical does; after redirects
	State        State
	Status       int    // of HTTP; 0 if there was no answer
	ContentType  string // with parameters; what the name says where the server says nothing of use
	Body         []byte // if it was Read, and unpacked
	ETag         string
	LastModified string
	Depth        int // links from the first page or a sitemap
	Found        Found
}

// A State is what is known about a page now.
type State string

// The states. An error comes with all but the first two.
const (
	Read      State = "read"      // Body has it
	Unchanged State = "unchanged" // the server says that it is as it is Known
	Gone      State = "gone"      // the server says that it is not there, or, of one in Before, that it has moved for good
	Elsewhere State = "elsewhere" // the server leads from one in Before to another page for now
	LeftOut   State = "left_out"  // not read, because of robots.txt, its type, its size or another rule
	Failed    State = "failed"    // not read; whether it is there is not known
	Stopped   State = "stopped"   // of no page: the crawl ended early, and this comes last
)

// Found is what led to a page.
type Found string

// What leads to pages.
const (
	ByStart   Found = "start"
	BySitemap Found = "sitemap"
	ByLink    Found = "link"
	ByBefore  Found = "before" // nothing but Options.Before
)

// Site crawls a site. Pages come in an order that depends on the site alone:
// the first page, those of sitemaps, then those that links lead to, the nearest
// first, each sorted by URL, and then the rest of Options.Before. An error
// stands for its page, and begins with its URL.
func Site(ctx context.Context, o Options) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		c, err := newCrawler(o)
		if err != nil {
			yield(Page{State: Stopped}, err)
			return
		}
		base := c.transport()
		defer base.CloseIdleConnections()
		c.send = c.way().Transport(base)
		c.crawl(ctx, yield)
	}
}

func newCrawler(o Options) (*crawler, error) {
	o = o.filled()
	start, err := canonical(nil, o.Start)
	if err != nil {
		return nil, fmt.Errorf("where the site begins: %w", err)
	}
	if strings.ContainsFunc(o.Contact+o.Language, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, fault.Invalid.Errorf("the contact %q and the language %q must be in plain ASCII", o.Contact, o.Language)
	}
	pending := map[string]bool{}
	for _, b := range o.Before {
		pending[b] = true
	}
	return &crawler{
		Options: o,
		start:   start,
		site:    siteOf(start),
		limit:   rate.NewLimiter(rate.Every(o.Every), 1),
		robots:  map[string]rules{},
		told:    map[string]bool{},
		pending: pending,
		front:   frontier{max: o.MaxPages, alike: o.MaxAlike, depth: o.MaxDepth, seen: map[string]bool{}, count: map[string]int{}},
	}, nil
}
