package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkAuto measures a whole answer with the extractive model over HTTP,
// client included. Its p50 is what is promised: under 5 ms on 2 cores.
func BenchmarkAuto(b *testing.B) {
	s := startDemo(b, b.TempDir(), "--no-model")
	keepAlive := &http.Client{}
	defer keepAlive.CloseIdleConnections()
	body := fmt.Sprintf(`{"model":"auto","messages":[{"role":"user","content":%q}]}`, demoQuestion)
	var times []time.Duration
	for b.Loop() {
		start := time.Now()
		req, err := http.NewRequest("POST", s.base+"/v1/chat/completions", strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.key)
		resp, err := keepAlive.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
			b.Fatal(resp.Status, err)
		}
		resp.Body.Close()
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkFirstAnswer measures from the start of the demo on an empty folder
// to its first answer, the ingest of the sample included.
func BenchmarkFirstAnswer(b *testing.B) {
	body := fmt.Sprintf(`{"model":"auto","messages":[{"role":"user","content":%q}]}`, demoQuestion)
	for b.Loop() {
		s := startDemo(b, b.TempDir(), "--no-model")
		if code, answer := s.post(b, body); code != 200 {
			b.Fatalf("%d: %s", code, answer)
		}
		b.StopTimer()
		s.stop()
		b.StartTimer()
	}
}
