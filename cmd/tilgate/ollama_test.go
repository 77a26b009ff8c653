package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tilgate/internal/lang"
	"tilgate/serving"
	"tilgate/serving/ollama/ollamatest"
	"tilgate/serving/tokencost"
)

// TestDemoWithOllama is the whole program with a real model server and a tiny
// model, which answers in syllables.
func TestDemoWithOllama(t *testing.T) {
	t.Parallel()
	server := ollamatest.Start(t)
	server.Create("tiny")
	s := startDemo(t, t.TempDir(), "--ollama", server.URL)
	if want := "tiny:latest, by Ollama at " + server.URL; !strings.Contains(s.out.String(), want) {
		t.Errorf("the demo does not say %q:\n%s", want, s.out)
	}
	t.Run("answers", func(t *testing.T) { modelAnswers(t, s.ask(t, "auto", demoQuestion), true) })
	t.Run("streams", func(t *testing.T) { modelAnswers(t, s.askStream(t, "auto", demoQuestion), false) })
	t.Run("says that it found nothing", func(t *testing.T) {
		if a := s.ask(t, "auto", "Ай менен Жердин аралыгы канча километр?"); a.Tilgate.Degraded != serving.NotFound {
			t.Errorf("%+v", a)
		}
	})
	t.Run("plain model", func(t *testing.T) { plainModel(t, s) })
	t.Run("cost of a character", func(t *testing.T) { bytesCost(t, server.URL) })
	server.Kill()
	t.Run("killed", func(t *testing.T) { quotesInstead(t, s) })
}

func modelAnswers(t *testing.T, a chatAnswer, counted bool) {
	t.Helper()
	x := a.Tilgate
	if x.Adapter != "ky" || x.Language.Tag != "ky" || x.Model != "tiny:latest" || !x.Grounded || x.Degraded != "" || len(x.Passages) == 0 {
		t.Errorf("%+v", x)
	}
	if text := a.message().Content; strings.TrimSpace(text) == "" || strings.Contains(text, "“") {
		t.Errorf("the model says %q", text)
	}
	// A token is a byte for the tiny model, and the prompt holds passages.
	if counted && (a.Usage.Prompt < 1000 || a.Usage.Completion == 0 || x.Estimated || a.Usage.Total != a.Usage.Prompt+a.Usage.Completion) {
		t.Errorf("usage %+v, estimated: %v", a.Usage, x.Estimated)
	}
}

// bytesCost measures what is known: the tiny model has a token for each byte.
func bytesCost(t *testing.T, url string) {
	config := filepath.Join(t.TempDir(), "tilgate.toml")
	write(t, config, fmt.Sprintf("data = %q\n[ollama]\nurl = %q\n", t.TempDir(), url))
	code, out, errOut := tilgate(t, "lang", "cost", "--config", config, "--model", "tiny", "--lang", "ky,en", "--json")
	var costs []tokencost.Cost
	if err := json.Unmarshal([]byte(out), &costs); code != 0 || err != nil || len(costs) != 2 {
		t.Fatalf("%d %v %s %s", code, err, out, errOut)
	}
	want := map[lang.Tag][2]float64{"en": {0.99, 1.01}, "ky": {1.7, 2}}
	for _, c := range costs {
		if w := want[c.Tag]; c.TokensPerCharacter < w[0] || c.TokensPerCharacter > w[1] {
			t.Errorf("%+v, want %v bytes", c, w)
		}
	}
	if _, out, _ := tilgate(t, "lang", "cost", "--config", config); !strings.Contains(out, "times English") {
		t.Errorf("what is kept: %s", out)
	}
}

