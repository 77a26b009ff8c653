package auth

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
)

// made returns a secret and a key of that name.
func made(name string) (string, Key) {
	secret, key := Generate()
	key.Name = name
	return secret, key
}

// TestTimes lets keys expire, be rotated and be revoked.
func TestTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		old, key := made("portal")
		fresh, next := made("portal")
		key.Before, key.BeforeUntil, key.Hash = key.Hash, start.Add(time.Hour), next.Hash
		key.Expires = start.Add(3 * time.Hour)
		taken, revoked := made("clinic")
		revoked.Revoked = start
		keys := New([]Key{key, revoked})
		for _, tt := range []struct {
			after  time.Duration
			secret string
			why    string // it is refused; empty if it is not
		}{
			{0, old, ""},
			{0, fresh, ""},
			{0, taken, "revoked at 2000-01-01T00:00:00Z"},
			{time.Hour - 1, old, ""},
			{time.Hour, old, "was replaced"},
			{time.Hour, fresh, ""},
			{3*time.Hour - 1, fresh, ""},
			{3 * time.Hour, fresh, "expired at 2000-01-01T03:00:00Z"},
			{3 * time.Hour, old, "was replaced"},
		} {
			time.Sleep(tt.after - time.Since(start))
			c, err := keys.Check(tt.secret)
			if tt.why == "" && (err != nil || c.Name != "portal") || tt.why != "" && (!fault.Unauthorized.Is(err) || !strings.Contains(err.Error(), tt.why)) {
				t.Errorf("after %v: %+v, %v; want %q", tt.after, c, err, tt.why)
			}
		}
	})
}

func TestFile(t *testing.T) {
	f := File{filepath.Join(t.TempDir(), "new", "keys.toml")}
	if list, err := f.Read(); len(list) > 0 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
	_, key := made(`registry "office"`)
	key.Tenant, key.Language, key.Created, key.Expires = "moh", "ky", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2999, 1, 2, 0, 0, 0, 0, time.UTC)
	key.Scope = serving.Scope{Models: []string{"auto", "qwen3*"}, Languages: []lang.Tag{"ky"}, Knowledge: []string{"health"}, Sites: []string{"kg"}, Admin: true,
		Policy: serving.Policy{MaxN: 2, MaxTokens: 3, MaxLogprobs: 4, Templates: true, LoRA: true, MediaHosts: []string{"img.example"}, LogText: true},
		Limits: serving.Limits{Requests: 1, Chars: 2, Tokens: 3, Concurrent: 4, Day: serving.Quota{Requests: 5, Chars: 6, Tokens: 7}, Month: serving.Quota{Requests: 8, Chars: 9, Tokens: 10}}}
	_, other := made("b")
	for _, k := range []Key{key, other} {
		if err := f.Add(k, nil); err != nil {
			t.Fatal(err)
		}
	}
	list, err := f.Read()
	if err != nil || !reflect.DeepEqual(list, []Key{key, other}) {
		t.Errorf("%+v became %+v, %v", key, list, err)
	}
	if info, err := os.Stat(f.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	full := errors.New("no")
	if err := f.Edit("b", func(*Key) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
}

// TestManyChange has many change a file at once: each is told to wait, or has
// changed it.
func TestManyChange(t *testing.T) {
	f := File{filepath.Join(t.TempDir(), "keys.toml")}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, key := made(string(rune('a' + i)))
			for {
				err := f.Add(key, nil)
				if err == nil {
					return
				}
				if !fault.Unavailable.Is(err) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if list, err := f.Read(); len(list) != 20 || err != nil {
		t.Errorf("%d keys, %v", len(list), err)
	}
}

// TestLive follows a file through everything that can become of it.
func TestLive(t *testing.T) {
	f := File{filepath.Join(t.TempDir(), "keys.toml")}
	desk, fixed := made("desk")
	var log bytes.Buffer
	l, err := OpenLive([]Key{fixed}, f, []string{"kg"}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	var ended []string
	l.OnEnd(func(name string) { ended = append(ended, name) })
	opens := func(secret string, want bool, when string) {
		t.Helper()
		l.refresh()
		if _, err := l.Check(secret); (err == nil) != want {
			t.Errorf("%s: %v", when, err)
		}
	}
	opens(desk, true, "no file")
	portal, key := made("portal")
	if err := f.Add(key, nil); err != nil {
		t.Fatal(err)
	}
	opens(portal, true, "a new file")
	if c, _ := l.Check(portal); c.Scope == nil || len(c.Scope.Sites) != 1 || c.Scope.Sites[0] != "kg" {
		t.Errorf("a key that names no sites may use %+v", c.Scope)
	}
	good, _ := os.ReadFile(f.Path)
	os.WriteFile(f.Path, []byte("[[key]]\nname = 7\n"), 0o600)
	opens(portal, true, "a file with a fault")
	said := log.Len()
	opens(portal, true, "the same file")
	if text := log.String(); !strings.Contains(text, "the keys in force stay") || log.Len() != said {
		t.Errorf("the log says %s", text)
	}
	os.Remove(f.Path)
	opens(portal, true, "a file that is gone")
	opens(desk, true, "a file that is gone")
	_, twin := made("desk")
	os.WriteFile(f.Path, good, 0o600)
	f.Add(twin, nil)
	opens(portal, true, "a name that the configuration has")
	os.WriteFile(f.Path, append(good, '\n'), 0o600)
	opens(portal, true, "a good file again")
	if len(ended) > 0 {
		t.Errorf("%q ended", ended)
	}
	if err := f.Edit("portal", func(k *Key) error { k.Revoked = time.Now(); return nil }); err != nil {
		t.Fatal(err)
	}
	opens(portal, false, "revoked")
	opens(desk, true, "another was revoked")
	if !reflect.DeepEqual(ended, []string{"portal"}) {
		t.Errorf("%q ended", ended)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("[[key]]\nname = \"a\"\nhash = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\nmodels = [\"a*\"]\n[key.limits.day]\nchars = 5\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := parse([]byte(text))
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := write(&b, list); err != nil {
			t.Fatal(err)
		}
		if again, err := parse(b.Bytes()); err != nil || len(again) != len(list) {
			t.Errorf("%q became %q, %v", text, b.String(), err)
		}
		New(list).Check("x")
	})
}
