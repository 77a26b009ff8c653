//go:build !unix

package engine

import "os"

// mapFile reads the file where it cannot be mapped.
func mapFile(path string) (data []byte, unmap func(), err error) {
	data, err = os.ReadFile(path)
	return data, func() {}, err
}
