package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestHealth asks a service that is not there, and one that is, over plain HTTP.
func TestHealth(t *testing.T) {
	dir := t.TempDir()
	config, at := filepath.Join(dir, "tilgate.toml"), freeAddress(t)
	write(t, config, fmt.Sprintf("data = %q\nlisten = %q\n[ollama]\nurl = \"\"\n", filepath.Join(dir, "data"), strings.Replace(at, "127.0.0.1", "", 1)))
	if code, _, errOut := tilgate(t, "health", "--config", config); code != 1 || !strings.Contains(errOut, "the service at "+at+" does not answer") {
		t.Errorf("nothing is there: %d, %s", code, errOut)
	}
	ctx, cancel := context.WithCancel(t.Context())
	log, ended := &output{}, make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", config}, noEnv, strings.NewReader(""), &output{}, log)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	address(t, log)
	if code, out, errOut := tilgate(t, "health", "--config", config); code != 0 || out != "the service at "+at+" is ready\n" {
		t.Errorf("it is there: %d, %s%s", code, out, errOut)
	}
}
