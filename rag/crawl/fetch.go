package crawl

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
)

const (
	maxHops  = 5
	maxTries = 3
	maxRest  = 2 * time.Minute // that a site may ask for before the crawl goes on
)

// A question is what is asked for.
type question struct {
	page  bool  // of the site, for its readers; else robots.txt or a sitemap
	fresh bool  // nobody asked for the first URL before
	limit int64 // of the body
}

// An answer is what the server says about a URL.
type answer struct {
	url         *url.URL // after redirects
	via         int      // the status of the first of them
	forGood     bool     // all of them are
	status      int
	header      http.Header
	contentType string
	body        []byte // of status 200, as far as it may be read
}

func (a answer) redirects() bool {
	return slices.Contains([]int{301, 302, 303, 307, 308}, a.status)
}

// validators are what the answer can be recognised by.
func (a answer) validators() (etag, modified string) {
	const most = 200 // of bytes that are worth keeping
	if etag = a.header.Get("ETag"); len(etag) > most {
		etag = ""
	}
	if modified = a.header.Get("Last-Modified"); len(modified) > most {
		modified = ""
	}
	return etag, modified
}

// errSeen is about a redirect to a page that has its own answer.
var errSeen = errors.New("it is asked for by itself")

func (c *crawler) way() outbound.Way {
	return outbound.Way{What: "web site", Web: true, Private: c.Private, Resolver: c.Resolver}
}

func (c *crawler) transport() *http.Transport {
	return &http.Transport{
		DisableCompression:     true, // it is unpacked here, with a limit
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  c.FirstByte,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        90 * time.Second,
	}
}

// follow asks for a URL, and for those that it leads to. An answer about a page
// that cannot be given out is an error.
func (c *crawler) follow(ctx context.Context, u *url.URL, q question) (answer, error) {
	a := answer{url: u, forGood: true}
	chain := []string{u.String()}
	first := key(u)
	for {
		if err := c.may(ctx, a.url, q); err != nil {
			return a, because(chain, err)
		}
		if seen := c.front.seen[key(a.url)]; q.page && len(chain) > 1 && seen && (key(a.url) != first || !q.fresh) {
			return a, errSeen
		}
		next, err := c.get(ctx, a.url, q)
		next.url, next.via, next.forGood = a.url, a.via, a.forGood
		if a = next; err != nil || !a.redirects() {
			return a, because(chain, err)
		}
		a.via = cmp.Or(a.via, a.status)
		a.forGood = a.forGood && (a.status == 301 || a.status == 308)
		to, err := canonical(a.url, a.header.Get("Location"))
		if err != nil {
			return a, because(chain, fault.Forbidden.Wrap(err, "it leads to no page"))
		}
		again := slices.Contains(chain, to.String())
		chain = append(chain, to.String())
		switch {
		case again:
			return a, fault.Invalid.Errorf("it leads round in a circle: %s", strings.Join(chain, " → "))
		case len(chain) > maxHops+1:
			return a, fault.Invalid.Errorf("it leads on more than %d times: %s", maxHops, strings.Join(chain, " → "))
		}
		a.url = to
	}
}

// because says on the way to where an error came up.
func because(chain []string, err error) error {
	if err == nil || len(chain) == 1 {
		return err
	}
	return fmt.Errorf("it leads to %s: %w", chain[len(chain)-1], err)
}

// may returns why a URL is not asked for.
func (c *crawler) may(ctx context.Context, u *url.URL, q question) error {
	if err := c.site.check(u); err != nil || !q.page {
		return err
	}
	return c.allowed(ctx, u)
}

// get asks for one URL, and again where that may help.
func (c *crawler) get(ctx context.Context, u *url.URL, q question) (answer, error) {
	for try := 1; ; try++ {
		a, err := c.once(ctx, u, q)
		busy := a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable
		if wait := restOf(a.header); busy && wait > maxRest {
			return a, fault.Limited.After(wait, "%s: %s asks us to come again in %v", u, u.Host, wait)
		} else if busy {
			c.quiet = time.Now().Add(wait)
		}
		if try == maxTries || !passing(a, err) {
			return a, err
		}
		if err := sleep(ctx, c.Every<<try); err != nil {
			return a, err
		}
	}
}

