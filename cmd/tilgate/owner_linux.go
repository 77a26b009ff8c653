package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// belong gives paths, and all within them, the owner of a folder. Only root can,
// and for others there is nothing to give.
func belong(folder string, paths ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	for _, path := range paths {
		err := filepath.WalkDir(path, func(at string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(at, int(owner.Uid), int(owner.Gid))
		})
		if err != nil {
			return err
		}
	}
	return nil
}
