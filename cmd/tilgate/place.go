package main

import (
	"net"
	"net/url"

	"tilgate/internal/outbound"
)

// PlaceConfig says where a server stands. It is part of the section of each.
type PlaceConfig struct {
	Site   string `toml:"site,omitempty"`   // such as a country; keys may be bound to some
	Public bool   `toml:"public,omitempty"` // it may be in the public internet; otherwise nothing is sent there
}

// way returns the way to a server at a URL.
func (p PlaceConfig) way(what, address string) outbound.Way {
	w := outbound.Way{What: what, Site: p.Site, Public: p.Public}
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443", "redis": "6379", "rediss": "6379"}[u.Scheme]
		}
		w.Address = net.JoinHostPort(u.Hostname(), port)
	}
	return w
}
