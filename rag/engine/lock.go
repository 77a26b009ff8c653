package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

const lockName = "LOCK"

// lockDir takes the data folder for this process. The lock goes with the
// process, however it ends.
func lockDir(dir string) (*flock.Flock, error) {
	path := filepath.Join(dir, lockName)
	l := flock.New(path)
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("locking data folder %s: %w", dir, err)
	}
	if !ok {
		return nil, fmt.Errorf("data folder %s is in use by %s: stop that process or choose another folder", dir, lockHolder(path))
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		l.Unlock()
		return nil, fmt.Errorf("locking data folder %s: %w", dir, err)
	}
	return l, nil
}

func lockHolder(path string) string {
	b, err := os.ReadFile(path)
	pid, convErr := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || convErr != nil {
		return "another process"
	}
	if pid == os.Getpid() {
		return "this process, which opened it before"
	}
	return fmt.Sprintf("process %d", pid)
}
