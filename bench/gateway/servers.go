package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A server is one of those that are compared.
type server struct {
	name string
	port int
	key  string
	cmd  *exec.Cmd
}

// A bench runs servers and loads them.
type bench struct {
	dir, tools string
	servers    []*server
}

const (
	mockPort    = 19001
	floorPort   = 19015
	bifrostPort = 19010
	tilgatePort = 19020
	adminPort   = 19021
)

func (b *bench) start(withBifrost bool) error {
	if _, err := exec.LookPath("wrk"); err != nil {
		return fmt.Errorf("%w; it makes the load: apt-get install wrk", err)
	}
	for _, tool := range []struct {
		name, folder string
		port         int
		args         []string
	}{
		{upstream, "mock", mockPort, nil},
		{floor, "floor", floorPort, nil},
		{bifrost, "bfcore", bifrostPort, nil},
	} {
		if tool.name == bifrost && !withBifrost {
			continue
		}
		source, path := filepath.Join(b.dir, tool.folder+"-source"), filepath.Join(b.dir, tool.folder)
		if err := os.CopyFS(source, os.DirFS(filepath.Join(b.tools, tool.folder))); err != nil {
			return err
		}
		if err := build(source, path, "."); err != nil {
			return err
		}
		if err := b.run(&server{name: tool.name, port: tool.port, key: "sk-test"}, path, "-port", strconv.Itoa(tool.port)); err != nil {
			return err
		}
	}
	return b.startTilgate()
}

func build(folder, path, what string) error {
	cmd := exec.Command("go", "build", "-o", path, what)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", filepath.Base(path), err, out)
	}
	return nil
}

// startMock runs the upstream alone.
func (b *bench) startMock(args ...string) error {
	source, path := filepath.Join(b.dir, "mock-source"), filepath.Join(b.dir, "mock")
	if err := os.CopyFS(source, os.DirFS(filepath.Join(b.tools, "mock"))); err != nil {
		return err
	}
	if err := build(source, path, "."); err != nil {
		return err
	}
	return b.run(&server{name: upstream, port: mockPort, key: "sk-test"}, path, append([]string{"-port", strconv.Itoa(mockPort)}, args...)...)
}

// startTilgate runs Tilgate with a key, limits, metrics and a record.
func (b *bench) startTilgate() error {
	return b.startTilgateWith(fmt.Sprintf("[openai]\nurl = \"http://127.0.0.1:%d\"\nkind = \"vllm\"\n", mockPort))
}

// startTilgateWith runs it with model servers of one's own.
func (b *bench) startTilgateWith(backends string) error {
	path := filepath.Join(b.dir, "tilgate")
	if err := build("../..", path, "./cmd/tilgate"); err != nil {
		return err
	}
	out, err := exec.Command(path, "key", "create", "bench", "--requests-per-minute", "1000000000", "--chars-per-minute", "1000000000000",
		"--tokens-per-minute", "1000000000000", "--concurrent", "10000", "--chars-per-month", "1000000000000").CombinedOutput()
	if err != nil {
		return fmt.Errorf("making a key: %w\n%s", err, out)
	}
	secret := regexp.MustCompile(`tg-\S+`).FindString(string(out))
	_, key, _ := strings.Cut(string(out), "[[key]]")
	config := fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:%d\"\nadmin = \"127.0.0.1:%d\"\n[ollama]\nurl = \"\"\n%s[[key]]%s",
		filepath.Join(b.dir, "data"), tilgatePort, adminPort, backends, key)
	file := filepath.Join(b.dir, "tilgate.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	return b.run(&server{name: tilgate, port: tilgatePort, key: secret}, path, "serve", "--config", file)
}

// run starts a server, whose output goes to a file, and waits until it
// answers.
func (b *bench) run(s *server, path string, args ...string) error {
	out, err := os.Create(filepath.Join(b.dir, filepath.Base(path)+".log"))
	if err != nil {
		return err
	}
	defer out.Close()
	s.cmd = exec.Command(path, args...)
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if err := s.cmd.Start(); err != nil {
		return err
	}
	b.servers = append(b.servers, s)
	body, err := os.ReadFile(filepath.Join(b.tools, "body.json"))
	if err != nil {
		return err
	}
	patient, status := &http.Client{Timeout: 5 * time.Second}, 0
	for range 200 {
		if status = ask(patient, s, body); status == 200 {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	said, _ := os.ReadFile(out.Name())
	return fmt.Errorf("%s does not answer: HTTP %d\n%s", s.name, status, said)
}

func (s *server) url() string { return fmt.Sprintf("http://127.0.0.1:%d/v1/chat/completions", s.port) }

// ask asks once, and returns the status; 0 if there was no answer.
func ask(client *http.Client, s *server, body []byte) int {
	req, err := http.NewRequestWithContext(context.Background(), "POST", s.url(), bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}

func (b *bench) stop() {
	for _, s := range b.servers {
		s.cmd.Process.Kill()
		s.cmd.Wait()
	}
	b.servers = nil
}
