package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/rag/sources"
)

// usual is what setup is told on a machine with systemd.
func usualSetting() setting {
	return setting{config: configHere, data: dataHere, unit: unitHere, binary: "/usr/local/bin/tilgate", user: "tilgate", listen: "127.0.0.1:8080",
		noModel: true, numCtx: 8192, key: "operator", memory: 8 << 30}
}

// The unit that comes with Tilgate is the one that setup writes.
func TestUnitFile(t *testing.T) {
	s := usualSetting()
	c, _, _ := s.fill()
	text, err := unitText(s, c)
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../deploy/systemd/tilgate.service"
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, path, text)
	}
	if kept, err := os.ReadFile(path); err != nil || string(kept) != text {
		t.Errorf("%s is not what setup writes; go test -run TestUnitFile -update writes it anew: %v", path, err)
	}
}

// systemd takes the units, and finds little to harden in them.
func TestUnitVerified(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("no systemd-analyze")
	}
	for name, change := range map[string]func(*setting){
		"usual":    func(*setting) {},
		"low port": func(s *setting) { s.listen = "0.0.0.0:443" },
		"odd names": func(s *setting) {
			s.config, s.data = `/etc/til gate/100%n "x"/tilgate.toml`, "/srv/a b/100%"
			s.user = "tilgate_2"
		},
		"documents at home": func(s *setting) { s.knowledge = []string{"/home/clerk/My documents"} },
		"a model here":      func(s *setting) { s.noModel, s.ollama = false, ollamaHere },
	} {
		s := usualSetting()
		s.binary = "/usr/bin/env" // it must be there
		change(&s)
		c, _, _ := s.fill()
		text, err := unitText(s, c)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "tilgate.service")
		write(t, path, text)
		if out, err := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s\n%s", name, err, out, text)
		}
		out, err := exec.Command(analyze, "security", "--offline=true", "--no-pager", "--threshold=20", path).CombinedOutput()
		if err != nil && !strings.Contains(string(out), "unrecognized option") {
			t.Errorf("%s: exposed more than 2.0 of 10: %v\n%s", name, err, out)
		}
	}
}

// What setup writes is what it was told, whatever characters that has.
func FuzzSetup(f *testing.F) {
	f.Add("/etc/t/tilgate.toml", "/var/lib/t", "127.0.0.1:80", "desk.example", "qwen3:8b", "http://127.0.0.1:11434")
	f.Add(`/etc/"t"\x/tilgate.toml`, `/var/lib/t'#`, "[::1]:80", "кызмат.example", "\"x\"\n[key]", "http://a/\"")
	f.Fuzz(func(t *testing.T, config, data, listen, host, model, ollama string) {
		s := usualSetting()
		s.config, s.data, s.listen, s.hosts, s.model, s.ollama, s.noModel, s.unit = config, data, listen, []string{host}, model, ollama, false, ""
		plan, err := planSetup(s, noEnv)
		if err != nil {
			return
		}
		if c := plan.c; c.Data != data || c.Listen != listen || !slices.Equal(c.Hosts, []string{host}) || c.Ollama.Model != model || c.Ollama.URL != ollama || len(c.Keys) > 0 {
			t.Errorf("%+v of %q", c, plan.files[0].text)
		}
	})
}

func TestManifestText(t *testing.T) {
	dir := t.TempDir()
	odd := filepath.Join(dir, `Документтер "2026" \ #1`)
	if err := os.Mkdir(odd, 0o755); err != nil {
		t.Fatal(err)
	}
	s := usualSetting()
	s.config, s.unit, s.knowledge, s.languages = filepath.Join(dir, "tilgate.toml"), "", []string{odd}, []string{"ky"}
	plan, err := planSetup(s, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	write(t, plan.files[1].path, plan.files[1].text)
	m, err := sources.ReadManifest(plan.c.Knowledge[0])
	if err != nil || m.Sources[0].Path != odd || m.Name != "2026-1" || m.Sources[0].Lang != "ky" || time.Duration(m.Every) != time.Hour {
		t.Errorf("%+v, %v", m, err)
	}
}

// Ctrl-C while a question stands there ends setup.
func TestAskStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := &asker{ctx: ctx, out: io.Discard, lines: make(chan typed)}
	r, w := io.Pipe()
	defer w.Close()
	go a.read(r)
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := a.ask("Well?", "yes", func(string) error { return nil }); err == nil || !strings.Contains(err.Error(), "stopped; nothing was written") {
		t.Errorf("%v", err)
	}
}

func TestAskOddAnswers(t *testing.T) {
	for _, tt := range []struct{ typed, want, wrong string }{
		{"\n", "usual", ""},
		{"  x  \n", "x", ""},
		{"\x1b[A\nx\n", "x", ""},                      // an arrow key
		{"\xff\xfe\nx\n", "x", ""},                    // no UTF-8
		{"bad\nbad\n", "", "the terminal was closed"}, // Ctrl-D
		{"", "", "the terminal was closed"},
		{strings.Repeat("bad\n", 9), "", "no answer would do"},
		{strings.Repeat("x", 1<<20) + "\n", "", "too long"},
	} {
		a := &asker{ctx: t.Context(), out: io.Discard, lines: make(chan typed)}
		go a.read(strings.NewReader(tt.typed))
		got, err := a.ask("Well?", "usual", func(answer string) error {
			if answer == "bad" {
				return errors.New("bad")
			}
			return nil
		})
		if got != tt.want || (err != nil) != (tt.wrong != "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%.20q: %q, %v", tt.typed, got, err)
		}
	}
}

// A server that is here: what it has, what fits, what is suggested.
func TestRoomFor(t *testing.T) {
	o := newFakeOllama(t)
	o.models = `[{"name": "tiny:latest", "size": 1000000000}, {"name": "huge:70b", "size": 40000000000}]`
	s := usualSetting()
	s.noModel, s.ollama, s.model = false, o.URL, "huge:70b"
	c, _, _ := s.fill()
	b := c.backends()[0]
	machine := readMachine(t.Context())
	machine.Memory, machine.Limit, machine.GPU = 16e9, 0, 0
	lines := strings.Join(c.roomFor(machine, b, takeStock(t.Context(), b)), "\n")
	for _, want := range []string{"huge:70b: at most 40.5 GB", "does not fit", "of those that are there tiny:latest fits"} {
		if !strings.Contains(lines, want) {
			t.Errorf("%q is not in\n%s", want, lines)
		}
	}
	b.Model, c.Ollama.Model = "qwen3:4b", "qwen3:4b"
	lines = strings.Join(c.roomFor(machine, b, takeStock(t.Context(), b)), "\n")
	if !strings.Contains(lines, "it is not there yet: ollama pull qwen3:4b") {
		t.Error(lines)
	}
	o.Close()
	if lines := strings.Join(c.roomFor(machine, b, takeStock(t.Context(), b)), "\n"); !strings.Contains(lines, "could not be asked") {
		t.Error(lines)
	}
}
