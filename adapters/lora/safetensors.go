package lora

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"tilgate/adapters/lora/gguf"
)

// maxHeader is far above what a LoRA of a thousand tensors needs, 150 kB.
const maxHeader = 16 << 20

// A stored is a tensor of a safetensors file.
type stored struct {
	name       string
	typ        gguf.Type
	shape      []uint64 // outermost first
	begin, end uint64   // in the file
}

// dtypes that LoRAs have. Others are refused, F64 among them: nobody trains
// with it, so a file that has it is not what it seems.
var dtypes = map[string]gguf.Type{"F32": gguf.F32, "F16": gguf.F16, "BF16": gguf.BF16}

// readSafetensors returns the tensors of a file of size bytes in its order. As
// the format demands, they lie one after the other and fill the file.
//
// The format: https://github.com/huggingface/safetensors
func readSafetensors(in io.ReaderAt, size int64) ([]stored, error) {
	var length [8]byte
	if _, err := in.ReadAt(length[:], 0); err != nil || size < 8 {
		return nil, errors.New("is not a safetensors file: it is too short")
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader || n > uint64(size-8) {
		return nil, fmt.Errorf("is not a safetensors file, or cut off: its header would be of %d bytes", n)
	}
	header := make([]byte, n)
	if _, err := in.ReadAt(header, 8); err != nil {
		return nil, err
	}
	tensors, err := parseHeader(header)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	slices.SortStableFunc(tensors, func(a, b stored) int { return cmp.Compare(a.begin, b.begin) })
	at, data := uint64(0), uint64(size)-8-n
	for i, t := range tensors {
		if t.begin != at || t.end > data {
			return nil, fmt.Errorf("tensor %q lies at %d…%d, but the one before ends at %d and the file at %d", t.name, t.begin, t.end, at, data)
		}
		at = t.end
		tensors[i].begin += 8 + n
		tensors[i].end += 8 + n
	}
	if at != data {
		return nil, fmt.Errorf("%d bytes belong to no tensor", data-at)
	}
	return tensors, nil
}

// parseHeader reads key by key, since a map would hide a name that stands
// there twice.
func parseHeader(header []byte) ([]stored, error) {
	dec := json.NewDecoder(bytes.NewReader(header))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("is no JSON object")
	}
	var tensors []stored
	seen := map[string]bool{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name := key.(string) // as keys are
		if seen[name] {
			return nil, fmt.Errorf("%q stands there twice", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			var any map[string]string
			if err := dec.Decode(&any); err != nil {
				return nil, fmt.Errorf("__metadata__: %w", err)
			}
			continue
		}
		t, err := parseTensor(dec)
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		t.name = name
		tensors = append(tensors, t)
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("goes on after its end")
	}
	return tensors, nil
}

func parseTensor(dec *json.Decoder) (stored, error) {
	var entry struct {
		Dtype   string    `json:"dtype"`
		Shape   []uint64  `json:"shape"`
		Offsets [2]uint64 `json:"data_offsets"`
	}
	if err := dec.Decode(&entry); err != nil {
		return stored{}, err
	}
	typ, ok := dtypes[entry.Dtype]
	if !ok {
		return stored{}, fmt.Errorf("its numbers are %q; F32, F16 and BF16 are read", brief(entry.Dtype))
	}
	size := uint64(typ.Bytes(1))
	for _, d := range entry.Shape {
		high, low := bits.Mul64(size, d)
		if high > 0 {
			return stored{}, fmt.Errorf("shape %v is not possible", brief(entry.Shape))
		}
		size = low
	}
	begin, end := entry.Offsets[0], entry.Offsets[1]
	if begin > end || end-begin != size {
		return stored{}, fmt.Errorf("shape %v of %s takes %d bytes, but it lies at %d…%d", brief(entry.Shape), entry.Dtype, size, begin, end)
	}
	return stored{typ: typ, shape: entry.Shape, begin: begin, end: end}, nil
}

// matrix returns a tensor of two dimensions.
func (t stored) matrix(in io.ReaderAt) (matrix, error) {
	if len(t.shape) != 2 || t.begin == t.end {
		return matrix{}, fmt.Errorf("has the shape %v; a matrix is needed", brief(t.shape))
	}
	return newMatrix(io.NewSectionReader(in, int64(t.begin), int64(t.end-t.begin)), t.typ, int(t.shape[0]), int(t.shape[1])), nil
}

func newMatrix(in *io.SectionReader, typ gguf.Type, rows, cols int) matrix {
	return matrix{rows, cols, func() ([]float32, error) {
		raw := make([]byte, in.Size())
		if _, err := in.ReadAt(raw, 0); err != nil {
			return nil, err
		}
		values := make([]float32, rows*cols)
		if err := typ.Decode(values, raw); err != nil {
			return nil, err
		}
		return values, finite(values)
	}}
}

// finite finds training that went wrong.
func finite(values []float32) error {
	for i, v := range values {
		if v-v != 0 {
			return fmt.Errorf("value %d is %v, so the training went wrong", i, v)
		}
	}
	return nil
}
