package engine

import "golang.org/x/sys/cpu"

var hasAVX2 = cpu.X86.HasAVX2

//go:noescape
func dotBytesAVX2(a *int16, b *int8, n int) int32

// dotBytes is the sum of products of two rows of codes.
func dotBytes(a []int16, b []int8) int32 {
	if !hasAVX2 || len(a) == 0 || len(b) < len(a) {
		return dotBytesGeneric(a, b)
	}
	return dotBytesAVX2(&a[0], &b[0], len(a))
}
