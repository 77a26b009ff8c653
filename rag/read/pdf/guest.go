package pdf

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"unicode/utf16"

	"github.com/klippa-app/go-pdfium"
	"github.com/tetratelabs/wazero/api"
)

// A guest is one instance of pdfium. Its functions are called by the names that
// they have in pdfium's headers, fpdfview.h and its neighbours. A call that
// traps leaves the guest broken: all later calls give 0.
type guest struct {
	instance pdfium.Pdfium
	module   api.Module
	funcs    map[string]api.Function
	stack    [8]uint64
	scratch  uint64 // memory of the guest for results, scratchLen long
	length   uint64 // memory for one more int
	names    map[string]uint64
	err      error // of the first call that failed
	over     atomic.Bool
	release  func()
}

const scratchLen = 4096

func newGuest(instance pdfium.Pdfium, module api.Module, release func()) *guest {
	g := &guest{instance: instance, module: module, release: release,
		funcs: map[string]api.Function{}, names: map[string]uint64{}}
	g.scratch = g.call("malloc", scratchLen)
	g.length = g.call("malloc", 8)
	return g
}

// call calls a function with integers or pointers, and returns its result.
func (g *guest) call(name string, params ...uint64) uint64 {
	if g.err != nil {
		return 0
	}
	f, ok := g.funcs[name]
	if !ok {
		if f = g.module.ExportedFunction(name); f == nil {
			g.err = fmt.Errorf("pdfium has no %s", name)
			return 0
		}
		g.funcs[name] = f
	}
	g.stack[0] = 0
	copy(g.stack[:], params)
	// A context that never ends: within ends calls, at a quarter of the cost.
	if g.err = f.CallWithStack(context.Background(), g.stack[:]); g.err != nil {
		return 0
	}
	return g.stack[0]
}

// int calls a function that returns an int.
func (g *guest) int(name string, params ...uint64) int { return int(int32(g.call(name, params...))) }

// ok calls a function that returns whether it worked.
func (g *guest) ok(name string, params ...uint64) bool { return int32(g.call(name, params...)) != 0 }

// floats are n float32 of the scratch memory; doubles are n float64.
func (g *guest) floats(n int) (out [8]float64) {
	data, _ := g.module.Memory().Read(uint32(g.scratch), uint32(4*n))
	for i := range len(data) / 4 {
		out[i] = finite(float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))))
	}
	return out
}

func (g *guest) doubles(n int) (out [8]float64) {
	data, _ := g.module.Memory().Read(uint32(g.scratch), uint32(8*n))
	for i := range len(data) / 8 {
		out[i] = finite(math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:])))
	}
	return out
}

// finite makes what is no number, or far off any page, something to count with.
func finite(x float64) float64 {
	const far = 1e6
	if math.IsNaN(x) {
		return 0
	}
	return min(max(x, -far), far)
}

// lengthOut is what a call wrote to g.length.
func (g *guest) lengthOut() int {
	n, _ := g.module.Memory().ReadUint32Le(uint32(g.length))
	return int(int32(n))
}

// bytes returns what fill writes to a buffer, given the buffer and its length:
// fill returns how long all of it is. At most limit bytes are fetched.
func (g *guest) bytes(limit int, fill func(at, size uint64) int) []byte {
	n := min(fill(0, 0), limit)
	if n <= 0 {
		return nil
	}
	at := g.scratch
	if n > scratchLen {
		if at = g.call("malloc", uint64(n)); at == 0 {
			return nil
		}
		defer g.call("free", at)
	}
	fill(at, uint64(n))
	data, _ := g.module.Memory().Read(uint32(at), uint32(n))
	return append([]byte(nil), data...)
}

// text is bytes for a string of UTF-16, which ends with a zero.
func (g *guest) text(limit int, fill func(at, size uint64) int) string {
	data := g.bytes(limit, fill)
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
		if units[i] == 0 {
			units = units[:i]
			break
		}
	}
	return string(utf16.Decode(units))
}

// name returns where the guest has a name that it is asked for often.
func (g *guest) name(s string) uint64 {
	at, ok := g.names[s]
	if !ok {
		at = g.call("malloc", uint64(len(s)+1))
		g.module.Memory().WriteString(uint32(at), s+"\x00")
		g.names[s] = at
	}
	return at
}

// open opens a document, which is read from r as it is needed, and returns
// pdfium's handle of it, or 0.
func (g *guest) open(r io.ReadSeeker, size int64) (uint64, error) {
	files, ok := g.instance.GetImplementation().(interface {
		CreateFileAccessReader(int64, io.ReadSeeker) (*uint64, *uint32, error)
	})
	if !ok {
		return 0, errors.New("go-pdfium has no CreateFileAccessReader")
	}
	at, _, err := files.CreateFileAccessReader(size, r)
	if err != nil {
		return 0, err
	}
	return g.call("FPDF_LoadCustomDocument", *at, 0), g.err
}

// close hands the guest back. It does nothing to one that was killed.
func (g *guest) close() {
	if g.over.CompareAndSwap(false, true) {
		g.instance.Close()
		g.release()
	}
}

// kill ends the guest, whatever it is doing.
func (g *guest) kill() {
	if g.over.CompareAndSwap(false, true) {
		g.instance.Kill()
		g.release()
	}
}
