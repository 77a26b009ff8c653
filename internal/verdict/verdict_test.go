package verdict

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/sign"
)

var promoted = Verdict{Tag: "ky", Subject: Subject{"w", "p", "b"}, Decision: Promote, Because: "chrF++ 41.2 to 44.0", Time: time.Unix(1790000000, 0).UTC(),
	Evidence: &Evidence{Suites: "s", Tests: []Test{{Task: "t", N: 200, Delta: .02, Decision: Promote}}}}

func TestSign(t *testing.T) {
	secret := sign.NewSecret()
	file, err := Sign(promoted, secret)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := Read(file, secret.Key()); err != nil || !reflect.DeepEqual(v, promoted) {
		t.Errorf("%+v, %v", v, err)
	}
	again, err := sign.ParseSecret(secret.String())
	if err != nil {
		t.Fatal(err)
	}
	text, _ := again.Key().MarshalText()
	var key sign.Key
	if err := key.UnmarshalText(text); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file, key); err != nil {
		t.Errorf("the same key, written down: %v", err)
	}
	for name, want := range map[string]struct {
		file []byte
		key  sign.Key
		says string
	}{
		"another gate": {file, sign.NewSecret().Key(), "no gate that is trusted"},
		"no gate":      {file, sign.Key{}, "no key"},
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

// What the same secret signed as another kind of thing is no verdict.
func TestOtherKind(t *testing.T) {
	secret := sign.NewSecret()
	body, err := json.Marshal(promoted)
	if err != nil {
		t.Fatal(err)
	}
	for kind, well := range map[string]bool{context: true, "tilgate bundle 1": false, "tilgate": false, "": false} {
		file, err := json.Marshal(signed{body, secret.Sign(kind, body)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file, secret.Key()); (err == nil) != well {
			t.Errorf("signed as %q: %v", kind, err)
		}
	}
}

// Verdicts that stand on disk were signed so, and must be read for ever.
func TestFileStays(t *testing.T) {
	secret, err := sign.ParseSecret("tgs-" + strings.Repeat("A", 43))
	if err != nil {
		t.Fatal(err)
	}
	file, err := Sign(promoted, secret)
	if err != nil {
		t.Fatal(err)
	}
	const want = "eNj0P+SgLgTxTTktIXw3VNm4gCD4Y9w8oYrIEdWZlwasiwgwXJh3aZhEYLR3zAmipuHBu3DBck10AhrzafVcAg=="
	var s signed
	if err := json.Unmarshal(file, &s); err != nil || base64.StdEncoding.EncodeToString(s.Signature) != want {
		t.Errorf("the signature is %s, %v", base64.StdEncoding.EncodeToString(s.Signature), err)
	}
}

func FuzzRead(f *testing.F) {
	secret := sign.NewSecret()
	file, _ := Sign(promoted, secret)
	f.Add(file)
	f.Add([]byte(`{"verdict":"","signature":null}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		if v, err := Read(file, secret.Key()); err == nil && !reflect.DeepEqual(v, promoted) {
			t.Errorf("nobody signed %+v", v)
		}
	})
}
