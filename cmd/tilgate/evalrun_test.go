package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tilgate/evals"
)

// schoolmaster stands in for a server of OpenAI's API that answers B after a
// pause, and counts how often each question was asked.
type schoolmaster struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[string]int
	n     atomic.Int64
}

func newSchoolmaster(t *testing.T, pause time.Duration) *schoolmaster {
	m := &schoolmaster{asked: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"object":"list","data":[{"id":"m"}]}`) })
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Messages []struct{ Content string } }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		m.mu.Lock()
		m.asked[body.Messages[len(body.Messages)-1].Content]++
		m.mu.Unlock()
		m.n.Add(1)
		time.Sleep(pause)
		fmt.Fprint(w, `{"object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"B"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}`)
	})
	m.Server = httptest.NewServer(mux)
	t.Cleanup(m.Close)
	return m
}

// evalProcess is the program as a process of its own, which can be killed.
func evalProcess(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tilgate", append([]string{"eval"}, args...)...)
	cmd.Path = self
	return cmd
}

// TestKilledEval kills a run again and again. In the end each question has one
// answer, those that were kept were not asked again, and the scores are those
// of a run that nobody disturbed.
func TestKilledEval(t *testing.T) {
	t.Parallel()
	const items, workers = 600, 8
	m := newSchoolmaster(t, 10*time.Millisecond)
	suite, dir := exam(t, items), filepath.Join(t.TempDir(), "run")
	killed := 0
	for i := range 4 {
		args := []string{"run", "--resume", dir}
		if i == 0 {
			args = []string{"run", suite, "--target", m.URL, "--model", "m", "--out", dir}
		}
		before := m.n.Load()
		cmd := evalProcess(t, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for m.n.Load() < before+50 {
			time.Sleep(time.Millisecond)
		}
		_ = cmd.Process.Kill()
		if cmd.Wait() != nil {
			killed++
		}
	}
	if out, err := evalProcess(t, "run", "--resume", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	twice := 0
	for _, n := range m.asked {
		twice += n - 1
	}
	// What a kill loses is what every worker waits for, and one answer that is
	// being written.
	if len(m.asked) != items || killed != 4 || twice > killed*(workers+1) {
		t.Errorf("%d of %d questions were asked, %d twice, in %d killed runs", len(m.asked), items, twice, killed)
	}
	whole := filepath.Join(t.TempDir(), "run")
	undisturbed := newSchoolmaster(t, 0)
	if out, err := evalProcess(t, "run", suite, "--target", undisturbed.URL, "--model", "m", "--out", whole).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if a, b := scoresOf(t, dir), scoresOf(t, whole); a != b || !strings.Contains(a, `"n":600`) {
		t.Errorf("scores of the killed run:\n%s\nof the other:\n%s", a, b)
	}
}

// scoresOf returns the scores of a run that do not depend on the clock.
func scoresOf(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, summaryFile))
	if err != nil {
		t.Fatal(err)
	}
	var r evals.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range r.Summaries {
		if s.Metric != "ttft" && s.Metric != "tokens_per_s" {
			line, _ := json.Marshal(s)
			lines = append(lines, string(line))
		}
	}
	return strings.Join(lines, "\n")
}

// A cache answers what was asked before; a server that is gone leaves errors
// that --again asks anew.
func TestEvalCache(t *testing.T) {
	t.Parallel()
	m := newSchoolmaster(t, 0)
	suite, dir := exam(t, 20), t.TempDir()
	args := []string{"eval", "run", suite, "--target", m.URL, "--model", "m", "--cache", filepath.Join(dir, "cache.jsonl"), "--out"}
	for _, out := range []string{"one", "two"} {
		if code, _, errOut := tilgate(t, append(args, filepath.Join(dir, out))...); code != 0 {
			t.Fatal(errOut)
		}
	}
	if n := m.n.Load(); n != 20 {
		t.Errorf("20 questions were asked %d times in two runs", n)
	}
	if code, _, errOut := tilgate(t, append(args, filepath.Join(dir, "one"))...); code != 1 || !strings.Contains(errOut, "holds a run already; --resume goes on with it") {
		t.Errorf("%d, %s", code, errOut)
	}
	code, out, errOut := tilgate(t, "eval", "compare", filepath.Join(dir, "one"), filepath.Join(dir, "two"), "--json")
	if code != 0 || !strings.Contains(out, `"delta":0,`) || !strings.Contains(out, `"p":1,`) {
		t.Errorf("compare: %d, %s%s", code, out, errOut)
	}
	code, out, errOut = tilgate(t, "eval", "history", "--dir", dir, "--json")
	if code != 0 || strings.Count(out, `"run":`) != 2 {
		t.Errorf("history: %d, %s%s", code, out, errOut)
	}
}
