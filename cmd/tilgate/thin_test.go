package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestCachedWhole asks a slow model the same question again, as a citizen and
// as a ministry would.
func TestCachedWhole(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	s := startDemo(t, t.TempDir(), "--ollama", misbehaving(t, 20*time.Millisecond, func(string) []string {
		asked.Add(1)
		return strings.SplitAfter("Аялдар элүү сегиз жашында пенсияга чыга алышат [1].", " ")
	}))
	ask := func(extension string) (chatAnswer, time.Duration) {
		start := time.Now()
		status, data := s.post(t, strings.Replace(chatBody("auto", demoQuestion, false), `{"`, `{"tilgate":`+extension+`,"`, 1))
		if status != 200 {
			t.Fatalf("%d %s", status, data)
		}
		return parseAnswer(t, data), time.Since(start)
	}
	first, miss := ask(`{"cache":true}`)
	before := asked.Load()
	var hits []time.Duration
	for range 20 {
		again, hit := ask(`{"cache":true}`)
		hits = append(hits, hit)
		if !again.Tilgate.Cached || again.message().Content != first.message().Content || fmt.Sprint(again.message().Annotations) != fmt.Sprint(first.message().Annotations) {
			t.Fatalf("%+v then %+v", first, again)
		}
	}
	slices.Sort(hits)
	t.Logf("asked of the model: %v; given again: p50 %v, most %v", miss, hits[10], hits[19])
	if asked.Load() != before || first.Tilgate.Cached {
		t.Errorf("the model was asked %d times more", asked.Load()-before)
	}
	if hits[10] > miss/2 {
		t.Errorf("given again in %v, the model took %v", hits[10], miss)
	}
	for _, extension := range []string{`{"cache":false}`, `{}`, `{"cache":true,"max_bytes":200}`, `{"cache":true,"language":"kk"}`} {
		if other, _ := ask(extension); other.Tilgate.Cached {
			t.Errorf("%s has the answer to another question: %+v", extension, other)
		}
	}
	streamed := s.askThin(t, `{"cache":true,"flush":"sentence","passages":"none"}`)
	if !streamed.Tilgate.Cached || streamed.message().Content != first.message().Content {
		t.Errorf("streamed: %+v", streamed)
	}
}

func (s *service) askThin(t *testing.T, extension string) chatAnswer {
	t.Helper()
	status, data := s.post(t, strings.Replace(chatBody("auto", demoQuestion, true), `{"`, `{"tilgate":`+extension+`,"`, 1))
	if status != 200 {
		t.Fatalf("%d %s", status, data)
	}
	return joinChunks(t, data)
}

// TestCurlCompressed has curl unpack whole answers and streams.
func TestCurlCompressed(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl here")
	}
	t.Parallel()
	s := startDemo(t, t.TempDir(), "--no-model")
	for _, stream := range []bool{false, true} {
		for _, encoding := range []string{"gzip", "br", "zstd"} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			out, err := exec.CommandContext(ctx, "curl", "-sS", "-i", "--compressed", "-H", "Accept-Encoding: "+encoding,
				"-H", "Authorization: Bearer "+s.key, "-H", "Content-Type: application/json",
				"-d", chatBody("auto", demoQuestion, stream), s.base+"/v1/chat/completions").CombinedOutput()
			cancel()
			if err != nil && strings.Contains(string(out), "Unrecognized content encoding") {
				t.Logf("this curl does not know %s", encoding)
				continue
			}
			head, body, _ := strings.Cut(string(out), "\r\n\r\n")
			if err != nil || !strings.Contains(head, "Content-Encoding: "+encoding) || !strings.Contains(body, "58 жаш") {
				t.Errorf("%s, stream %v: %v\n%.600s", encoding, stream, err, out)
			}
		}
	}
}
