package auth

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"testing"

	"tilgate/internal/fault"
	"tilgate/serving"
)

func TestCheck(t *testing.T) {
	clinic, clinicKey := Generate()
	clinicKey.Name = "clinic"
	school, schoolKey := Generate()
	schoolKey.Name, schoolKey.Tenant = "school", "moe"
	keys := New([]Key{clinicKey, schoolKey})
	for _, tt := range []struct {
		secret string
		want   serving.Caller
		ok     bool
	}{
		{clinic, serving.Caller{Name: "clinic"}, true},
		{school, serving.Caller{Name: "school", Tenant: "moe"}, true},
		{"", serving.Caller{}, false},
		{"tg-", serving.Caller{}, false},
		{clinic + " ", serving.Caller{}, false},
		{strings.ToLower(clinic), serving.Caller{}, false},
		{clinic[:len(clinic)-1], serving.Caller{}, false},
	} {
		got, err := keys.Check(tt.secret)
		if (err == nil) != tt.ok || got != tt.want || err != nil && !fault.Unauthorized.Is(err) {
			t.Errorf("Check(%q) = %v, %v, want %v, %v", tt.secret, got, err, tt.want, tt.ok)
		}
	}
	if _, err := New(nil).Check(""); err == nil {
		t.Error("no keys let an empty secret in")
	}
}

func TestSwapWhileChecking(t *testing.T) {
	old, oldKey := Generate()
	fresh, freshKey := Generate()
	keys := New([]Key{oldKey})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				keys.Check(old)
			}
		})
	}
	keys.Swap([]Key{freshKey})
	wg.Wait()
	if _, err := keys.Check(old); err == nil {
		t.Error("the old key still opens")
	}
	if _, err := keys.Check(fresh); err != nil {
		t.Error("the fresh key does not open")
	}
}

func TestGenerate(t *testing.T) {
	a, key := Generate()
	b, _ := Generate()
	if a == b || len(a) != len("tg-")+43 || !strings.HasPrefix(a, "tg-") {
		t.Errorf("secrets %q and %q", a, b)
	}
	if key.Hash != HashOf(a) {
		t.Error("the key does not hold the secret's hash")
	}
}

func TestHashAsText(t *testing.T) {
	secret, key := Generate()
	text, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), secret) {
		t.Errorf("%s shows the secret", text)
	}
	var back Key
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, key) {
		t.Errorf("%s became %v, %v", text, back, err)
	}
	for _, wrong := range []string{"", "abc", strings.Repeat("x", 64), secret} {
		var h Hash
		if err := h.UnmarshalText([]byte(wrong)); err == nil {
			t.Errorf("UnmarshalText(%q) gave no error", wrong)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	secret, key := Generate()
	list := []Key{key}
	for range 1000 {
		_, other := Generate()
		list = append(list, other)
	}
	keys := New(list)
	for b.Loop() {
		keys.Check(secret)
	}
}
