package shipping

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReproducible builds the program twice, from copies in different folders,
// as a release does, and wants the same bytes.
//
// Go keeps compiled packages, and knows that with -trimpath the folder does not
// matter; with TILGATE_REPRODUCE=1 the second build has nothing to take from,
// which takes some minutes.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("building takes minutes; NOT TESTED: reproducible builds")
	}
	first, second := copyOf(t, "one"), copyOf(t, "another/and/deeper")
	cache := ""
	if os.Getenv("TILGATE_REPRODUCE") == "1" {
		cache = t.TempDir()
	}
	if a, b := built(t, first, ""), built(t, second, cache); !bytes.Equal(a, b) {
		t.Errorf("built in two folders it has the hashes %x and %x", a, b)
	}
}

// copyOf copies the files of the module, without the history and without what
// was built.
func copyOf(t *testing.T, name string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), name)
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	list.Dir = "../../.."
	files, err := list.Output()
	if err != nil {
		t.Skipf("no files are known without git (%v); NOT TESTED: reproducible builds", err)
	}
	for _, file := range strings.Split(strings.TrimRight(string(files), "\x00"), "\x00") {
		if strings.HasPrefix(file, "tools/") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(list.Dir, file))
		if os.IsNotExist(err) {
			continue // removed, and not yet committed
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, file), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// built returns the hash of the program.
func built(t *testing.T, folder, cache string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tilgate")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=1.2.3", "-o", path, "./cmd/tilgate")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if cache != "" {
		cmd.Env = append(cmd.Env, "GOCACHE="+cache)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		t.Fatal(err)
	}
	return sum.Sum(nil)
}
