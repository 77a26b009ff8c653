package lora

import (
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"

	"tilgate/adapters/lora/gguf"
	"tilgate/internal/fault"
)

// Merge writes the base with the LoRA added to its matrices: a model of its
// own, for servers that do not apply LoRAs. Keys and untouched tensors are
// copied byte for byte. A matrix that is added to stays F32, F16 or BF16 if it
// was; any other type becomes Q8_0, which is finer than every type that is
// read, and up to twice as large.
//
// The base is read in pieces of a few megabytes. progress, which may be nil,
// is told how many bytes of it are done.
func Merge(out io.Writer, base *Base, w *Weights, progress func(done, total int)) error {
	if err := w.Check(base.shape); err != nil {
		return err
	}
	m := merging{base: base, w: w, progress: progress}
	touched, err := m.touched()
	if err != nil {
		return err
	}
	g := gguf.NewWriter(base.file)
	for _, t := range base.file.Tensors {
		m.total += int(t.Size())
		p, ok := touched[t.Name]
		if !ok {
			g.Tensor(t.Name, t.Type, func(out io.Writer) error { return m.copy(out, t) }, t.Dims...)
			continue
		}
		g.Tensor(t.Name, mergedType(t.Type), func(out io.Writer) error { return m.add(out, t, p) }, t.Dims...)
	}
	return g.Write(out)
}

func mergedType(t gguf.Type) gguf.Type {
	if t.Writable() {
		return t
	}
	return gguf.Q8_0
}

type merging struct {
	base        *Base
	w           *Weights
	progress    func(done, total int)
	done, total int // bytes of the base
}

// touched returns the pairs by the names of the base's tensors, having seen
// that each of these can be added to.
func (m *merging) touched() (map[string]pair, error) {
	touched := map[string]pair{}
	var f faults
	for _, p := range m.w.pairs {
		mod, _ := moduleNamed(p.module)
		name := fmt.Sprintf("blk.%d.%s.weight", p.layer, mod.gguf)
		t, ok := m.base.file.Tensor(name)
		switch {
		case !ok:
			f.add(name, "the base has no such tensor: its projections are fused, or a mixture of experts")
		case len(t.Dims) != 2 || t.Row() != p.a.cols || t.Rows() != p.b.rows:
			f.add(name, "the base has %v values, the LoRA %d×%d", t.Dims, p.a.cols, p.b.rows)
		case !t.Type.Readable():
			f.add(name, "the base has it as %s, which is not read here; take a file in Q8_0, Q4_K_M, F16 or the like", t.Type)
		}
		touched[name] = p
	}
	if !f.none() {
		return nil, fault.Invalid.Errorf("the LoRA cannot be merged into %s:\n%s", brief(m.base.shape.Name), &f)
	}
	return touched, nil
}

func (m *merging) step(bytes int) {
	m.done += bytes
	if m.progress != nil {
		m.progress(m.done, m.total)
	}
}

// pieceBytes is how much of the base is read at a time.
const pieceBytes = 4 << 20

func (m *merging) copy(out io.Writer, t gguf.Tensor) error {
	in := m.base.file.Data(t)
	for {
		n, err := io.CopyN(out, in, pieceBytes)
		m.step(int(n))
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// add writes a matrix of the base with scale·B·A added, some rows at a time.
func (m *merging) add(out io.Writer, t gguf.Tensor, p pair) error {
	a, err := p.a.read()
	if err != nil {
		return err
	}
	b, err := m.w.left(p, m.base.shape, p.scale)
	if err != nil {
		return err
	}
	from, to := t.Type.Bytes(t.Row()), mergedType(t.Type).Bytes(t.Row()) // of a row
	rows := max(1, min(t.Rows(), pieceBytes/from))
	source, in, merged := m.base.file.Data(t), make([]byte, rows*from), make([]byte, rows*to)
	for row := 0; row < t.Rows(); row += rows {
		n := min(rows, t.Rows()-row)
		if _, err := io.ReadFull(source, in[:n*from]); err != nil {
			return err
		}
		x := rowAdder{t: t.Type, cols: t.Row(), a: a, rank: p.rank(), b: b[row*p.rank() : (row+n)*p.rank()]}
		if err := x.all(merged[:n*to], in[:n*from]); err != nil {
			return err
		}
		if _, err := out.Write(merged[:n*to]); err != nil {
			return err
		}
		m.step(n * from)
	}
	return nil
}

// A rowAdder adds B·A to some rows of a matrix.
type rowAdder struct {
	t    gguf.Type
	cols int
	a, b []float32 // rank × cols, rows × rank
	rank int
}

// all works on the rows on all cores.
func (x rowAdder) all(dst, src []byte) error {
	rows := len(x.b) / x.rank
	each := (rows + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	var g errgroup.Group
	for first := 0; first < rows; first += each {
		g.Go(func() error { return x.some(dst, src, first, min(first+each, rows)) })
	}
	return g.Wait()
}

func (x rowAdder) some(dst, src []byte, first, end int) error {
	row := make([]float32, x.cols)
	from, to := x.t.Bytes(x.cols), mergedType(x.t).Bytes(x.cols)
	for r := first; r < end; r++ {
		if err := x.t.Decode(row, src[r*from:(r+1)*from]); err != nil {
			return err
		}
		for k, scale := range x.b[r*x.rank : (r+1)*x.rank] {
			for i, v := range x.a[k*x.cols : (k+1)*x.cols] {
				row[i] += scale * v
			}
		}
		if err := mergedType(x.t).Encode(dst[r*to:(r+1)*to], row); err != nil {
			return err
		}
	}
	return nil
}
