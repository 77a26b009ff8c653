//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"tilgate/internal/sign"
	"tilgate/serving/ollama/ollamatest"
)

// offlinePlace names the folder of a place for TestOfflineInside, which runs in
// a process that has no network.
const offlinePlace = "TILGATE_TEST_OFFLINE"

// A carried is what the place is told by other ways than the bundle.
type carried struct {
	Bundle, Signer string
	Ollama         string // a server that is installed there; empty is none
}

// TestOffline carries one file to a place where no packet leaves the machine,
// and installs all of it there, up to the first answer.
func TestOffline(t *testing.T) {
	place := t.TempDir()
	inside := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		cmd.Env = append(os.Environ(), offlinePlace+"="+place)
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		if os.Geteuid() != 0 {
			cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
		}
		return cmd
	}
	if err := inside("-test.run", "^$").Run(); err != nil {
		t.Skipf("no namespace of networks can be made here (%v); NOT TESTED: an install without a network", err)
	}
	told, err := json.Marshal(exportPlace(t))
	noFault(t, err)
	writeFile(t, filepath.Join(place, "told.json"), string(told))
	out, err := inside("-test.run", "^TestOfflineInside$", "-test.v").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestOfflineInside") {
		t.Errorf("%v\n%s", err, out)
	}
}

// exportPlace is what somebody does who has a network: all that a place needs
// goes into one file.
func exportPlace(t *testing.T) carried {
	c := newCarriage(t)
	writeFile(t, filepath.Join(c.dir, "docs", "pension.txt"), "Аялдар 58 жаштан, эркектер 63 жаштан пенсияга чыгат. Пенсия ай сайын төлөнөт.")
	c.well(t, "ingest", "--config", c.centre, "--kb", "office", "--lang", "ky", filepath.Join(c.dir, "docs"))
	writeFile(t, filepath.Join(c.dir, "languages", "ky.toml"), bundledKyrgyz(t)+"\n# ours\n")
	writeFile(t, filepath.Join(c.dir, "exams", "suite.toml"), examsSuite)
	writeFile(t, filepath.Join(c.dir, "exams", "ky.jsonl"), `{"id":"1","text":"Аялдар качан пенсияга чыгат?","choices":["63","58"],"gold":"B"}`+"\n")
	secret, err := readSecret(c.secret)
	noFault(t, err)
	told := carried{Bundle: filepath.Join(c.dir, "school.tilgate"), Signer: secret.Key().String()}
	args := []string{"bundle", "export", "--config", c.centre, "--secret", c.secret, "--out", told.Bundle, "--kb", "office",
		"--languages", filepath.Join(c.dir, "languages"), "--suite", filepath.Join(c.dir, "exams"), "--program", os.Args[0]}
	if server, err := ollamatest.Find(); err == nil {
		s := ollamatest.Start(t)
		s.CreateTiny("school", ollamatest.Tiny{Seed: 1})
		args = append(args, "--model", "school", "--ollama-models", s.Models)
		told.Ollama = server
	} else {
		t.Log("no Ollama server here; NOT TESTED: the model of a bundle")
	}
	t.Log(c.well(t, args...))
	return told
}

const examsSuite = `name = "exams"
title = "Сынактар"
version = "1"
licence = "CC0-1.0"
source = "own"
[[task]]
name = "ky"
kind = "multiple_choice"
lang = "ky"
items = "ky.jsonl"
[[task.prompt]]
name = "plain"
text = "{question}\n{choices}"
`

