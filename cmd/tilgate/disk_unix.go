//go:build linux || darwin || freebsd

package main

import "golang.org/x/sys/unix"

// diskOf returns the bytes that are free for us on the disk of a folder, and
// those that it has.
func diskOf(folder string) (free, size uint64, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, 0, err
	}
	return uint64(s.Bavail) * uint64(s.Bsize), uint64(s.Blocks) * uint64(s.Bsize), nil
}
