package main

import (
	"fmt"
	"net/url"

	"tilgate/serving"
	"tilgate/serving/auth"
	jwt "tilgate/serving/auth/token"
	"tilgate/serving/gateway"
)

// OIDCConfig says whose signed tokens let callers in, beside keys.
type OIDCConfig struct {
	PlaceConfig
	Issuer      string      `toml:"issuer"`       // an identity provider that speaks OpenID Connect; empty is none
	Audience    string      `toml:"audience"`     // that tokens must be for
	JWKSFile    string      `toml:"jwks_file"`    // its public keys, in place of asking it
	TenantClaim string      `toml:"tenant_claim"` // whose value is the tenant
	GroupsClaim string      `toml:"groups_claim"` // whose values are groups; empty is "groups"
	Scopes      []jwt.Group `toml:"scope"`        // what the members of a group may use; the first counts
}

func (c OIDCConfig) check(fault func(format string, args ...any)) {
	if c.Issuer == "" && (c.Audience != "" || c.JWKSFile != "" || len(c.Scopes) > 0) {
		fault("oidc.issuer: it is missing, such as https://login.example.org")
	}
	if c.Issuer == "" {
		return
	}
	if u, err := url.Parse(c.Issuer); err != nil || u.Host == "" || u.Scheme != "https" && !isLoopback(u.Host) {
		fault("oidc.issuer: %s is not an https URL such as https://login.example.org", wrongAddress(c.Issuer))
	}
	if c.Audience == "" {
		fault("oidc.audience: it is missing: a token for any other service would open this one")
	}
	for i := range c.Scopes {
		if c.Scopes[i].Name == "" {
			fault("oidc.scope %d: its group is missing", i+1)
		}
		if s := c.Scopes[i].Scope; s.Page || s.Each != (serving.Each{}) {
			fault("oidc.scope %d: page and each are for keys; a token is one person's", i+1)
		}
		for _, err := range auth.CheckScope(&c.Scopes[i].Scope) {
			fault("oidc.scope %d: %w", i+1, err)
		}
	}
}

// doors let callers in by key, and by token.
type doors struct {
	keys   *auth.Keys
	tokens *jwt.Verifier
}

func (d doors) Check(secret string) (serving.Caller, error) {
	if jwt.Looks(secret) {
		return d.tokens.Check(secret)
	}
	return d.keys.Check(secret)
}

// open returns what lets callers in: keys alone where no issuer is configured.
// sites are where what those may ask that name none is sent.
func (c OIDCConfig) open(keys *auth.Keys, sites []string) (gateway.Keys, error) {
	if c.Issuer == "" {
		return keys, nil
	}
	tokens, err := jwt.New(jwt.Options{Issuer: c.Issuer, Audience: c.Audience, JWKSFile: c.JWKSFile,
		TenantClaim: c.TenantClaim, GroupsClaim: c.GroupsClaim, Scopes: c.Scopes, Sites: sites,
		Client: c.way("identity provider", c.Issuer).Client()})
	if err != nil {
		return nil, fmt.Errorf("reading the keys of %s from %s: %w", c.Issuer, c.JWKSFile, err)
	}
	return doors{keys, tokens}, nil
}
