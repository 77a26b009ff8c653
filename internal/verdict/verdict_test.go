package verdict

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
)

var promoted = Verdict{Tag: "ky", Subject: Subject{"w", "p", "b"}, Decision: Promote, Because: "chrF++ 41.2 to 44.0", Time: time.Unix(1790000000, 0).UTC(),
	Evidence: &Evidence{Suites: "s", Tests: []Test{{Task: "t", N: 200, Delta: .02, Decision: Promote}}}}

func TestSign(t *testing.T) {
	secret := NewSecret()
	file, err := Sign(promoted, secret)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Read(file, secret.Key()); err != nil || !reflect.DeepEqual(v, promoted) {
		t.Errorf("%+v, %v", v, err)
	}
	again, err := ParseSecret(secret.String())
	if err != nil {
		t.Fatal(err)
	}
	text, _ := again.Key().MarshalText()
	var key Key
	if err := key.UnmarshalText(text); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file, key); err != nil {
		t.Errorf("the same key, written down: %v", err)
	}
	for name, want := range map[string]struct {
		file []byte
		key  Key
		says string
	}{
		"another gate": {file, NewSecret().Key(), "no gate that is trusted"},
		"no gate":      {file, Key{}, "no key"},
		"no verdict":   {[]byte("promote"), key, "not a verdict"},
		"forged":       {[]byte(strings.Replace(string(file), `"verdict": "`, `"verdict": "e30`, 1)), key, "verdict"},
	} {
		if v, err := Read(want.file, want.key); !fault.Invalid.Is(err) || !strings.Contains(err.Error(), want.says) {
			t.Errorf("%s: %+v, %v, want %q", name, v, err, want.says)
		}
	}
	for _, v := range []Verdict{{}, {Tag: "ky", Subject: promoted.Subject, Decision: "maybe"}, {Tag: "ky", Decision: Promote}} {
		if _, err := Sign(v, secret); err == nil {
			t.Errorf("%+v was signed", v)
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
}

func FuzzRead(f *testing.F) {
	secret := NewSecret()
	file, _ := Sign(promoted, secret)
	f.Add(file)
	f.Add([]byte(`{"verdict":"","signature":null}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		if v, err := Read(file, secret.Key()); err == nil && !reflect.DeepEqual(v, promoted) {
			t.Errorf("nobody signed %+v", v)
		}
	})
}

func TestTrust(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trust.toml")
	if trust, err := ReadTrust(path); err != nil || len(trust.Keys) != 0 {
		t.Fatalf("without a file: %+v, %v", trust, err)
	}
	secret, other := NewSecret(), NewSecret()
	var trust Trust
	for _, err := range []error{trust.Add("ministry", secret.Key(), time.Now()), trust.Add("university", other.Key(), time.Now()), trust.Write(path)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{trust.Add("ministry", NewSecret().Key(), time.Now()), trust.Add("again", secret.Key(), time.Now()), trust.Add("", NewSecret().Key(), time.Now()), trust.Add("none", Key{}, time.Now())} {
		if err == nil {
			t.Error("a key was added that should not be")
		}
	}
	again, err := ReadTrust(path)
	if err != nil || !reflect.DeepEqual(again, trust) {
		t.Fatalf("%+v, %v", again, err)
	}
	file, err := Sign(promoted, other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file, again.All()...); err != nil {
		t.Errorf("the second of two trusted keys: %v", err)
	}
	if err := again.Remove("university"); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file, again.All()...); err == nil {
		t.Error("a key that is trusted no longer counts")
	}
	if err := again.Remove("university"); !fault.NotFound.Is(err) {
		t.Errorf("removing it again: %v", err)
	}
	for name, text := range map[string]string{"secret": "[[key]]\nname = \"x\"\nkey = \"" + secret.String() + "\"", "typo": "[[key]]\nnome = \"x\"", "bare": "[[key]]\nname = \"x\""} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadTrust(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
