package auth

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"tilgate/serving"
)

func TestParseOrigin(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"https://moh.example", "https://moh.example"},
		{"HTTPS://MOH.Example", "https://moh.example"},
		{"https://moh.example:443", "https://moh.example"},
		{"http://moh.example:80", "http://moh.example"},
		{"http://moh.example:443", "http://moh.example:443"},
		{"http://127.0.0.1:8000", "http://127.0.0.1:8000"},
		{"http://localhost:8000", "http://localhost:8000"},
		{"https://[2001:db8::1]", "https://[2001:db8::1]"},
		{"https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"},
		{"https://саламат.кг", "https://xn--80aaa6bg0am.xn--c1an"},
		{"https://xn--80aaa6bg0am.xn--c1an", "https://xn--80aaa6bg0am.xn--c1an"},
		{"", ""},
		{"null", ""},
		{"*", ""},
		{"moh.example", ""},
		{"https://", ""},
		{"https://moh.example/", ""},
		{"https://moh.example/ask", ""},
		{"https://moh.example?x", ""},
		{"https://moh.example#x", ""},
		{"https://user@moh.example", ""},
		{"https://*.moh.example", ""},
		{"https://moh.example:0", ""},
		{"https://moh.example:", ""},
		{"https://moh.example:08443", ""},
		{"https://moh.example:99999", ""},
		{"https://moh.example https://evil.example", ""},
		{"https://moh.example;script-src *", ""},
		{"https://moh.example\r\nX: y", ""},
		{"ftp://moh.example", ""},
		{"javascript://moh.example", ""},
		{"https://127.1", ""}, // browsers write 127.0.0.1
		{"https://0x7f.1", ""},
		{"https://moh.example.", ""},
		{"https://moh..example", ""},
		{"https://[::ffff:1.2.3.4%eth0]", ""},
		{"https://" + strings.Repeat("a", 400), ""},
	} {
		got, err := ParseOrigin(tt.text)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("ParseOrigin(%q) = %q, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

// FuzzParseOrigin holds what is read to what a header of a Content-Security-Policy
// and a comparison with a browser's Origin can bear.
func FuzzParseOrigin(f *testing.F) {
	for _, seed := range []string{"https://moh.example", "http://[::1]:80", "https://саламат.кг", "https://a:1;b", "https://A_b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseOrigin(text)
		if err != nil {
			return
		}
		if strings.ContainsFunc(got, func(r rune) bool {
			return r <= ' ' || r > '~' || strings.ContainsRune(`;,'"*/?#@\`, r) && r != '/'
		}) {
			t.Errorf("%q became %q", text, got)
		}
		u, err := url.Parse(got)
		if err != nil || u.Scheme+"://"+u.Host != got {
			t.Errorf("%q became %q, which is no origin: %v", text, got, err)
		}
		if again, err := ParseOrigin(got); again != got || err != nil {
			t.Errorf("%q became %q, and then %q, %v", text, got, again, err)
		}
	})
}

// page returns a page key in order, for tests to spoil.
func page() (string, Key) {
	secret, key := GeneratePage()
	key.Name, key.Origins = "site", []string{"https://moh.example"}
	key.Each.Client = serving.Share{Requests: 5, Chars: 500}
	return secret, key
}

func TestCheckPage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(k *Key)
		want   string // part of the fault; empty is none
	}{
		{"in order", func(*Key) {}, ""},
		{"a plain model, bounded", func(k *Key) { k.Models, k.Policy.MaxTokens = []string{"tiny"}, 100 }, ""},
		{"no origin", func(k *Key) { k.Origins = nil }, "needs the origins"},
		{"a wrong origin", func(k *Key) { k.Origins = []string{"*"} }, "is no origin"},
		{"admin", func(k *Key) { k.Admin = true }, "neither admin nor eval"},
		{"eval", func(k *Key) { k.Eval = true }, "neither admin nor eval"},
		{"templates", func(k *Key) { k.Policy.Templates = true }, "neither templates, lora"},
		{"weights", func(k *Key) { k.Policy.LoRA = true }, "neither templates, lora"},
		{"images from elsewhere", func(k *Key) { k.Policy.MediaHosts = []string{"img.example"} }, "neither templates, lora"},
		{"a plain model", func(k *Key) { k.Models = []string{"auto", "tiny"} }, "must bound their answers"},
		{"no limit", func(k *Key) { k.Each.Client = serving.Share{} }, "must limit the requests"},
		{"no limit of characters", func(k *Key) { k.Each.Client.Chars = 0 }, "must limit the requests"},
		{"users", func(k *Key) { k.Each.User.Requests = 1 }, "a page can name any user"},
		{"below zero", func(k *Key) { k.Each.Session.Day.Tokens = -1 }, "each.session.day.tokens: -1"},
		{"no page", func(k *Key) { k.Page, k.Each.Client = false, serving.Share{} }, "they are of a page key"},
		{"no page, with visitors", func(k *Key) { k.Page, k.Origins = false, nil }, "client and session are for page keys"},
	} {
		_, key := page()
		tt.change(&key)
		err := errors.Join(Check([]Key{key})...)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestPageKind has a secret open nothing but a key of its kind: a key whose mark
// was lost in the file would let everybody in.
func TestPageKind(t *testing.T) {
	secret, key := page()
	keys := New([]Key{key})
	if c, err := keys.Check(secret); err != nil || !c.IsPage() || !keys.Lists("https://moh.example") || keys.Lists("https://evil.example") {
		t.Errorf("%+v, %v", c, err)
	}
	renewed := key
	other := renewed.Renew(key.Created)
	if !strings.HasPrefix(other, "tgp-") || !renewed.Page || renewed.Hash != HashOf(other) || renewed.Before != key.Hash {
		t.Errorf("%q, %+v", other, renewed)
	}
	key.Page = false
	if c, err := New([]Key{key}).Check(secret); err == nil {
		t.Errorf("without its mark it opens %+v", c)
	}
	plain, desk := Generate()
	desk.Name, desk.Page = "desk", true
	if c, err := New([]Key{desk}).Check(plain); err == nil {
		t.Errorf("a secret opens %+v", c)
	}
	key.Page, key.Revoked = true, key.Created.AddDate(2000, 0, 0)
	if New([]Key{key}).Lists("https://moh.example") {
		t.Error("the origin of a revoked key is listed")
	}
	var h Hash
	if err := h.UnmarshalText([]byte(secret)); err == nil || !strings.Contains(err.Error(), "a secret stands where") {
		t.Error(err)
	}
}
