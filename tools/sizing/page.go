package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"tilgate/internal/fit"
)

// parts are what the page holds of the results, by name.
func (r results) parts() map[string]string {
	return map[string]string{"machine": r.machine + "\n", "choose": r.chooseTable(), "quoting": r.quotingTable(), "speeds": r.speedTable(), "people": r.peopleTable()}
}

// order is that of the page.
var order = []string{"machine", "choose", "quoting", "speeds", "people"}

// The marks around a part.
func before(name string) string { return "<!-- measured: " + name + " -->\n" }

const after = "<!-- end -->"

// fill puts the parts where their marks stand.
func fill(page string, parts map[string]string) (string, error) {
	for _, name := range order {
		head, rest, ok := strings.Cut(page, before(name))
		_, tail, closed := strings.Cut(rest, after)
		if !ok || !closed {
			return "", fmt.Errorf("the page has no place for %s: %q, then %q", name, before(name), after)
		}
		page = head + before(name) + parts[name] + after + tail
	}
	return page, nil
}

// updatePage writes the results into the page at path.
func updatePage(path string, r results) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, err := fill(string(old), r.parts())
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// describe says on what was measured.
func describe(now time.Time, busy string) string {
	cpu := "a processor that does not tell its name"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		cpu = processor(string(info))
	}
	memory := fit.ReadMachine(os.DirFS("/")).Memory
	return fmt.Sprintf("Measured on %s: %d cores of %s, %s of memory, no GPU.%s", now.Format("2 January 2006"), runtime.NumCPU(), cpu, fit.Size(memory), busy)
}

// busyNow says how much else the machine did when measuring began; nothing if
// that was little.
func busyNow() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	var one float64
	if _, err := fmt.Sscan(string(text), &one); err != nil || one < 1 {
		return ""
	}
	return fmt.Sprintf(" Other programs were\nat work meanwhile (a load of %.1f at the start), so that a quiet machine is faster.", one)
}

// processor finds the model of the processor in what Linux says of it.
func processor(info string) string {
	name, flags := "a processor that does not tell its name", ""
	for line := range strings.Lines(info) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name":
			name = strings.TrimSpace(value)
		case "flags":
			flags = value
		}
	}
	for _, best := range []string{"avx512f", "avx2"} {
		if slices.Contains(strings.Fields(flags), best) {
			return name + " (" + strings.ToUpper(strings.TrimSuffix(best, "f")) + ")"
		}
	}
	return name
}
