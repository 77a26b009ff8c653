package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/serving/auth"
)

// instant is a model server that answers without thinking.
func instant(b *testing.B) string {
	b.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/models" {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm"}]}`)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, `data: {"choices":[{"index":0,"delta":{"content":"Суу эсептегичтер быйыл жазында акысыз алмаштырылат [1]. "},"finish_reason":null}]}`+"\n\n")
		io.WriteString(w, `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n")
	}))
	b.Cleanup(s.Close)
	return s.URL
}

// BenchmarkFirstText measures what Tilgate adds before the first text of a
// stream of auto: language, passages out of 100,000 by their words, the prompt
// and the guard. The model takes no time.
//
//	go test -run xxx -bench FirstText -benchtime 500x ./cmd/tilgate
func BenchmarkFirstText(b *testing.B) {
	const passages = 100_000
	dir := b.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 20_000)
	for i := range words {
		for range 2 + rng.IntN(3) {
			words[i] += string([]rune("бкмтлсндрж")[rng.IntN(10)]) + string([]rune("аеоуыи")[rng.IntN(6)])
		}
	}
	say := func(n int) string {
		var out []string
		for range n {
			out = append(out, words[int(float64(len(words))*rng.Float64()*rng.Float64()*rng.Float64())])
		}
		return strings.Join(out, " ")
	}
	f, err := os.Create(filepath.Join(dir, "docs.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	enc := json.NewEncoder(f)
	for i := range passages {
		if err := enc.Encode(map[string]string{"id": fmt.Sprint("d", i), "title": say(4), "text": say(40) + ".", "lang": "ky"}); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	secret, key := auth.Generate()
	hash, _ := key.Hash.MarshalText()
	config := filepath.Join(dir, "tilgate.toml")
	text := fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\nlanguage = \"ky\"\nthreshold = -1\n[ollama]\nurl = \"\"\n[openai]\nurl = %q\nkind = \"vllm\"\n[[key]]\nname = \"desk\"\nhash = %q\n",
		filepath.Join(dir, "data"), instant(b), hash)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	if code := run(b.Context(), []string{"ingest", "--config", config, "--kb", "desk", filepath.Join(dir, "docs.jsonl")}, noEnv, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		b.Fatal("ingest ended with ", code)
	}
	ctx, cancel := context.WithCancel(context.Background())
	log, ended := &output{}, make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", config}, noEnv, strings.NewReader(""), &output{}, log)
	}()
	defer func() { cancel(); <-ended }()
	base := ""
	for base == "" {
		time.Sleep(10 * time.Millisecond)
		if _, rest, ok := strings.Cut(log.String(), `"msg":"serving","address":"`); ok {
			base, _, _ = strings.Cut(rest, `"`)
		}
	}
	var times []time.Duration
	for b.Loop() {
		times = append(times, firstText(b, "http://"+base, secret, say(8)+"?"))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
}

// firstText is the time to the first text of a stream.
func firstText(b *testing.B, base, secret, question string) (first time.Duration) {
	b.Helper()
	body := fmt.Sprintf(`{"model":"auto:ky","stream":true,"messages":[{"role":"user","content":%q}]}`, question)
	req, err := http.NewRequest("POST", base+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	start := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	said := ""
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if first == 0 && strings.Contains(lines.Text(), "эсептегичтер") {
			first = time.Since(start)
		}
		said += lines.Text()
	}
	if first == 0 {
		b.Fatalf("%d %.600s", resp.StatusCode, said)
	}
	return first
}
