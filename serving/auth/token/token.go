// Package token knows who is calling by a signed token (JWT) of an identity
// provider that speaks OpenID Connect.
//
// The provider is asked for its keys when the first token comes, and not
// before: a service starts without a network. Anybody can send a token that
// names a key which nobody knows, so the provider is asked rarely.
package token

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
)

// Options of a Verifier.
type Options struct {
	Issuer      string // as in the claim iss; its keys are found by discovery
	Audience    string // that tokens must be for
	JWKSFile    string // the issuer's keys, in place of asking for them
	TenantClaim string // whose value is the tenant; empty puts everybody in the default tenant
	GroupsClaim string // whose values are a caller's groups; empty is "groups"
	Scopes      []Group
	Sites       []string     // that callers without any may use; none means every one
	Client      *http.Client // to ask the issuer with; it has a Transport, and is not needed with JWKSFile
}

// A Group is what its members may use. A caller has the scope of the first that
// it is a member of, and none is let in without one, unless there are none.
type Group struct {
	Name          string `toml:"group"`
	serving.Scope        // of its members
}

// A Verifier says who holds a token. It is safe for concurrent use.
type Verifier struct {
	opts   Options
	config *oidc.Config

	mu  sync.Mutex
	now *oidc.IDTokenVerifier // nil until the issuer has answered
}

// algorithms are those that a token may be signed with: none that anybody could
// forge who knows the issuer's public keys.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

const (
	patience = 5 * time.Second  // with the issuer
	respite  = 10 * time.Second // between two questions to it of the same kind
	mostName = 200              // bytes of a subject
)

// New returns a verifier. The issuer is not asked yet.
func New(o Options) (*Verifier, error) {
	if o.GroupsClaim == "" {
		o.GroupsClaim = "groups"
	}
	o.Scopes = slices.Clone(o.Scopes)
	for i := range o.Scopes {
		o.Scopes[i].Scope = o.Scopes[i].Within(o.Sites)
	}
	config := &oidc.Config{ClientID: o.Audience, SupportedSigningAlgs: algorithms}
	if o.JWKSFile != "" {
		keys, err := readKeys(o.JWKSFile)
		if err != nil {
			return nil, err
		}
		return &Verifier{opts: o, config: config, now: oidc.NewVerifier(o.Issuer, keys, config)}, nil
	}
	if o.Client == nil || o.Client.Transport == nil {
		return nil, errors.New("there is no client to ask the identity provider with")
	}
	client := *o.Client
	client.Timeout, client.Transport = patience, &rarely{next: client.Transport, asked: map[string]time.Time{}}
	o.Client = &client
	return &Verifier{opts: o, config: config}, nil
}

func readKeys(path string) (*oidc.StaticKeySet, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, err
	}
	keys := new(oidc.StaticKeySet)
	for _, k := range set.Keys {
		if k.IsPublic() && k.Valid() {
			keys.PublicKeys = append(keys.PublicKeys, k.Key)
		}
	}
	if len(keys.PublicKeys) == 0 {
		return nil, errors.New("it holds no public key")
	}
	return keys, nil
}

// Looks reports whether a secret looks like a token.
func Looks(secret string) bool {
	return strings.HasPrefix(secret, "eyJ") && strings.Count(secret, ".") == 2
}

// Check says who holds a token, or why nobody is let in with it.
func (v *Verifier) Check(secret string) (serving.Caller, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	verifier, err := v.verifier(ctx)
	if err != nil {
		return serving.Caller{}, fault.Unavailable.Wrap(err, "the identity provider cannot be asked for its keys now; ask again")
	}
	token, err := verifier.Verify(ctx, secret)
	if expired := new(oidc.TokenExpiredError); errors.As(err, &expired) {
		return serving.Caller{}, fault.Unauthorized.Errorf("this token expired at %s; get another", expired.Expiry.UTC().Format(time.RFC3339))
	}
	if err != nil {
		return serving.Caller{}, fault.Unauthorized.Wrap(err, "this token is not valid here: it must be signed by the identity provider that this service trusts, and be for this service")
	}
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return serving.Caller{}, fault.Unauthorized.Wrap(err, "this token cannot be read")
	}
	return v.caller(token.Subject, claims)
}

// verifier returns what knows the issuer's keys, and finds them first.
func (v *Verifier) verifier(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.now != nil {
		return v.now, nil
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, v.opts.Client), v.opts.Issuer)
	if err != nil {
		return nil, err
	}
	v.now = provider.VerifierContext(oidc.ClientContext(context.Background(), v.opts.Client), v.config)
	return v.now, nil
}

// caller makes a caller of what a token says.
func (v *Verifier) caller(subject string, claims map[string]any) (serving.Caller, error) {
	if subject == "" || len(subject) > mostName {
		return serving.Caller{}, fault.Unauthorized.Errorf("this token names nobody, or somebody with more than %d bytes", mostName)
	}
	c := serving.Caller{Name: "oidc:" + subject}
	if v.opts.TenantClaim != "" {
		c.Tenant, _ = claims[v.opts.TenantClaim].(string)
		if err := rag.CheckTenant(c.Tenant); err != nil {
			return serving.Caller{}, fault.Forbidden.Errorf("this token's claim %q names no tenant", v.opts.TenantClaim)
		}
	}
	if len(v.opts.Scopes) == 0 && len(v.opts.Sites) > 0 {
		c.Scope = &serving.Scope{Sites: v.opts.Sites}
	}
	if len(v.opts.Scopes) == 0 {
		return c, nil
	}
	groups := textsOf(claims[v.opts.GroupsClaim])
	for i := range v.opts.Scopes {
		if g := &v.opts.Scopes[i]; slices.Contains(groups, g.Name) {
			c.Scope = &g.Scope
			return c, nil
		}
	}
	return serving.Caller{}, fault.Forbidden.Errorf("none of the groups in this token's claim %q may use this service", v.opts.GroupsClaim)
}

// textsOf reads a claim that is a string or a list of them.
func textsOf(claim any) (list []string) {
	switch c := claim.(type) {
	case string:
		return []string{c}
	case []any:
		for _, one := range c {
			if text, ok := one.(string); ok {
				list = append(list, text)
			}
		}
	}
	return list
}

// rarely asks each address once in a while.
type rarely struct {
	next  http.RoundTripper
	mu    sync.Mutex
	asked map[string]time.Time
}

func (r *rarely) RoundTrip(req *http.Request) (*http.Response, error) {
	url := req.URL.String()
	r.mu.Lock()
	early := time.Since(r.asked[url]) < respite
	if !early {
		r.asked[url] = time.Now()
	}
	r.mu.Unlock()
	if early {
		return nil, errors.New("it was asked a moment ago")
	}
	return r.next.RoundTrip(req)
}
