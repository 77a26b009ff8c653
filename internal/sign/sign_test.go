package sign

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
)

func TestSign(t *testing.T) {
	secret, other := NewSecret(), NewSecret()
	body := []byte("Билим берүү министрлиги")
	signature := secret.Sign("tilgate bundle 1", body)
	again, err := ParseSecret(secret.String() + "\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, context string
		body          []byte
		keys          []Key
		want          bool
	}{
		{"as it was signed", "tilgate bundle 1", body, []Key{secret.Key()}, true},
		{"the secret written down", "tilgate bundle 1", body, []Key{again.Key()}, true},
		{"one of several keys", "tilgate bundle 1", body, []Key{other.Key(), {}, secret.Key()}, true},
		{"another kind of thing", "tilgate verdict 1", body, []Key{secret.Key()}, false},
		{"a part of the body in the context", "tilgate bundle 1Б", body[2:], []Key{secret.Key()}, false},
		{"another body", "tilgate bundle 1", body[1:], []Key{secret.Key()}, false},
		{"another key", "tilgate bundle 1", body, []Key{other.Key()}, false},
		{"no key", "tilgate bundle 1", body, []Key{{}}, false},
		{"none", "tilgate bundle 1", body, nil, false},
	} {
		if got := Verify(tt.context, tt.body, signature, tt.keys...); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestKeys(t *testing.T) {
	var k Key
	if err := k.UnmarshalText([]byte(NewSecret().String())); err == nil || !strings.Contains(err.Error(), "secret") {
		t.Errorf("a secret in the key's place: %v", err)
	}
	for _, bad := range []string{"tgv-", "tgv-AAAA", "tgv-!!", "key"} {
		if err := k.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
	if _, err := ParseSecret("tgs-AAAA"); err == nil {
		t.Error("a short secret is taken")
	}
	want := NewSecret().Key()
	if err := k.UnmarshalText([]byte(want.String())); err != nil || !k.Equal(want) || k.Equal(NewSecret().Key()) {
		t.Errorf("%s is read as %s, %v", want, k, err)
	}
	if k, err := KeyOf(want.Bytes()); err != nil || !k.Equal(want) {
		t.Errorf("the bytes of %s are %s, %v", want, k, err)
	}
	if _, err := KeyOf(want.Bytes()[1:]); err == nil {
		t.Error("a short key is taken")
	}
}

func TestTrust(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trust.toml")
	if trust, err := ReadTrust(path); err != nil || len(trust.Keys) != 0 {
		t.Fatalf("without a file: %+v, %v", trust, err)
	}
	judge, centre, both := NewSecret().Key(), NewSecret().Key(), NewSecret().Key()
	var trust Trust
	for _, err := range []error{
		trust.Add("university", judge, time.Now(), Verdicts),
		trust.Add("centre", centre, time.Now(), Bundles),
		trust.Add("ministry", both, time.Now(), Bundles),
		trust.Add("ministry", both, time.Now(), Verdicts), // for that as well
		trust.Write(path),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for what, err := range map[string]error{
		"a name of another key": trust.Add("ministry", NewSecret().Key(), time.Now(), Verdicts),
		"a key again":           trust.Add("again", both, time.Now(), Verdicts),
		"nothing new":           trust.Add("ministry", both, time.Now(), Bundles),
		"no name":               trust.Add(" ", NewSecret().Key(), time.Now(), Verdicts),
		"no key":                trust.Add("none", Key{}, time.Now(), Verdicts),
		"for nothing":           trust.Add("none", NewSecret().Key(), time.Now()),
		"for who knows what":    trust.Add("none", NewSecret().Key(), time.Now(), "cookies"),
	} {
		if !fault.Invalid.Is(err) {
			t.Errorf("%s was added: %v", what, err)
		}
	}
	again, err := ReadTrust(path)
	if err != nil || !reflect.DeepEqual(again, trust) {
		t.Fatalf("%+v, %v, want %+v", again, err, trust)
	}
	if got := again.KeysFor(Verdicts); !slices.EqualFunc(got, []Key{judge, both}, Key.Equal) {
		t.Errorf("for verdicts: %v", got)
	}
	if got := again.KeysFor(Bundles); !slices.EqualFunc(got, []Key{centre, both}, Key.Equal) {
		t.Errorf("for bundles: %v", got)
	}
	if who, ok := again.Whose(centre); !ok || who.Name != "centre" {
		t.Errorf("the centre's key is %+v's", who)
	}
	if err := again.Remove("ministry"); err != nil {
		t.Fatal(err)
	}
	if _, ok := again.Whose(both); ok || len(again.KeysFor(Bundles)) != 1 {
		t.Errorf("a key that is trusted no longer counts: %+v", again)
	}
	if err := again.Remove("ministry"); !fault.NotFound.Is(err) {
		t.Errorf("removing it again: %v", err)
	}
}

func TestReadTrust(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trust.toml")
	key := NewSecret().Key().String()
	for _, tt := range []struct {
		name, text string
		want       []Use // of its key; nil: the file is refused
	}{
		{"as it was before there were uses", "[[key]]\nname = \"x\"\nkey = \"" + key + "\"\nadded = 2026-03-01T00:00:00Z\n", []Use{Verdicts}},
		{"of bundles", "[[key]]\nname = \"x\"\nkey = \"" + key + "\"\nfor = [\"bundles\"]\n", []Use{Bundles}},
		{"of cookies", "[[key]]\nname = \"x\"\nkey = \"" + key + "\"\nfor = [\"cookies\"]\n", nil},
		{"a secret", "[[key]]\nname = \"x\"\nkey = \"" + NewSecret().String() + "\"", nil},
		{"a typing error", "[[key]]\nnome = \"x\"", nil},
		{"no key", "[[key]]\nname = \"x\"", nil},
	} {
		if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		trust, err := ReadTrust(path)
		if tt.want == nil {
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err != nil || !slices.Equal(trust.Keys[0].For, tt.want) {
			t.Errorf("%s: %+v, %v", tt.name, trust, err)
		}
	}
}
