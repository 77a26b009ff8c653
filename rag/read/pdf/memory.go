package pdf

import "github.com/tetratelabs/wazero/experimental"

// A memory is what an instance works in. It grows by doubling: pdfium asks for
// a little more each time, and to copy all of it as often leaves several times
// as much behind for the garbage collector.
type memory struct{ bytes []byte }

func newMemory(capacity, most uint64) experimental.LinearMemory {
	return &memory{make([]byte, 0, min(capacity, most))}
}

// Reallocate returns the memory with another size, or nil if it cannot have it.
func (m *memory) Reallocate(size uint64) []byte {
	if size > maxMemory*pageSize {
		return nil
	}
	if size > uint64(cap(m.bytes)) {
		grown := make([]byte, size, min(max(size, 2*uint64(cap(m.bytes))), maxMemory*pageSize))
		copy(grown, m.bytes)
		m.bytes = grown
	}
	m.bytes = m.bytes[:size]
	return m.bytes
}

// Free does nothing: a call that is being killed may still be at work in it.
func (m *memory) Free() {}
