package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	servesAt  = regexp.MustCompile(`"msg":"serving","address":"([^"]+)"`)
	shownKey  = regexp.MustCompile(`tg-\S+`)
	exchanged = regexp.MustCompile(`"id":"(chatcmpl-[^"]+)"`)
	handed    = regexp.MustCompile(`"id":"(ho-[^"]+)"`)
	revised   = regexp.MustCompile(`"id":"(fb-[^"]+)".*"revision":"([^"]+)"`)
)

// serveProcess serves what a configuration says, until the script ends:
// tilgate-serve CONFIG
func serveProcess(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command("tilgate", "serve", "--config", args[0])
	cmd.Path, _ = os.Executable()
	cmd.Dir = ts.Getenv("WORK")
	log, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if m := servesAt.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			ts.Setenv("SERVED", "http://"+m[1])
			ts.Setenv("SERVING", strconv.Itoa(cmd.Process.Pid))
			return
		}
	}
	ts.Fatalf("tilgate serve ended: %v", cmd.Wait())
}

// call sends a file to the service with the key that a file shows, and wants a
// status: call 201 page.key POST /v1/feedback body.json. The answer is in the
// file "answer". $EXCHANGE in what is sent is the id of the last answer to a
// question; $ID and $REVISION are of the last feedback that was shown, and $CASE
// is the id of the last conversation that was handed over.
func call(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: call STATUS KEYFILE METHOD PATH [FILE]")
	}
	body := ""
	if len(args) > 4 {
		body = os.Expand(ts.ReadFile(args[4]), ts.Getenv)
	}
	req, err := http.NewRequest(args[2], ts.Getenv("SERVED")+args[3], strings.NewReader(body))
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+shownKey.FindString(ts.ReadFile(args[1])))
	resp, err := client.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if strconv.Itoa(resp.StatusCode) != args[0] {
		ts.Fatalf("%s: %d %s", args[3], resp.StatusCode, answer)
	}
	ts.Check(os.WriteFile(ts.MkAbs("answer"), answer, 0o600))
	remember(ts, string(answer))
}

// remembered sets $ID and $REVISION by what a file shows: remembered FILE
func remembered(ts *testscript.TestScript, _ bool, args []string) { remember(ts, ts.ReadFile(args[0])) }

func remember(ts *testscript.TestScript, text string) {
	if m := exchanged.FindStringSubmatch(text); m != nil {
		ts.Setenv("EXCHANGE", m[1])
	}
	if m := handed.FindStringSubmatch(text); m != nil {
		ts.Setenv("CASE", m[1])
	}
	if m := revised.FindStringSubmatch(text); m != nil {
		ts.Setenv("ID", m[1])
		ts.Setenv("REVISION", m[2])
	}
}
