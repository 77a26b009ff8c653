package crawl

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"tilgate/internal/fault"
)

const maxURL = 2000

// Canonical writes a URL of http or https in the one way that pages are known
// by: the host in small ASCII letters, no usual port, no "." or ".." in the
// path, what need not be escaped not escaped, no fragment, and nothing that
// follows readers around, such as utm_source.
func Canonical(raw string) (string, error) {
	u, err := canonical(nil, raw)
	if err != nil {
		return "", err
	}
	return u.String(), nil
}

// canonical is Canonical for a link that stands on page base, which may be nil.
func canonical(base *url.URL, raw string) (*url.URL, error) {
	if len(raw) > 4*maxURL {
		return nil, tooLong()
	}
	u, err := url.Parse(escaped(raw))
	if err != nil {
		return nil, fault.Invalid.Errorf("the URL is broken") // it may hold a password
	}
	if base == nil {
		base = &url.URL{}
	}
	u = base.ResolveReference(u)
	u.Scheme = strings.ToLower(u.Scheme)
	switch {
	case u.User != nil:
		return nil, fault.Invalid.Errorf("the URL holds a user name or a password; it must have none")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Opaque != "":
		return nil, fault.Invalid.Errorf("the URL does not begin with http:// or https:// and a host")
	}
	if u.Host, err = host(u); err != nil {
		return nil, err
	}
	path := u.EscapedPath()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	text := origin(u) + path
	if query := kept(u.RawQuery); query != "" {
		text += "?" + query
	}
	if len(text) > maxURL {
		return nil, tooLong()
	}
	return url.Parse(text)
}

func tooLong() error {
	return fault.TooLarge.Errorf("URLs of more than %d characters are left out", maxURL)
}

// host returns the host of a URL as DNS knows it, with its port if that is an
// unusual one.
func host(u *url.URL) (string, error) {
	name := strings.TrimSuffix(u.Hostname(), ".")
	if ip, err := netip.ParseAddr(name); err == nil && ip.Zone() == "" {
		if name = ip.String(); ip.Is6() {
			name = "[" + name + "]"
		}
	} else if name, err = ascii(name); err != nil {
		return "", fault.Invalid.Errorf("%q is no name of a host", u.Hostname())
	}
	if port := u.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		name += ":" + port
	}
	return name, nil
}

// ascii returns a name as DNS has it. Some that are written wrongly become names
// that do not stand for themselves.
func ascii(name string) (string, error) {
	once, err := idna.Lookup.ToASCII(name)
	if err != nil {
		return "", err
	}
	twice, err := idna.Lookup.ToASCII(once)
	if err == nil && (twice != once || strings.Contains("."+once+".", "..")) {
		err = fault.Invalid.Errorf("it has an empty part, or one that is written wrongly")
	}
	return once, err
}

// escaped returns a link as browsers read it, in a normal form of percent
// encoding, without its fragment and without sessions in its path. Its host
// stays as it is.
func escaped(raw string) string {
	raw = strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	raw = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(raw)
	raw, _, _ = strings.Cut(raw, "#")
	host, rest := "", raw
	if before, after, ok := strings.Cut(raw, "//"); ok && (before == "" || strings.HasSuffix(before, ":") && !strings.ContainsAny(before, "/?")) {
		end := strings.IndexAny(after, `/\?`)
		if end < 0 {
			return raw
		}
		host, rest = before+"//"+after[:end], after[end:]
	}
	path, query, ok := strings.Cut(rest, "?")
	path = withoutSessions(percent(strings.ReplaceAll(path, `\`, "/")))
	if ok {
		path += "?" + percent(query)
	}
	return host + path
}

// percent normalises percent encoding (RFC 3986, 6.2.2): what need not be
// escaped is not, and all else is, in capital letters. What stands between
// parts stays as it is. A percent sign that escapes nothing is escaped itself.
func percent(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c, code := s[i], false
		if c == '%' {
			if i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
				c, code = byte(unhex(s[i+1])<<4|unhex(s[i+2])), true
				i += 2
			} else {
				code = true
			}
		}
		if plain(c) || !code && strings.IndexByte(":/?@!$&'()*+,;=", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

const hex = "0123456789ABCDEF"

func unhex(c byte) int { return strings.IndexByte(hex, upper(c)) }

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

// plain are the characters that mean the same escaped and not.
func plain(c byte) bool {
	u := upper(c)
	return u >= 'A' && u <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// withoutSessions leaves out what Java servers add to paths of readers who
// send no cookies: ";jsessionid=…".
func withoutSessions(path string) string {
	const mark = ";jsessionid="
	for {
		i := strings.Index(strings.ToLower(path), mark)
		if i < 0 {
			return path
		}
		rest := path[i+len(mark):]
		if end := strings.IndexAny(rest, ";/"); end >= 0 {
			path = path[:i] + rest[end:]
		} else {
			path = path[:i]
		}
	}
}

// kept returns a query without what says who comes from where.
func kept(query string) string {
	parts := slices.DeleteFunc(strings.Split(query, "&"), func(part string) bool {
		name, _, _ := strings.Cut(strings.ToLower(part), "=")
		return part == "" || strings.HasPrefix(name, "utm_") || slices.Contains(tracking, name)
	})
	return strings.Join(parts, "&")
}

var tracking = []string{"fbclid", "gclid", "yclid", "ysclid", "msclkid", "mc_cid", "mc_eid", "_openstat", "phpsessid", "jsessionid"}
