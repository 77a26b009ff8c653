package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tilgate/internal/sign"
	"tilgate/internal/verdict"
	"tilgate/serving/auth"
)

// A site is tilgate serve with a folder of adapters.
type site struct {
	*service
	config  string
	folder  string
	log     *output
	metrics string // address
}

// startSite serves the Kyrgyz sample with models of a server at ollama.
func startSite(t *testing.T, ollama string, gate sign.Key, language string) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{folder: filepath.Join(dir, "adapters"), log: &output{}}
	write(t, mkdir(t, s.folder)+"/ky.toml", language)
	secret, key := auth.Generate()
	hash, _ := key.Hash.MarshalText()
	public, _ := gate.MarshalText()
	config := filepath.Join(dir, "tilgate.toml")
	s.config = config
	write(t, config, fmt.Sprintf(`data = %q
listen = "127.0.0.1:0"
metrics = "127.0.0.1:0"
adapters = %q
languages = ["ky", "ru"]
[ollama]
url = %q
[gate]
key = %q
[[key]]
name = "desk"
eval = true
hash = %q
`, filepath.Join(dir, "data"), s.folder, ollama, public, hash))
	if code, _, errOut := tilgate(t, "ingest", "--config", config, "--kb", "desk", "--lang", "ky", "../../rag/sample/kb/ky"); code != 0 {
		t.Fatal(errOut)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", config}, noEnv, strings.NewReader(""), &output{}, s.log)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("serve ended with %d: %s", code, s.log)
		}
	})
	s.service = &service{base: "http://" + address(t, s.log), key: secret}
	s.metrics = regexp.MustCompile(`"msg":"serving metrics","address":"([^"]+)"`).FindStringSubmatch(s.log.String())[1]
	return s
}

func mkdir(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// until asks until the answer is as wanted: a folder is looked at now and then.
func (s *site) until(t *testing.T, what string, ok func(chatAnswer) bool) {
	t.Helper()
	var a chatAnswer
	for end := time.Now().Add(3 * followEvery); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if a = s.ask(t, "auto", demoQuestion); ok(a) {
			return
		}
	}
	t.Errorf("%s: %+v\n%s", what, a.Tilgate, s.log)
}

// Weights answer from the moment that a verdict on them stands to the moment
// that anything it was about has changed, while the service runs.
func TestGateWhole(t *testing.T) {
	t.Parallel()
	text, a := gatedKyrgyz(t)
	served := a.ServedName() + ":latest"
	secret := sign.NewSecret()
	ollama := misbehaving(t, 0, func(string) []string {
		return []string{"Аялдар элүү сегиз жашында пенсияга чыга алышат [1]."}
	}, served, "base:1b", "other:1b")
	s := startSite(t, ollama, secret.Key(), text)

	s.until(t, "before the verdict", func(x chatAnswer) bool { return x.Tilgate.Model == "base:1b" && x.Tilgate.Weights == "gate_no_verdict" })
	if status, body := s.post(t, chatBody(served, "Бир?", false)); status != 403 || !strings.Contains(string(body), "gate_no_verdict") {
		t.Errorf("the weights by name: %d %s", status, body)
	}
	signed, err := verdict.Sign(verdict.Verdict{Tag: "ky", Subject: a.Subject("digest of base:1b"), Decision: verdict.Promote, Because: "test"}, secret)
	if err != nil {
		t.Fatal(err)
	}
	write(t, mkdir(t, filepath.Join(s.folder, "ky"))+"/verdict.json", string(signed))
	s.until(t, "promoted", func(x chatAnswer) bool {
		return x.Tilgate.Model == a.ServedName() && x.Tilgate.Weights == "" && x.Tilgate.Why == "own"
	})
	if x := s.ask(t, "other:1b:ky", demoQuestion); x.Tilgate.Model != "other:1b" || x.Tilgate.Adapter != "ky" {
		t.Errorf("another model in Kyrgyz: %+v", x.Tilgate)
	}
	write(t, filepath.Join(s.folder, "ky.toml"), strings.Replace(text, "insist   = \"", "insist   = \"Суранам: ", 1))
	s.until(t, "the prompt has changed since", func(x chatAnswer) bool { return x.Tilgate.Weights == "gate_changed" })
	write(t, filepath.Join(s.folder, "ky.toml"), "tag = \"ky\"\nkind = \"magic\"\n")
	time.Sleep(followEvery + 500*time.Millisecond)
	s.until(t, "a broken file", func(x chatAnswer) bool { return x.Tilgate.Weights == "gate_changed" })
	if !strings.Contains(s.log.String(), "magic") {
		t.Errorf("the log does not say what is wrong with the file:\n%s", s.log)
	}
	write(t, filepath.Join(s.folder, "ky.toml"), text)
	s.until(t, "as it was judged", func(x chatAnswer) bool { return x.Tilgate.Model == a.ServedName() })

	// A language with a file that is not served is answered in its fallback.
	if x := s.ask(t, "auto:kk", demoQuestion); x.Tilgate.Adapter != "ru" || x.Tilgate.Why != "fallback" {
		t.Errorf("Kazakh: %+v", x.Tilgate)
	}
	s.counted(t, a.ServedName())
	var line struct{ Why string }
	for _, text := range strings.Split(s.log.String(), "\n") {
		if strings.Contains(text, `"weights":"gate_no_verdict"`) {
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if line.Why != "own" {
		t.Errorf("no line of the log says that the gate kept the weights: %s", s.log)
	}
}

// counted looks for both ways in the metrics.
func (s *site) counted(t *testing.T, served string) {
	t.Helper()
	text := (&service{base: "http://" + s.metrics}).get(t, "/metrics")
	for _, want := range []string{
		`tilgate_exchanges_total{adapter="ky",degraded="",language="ky",model="base:1b",outcome="ok",weights="gate_no_verdict",why="own"}`,
		`tilgate_exchanges_total{adapter="ky",degraded="",language="ky",model="` + served + `",outcome="ok",weights="",why="own"}`,
		`tilgate_first_text_seconds_bucket{language="ky",model="` + served + `"`,
		"go_goroutines",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
}
