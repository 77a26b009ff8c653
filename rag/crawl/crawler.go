package crawl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"tilgate/internal/fault"
)

// maxFailures is after how many pages in a row that failed a site is down.
const maxFailures = 20

type crawler struct {
	Options
	start   *url.URL
	site    site
	send    http.RoundTripper
	limit   *rate.Limiter
	quiet   time.Time // until when the site asked us to be
	robots  map[string]rules
	front   frontier
	told    map[string]bool // reasons for leaving pages out
	pending map[string]bool // of Before, what was not answered yet
	spent   int64           // bytes that were sent to us
	failed  int             // pages in a row
	yield   func(Page, error) bool
}

// errLeft ends a crawl whose caller wants no more.
var errLeft = errors.New("nobody reads on")

func (c *crawler) crawl(ctx context.Context, yield func(Page, error) bool) {
	c.yield = yield
	if err := c.run(ctx); err != nil && !errors.Is(err, errLeft) {
		yield(Page{State: Stopped}, err)
	}
}

func (c *crawler) run(ctx context.Context) error {
	r, err := c.rulesFor(ctx, c.start)
	if err != nil {
		return err
	}
	if r.err != nil {
		return r.err
	}
	c.front.seen[key(c.start)] = true
	out, err := c.ask(ctx, found{c.start, 0, ByStart})
	if err != nil {
		return err
	}
	if err := c.sitemaps(ctx); err != nil {
		return err
	}
	if err := c.keep(ctx, out); err != nil {
		return err
	}
	for urls := c.front.round(); len(urls) > 0; urls = c.front.round() {
		for _, f := range urls {
			if out, err = c.ask(ctx, f); err != nil {
				return err
			}
			if err := c.keep(ctx, out); err != nil {
				return err
			}
		}
	}
	if c.front.full {
		return fault.TooLarge.Errorf("%s has more than %d pages; the others were not read", c.site.origin, c.MaxPages)
	}
	return c.rest(ctx)
}

// rest asks for pages of the last crawl that nothing led to.
func (c *crawler) rest(ctx context.Context) error {
	for _, raw := range slices.Sorted(maps.Keys(c.pending)) {
		if !c.pending[raw] {
			continue // another one led to it
		}
		u, err := canonical(nil, raw)
		if err == nil {
			err = c.site.check(u)
		}
		if err != nil {
			err = c.put(Page{URL: raw, State: LeftOut, Found: ByBefore}, err)
		} else {
			_, err = c.ask(ctx, found{u, 0, ByBefore})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Links that go out of a page, as they stand there.
type outgoing struct {
	base  *url.URL
	depth int
	hrefs []string
}

// ask gives out what the site answers about a page, and returns its links. The
// error ends the crawl.
func (c *crawler) ask(ctx context.Context, f found) (outgoing, error) {
	p := Page{URL: f.url.String(), Depth: f.depth, Found: f.by}
	fresh := f.by != ByBefore || !c.front.seen[key(f.url)]
	c.front.seen[key(f.url)] = true
	a, err := c.follow(ctx, f.url, question{page: true, fresh: fresh, limit: c.MaxPage})
	if ends(ctx, err) {
		return outgoing{}, err
	}
	seen := errors.Is(err, errSeen)
	if moved := a.url != f.url && (err == nil || seen); moved && c.pending[p.URL] {
		state, why := leadsTo(a)
		if err := c.put(Page{URL: p.URL, State: state, Status: a.via, Found: f.by}, why); err != nil {
			return outgoing{}, err
		}
	}
	p.Status = a.status
	switch {
	case seen:
		return outgoing{}, nil
	case err != nil:
		return outgoing{}, c.put(p, err)
	}
	p.URL = a.url.String()
	c.front.seen[key(a.url)] = true
	if f.by == ByStart {
		c.site.origin = origin(a.url)
	}
	return c.give(p, a)
}

// ends reports whether an error is not one page's alone. Limited ones are about
// the whole site: it asks for rest, or there is no time or room for more of it.
func ends(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || fault.Limited.Is(err))
}

// leadsTo says that a URL led to the page of the answer.
func leadsTo(a answer) (State, error) {
	if a.forGood {
		return Gone, fault.NotFound.Errorf("it has moved to %s", a.url)
	}
	return Elsewhere, fault.NotFound.Errorf("it leads to %s for now", a.url)
}

// give gives out a page that was answered, and returns its links.
func (c *crawler) give(p Page, a answer) (outgoing, error) {
	p.State, p.Body, p.ContentType = Read, a.body, a.contentType
	p.ETag, p.LastModified = a.validators()
	if a.status == http.StatusNotModified {
		p.State = Unchanged
		etag, modified, _ := c.Known(p.URL)
		if p.ETag == "" {
			p.ETag = etag
		}
		if p.LastModified == "" {
			p.LastModified = modified
		}
	}
	links, follow := c.Links(p)
	if !follow {
		links = nil
	}
	return outgoing{a.url, p.Depth + 1, links}, c.put(p, nil)
}

// keep offers the links of a page.
func (c *crawler) keep(ctx context.Context, out outgoing) error {
	for _, href := range out.hrefs {
		if err := c.offer(ctx, out.base, href, out.depth, ByLink); err != nil {
			return err
		}
	}
	return nil
}

// offer keeps a link for later, or says why not. Links to other sites are
// nothing to speak of.
func (c *crawler) offer(ctx context.Context, base *url.URL, href string, depth int, by Found) error {
	u, err := c.site.link(base, href)
	where := fmt.Sprintf("%.200s", href)
	switch {
	case err == nil:
		where = u.String()
		if err = c.allowed(ctx, u); err == nil {
			err = c.front.admit(found{u, depth, by})
		}
	case !fault.TooLarge.Is(err):
		return nil
	}
	if ends(ctx, err) {
		return err
	}
	return c.tell(Page{URL: where, Depth: depth, Found: by}, err)
}

// tell gives out why a link is not followed, once for each reason.
func (c *crawler) tell(p Page, err error) error {
	if err == nil || c.told[err.Error()] {
		return nil
	}
	c.told[err.Error()] = true
	return c.put(p, err)
}

// put gives out a page. It returns an error if that should be the last.
func (c *crawler) put(p Page, err error) error {
	if p.State == "" {
		p.State = stateOf(err)
	}
	if p.State == Failed {
		c.failed++
	} else {
		c.failed = 0
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", p.URL, err)
	}
	delete(c.pending, p.URL)
	switch {
	case !c.yield(p, err):
		return errLeft
	case c.failed >= maxFailures:
		return fault.Unavailable.Wrap(err, fmt.Sprintf("%s is down: %d pages in a row failed", c.site.origin, c.failed))
	}
	return nil
}

func stateOf(err error) State {
	switch fault.Of(err) {
	case fault.NotFound:
		return Gone
	case fault.Forbidden, fault.TooLarge, fault.Unsupported:
		return LeftOut
	}
	return Failed
}
