package lid

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"
	"strings"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A weights file, all numbers little-endian:
//
//	"tilgate lid 1\n"
//	u16 models, and for each
//	    u8 scripts, each u8 length and name
//	    u16 labels, each u8 length and tag, sorted
//	    u16 dim, u32 buckets
//	    f32 temperatures, one for each length bin
//	    f32 bias, one for each label; f32 weight, labels x dim
//	    rows, buckets x dim/2 bytes
//	u32 CRC-32 (IEEE) of all before it
const (
	fileMagic = "tilgate lid 1\n"
	maxFile   = 64 << 20
	maxModels = 200 // a class of character must fit a byte
)

var errTruncated = fault.Invalid.Errorf("weights for language detection end too early")

// Load reads weights that Train has made. The error is of kind fault.Invalid
// if they are damaged.
func Load(r io.Reader) (*Detector, error) {
	data, err := readAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading weights for language detection: %w", err)
	}
	if len(data) > maxFile || len(data) < len(fileMagic)+4 || string(data[:len(fileMagic)]) != fileMagic {
		return nil, fault.Invalid.Errorf("these are no weights for language detection")
	}
	body := data[:len(data)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(data[len(body):]) {
		return nil, fault.Invalid.Errorf("weights for language detection are damaged: wrong checksum")
	}
	models, err := readModels(body[len(fileMagic):])
	if err != nil {
		return nil, err
	}
	return newDetector(models), nil
}

// readAll is io.ReadAll up to maxFile+1 bytes, and does not grow step by step
// for the embedded weights, whose length is known.
func readAll(r io.Reader) ([]byte, error) {
	known, ok := r.(*strings.Reader)
	if !ok || known.Len() > maxFile {
		return io.ReadAll(io.LimitReader(r, maxFile+1))
	}
	data := make([]byte, known.Len())
	_, err := io.ReadFull(r, data)
	return data, err
}

// readModels reads what stands between the magic and the checksum.
func readModels(body []byte) ([]model, error) {
	in := &reader{data: body}
	n := in.number(2)
	if n > maxModels {
		return nil, fault.Invalid.Errorf("weights for language detection claim %d models", n)
	}
	var models []model
	for range n {
		m, err := in.model()
		if err != nil {
			return nil, err
		}
		models = append(models, m)
	}
	if in.short || len(in.data) > 0 {
		return nil, errTruncated
	}
	return models, nil
}

// A reader takes numbers off the front of data. Once data was too short, all
// that it reads is zero.
type reader struct {
	data  []byte
	short bool
}

func (in *reader) take(n int) []byte {
	if in.short || n < 0 || n > len(in.data) {
		in.short = true
		return nil
	}
	part := in.data[:n:n]
	in.data = in.data[n:]
	return part
}

func (in *reader) number(size int) int {
	n := 0
	for i, b := range in.take(size) {
		n |= int(b) << (8 * i)
	}
	return n
}

func (in *reader) name() string { return string(in.take(in.number(1))) }

func (in *reader) floats(n int) []float32 {
	raw := in.take(4 * n)
	out := make([]float32, len(raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}

func (in *reader) model() (model, error) {
	var m model
	for range in.number(1) {
		m.scripts = append(m.scripts, lang.Script(in.name()))
	}
	for range in.number(2) {
		m.labels = append(m.labels, lang.Tag(in.name()))
	}
	m.dim, m.buckets = in.number(2), in.number(4)
	if m.dim%16 != 0 || m.dim == 0 || m.dim > maxDim || m.buckets > maxFile || len(m.labels) == 0 || !sorted(m.labels) {
		return m, fault.Invalid.Errorf("weights for language detection have a model of %d labels, %d dimensions and %d rows",
			len(m.labels), m.dim, m.buckets)
	}
	copy(m.temp[:], in.floats(len(m.temp)))
	m.bias = in.floats(len(m.labels))
	m.weight = in.floats(len(m.labels) * m.dim)
	m.rows = in.take(m.buckets * m.dim / 2)
	for _, numbers := range [][]float32{m.temp[:], m.bias, m.weight} {
		for _, f := range numbers {
			if f != f || f > 1e6 || f < -1e6 {
				return m, fault.Invalid.Errorf("weights for language detection hold a number out of range")
			}
		}
	}
	for _, t := range m.temp {
		if !in.short && t < 1e-3 {
			return m, fault.Invalid.Errorf("weights for language detection hold a temperature of %v", t)
		}
	}
	if in.short {
		return m, errTruncated
	}
	return m, nil
}

func sorted(tags []lang.Tag) bool {
	for i, t := range tags {
		if t == "" || i > 0 && tags[i-1] >= t {
			return false
		}
	}
	return true
}

// encode writes models in the format that Load reads.
func encode(models []model) []byte {
	var out bytes.Buffer
	number := func(n, size int) {
		for range size {
			out.WriteByte(byte(n))
			n >>= 8
		}
	}
	name := func(s string) {
		number(len(s), 1)
		out.WriteString(s)
	}
	out.WriteString(fileMagic)
	number(len(models), 2)
	for i := range models {
		m := &models[i]
		number(len(m.scripts), 1)
		for _, s := range m.scripts {
			name(string(s))
		}
		number(len(m.labels), 2)
		for _, t := range m.labels {
			name(string(t))
		}
		number(m.dim, 2)
		number(m.buckets, 4)
		for _, f := range slices.Concat(m.temp[:], m.bias, m.weight) {
			number(int(math.Float32bits(f)), 4)
		}
		out.Write(m.rows)
	}
	number(int(crc32.ChecksumIEEE(out.Bytes())), 4)
	return out.Bytes()
}