// passing reports whether an error or status may be over soon.
func passing(a answer, err error) bool {
	if slices.Contains([]int{429, 502, 503, 504}, a.status) {
		return true
	}
	var name *net.DNSError
	var cert *tls.CertificateVerificationError
	return fault.Unavailable.Is(err) && (a.status == 0 || a.status == http.StatusOK) && !errors.As(err, &cert) && !(errors.As(err, &name) && name.IsNotFound)
}

// restOf reads Retry-After: seconds or a time.
func restOf(h http.Header) time.Duration {
	said := h.Get("Retry-After")
	if n, err := strconv.ParseInt(said, 10, 32); err == nil {
		return time.Duration(max(n, 0)) * time.Second
	}
	if at, err := http.ParseTime(said); err == nil {
		return max(time.Until(at).Round(time.Second), 0)
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// once asks for one URL, when the site may be asked.
func (c *crawler) once(ctx context.Context, u *url.URL, q question) (answer, error) {
	if c.spent >= c.MaxBytes {
		return answer{}, fault.Limited.Errorf("%s has sent %d MB, which is the limit; the rest was not read", c.site.origin, c.spent>>20)
	}
	if err := sleep(ctx, time.Until(c.quiet)); err != nil {
		return answer{}, err
	}
	if err := c.limit.Wait(ctx); ctx.Err() != nil {
		return answer{}, context.Cause(ctx)
	} else if err != nil {
		return answer{}, fault.Limited.Wrap(err, "there is no time left to ask for another page")
	}
	within, cancel := context.WithTimeout(ctx, c.Whole)
	defer cancel()
	req, err := http.NewRequestWithContext(within, http.MethodGet, u.String(), nil)
	if err != nil {
		return answer{}, err
	}
	c.setHeader(req, q)
	resp, err := c.send.RoundTrip(req)
	if err != nil {
		return answer{}, c.unanswered(ctx, within, err)
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header, contentType: contentType(resp.Header, u.Path)}
	if err := c.worth(a, resp, q); err != nil || a.status != http.StatusOK {
		return a, err
	}
	if a.body, err = c.body(resp, q.limit); err != nil && within.Err() != nil {
		err = c.unanswered(ctx, within, err)
	}
	return a, err
}

func (c *crawler) setHeader(req *http.Request, q question) {
	h := req.Header
	h.Set("User-Agent", agent)
	if c.Contact != "" {
		h.Set("User-Agent", agent+" (+"+c.Contact+")")
	}
	h.Set("Accept-Encoding", "gzip, deflate, br")
	if c.Language != "" {
		h.Set("Accept-Language", c.Language)
	}
	if !q.page {
		return
	}
	h.Set("Accept", strings.Join(c.Types, ", ")+", */*;q=0.1")
	if etag, modified, ok := c.Known(req.URL.String()); ok {
		if etag != "" {
			h.Set("If-None-Match", etag)
		}
		if modified != "" {
			h.Set("If-Modified-Since", modified)
		}
	}
}

// unanswered says why no answer came, or no whole one.
func (c *crawler) unanswered(ctx, within context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case within.Err() != nil:
		return fault.Timeout.Wrap(err, fmt.Sprintf("it did not come within %v", c.Whole))
	}
	return fault.Unavailable.Wrap(err, "the server does not answer")
}

// worth returns why the body of an answer is not read, if that was the question.
func (c *crawler) worth(a answer, resp *http.Response, q question) error {
	if !q.page {
		return nil
	}
	asked := resp.Request.Header
	status := fmt.Sprintf("the server answers %d %s", a.status, http.StatusText(a.status))
	switch {
	case a.status == http.StatusNotFound || a.status == http.StatusGone:
		return fault.NotFound.Errorf("%s", status)
	case a.status == http.StatusNoContent:
		return fault.Unsupported.Errorf("%s", status)
	case a.redirects():
		return nil
	case a.status == http.StatusNotModified && asked.Get("If-None-Match")+asked.Get("If-Modified-Since") != "":
		return nil
	case a.status != http.StatusOK:
		return fault.Unavailable.Errorf("%s", status)
	case resp.ContentLength > q.limit:
		return tooLarge(q.limit)
	}
	return c.wanted(a.contentType)
}
