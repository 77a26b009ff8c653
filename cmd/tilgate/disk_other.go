//go:build !linux

package main

import (
	"errors"
	"io/fs"
)

// A disk is the file system that a folder lies on. Its kind is known on Linux
// only.
type disk struct {
	free, size      uint64
	nodes, allNodes uint64
	kind            diskKind
	name, options   string
}

func diskAt(string) (disk, error) { return disk{}, errors.ErrUnsupported }

func ownerOf(fs.FileInfo) int { return -1 }

func openFileLimit() uint64 { return 0 }

func mayWrite(string) error { return nil }