func TestOfflineInside(t *testing.T) {
	place := os.Getenv(offlinePlace)
	if place == "" {
		t.Skip("it is run by TestOffline")
	}
	noNetwork(t)
	var told carried
	text, err := os.ReadFile(filepath.Join(place, "told.json"))
	noFault(t, err)
	noFault(t, json.Unmarshal(text, &told))
	config, program := filepath.Join(place, "tilgate.toml"), filepath.Join(place, "tilgate")
	setup := func(more ...string) (said string, code int) {
		return startAs(t, told.Bundle, append([]string{"setup", "--yes", "--no-service", "--config", config, "--languages", "ky,ru", "--listen", "127.0.0.1:0"}, more...)...)
	}
	if said, code := setup("--no-model", "--signer", sign.NewSecret().Key().String()); code != 1 || !strings.Contains(said, "not the one that you were told of") || exists(config) {
		t.Errorf("of another signer: %d\n%s", code, said)
	}
	// Without room for the program, setup dies; with room it goes on.
	room := func(n uint64) {
		noFault(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: math.MaxUint64}))
	}
	room(1 << 20)
	said, code := setup("--no-model", "--signer", told.Signer)
	room(math.MaxUint64)
	if code == 0 || exists(program) || strings.Contains(said, "tg-") {
		t.Errorf("without room for the program, setup ends with %d:\n%s", code, said)
	}
	said, code = setup("--no-model", "--signer", told.Signer)
	if left, _ := filepath.Glob(filepath.Join(place, ".tilgate-*")); len(left) > 0 {
		t.Errorf("half a program is left: %v", left)
	}
	if code != 0 || !strings.Contains(said, "it goes to "+program) {
		t.Fatalf("setup ends with %d:\n%s", code, said)
	}
	key := regexp.MustCompile(`tg-\S+`).FindString(said)
	servePlace(t, program, config, key, func(s *service) {
		a := s.ask(t, "auto", "Аялдар канча жашында пенсияга чыгат?")
		if !strings.Contains(a.message().Content, "58") || len(a.message().Annotations) == 0 || a.Tilgate.Language.Tag != "ky" {
			t.Errorf("%+v", a)
		}
	})
	// The stick is there still: again, nothing changes.
	if said, code := setup("--no-model"); code != 0 || !strings.Contains(said, "holds it already") || strings.Contains(said, "tg-") {
		t.Errorf("once more, setup ends with %d:\n%s", code, said)
	}
	if told.Ollama != "" {
		t.Setenv("TILGATE_OLLAMA", told.Ollama)
		server := ollamatest.Start(t)
		if said, code := setup("--force", "--ollama", server.URL, "--ollama-models", server.Models); code != 0 {
			t.Errorf("with Ollama, setup ends with %d:\n%s", code, said)
		}
		servePlace(t, program, config, key, func(s *service) {
			if a := s.ask(t, "school", "Салам"); a.message().Content == "" || a.Error != nil {
				t.Errorf("the model of the bundle: %+v", a)
			}
		})
	}
	if said, code := startAs(t, program, "doctor", "--config", config); code != 0 || strings.Contains(said, "\nfail") {
		t.Errorf("doctor ends with %d:\n%s", code, said)
	}
	if said, code := startAs(t, program, "setup", "--undo", "--no-service", "--config", config, "--force"); code != 0 || exists(program) || exists(config) {
		t.Errorf("undo ends with %d:\n%s", code, said)
	}
}

// startAs runs a file as the program, which the test binary is under that name.
func startAs(t *testing.T, file string, args ...string) (said string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), file)
	cmd.Args = append([]string{"tilgate"}, args...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("tilgate %v: %v", args, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// servePlace serves what was set up, while somebody asks.
func servePlace(t *testing.T, program, config, key string, ask func(*service)) {
	t.Helper()
	log := &output{}
	cmd := exec.CommandContext(t.Context(), program, "serve", "--config", config)
	cmd.Stderr = log
	noFault(t, cmd.Start())
	ask(&service{base: "http://" + address(t, log), key: key})
	noFault(t, cmd.Process.Signal(syscall.SIGTERM))
	if err := cmd.Wait(); err != nil || t.Failed() {
		t.Errorf("serve: %v\n%s", err, log)
	}
}

// noNetwork makes the machine's own address work, and nothing else.
func noNetwork(t *testing.T) {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	noFault(t, err)
	defer syscall.Close(socket)
	request := struct {
		name  [16]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP}
	copy(request.name[:], "lo")
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request))); errno != 0 {
		t.Fatal(errno)
	}
	all, err := net.Interfaces()
	if err != nil || len(all) != 1 {
		t.Fatalf("there are other ways out: %v, %v", all, err)
	}
	if conn, err := net.DialTimeout("tcp", "192.0.2.1:443", time.Second); !errors.Is(err, syscall.ENETUNREACH) {
		t.Fatalf("%v, %v: the network was to be unreachable", conn, err)
	}
}
