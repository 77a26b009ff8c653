package main

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"

	"tilgate/internal/outbound"
)

// PlaceConfig says where a server stands. It is part of the section of each.
type PlaceConfig struct {
	Site   string `toml:"site,omitempty"`   // such as a country; keys may be bound to some
	Public bool   `toml:"public,omitempty"` // it may be in the public internet; otherwise nothing is sent there

	CA         string `toml:"ca,omitempty"`          // file, in PEM, of those whose word counts about who the server is, over TLS; empty is those that the machine trusts
	ClientCert string `toml:"client_cert,omitempty"` // file of our own certificate, for servers that want to know who asks (mutual TLS)
	ClientKey  string `toml:"client_key,omitempty"`  // file of its private key
}

func (p PlaceConfig) proof() outbound.Proof {
	return outbound.Proof{CA: p.CA, Cert: p.ClientCert, Key: p.ClientKey}
}

// checkPlaces finds faults in what TLS to servers is made with.
func (c Config) checkPlaces(fault func(format string, args ...any)) {
	places := map[string]PlaceConfig{"qdrant": c.Qdrant.PlaceConfig, "ollama": c.Ollama.PlaceConfig, "openai": c.OpenAI.PlaceConfig, "otel": c.OTel.PlaceConfig,
		"embed": c.Embed.PlaceConfig, "rerank": c.Rerank.PlaceConfig, "oidc": c.OIDC.PlaceConfig, "redis": c.Redis.PlaceConfig, "handover": c.Handover.PlaceConfig}
	for i, b := range c.Backends {
		places[fmt.Sprintf("backend %d", i+1)] = b.PlaceConfig
	}
	for _, name := range slices.Sorted(maps.Keys(places)) {
		if _, err := places[name].proof().TLS(); err != nil {
			fault("%s: %w", name, err)
		}
	}
	if c.Ledger.proof() != (outbound.Proof{}) {
		fault("ledger: Postgres has ca, client_cert and client_key in its address: ?sslmode=verify-full&sslrootcert=ca.pem&sslcert=…&sslkey=…")
	}
}

// checkSites finds servers that texts go to and that nobody could use: they
// stand nowhere, and the configuration names where texts may be sent.
func (c Config) checkSites(fault func(format string, args ...any)) {
	if len(c.Sites) == 0 {
		return
	}
	if slices.Contains(c.Sites, "") {
		fault("sites: a name is empty")
	}
	places := map[string]PlaceConfig{}
	for _, p := range []struct {
		name, address string
		PlaceConfig
	}{{"qdrant", c.Qdrant.Address, c.Qdrant.PlaceConfig}, {"embed", c.Embed.URL, c.Embed.PlaceConfig}, {"rerank", c.Rerank.URL, c.Rerank.PlaceConfig}} {
		if p.address != "" {
			places[p.name] = p.PlaceConfig
		}
	}
	for _, b := range c.backends() {
		places["backend "+b.Name] = b.PlaceConfig
	}
	for _, name := range slices.Sorted(maps.Keys(places)) {
		if places[name].Site == "" {
			fault("%s: site: it is missing; since sites says where texts may be sent, nothing would be sent here", name)
		}
	}
}

// way returns the way to a server at a URL.
func (p PlaceConfig) way(what, address string) outbound.Way {
	secure, _ := p.proof().TLS() // whose faults the configuration was checked for
	w := outbound.Way{What: what, Site: p.Site, Public: p.Public, TLS: secure}
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		port := u.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443", "redis": "6379", "rediss": "6379"}[u.Scheme]
		}
		w.Address = net.JoinHostPort(u.Hostname(), port)
	}
	return w
}
