//go:build !amd64

package engine

// dotBytes is the sum of products of two rows of codes.
func dotBytes(a []int16, b []int8) int32 { return dotBytesGeneric(a, b) }
