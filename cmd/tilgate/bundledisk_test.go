//go:build linux

package main

import (
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestBundleFullDisk runs TestBundleFullDiskImport in a process of its own,
// whose files may not grow.
func TestBundleFullDisk(t *testing.T) {
	t.Parallel()
	c := newCarriage(t)
	c.ingest(t, c.centre, 600)
	c.ingest(t, c.district, 7)
	path := c.export(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestBundleFullDiskImport$", "-test.v")
	cmd.Env = append(os.Environ(), "BUNDLE_FULL="+path, "BUNDLE_CONFIG="+c.district)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestBundleFullDiskImport") {
		t.Errorf("%v\n%s", err, out)
	}
	if n := streets(t, filepath.Join(c.dir, "district")); n != 7 {
		t.Errorf("on a full disk, %d documents are searched, want 7", n)
	}
	c.well(t, "bundle", "import", "--config", c.district, path)
	if n := streets(t, filepath.Join(c.dir, "district")); n != 600 {
		t.Errorf("with room again, %d documents are searched, want 600", n)
	}
}

func TestBundleFullDiskImport(t *testing.T) {
	path := os.Getenv("BUNDLE_FULL")
	if path == "" {
		t.Skip("only as a process of TestBundleFullDisk")
	}
	signal.Ignore(syscall.SIGXFSZ) // writes fail with EFBIG instead
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100_000, Max: 1 << 40}); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := tilgate(t, "bundle", "import", "--config", os.Getenv("BUNDLE_CONFIG"), path)
	if code != 1 || !strings.Contains(errOut, "No space left on device") || !strings.Contains(errOut, "nothing was changed") {
		t.Errorf("on a full disk: %d, %s%s", code, out, errOut)
	}
}
