package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// An issuer signs tokens, and tells its public key.
type issuer struct {
	*httptest.Server
	key   *ecdsa.PrivateKey
	asked atomic.Int64 // for keys
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{key: newKey(t)}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL, "token_endpoint": i.URL})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		i.asked.Add(1)
		w.Write(i.keys(t))
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (i *issuer) keys(t testing.TB) []byte {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: i.key.Public(), KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sign signs the usual claims with some changed; nil takes one away.
func (i *issuer) sign(t testing.TB, alg jose.SignatureAlgorithm, key any, kid string, change map[string]any) string {
	t.Helper()
	claims := map[string]any{"iss": i.URL, "aud": "tilgate", "sub": "aigul", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(),
		"ministry": "moh", "groups": []string{"staff", "clinic"}}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (i *issuer) options() Options {
	return Options{Issuer: i.URL, Audience: "tilgate", Client: &http.Client{Transport: i.Client().Transport}, TenantClaim: "ministry",
		Scopes: []Group{{"clinic", serving.Scope{Models: []string{"auto"}}}, {"staff", serving.Scope{}}}}
}

// Whoever's group names no sites may use those that hold for all; who names some
// may use those, and only those.
func TestSites(t *testing.T) {
	i := newIssuer(t)
	for _, tt := range []struct {
		name   string
		scopes []Group
		want   []string
	}{
		{"no groups", nil, []string{"kg"}},
		{"a group without", []Group{{"staff", serving.Scope{}}}, []string{"kg"}},
		{"wider", []Group{{"staff", serving.Scope{Sites: []string{"kg", "kz"}}}}, []string{"kg", "kz"}},
		{"elsewhere", []Group{{"staff", serving.Scope{Sites: []string{"kz"}}}}, []string{"kz"}},
	} {
		o := i.options()
		o.Scopes, o.Sites = tt.scopes, []string{"kg"}
		v, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		c, err := v.Check(i.sign(t, jose.ES256, i.key, "one", nil))
		if err != nil || c.Scope == nil || !slices.Equal(c.Scope.Sites, tt.want) {
			t.Errorf("%s: %+v, %v", tt.name, c.Scope, err)
		}
		if len(tt.scopes) > 0 && len(tt.want) == 1 && tt.want[0] == "kg" && len(tt.scopes[0].Sites) != 0 {
			t.Errorf("%s: the configuration itself was changed", tt.name)
		}
	}
}

func TestCheck(t *testing.T) {
	i := newIssuer(t)
	other := newKey(t)
	good := func(change map[string]any) string { return i.sign(t, jose.ES256, i.key, "one", change) }
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"one"}`)) + "." + strings.Split(good(nil), ".")[1] + "."
	for _, tt := range []struct {
		name, token string
		kind        fault.Kind // of the refusal; Internal is let in
	}{
		{"good", good(nil), 0},
		{"one group, as a string", good(map[string]any{"groups": "clinic"}), 0},
		{"for several", good(map[string]any{"aud": []string{"x", "tilgate"}}), 0},
		{"not signed", unsigned, fault.Unauthorized},
		{"signed with a password", i.sign(t, jose.HS256, i.keys(t), "one", nil), fault.Unauthorized},
		{"signed by somebody else", i.sign(t, jose.ES256, other, "one", nil), fault.Unauthorized},
		{"a key that nobody knows", i.sign(t, jose.ES256, other, "two", nil), fault.Unauthorized},
		{"expired", good(map[string]any{"exp": time.Now().Add(-time.Second).Unix()}), fault.Unauthorized},
		{"never expires", good(map[string]any{"exp": nil}), fault.Unauthorized},
		{"not valid yet", good(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()}), fault.Unauthorized},
		{"for another service", good(map[string]any{"aud": "mail"}), fault.Unauthorized},
		{"by another issuer", good(map[string]any{"iss": "https://else.example"}), fault.Unauthorized},
		{"nobody's", good(map[string]any{"sub": nil}), fault.Unauthorized},
		{"no tenant", good(map[string]any{"ministry": nil}), fault.Forbidden},
		{"no tenant's name", good(map[string]any{"ministry": "../moh"}), fault.Forbidden},
		{"of no group", good(map[string]any{"groups": []any{7, "guests"}}), fault.Forbidden},
		{"cut", good(nil)[:60], fault.Unauthorized},
		{"changed", strings.Replace(good(nil), ".ey", ".ez", 1), fault.Unauthorized},
	} {
		v, err := New(i.options())
		if err != nil {
			t.Fatal(err)
		}
		c, err := v.Check(tt.token)
		if tt.kind == 0 {
			if err != nil || c.Name != "oidc:aigul" || c.Tenant != "moh" || c.Scope == nil || len(c.Scope.Models) != 1 {
				t.Errorf("%s: %+v, %v", tt.name, c, err)
			}
		} else if !tt.kind.Is(err) || c != (serving.Caller{}) {
			t.Errorf("%s: %+v, %v; want %v", tt.name, c, err, tt.kind)
		}
	}
}

// TestRarelyAsked floods a verifier with keys that nobody knows.
func TestRarelyAsked(t *testing.T) {
	i := newIssuer(t)
	v, err := New(i.options())
	if err != nil {
		t.Fatal(err)
	}
	unknown := i.sign(t, jose.ES256, newKey(t), "two", nil)
	for range 50 {
		if _, err := v.Check(unknown); !fault.Unauthorized.Is(err) {
			t.Fatal(err)
		}
	}
	if _, err := v.Check(i.sign(t, jose.ES256, i.key, "one", nil)); err != nil {
		t.Error(err)
	}
	if n := i.asked.Load(); n != 1 {
		t.Errorf("the issuer was asked %d times", n)
	}
}

type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no network")
}

// TestNoNetwork starts without one, and with the issuer's keys in a file never
// needs one.
func TestNoNetwork(t *testing.T) {
	i := newIssuer(t)
	o := i.options()
	o.Client = &http.Client{Transport: noNetwork{}}
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	good := i.sign(t, jose.ES256, i.key, "one", nil)
	if _, err := v.Check(good); !fault.Unavailable.Is(err) {
		t.Error(err)
	}
	o.JWKSFile = filepath.Join(t.TempDir(), "keys.json")
	if _, err := New(o); err == nil {
		t.Error("a file that is not there is taken")
	}
	os.WriteFile(o.JWKSFile, i.keys(t), 0o600)
	if v, err = New(o); err != nil {
		t.Fatal(err)
	}
	if c, err := v.Check(good); err != nil || c.Name != "oidc:aigul" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := v.Check(i.sign(t, jose.ES256, newKey(t), "one", nil)); !fault.Unauthorized.Is(err) {
		t.Error(err)
	}
	os.WriteFile(o.JWKSFile, []byte(`{"keys":[]}`), 0o600)
	if _, err := New(o); err == nil {
		t.Error("a file without keys is taken")
	}
}

func FuzzCheck(f *testing.F) {
	i := newIssuer(f)
	o := i.options()
	o.JWKSFile = filepath.Join(f.TempDir(), "keys.json")
	os.WriteFile(o.JWKSFile, i.keys(f), 0o600)
	v, err := New(o)
	if err != nil {
		f.Fatal(err)
	}
	good := i.sign(f, jose.ES256, i.key, "one", nil)
	f.Add(good)
	f.Add("eyJ..")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		Looks(token)
		if _, err := v.Check(token); err == nil && token != good && strings.Split(token, ".")[1] != strings.Split(good, ".")[1] {
			t.Errorf("%q is let in", token)
		}
	})
}