func plainModel(t *testing.T, s *service) {
	a := s.ask(t, "tiny", "Bir?")
	if a.Object != "chat.completion" || a.message().Content == "" || a.Tilgate.Model != "" || a.Usage.Completion == 0 {
		t.Errorf("%+v", a)
	}
	if a := s.askStream(t, "tiny:latest", "Bir?"); a.message().Content == "" {
		t.Errorf("as a stream: %+v", a)
	}
	if status, body := s.post(t, chatBody("tinier", "Bir?", false)); status != 404 || !strings.Contains(string(body), "tinier") {
		t.Errorf("a model that is not there: %d %s", status, body)
	}
	if list := s.get(t, "/v1/models"); !strings.Contains(list, `"id":"tiny:latest"`) || !strings.Contains(list, `"id":"auto:ky"`) {
		t.Errorf("models: %s", list)
	}
	if one := s.get(t, "/v1/models/tiny:latest"); !strings.Contains(one, `"owned_by":"ollama"`) {
		t.Errorf("model: %s", one)
	}
}

func (s *service) get(t *testing.T, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// quotesInstead asks until the pool has noticed that the server is gone. In
// the meantime answers are quoted too, for another reason.
func quotesInstead(t *testing.T, s *service) {
	a := s.ask(t, "auto", demoQuestion)
	if d := a.Tilgate.Degraded; d != serving.ModelLost && d != serving.NoModel {
		t.Errorf("at once: degraded is %q", d)
	}
	for end := time.Now().Add(10 * time.Second); a.Tilgate.Degraded != serving.NoModel && time.Now().Before(end); {
		time.Sleep(200 * time.Millisecond)
		a = s.ask(t, "auto", demoQuestion)
	}
	if a.Tilgate.Degraded != serving.NoModel || a.Tilgate.Model != "extract" || !strings.Contains(a.message().Content, "58") {
		t.Errorf("after the look: %+v", a)
	}
	checkCitations(t, a)
	if status, body := s.post(t, chatBody("tiny", "Bir?", false)); status != 404 && status != 503 {
		t.Errorf("a plain model without a server: %d %s", status, body)
	}
	if list := s.get(t, "/v1/models"); strings.Contains(list, "tiny") || !strings.Contains(list, `"auto"`) {
		t.Errorf("models: %s", list)
	}
}

// The pool has just looked, then the server dies: the first word never comes.
func TestModelLost(t *testing.T) {
	server := ollamatest.Start(t)
	server.Create("tiny")
	s := startDemo(t, t.TempDir(), "--ollama", server.URL)
	looked := time.Now()
	server.Kill()
	a := s.askStream(t, "auto", demoQuestion)
	if a.Tilgate.Degraded == serving.NoModel && time.Since(looked) > 2*time.Second {
		t.Skip("this machine is so slow that the pool has looked again")
	}
	if a.Tilgate.Degraded != serving.ModelLost || a.Tilgate.Model != "extract" || !strings.Contains(a.message().Content, "58") {
		t.Errorf("%+v", a)
	}
	checkCitations(t, a)
}

// A reader who leaves stops the model: it is free for the next one at once,
// though its answer would never have ended.
func TestReaderLeaves(t *testing.T) {
	t.Parallel()
	server := ollamatest.Start(t)
	server.CreateTiny("endless", ollamatest.Tiny{Seed: 1, Endless: true})
	s := startDemo(t, t.TempDir(), "--ollama", server.URL)
	for range 2 { // the second would wait for the first: the server answers one at a time
		ctx, leave := context.WithTimeout(t.Context(), time.Minute)
		req, _ := http.NewRequestWithContext(ctx, "POST", s.base+"/v1/chat/completions", strings.NewReader(chatBody("auto:ky", demoQuestion, true)))
		req.Header.Set("Authorization", "Bearer "+s.key)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		words := 0
		for lines := bufio.NewScanner(resp.Body); words < 3 && lines.Scan(); {
			if strings.Contains(lines.Text(), `"delta":{"content":`) {
				words++
			}
		}
		if words < 3 {
			t.Fatalf("%d pieces came: %v", words, ctx.Err())
		}
		leave()
		resp.Body.Close()
	}
}
