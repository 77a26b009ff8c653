package auth

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// UsualShares is what a visitor of a page may use where nobody says anything:
// enough for an office or a mobile network behind one address.
var UsualShares = serving.Each{
	Client:  serving.Share{Requests: 60, Chars: 60_000, Day: serving.Quota{Requests: 2000}},
	Session: serving.Share{Requests: 10, Day: serving.Quota{Requests: 200}},
}

// checkPage returns what is wrong with a scope as one of a page key, or of
// another, and writes its origins as browsers send them.
func checkPage(s *serving.Scope) (faults []error) {
	for i, text := range s.Origins {
		origin, err := ParseOrigin(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("origins: %w", err))
			continue
		}
		s.Origins[i] = origin
	}
	for _, wrong := range pageRules(s) {
		if wrong.is {
			faults = append(faults, errors.New(wrong.because))
		}
	}
	return faults
}

type rule struct {
	is      bool
	because string
}

// pageRules says what a page key must have and may not, since everybody can
// read it, and what makes sense for no other key.
func pageRules(s *serving.Scope) []rule {
	if !s.Page {
		return []rule{
			{len(s.Origins) > 0, "origins: they are of a page key, and this is none; say page = true, with a new secret"},
			{s.Each.Client != serving.Share{} || s.Each.Session != serving.Share{}, "each: client and session are for page keys; other keys have each.user"},
		}
	}
	plain := false
	for _, m := range s.Models {
		plain = plain || m != serving.Auto
	}
	p := s.Policy
	return []rule{
		{len(s.Origins) == 0, "origins: a page key needs the origins of its pages, such as https://moh.example"},
		{s.Admin || s.Eval, "page: everybody can read a page key; it may have neither admin nor eval"},
		{p.Templates || p.LoRA || len(p.MediaHosts) > 0, "policy: everybody can read a page key; it may have neither templates, lora nor media_hosts"},
		{plain && p.MaxTokens == 0, "policy.max_tokens: a page key that names plain models must bound their answers"},
		{s.Each.Client.Requests == 0 || s.Each.Client.Chars == 0, "each.client: a page key must limit the requests and the chars of each address"},
		{s.Each.User != serving.Share{}, "each.user: a page can name any user; limit each.client and each.session"},
	}
}

// maxOrigin is more than a name in DNS, with scheme and port, can have.
const maxOrigin = 300

// ParseOrigin reads the origin of web pages: scheme, host and port, and nothing
// else. It is written as browsers send it: in small letters, names of other
// scripts as xn--…, without the port that the scheme has anyway.
func ParseOrigin(text string) (string, error) {
	wrong := fault.Invalid.Errorf("%q is no origin such as https://moh.example or http://127.0.0.1:8000, without a path", text)
	scheme, rest, ok := strings.Cut(text, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "https" && scheme != "http" || len(text) > maxOrigin {
		return "", wrong
	}
	u, err := url.Parse(scheme + "://" + rest)
	if err != nil || u.User != nil || u.Host != rest || strings.HasSuffix(rest, ":") {
		return "", wrong
	}
	host, err := originHost(u.Hostname())
	if err != nil {
		return "", wrong
	}
	port := u.Port()
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return scheme + "://" + host, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return "", wrong
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}

// originHost writes a host as browsers do. A name that ends in a number is an
// address to them, which they would write anew.
func originHost(host string) (string, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" || addr.String() != host {
			return "", errHost
		}
		return host, nil
	}
	names := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))
	name, err := names.ToASCII(host)
	if err != nil {
		return "", err
	}
	if again, err := names.ToASCII(name); err != nil || again != name || !utf8.ValidString(host) {
		return "", errHost
	}
	last := name[strings.LastIndexByte(name, '.')+1:]
	if last == "" || last[0] >= '0' && last[0] <= '9' {
		return "", errHost
	}
	return name, nil
}

var errHost = errors.New("no host")
