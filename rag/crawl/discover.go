package crawl

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"tilgate/internal/fault"
)

// maxDelay is the longest Crawl-delay that is obeyed.
const maxDelay = 30 * time.Second

// allowed returns why robots.txt does not let us ask for a URL.
func (c *crawler) allowed(ctx context.Context, u *url.URL) error {
	r, err := c.rulesFor(ctx, u)
	if err == nil {
		err = r.err
	}
	if err != nil {
		return err
	}
	if decides := r.judge(key(u)); !decides.allow {
		return fault.Forbidden.Errorf("robots.txt says %s", decides)
	}
	return nil
}

// rulesFor returns what the robots.txt beside a URL says, as RFC 9309 reads
// it: where there is none, everything is allowed, and where nobody knows,
// nothing. The error ends the crawl.
func (c *crawler) rulesFor(ctx context.Context, u *url.URL) (rules, error) {
	at := origin(u)
	if r, ok := c.robots[at]; ok {
		return r, nil
	}
	file, err := canonical(nil, at+"/robots.txt")
	if err != nil {
		return rules{}, err
	}
	a, err := c.follow(ctx, file, question{limit: maxRobots})
	if ends(ctx, err) {
		return rules{}, err
	}
	var r rules
	switch {
	case a.status == http.StatusOK && len(a.body) > 0 && (err == nil || fault.TooLarge.Is(err)):
		r = parseRobots(a.body)
	case fault.Invalid.Is(err): // it leads nowhere
	case err != nil:
		r.err = fmt.Errorf("%s could not be read, so nothing may be: %w", file, err)
	case a.status == http.StatusTooManyRequests || a.status >= 500:
		r.err = fault.Unavailable.Errorf("%s could not be read, so nothing may be: the server answers %d %s", file, a.status, http.StatusText(a.status))
	}
	if r.delay > c.Every {
		c.limit.SetLimit(rate.Every(min(r.delay, maxDelay)))
	}
	c.robots[at] = r
	return r, nil
}

// A listed sitemap is one to be read.
type listed struct {
	url   *url.URL
	depth int  // of indexes that it stands in
	named bool // by robots.txt or an index; else it is only a guess
}

// sitemaps keeps the pages of all sitemaps. Whether robots.txt allows the file
// is asked of the one that nobody named.
func (c *crawler) sitemaps(ctx context.Context) error {
	home, err := canonical(nil, c.site.origin)
	if err != nil {
		return err
	}
	r, err := c.rulesFor(ctx, home)
	if err != nil {
		return err
	}
	queue, err := c.list(nil, home, r.sitemaps, 0)
	if err != nil {
		return err
	}
	if guess := home.JoinPath("sitemap.xml"); !holds(queue, guess) && c.allowed(ctx, guess) == nil {
		queue = append(queue, listed{url: guess})
	}
	for i := 0; i < len(queue) && !c.front.full; i++ {
		next := queue[i]
		s, err := c.readSitemap(ctx, next)
		if err != nil {
			return err
		}
		for _, page := range s.pages {
			if err := c.offer(ctx, next.url, page, 0, BySitemap); err != nil {
				return err
			}
		}
		if queue, err = c.list(queue, next.url, s.maps, next.depth+1); err != nil {
			return err
		}
	}
	return nil
}

func holds(queue []listed, u *url.URL) bool {
	return slices.ContainsFunc(queue, func(l listed) bool { return key(l.url) == key(u) })
}

// list adds sitemaps that are named on base to a queue.
func (c *crawler) list(queue []listed, base *url.URL, names []string, depth int) ([]listed, error) {
	for _, name := range names {
		u, err := c.site.link(base, name)
		switch {
		case err != nil:
		case holds(queue, u):
			continue
		case depth > maxSitemapDepth:
			err = fault.TooLarge.Errorf("sitemaps within more than %d others are left out", maxSitemapDepth)
		case len(queue) >= maxSitemaps:
			err = fault.TooLarge.Errorf("there are more than %d sitemaps; the others are left out", maxSitemaps)
		default:
			queue = append(queue, listed{u, depth, true})
		}
		if err := c.tell(Page{URL: fmt.Sprintf("%.200s", name), State: LeftOut, Found: BySitemap}, err); err != nil {
			return nil, err
		}
	}
	return queue, nil
}

// readSitemap returns what a sitemap lists, as far as it can be read.
func (c *crawler) readSitemap(ctx context.Context, l listed) (sitemap, error) {
	a, err := c.follow(ctx, l.url, question{limit: maxSitemap})
	if ends(ctx, err) {
		return sitemap{}, err
	}
	var s sitemap
	switch {
	case err != nil:
	case a.status == http.StatusNotFound || a.status == http.StatusGone:
		err = fault.NotFound.Errorf("the sitemap is not there")
	case a.status != http.StatusOK:
		err = fault.Unavailable.Errorf("the server answers %d %s", a.status, http.StatusText(a.status))
	default:
		s, err = parseSitemap(a.body, maxSitemap)
	}
	if err == nil || !l.named {
		return s, nil
	}
	return s, c.put(Page{URL: l.url.String(), Status: a.status, Found: BySitemap}, err)
}
