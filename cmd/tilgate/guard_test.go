package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tilgate/serving"
)

// misbehaving stands in for an Ollama whose model does what it should not. It
// answers a prompt with the words that behave returns, each after a pause. It
// holds one model unless more are named.
func misbehaving(t *testing.T, pause time.Duration, behave func(prompt string) []string, models ...string) string {
	t.Helper()
	if len(models) == 0 {
		models = []string{"wild:1b"}
	}
	var tags []map[string]string
	for _, name := range models {
		tags = append(tags, map[string]string{"name": name, "model": name, "digest": "digest of " + name, "modified_at": "2026-01-01T00:00:00Z"})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/tags", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"models": tags})
	})
	mux.HandleFunc("POST /api/show", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"capabilities":["completion"]}`) })
	mux.HandleFunc("POST /api/chat", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Messages []struct{ Content string } }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		var prompt strings.Builder
		for _, m := range body.Messages {
			prompt.WriteString(m.Content + "\n")
		}
		for _, word := range behave(prompt.String()) {
			line, _ := json.Marshal(map[string]any{"message": map[string]string{"role": "assistant", "content": word}, "done": false})
			fmt.Fprintf(w, "%s\n", line)
			w.(http.Flusher).Flush()
			select {
			case <-time.After(pause):
			case <-r.Context().Done():
				return
			}
		}
		fmt.Fprintln(w, `{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":9}`)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s.URL
}

// What readers see of a model that leaves the language, makes citations up, or
// dawdles.
func TestGuardWhole(t *testing.T) {
	t.Parallel()
	words := func(text string) []string { return strings.SplitAfter(text, " ") }
	const (
		russian = "Женщины выходят на пенсию в пятьдесят восемь лет при наличии стажа. "
		kyrgyz  = "Аялдар элүү сегиз жашында пенсияга чыга алышат [1]. "
		kazakh  = "Әйелдер елу сегіз жасында зейнетке шыға алады және құжаттарын алдын ала дайындайды [1]. "
		chinese = "女性可以在五十八岁申请养老金，请提前三个月联系社会基金办公室。"
	)
	insists := func(prompt string) bool { return strings.Count(prompt, "Кыргыз тилинде гана") > 0 }
	for _, tt := range []struct {
		name     string
		behave   func(prompt string) []string
		text     string // "" ends with an error
		adapter  string
		degraded string
	}{
		{"well", func(string) []string { return words(kyrgyz) }, kyrgyz, "ky", ""},
		{"Russian, until it is told again", func(p string) []string {
			if insists(p) {
				return words(kyrgyz)
			}
			return words(russian)
		}, kyrgyz, "ky", ""},
		{"Russian, then Kazakh where that is asked for", func(p string) []string {
			if strings.Contains(p, "қазақ тілінде") {
				return words(kazakh)
			}
			return words(russian)
		}, kazakh, "kk", serving.OtherLanguage},
		{"nothing but Chinese", func(string) []string { return strings.Split(chinese, "") },
			"кыргыз тилинде", "ky", serving.Unable},
		{"Kyrgyz, then Russian", func(string) []string { return words(kyrgyz + russian + russian) }, "", "ky", ""},
		{"citations of nothing", func(string) []string {
			return words("Аялдар 58 жашында чыга алышат [1][99]. Башкасын сурабаңыз [42]. ")
		},
			"Аялдар 58 жашында чыга алышат [1]. Башкасын сурабаңыз.", "ky", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := startDemo(t, t.TempDir(), "--ollama", misbehaving(t, 0, tt.behave))
			if tt.text == "" {
				status, data := s.post(t, chatBody("auto", demoQuestion, true))
				if out := string(data); status != 200 || !strings.Contains(out, "чыга алышат") || strings.Contains(out, "Женщины") || !strings.Contains(out, `"code":"content_filter"`) {
					t.Errorf("%d %s", status, out)
				}
				return
			}
			a := s.ask(t, "auto", demoQuestion)
			if text := a.message().Content; !strings.Contains(text, strings.TrimSpace(tt.text)) || strings.Contains(text, "Женщины") || a.Tilgate.Adapter != tt.adapter || a.Tilgate.Degraded != tt.degraded {
				t.Errorf("%q by %s, degraded %q; want %q by %s, %q", text, a.Tilgate.Adapter, a.Tilgate.Degraded, tt.text, tt.adapter, tt.degraded)
			}
		})
	}
}

// A model that is slow and ends no sentence keeps nobody waiting for longer
// than the guard may hold.
func TestGuardHolds(t *testing.T) {
	t.Parallel()
	s := startDemo(t, t.TempDir(), "--ollama", misbehaving(t, 300*time.Millisecond, func(string) []string {
		return strings.SplitAfter("Аялдар элүү сегиз жашында кайрылып, керектүү документтерди алдын ала даярдап", " ")
	}))
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.base+"/v1/chat/completions", strings.NewReader(chatBody("auto", demoQuestion, true)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	seen := ""
	for buf := make([]byte, 4096); !strings.Contains(seen, "Аялдар элүү"); {
		n, err := resp.Body.Read(buf)
		if seen += string(buf[:n]); err != nil {
			t.Fatalf("%v after %s", err, seen)
		}
	}
	if took := time.Since(start); took < time.Second || took > 2500*time.Millisecond {
		t.Errorf("the first text came after %v, want 1.5 s", took)
	}
}
