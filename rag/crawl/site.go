package crawl

import (
	"net/url"
	"strings"

	"tilgate/internal/fault"
)

// A site is the host that is crawled.
type site struct {
	host   string // without www.
	port   string // with its scheme, of a site that has a port of its own: "http:8080"
	origin string // that links are written with: "https://www.example.kg"
}

func siteOf(start *url.URL) site { return site{bare(start), ownPort(start), origin(start)} }

// bare is the host of a URL without "www.".
func bare(u *url.URL) string { return strings.TrimPrefix(u.Hostname(), "www.") }

// key is what tells pages of a site apart.
func key(u *url.URL) string { return u.RequestURI() }

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

func ownPort(u *url.URL) string {
	if u.Port() == "" {
		return ""
	}
	return u.Scheme + ":" + u.Port()
}

// check returns why a URL is not of the site.
func (s site) check(u *url.URL) error {
	if bare(u) != s.host || ownPort(u) != s.port {
		return fault.Forbidden.Errorf("%s is another site", u.Host)
	}
	return nil
}

// link returns where a link leads to, if that is within the site.
func (s site) link(base *url.URL, href string) (*url.URL, error) {
	u, err := canonical(base, href)
	if err == nil {
		err = s.check(u)
	}
	if err != nil {
		return nil, err
	}
	return canonical(nil, s.origin+u.RequestURI())
}
