//go:build linux

package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// setupIn runs setup for a folder with documents.
func setupIn(t *testing.T, dir string, more ...string) (code int, out, errOut string) {
	t.Helper()
	return tilgate(t, append(setupArgs(dir), more...)...)
}

func setupArgs(dir string) []string {
	return []string{"setup", "--no-service", "--yes", "--languages", "ky", "--knowledge", filepath.Join(dir, "docs"),
		"--config", filepath.Join(dir, "etc", "tilgate.toml"), "--data", filepath.Join(dir, "lib", "data")}
}

func place(t *testing.T) string {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// contents returns the files below a folder.
func contents(t *testing.T, dir string) map[string]string {
	list := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		list[strings.TrimPrefix(path, dir)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// recovers wants that setup, run again with room, comes to its end, and that
// undo leaves nothing but the documents.
func recovers(t *testing.T, dir string) {
	t.Helper()
	if code, out, errOut := setupIn(t, dir); code != 0 {
		t.Errorf("again: %d, %s%s", code, out, errOut)
	}
	if code, out, errOut := tilgate(t, "doctor", "--config", filepath.Join(dir, "etc", "tilgate.toml")); code != 0 {
		t.Errorf("doctor: %d, %s%s", code, out, errOut)
	}
	if code, out, errOut := tilgate(t, setupUndo(dir)...); code != 0 {
		t.Errorf("undo: %d, %s%s", code, out, errOut)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 || left[0].Name() != "docs" {
		t.Errorf("undo left %v", contents(t, dir))
	}
}

func setupUndo(dir string) []string {
	return []string{"setup", "--no-service", "--undo", "--config", filepath.Join(dir, "etc", "tilgate.toml")}
}

// TestSetupFullDisk runs TestSetupFullDiskSteps in a process of its own, whose
// files may not grow.
func TestSetupFullDisk(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestSetupFullDiskSteps$", "-test.v")
	cmd.Env = append(os.Environ(), "SETUP_FULL=1")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS: TestSetupFullDiskSteps") {
		t.Errorf("%v\n%s", err, out)
	}
}

// At each step the disk is full: the error says where and what to do, no file is
// half there, and with room setup goes on.
func TestSetupFullDiskSteps(t *testing.T) {
	if os.Getenv("SETUP_FULL") == "" {
		t.Skip("only as a process of TestSetupFullDisk")
	}
	signal.Ignore(syscall.SIGXFSZ) // writes fail with EFBIG instead
	room := func(n uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: 1 << 40}); err != nil {
			t.Fatal(err)
		}
	}
	whole := place(t)
	if code, _, errOut := setupIn(t, whole); code != 0 {
		t.Fatal(errOut)
	}
	want := contents(t, whole)
	steps := map[int]bool{}
	for n := uint64(0); ; n += 100 {
		dir := place(t)
		room(n)
		code, out, errOut := setupIn(t, dir)
		room(1 << 40)
		if code == 0 {
			break
		}
		got := contents(t, dir)
		steps[len(got)] = true
		if !strings.Contains(errOut, "file too large") || strings.Contains(out, "tg-") {
			t.Errorf("%d bytes: %s%s", n, out, errOut)
		}
		for name, text := range got {
			if whole := strings.ReplaceAll(want[name], whole, dir); name != "/etc/tilgate.toml.setup" && !strings.HasSuffix(name, ".lock") && text != whole {
				t.Errorf("%d bytes: %s is half there: %q", n, name, text)
			}
		}
		recovers(t, dir)
		if n > 1<<16 {
			t.Fatal("it never ends well")
		}
	}
	if len(steps) < 2 {
		t.Errorf("the disk was full after %v files only", steps)
	}
}

// The same on a file system that has room for so many files only.
func TestSetupFullFileSystem(t *testing.T) {
	dir := place(t)
	mount := func(flags uintptr, size string) {
		if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, "size="+size); err != nil {
			t.Skipf("no file system can be mounted here: %v", err)
		}
	}
	steps := map[int]bool{}
	for pages := 1; ; pages++ {
		mount(0, fmt.Sprintf("%dk", 4*pages))
		unmount := func() {
			if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(dir, "docs"), 0o755); err != nil {
			unmount()
			t.Fatal(err)
		}
		code, out, errOut := setupIn(t, dir)
		if code == 0 {
			unmount()
			break
		}
		got := contents(t, dir)
		steps[len(got)] = true
		if shown := strings.Contains(out, "tg-"); !strings.Contains(errOut, "no space left on device") || shown != strings.Contains(errOut, "all is made") {
			t.Errorf("%d pages: %s%s", pages, out, errOut)
		}
		mount(syscall.MS_REMOUNT, "1g")
		recovers(t, dir)
		unmount()
	}
	if len(steps) < 4 {
		t.Errorf("the disk was full after %v files only", steps)
	}
}

// Killed before it could note its own folder.
func TestSetupKilledEarly(t *testing.T) {
	dir := place(t)
	if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "etc", ".tilgate.toml.setup-123456789"), "{")
	recovers(t, dir)
}

// Killed at any moment, setup can be run again, and taken back.
func TestSetupKilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 12 {
		dir := place(t)
		cmd := exec.Command("tilgate", setupArgs(dir)...)
		cmd.Path = self
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(20+rand.IntN(120)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		recovers(t, dir)
	}
}
