// Package wholefile writes files that are there whole or not at all.
package wholefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Write writes a file that takes its name only once it is complete and on
// disk, and returns its size in bytes. If anything fails, a full disk say,
// nothing is left behind, and a file that had the name stays. Everybody may
// read it: model servers often run as another user.
func Write(path string, fill func(io.Writer) error) (int64, error) { return write(path, 0o644, fill) }

// Private is Write for a file that only its owner may read.
func Private(path string, fill func(io.Writer) error) (int64, error) { return write(path, 0o600, fill) }

// Program is Write for a file that everybody may run.
func Program(path string, fill func(io.Writer) error) (int64, error) { return write(path, 0o755, fill) }

func write(path string, mode os.FileMode, fill func(io.Writer) error) (int64, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return 0, err
	}
	defer os.Remove(temp.Name()) // in vain once it is renamed
	defer temp.Close()
	if err := fill(temp); err != nil {
		return 0, err
	}
	if err := errors.Join(temp.Chmod(mode), temp.Sync()); err != nil {
		return 0, err
	}
	info, err := temp.Stat()
	if err != nil {
		return 0, err
	}
	if err := temp.Close(); err != nil {
		return 0, err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return 0, err
	}
	return info.Size(), syncFolder(filepath.Dir(path))
}

// syncFolder makes a new name in a folder outlive a power cut.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
