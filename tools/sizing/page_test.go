package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fit"
	"tilgate/internal/lang"
)

// some are results that were never measured.
func some() results {
	s := shape{name: "9B"}
	costs := map[lang.Tag]cost{}
	for _, tag := range languages {
		costs[tag] = cost{prompt: 400, answer: 100}
	}
	costs["my"] = cost{prompt: 4000, answer: 1000, computed: true}
	return results{machine: "A machine.", load: load{2 * time.Minute, 30 * time.Second},
		quoting: []rate{{cores: 2, second: 100, p50: 10 * time.Millisecond, p99: 90 * time.Millisecond, cpu: 4 * time.Millisecond, resident: 2e8}},
		sizes: []sized{{shape: s, file: 5e9, resident: 62e8, told: fit.Model{Weights: 5e9, Cache: 1e9}, speeds: []speed{
			{threads: 2, runs: 3, prompt: 900, read: 10, write: 1}, {threads: 1, runs: 1, prompt: 90, read: 50, write: 10}}}},
		llama: costs, gemma: costs}
}

func TestTables(t *testing.T) {
	parts := some().parts()
	for name, want := range map[string]string{
		"choose":  "| 8 GB | a model of 9B | 8.0 s, 18 s: 4 | 8.0 s, 18 s: 4 | 80 s, 3.0 min: <1 |\n", // by the faster line
		"quoting": "| 2 | 100 | 10 ms | 90 ms | 4.0 ms | 0.2 GB | 8400 |\n",
		"speeds":  "| 9B | 5.0 GB | 6.2 GB | 6.0 GB | 1 | 50 | 10 | 1, 90 tokens |\n",
		"people":  "| my | ~4000 + ~1000 | ~4000 + ~1000 | 80 s, 3.0 min: <1 |\n",
	} {
		if !strings.Contains(parts[name], want) {
			t.Errorf("%s has no %q:\n%s", name, want, parts[name])
		}
	}
	if !strings.Contains(parts["choose"], "| 2 GB | no model: sentences are quoted | 90 ms: 8400 |") {
		t.Error(parts["choose"])
	}
	for name, part := range parts {
		rows := strings.Split(strings.TrimSpace(part), "\n")
		for _, row := range rows {
			if strings.Count(row, "|") != strings.Count(rows[0], "|") {
				t.Errorf("%s: %q is as wide as %q", name, row, rows[0])
			}
		}
	}
}

func TestFill(t *testing.T) {
	page := "# Title\n"
	for _, name := range order {
		page += before(name) + "old\n" + after + "\nsaid about " + name + "\n"
	}
	r := some()
	got, err := fill(page, r.parts())
	if err != nil {
		t.Fatal(err)
	}
	again, err := fill(got, r.parts())
	if err != nil || again != got || strings.Contains(got, "old") || strings.Count(got, "said about") != len(order) || !strings.Contains(got, r.speedTable()) {
		t.Errorf("%v\n%s", err, got)
	}
	if _, err := fill(strings.Replace(page, before("speeds"), "", 1), r.parts()); err == nil || !strings.Contains(err.Error(), "no place for speeds") {
		t.Errorf("%v", err)
	}
}

// The page has a place for all that is measured, and it has been measured.
func TestPageIsFilled(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "sizing.md"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fill(string(text), some().parts()); err != nil {
		t.Error(err)
	}
	for _, name := range order {
		_, rest, _ := strings.Cut(string(text), before(name))
		if part, _, _ := strings.Cut(rest, after); strings.TrimSpace(part) == "" {
			t.Errorf("%s was never measured: go run ./tools/sizing -update", name)
		}
	}
	for _, s := range shapes {
		if !strings.Contains(string(text), "| "+s.name+" |") {
			t.Errorf("the page does not tell of %s", s.name)
		}
	}
}

func TestMemoryFor(t *testing.T) {
	for _, tt := range []struct {
		gigabytes float64
		want      string
	}{{0.3, "2 GB"}, {1.9, "4 GB"}, {2.6, "8 GB"}, {6.4, "8 GB"}, {6.8, "16 GB"}, {7.5, "16 GB"}, {500, "more than 128 GB"}} {
		if got := memoryFor(fit.Model{Weights: int64(tt.gigabytes * 1e9)}); got != tt.want {
			t.Errorf("%v GB: %s, want %s", tt.gigabytes, got, tt.want)
		}
	}
}

func TestWhole(t *testing.T) {
	for v, want := range map[float64]string{0.99: "<1", 1: "1", 8.4: "8", 99.9: "99", 999.9: "999", 1234: "1200", 24_567: "24000"} {
		if got := whole(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}

func TestProcessor(t *testing.T) {
	const info = "processor\t: 0\nmodel name\t: Some CPU @ 2.4GHz\nflags\t\t: fpu avx avx2 fma\n"
	for text, want := range map[string]string{info: "Some CPU @ 2.4GHz (AVX2)", strings.ReplaceAll(info, "fma", "avx512f"): "Some CPU @ 2.4GHz (AVX512)",
		"model name: Old\nflags: sse\n": "Old", "": "a processor that does not tell its name"} {
		if got := processor(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
