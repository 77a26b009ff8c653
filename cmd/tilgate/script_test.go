package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tilgate/serving/ollama/ollamatest"
)

// Transcripts of the commands. They are also the documentation of what each
// prints, so read them before changing a sentence.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status,
			"lines":  lines,

			"tilgate-serving": demoProcess,
			"tilgate-stopped": endProcess,
			"tilgate-serve":   serveProcess,
			"call":            call,
			"remembered":      remembered,
			"overwrite":       overwrite,
			"truncate":        truncate,
			"tiny-lora":       tinyLoRA,
			"fill-ledger":     fillLedger,
			"newer-ledger":    newerLedger,
		},
	})
}

// status is exec that wants an exit code: status 2 tilgate sing
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// lines copies a file from a line on: lines FROM '[[key]]' TO
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: lines FROM LINE TO")
	}
	text := ts.ReadFile(args[0])
	at := strings.Index(text, "\n"+args[1]+"\n")
	if at < 0 {
		ts.Fatalf("%s has no line %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text[at:]), 0o600))
}

// tinyLoRA writes a LoRA on a tiny model: GGUF, or a PEFT folder if the name
// ends in a slash.
func tinyLoRA(ts *testscript.TestScript, _ bool, args []string) {
	path, l := ts.MkAbs(args[0]), ollamatest.TinyLoRA{Seed: 1}
	if strings.HasSuffix(args[0], "/") {
		ts.Check(os.MkdirAll(path, 0o755))
		ts.Check(ollamatest.WriteTinyPEFT(path, l))
		return
	}
	f, err := os.Create(path)
	ts.Check(err)
	ts.Check(ollamatest.WriteTinyLoRA(f, l))
	ts.Check(f.Close())
}

// demoProcess runs the service on a data folder until endProcess.
func demoProcess(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command("tilgate", "demo", "--no-model", "--listen", "127.0.0.1:0", "--data", args[0])
	cmd.Path, _ = os.Executable()
	cmd.Dir = ts.Getenv("WORK")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() { _ = cmd.Process.Kill() })
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "Ctrl-C") {
			ts.Setenv("SERVING", strconv.Itoa(cmd.Process.Pid))
			return
		}
	}
	ts.Fatalf("tilgate demo ended: %v", cmd.Wait())
}

func endProcess(ts *testscript.TestScript, _ bool, _ []string) {
	pid, err := strconv.Atoi(ts.Getenv("SERVING"))
	ts.Check(err)
	p, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(p.Signal(os.Interrupt))
	state, err := p.Wait()
	ts.Check(err)
	if state.ExitCode() != 0 {
		ts.Fatalf("a stopped service exits with %v", state)
	}
}

// overwrite fills a file with garbage of its own length.
func overwrite(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.WriteFile(path, bytes.Repeat([]byte("garbage"), int(info.Size())/7), 0o600))
}

// truncate cuts a file in the middle.
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()/2))
}
