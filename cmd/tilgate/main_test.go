package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test's own binary be the command "tilgate", in transcripts
// and where a test needs a process to kill.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tilgate": main})
}

var update = flag.Bool("update", false, "rewrite testdata")

func noEnv(string) string { return "" }

// tilgate runs a command line in this process.
func tilgate(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, noEnv, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// A stopped program has done what it did and says so by 0.
func TestRunCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errOut bytes.Buffer
	code := run(ctx, []string{"demo", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--no-model"}, noEnv, strings.NewReader(""), &out, &errOut)
	if code > 1 || strings.Contains(errOut.String(), "panic") {
		t.Errorf("code %d, %s", code, errOut.String())
	}
}

func TestConfigFromEnvironment(t *testing.T) {
	path := t.TempDir() + "/tilgate.toml"
	if err := os.WriteFile(path, []byte(`listen = "127.0.0.1:9999"`), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	env := func(name string) string { return map[string]string{"TILGATE_CONFIG": path}[name] }
	if code := run(t.Context(), []string{"config"}, env, strings.NewReader(""), &out, &errOut); code != 0 || !strings.Contains(out.String(), "9999") {
		t.Errorf("code %d, %s%s", code, out.String(), errOut.String())
	}
}
