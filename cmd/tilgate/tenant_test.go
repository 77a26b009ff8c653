package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tilgate/serving/auth"
)

// serveTwo runs the service for two ministries and returns it as each sees it.
func serveTwo(t *testing.T) (moh, moe *service) {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\n[ollama]\nurl = \"\"\n", filepath.Join(dir, "data"))
	secrets := map[string]string{}
	for tenant, text := range map[string]string{
		"moh": "Пенсия курагы: дарыгерлер 58 жашында пенсияга чыгышат.",
		"moe": "Пенсия курагы: мугалимдер 55 жашында пенсияга чыгышат.",
	} {
		secret, key := auth.Generate()
		hash, _ := key.Hash.MarshalText()
		secrets[tenant] = secret
		config += fmt.Sprintf("[[key]]\nname = %q\nhash = %q\ntenant = %q\n", tenant, hash, tenant)
		if err := os.MkdirAll(filepath.Join(dir, tenant), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, tenant, "pension.md"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "tilgate.toml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for tenant, kbs := range map[string][]string{"moh": {"desk", "plans"}, "moe": {"desk"}} {
		for _, kb := range kbs {
			if code, out, errOut := tilgate(t, "ingest", "--config", path, "--tenant", tenant, "--kb", kb, "--lang", "ky", filepath.Join(dir, tenant)); code != 0 {
				t.Fatalf("ingest: %s%s", out, errOut)
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	log, ended := &output{}, make(chan struct{})
	go func() {
		defer close(ended)
		run(ctx, []string{"serve", "--config", path}, noEnv, strings.NewReader(""), &output{}, log)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	serving := regexp.MustCompile(`"msg":"serving","address":"([^"]+)"`)
	for range 500 {
		if m := serving.FindStringSubmatch(log.String()); m != nil {
			base := "http://" + m[1]
			return &service{base: base, key: secrets["moh"]}, &service{base: base, key: secrets["moe"]}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the service does not start: %s", log)
	return nil, nil
}

// TestTenantsOverHTTP: a key answers from the passages of its tenant alone,
// whatever the request names.
func TestTenantsOverHTTP(t *testing.T) {
	moh, moe := serveTwo(t)
	const question = `"messages": [{"role": "user", "content": "Пенсия курагы: канча жашында пенсияга чыгышат?"}]`
	for _, tt := range []struct {
		who         *service
		name        string
		wants, hers string
	}{{moh, "moh", "дарыгер", "мугалим"}, {moe, "moe", "мугалим", "дарыгер"}} {
		for _, extension := range []string{"", `, "tilgate": {"knowledge": ["desk"]}`} {
			status, data := tt.who.post(t, `{"model": "auto:ky", `+question+extension+`}`)
			if status != 200 || !strings.Contains(string(data), tt.wants) || strings.Contains(string(data), tt.hers) {
				t.Errorf("%s, with %q: %d %s", tt.name, extension, status, data)
			}
		}
	}
	for _, kb := range []string{"plans", "moh.plans", "moh.desk", "desk@1", "moh.desk@1", "desk~1", "*", "../moh/desk", "moh desk", `moh\u0000desk`} {
		status, data := moe.post(t, `{"model": "auto:ky", `+question+`, "tilgate": {"knowledge": ["`+kb+`"]}}`)
		if status < 400 || status >= 500 || strings.Contains(string(data), "дарыгер") {
			t.Errorf("knowledge base %q of another tenant: %d %s", kb, status, data)
		}
	}
	for _, extra := range []string{`"tilgate": {"tenant": "moh"}`, `"tenant": "moh"`, `"user": "moh"`} {
		if _, data := moe.post(t, `{"model": "auto:ky", `+question+`, `+extra+`}`, "X-Tenant", "moh", "X-Tilgate-Tenant", "moh"); strings.Contains(string(data), "дарыгер") {
			t.Errorf("a request with %s: %s", extra, data)
		}
	}
}
