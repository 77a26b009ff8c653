//go:build !(linux || darwin || freebsd)

package main

import "errors"

// diskOf does not know how to ask this system.
func diskOf(string) (free, size uint64, err error) { return 0, 0, errors.ErrUnsupported }
