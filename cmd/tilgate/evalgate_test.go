package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tilgate/adapters"
	"tilgate/internal/sign"
	"tilgate/internal/verdict"
)

// examiner stands in for an Ollama with weights and their base. The weights
// know as many of ten answers as knows says, the base two.
func examiner(t *testing.T, served string, knows *atomic.Int64) string {
	t.Helper()
	var tags []map[string]string
	for _, name := range []string{served, "base:1b"} {
		tags = append(tags, map[string]string{"name": name, "model": name, "digest": "digest of " + name, "modified_at": "2026-01-01T00:00:00Z"})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/tags", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"models": tags})
	})
	mux.HandleFunc("POST /api/show", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"capabilities":["completion"]}`) })
	mux.HandleFunc("POST /api/chat", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Model    string
			Messages []struct{ Content string }
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		question := body.Messages[len(body.Messages)-1].Content
		var n int64
		fmt.Sscanf(question[strings.Index(question, "№")+len("№"):], "%d", &n)
		known, letter := int64(2), "A"
		if strings.HasPrefix(body.Model, served) {
			known = knows.Load()
		}
		if n%10 < known {
			letter = "B"
		}
		fmt.Fprintf(w, `{"message":{"role":"assistant","content":"%s"},"done":false}`+"\n", letter)
		fmt.Fprintln(w, `{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":1}`)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// exam writes a suite of n questions, to each of which B is right.
func exam(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "suite.toml"), `name = "exam"
version = "1"
licence = "ours"
[[task]]
name = "mc"
kind = "multiple_choice"
lang = "ky"
items = "ky.jsonl"
[[task.prompt]]
name = "letter"
text = "{{text}}\n{{choices}}"
`)
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"id":"q%d","text":"Экзамендин суроосу №%d: борбор шаарыбыз кайсы?","choices":["Ош","Бишкек"],"gold":"B"}`+"\n", i, i)
	}
	write(t, filepath.Join(dir, "ky.jsonl"), b.String())
	return dir
}

// The life of an adapter under the gate: nobody knows it, it is promoted, it
// becomes worse and is rolled back, all while the service runs.
func TestEvalGate(t *testing.T) {
	t.Parallel()
	text, a := gatedKyrgyz(t)
	var knows atomic.Int64
	knows.Store(3)
	secret := sign.NewSecret()
	s := startSite(t, examiner(t, a.ServedName(), &knows), secret.Key(), text)
	secretFile := filepath.Join(t.TempDir(), "gate.secret")
	write(t, secretFile, secret.String())
	eval := func(args ...string) (code int, out, errOut string) {
		var stdout, stderr bytes.Buffer
		code = run(t.Context(), append([]string{"eval"}, args...), func(name string) string { return map[string]string{"TILGATE_KEY": s.key}[name] }, strings.NewReader(""), &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	gate := func(suite string, want verdict.Decision, says string, more ...string) {
		t.Helper()
		code, out, errOut := eval(append([]string{"gate", suite, "--lang", "ky", "--target", s.base, "--config", s.config, "--secret", secretFile, "--out", filepath.Join(t.TempDir(), "run"), "--json"}, more...)...)
		var got gated
		if err := json.Unmarshal([]byte(out), &got); code != 0 || err != nil || got.Judgements[0].Decision != want || !strings.Contains(out, says) {
			t.Errorf("gate: %d, want %s and %q\n%s%s", code, want, says, out, errOut)
		}
	}
	s.until(t, "before the verdict", func(x chatAnswer) bool { return x.Tilgate.Weights == "gate_no_verdict" })

	// Better by a tenth on too few items is no evidence.
	gate(exam(t, 150), verdict.NoEvidence, `"n":150`)
	s.until(t, "no evidence", func(x chatAnswer) bool { return x.Tilgate.Weights == "gate_no_evidence" })
	// On enough items it is.
	gate(exam(t, 300), verdict.Promote, `"n":300`)
	s.until(t, "promoted", func(x chatAnswer) bool { return x.Tilgate.Model == a.ServedName() })
	// What it was trained on does not count, and without it there is too little.
	train := filepath.Join(t.TempDir(), "train.jsonl")
	items, err := os.ReadFile(filepath.Join(exam(t, 120), "ky.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, train, string(items))
	gate(exam(t, 300), verdict.NoEvidence, `"overlap_train":{"exam/mc/ky":120}`, "--train", train)
	// No evidence leaves the verdict that still holds.
	s.until(t, "still promoted", func(x chatAnswer) bool { return x.Tilgate.Model == a.ServedName() })

	// It becomes worse, and the next run rolls it back.
	knows.Store(0)
	gate(exam(t, 300), verdict.Block, `"delta":-0.2`)
	s.until(t, "rolled back", func(x chatAnswer) bool { return x.Tilgate.Weights == "gate_block" && x.Tilgate.Model == "base:1b" })

	data, err := os.ReadFile(filepath.Join(s.folder, "ky", "verdict.json"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := verdict.Read(data, secret.Key())
	if err != nil || v.Evidence == nil || len(v.Evidence.Suites) != 64 || len(v.Evidence.Tests) != 1 || v.Evidence.Tests[0].P > 1e-9 || v.Subject != a.Subject("digest of base:1b") {
		t.Errorf("%+v, %v", v, err)
	}

	// A run is signed for what it asked: never for what is there by then, and
	// not where it does not say what it was.
	unsigned, asked := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "run")
	common := []string{"--lang", "ky", "--target", s.base, "--config", s.config}
	if code, out, errOut := eval(append([]string{"gate", exam(t, 5), "--out", unsigned}, common...)...); code != 0 || !strings.Contains(out, "not signed: no --secret") {
		t.Errorf("%d, %s%s", code, out, errOut)
	}
	if code, _, errOut := eval("gate", "--run", unsigned, "--config", s.config, "--secret", secretFile); code != 1 || !strings.Contains(errOut, "does not say which weights it asked") {
		t.Errorf("%d, %s", code, errOut)
	}
	if code, out, errOut := eval(append([]string{"gate", exam(t, 300), "--out", asked, "--secret", secretFile}, common...)...); code != 0 {
		t.Errorf("%d, %s%s", code, out, errOut)
	}
	// It goes on like any other, with the arms that it has.
	if code, out, errOut := eval("run", "--resume", asked); code != 0 || !strings.Contains(out, "adapter") {
		t.Errorf("%d, %s%s", code, out, errOut)
	}
	if code, out, errOut := eval("gate", "--run", asked, "--config", s.config, "--secret", secretFile); code != 0 || !strings.Contains(out, "ky: block") {
		t.Errorf("%d, %s%s", code, out, errOut)
	}
	write(t, filepath.Join(s.folder, "ky.toml"), strings.Replace(text, "insist   = \"", "insist   = \"Суранам: ", 1))
	if code, _, errOut := eval("gate", "--run", asked, "--config", s.config, "--secret", secretFile); code != 1 || !strings.Contains(errOut, "have changed since the run") {
		t.Errorf("%d, %s", code, errOut)
	}
	write(t, filepath.Join(s.folder, "ky.toml"), text)

	// A secret that nobody trusts signs nothing.
	write(t, secretFile, sign.NewSecret().String())
	if code, _, errOut := tilgate(t, "eval", "gate", exam(t, 5), "--lang", "ky", "--config", s.config, "--secret", secretFile); code != 1 || !strings.Contains(errOut, "not trusted here") {
		t.Errorf("%d, %s", code, errOut)
	}
}

// A watch asks at its interval, at once after what took longer, and no more
// once it is stopped.
func TestRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		var at []time.Duration
		repeat(ctx, time.Hour, func(began time.Time) {
			at = append(at, began.Sub(start))
			switch len(at) {
			case 2:
				time.Sleep(90 * time.Minute)
			case 4:
				cancel()
			}
		})
		if want := []time.Duration{0, time.Hour, 150 * time.Minute, 210 * time.Minute}; !slices.Equal(at, want) {
			t.Errorf("asked at %v, want %v", at, want)
		}
	})
}

// gatedKyrgyz is Kyrgyz's language file with weights that need a verdict.
func gatedKyrgyz(t *testing.T) (string, *adapters.Adapter) {
	t.Helper()
	file, err := os.ReadFile("../../adapters/languages/ky.toml")
	if err != nil {
		t.Fatal(err)
	}
	const sum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	text := strings.Replace(string(file), "kind     = \"prompt_only\"", "kind = \"lora\"\nmodel = \"base:1b\"\ngate = \"required\"\n"+
		"lora = { file = \"ky/w.gguf\", sha256 = \""+sum+"\", licence = \"MIT\" }", 1)
	a, faults := adapters.Parse([]byte(text))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return text, a
}
