package wholefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	says := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			io.WriteString(w, text)
			return err
		}
	}
	if n, err := Write(path, says("first", nil)); n != 5 || err != nil {
		t.Fatal(n, err)
	}
	full := errors.New("no space left on device")
	if _, err := Write(path, says("half of the sec", full)); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if text, err := os.ReadFile(path); string(text) != "first" || err != nil {
		t.Errorf("%q, %v: a write that failed has changed the file", text, err)
	}
	if n, err := Write(path, says("second", nil)); n != 6 || err != nil {
		t.Error(n, err)
	}
	if _, err := Write(filepath.Join(dir, "nowhere", "out"), says("", nil)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
