package qdrant

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/qdrant/go-client/qdrant"
)

// A record is a point as it travels: without its id, which says whose it is,
// and without its tenant. The same point gives the same bytes in every place
// and version of Tilgate, which protobuf does not promise.
type record struct {
	payload map[string]*qdrant.Value
	vectors map[string]*qdrant.Vector
}

// maxRecord is more bytes than any passage has.
const maxRecord = 1 << 20

// maxNesting is how deep a payload may be, and maxValues how many it may hold:
// in memory each takes a hundred times the byte that may stand for it.
const (
	maxNesting = 8
	maxValues  = 1000
)

// Kinds of values and vectors, as they are written.
const (
	isNull   = 'n'
	isFalse  = 'f'
	isTrue   = 't'
	isInt    = 'i'
	isFloat  = 'r'
	isText   = 's'
	isList   = 'l'
	isStruct = 'm'
	isDense  = 'd'
	isSparse = 'p'
)

func recordOf(p *qdrant.RetrievedPoint) record {
	payload := make(map[string]*qdrant.Value, len(p.GetPayload()))
	for key, value := range p.GetPayload() {
		if key != tenantKey {
			payload[key] = value
		}
	}
	return record{payload, written(p.GetVectors(), true).GetVectors().GetVectors()}
}

func (r record) append(out []byte) []byte {
	out = appendStruct(out, r.payload)
	out = binary.AppendUvarint(out, uint64(len(r.vectors)))
	for _, name := range sortedKeys(r.vectors) {
		out = appendText(out, name)
		out = appendVector(out, r.vectors[name])
	}
	return out
}

func appendText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

func appendStruct(out []byte, fields map[string]*qdrant.Value) []byte {
	out = binary.AppendUvarint(out, uint64(len(fields)))
	for _, key := range sortedKeys(fields) {
		out = appendText(out, key)
		out = appendValue(out, fields[key])
	}
	return out
}

func appendValue(out []byte, v *qdrant.Value) []byte {
	switch kind := v.GetKind().(type) {
	case *qdrant.Value_BoolValue:
		if kind.BoolValue {
			return append(out, isTrue)
		}
		return append(out, isFalse)
	case *qdrant.Value_IntegerValue:
		return binary.AppendVarint(append(out, isInt), kind.IntegerValue)
	case *qdrant.Value_DoubleValue:
		return binary.LittleEndian.AppendUint64(append(out, isFloat), math.Float64bits(kind.DoubleValue))
	case *qdrant.Value_StringValue:
		return appendText(append(out, isText), kind.StringValue)
	case *qdrant.Value_ListValue:
		list := kind.ListValue.GetValues()
		out = binary.AppendUvarint(append(out, isList), uint64(len(list)))
		for _, item := range list {
			out = appendValue(out, item)
		}
		return out
	case *qdrant.Value_StructValue:
		return appendStruct(append(out, isStruct), kind.StructValue.GetFields())
	}
	return append(out, isNull)
}

// appendVector writes a dense vector as its numbers, and a sparse one as pairs
// of index and number, sorted.
func appendVector(out []byte, v *qdrant.Vector) []byte {
	if d := v.GetDense(); d != nil {
		out = binary.AppendUvarint(append(out, isDense), uint64(len(d.GetData())))
		for _, f := range d.GetData() {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(f))
		}
		return out
	}
	terms := sparseBytes(v.GetSparse().GetIndices(), v.GetSparse().GetValues())
	return append(binary.AppendUvarint(append(out, isSparse), uint64(len(terms)/8)), terms...)
}

var errCutOff = errors.New("it ends too early")

// parseRecord reads what append wrote, and refuses everything else: two byte
// sequences are never one record.
func parseRecord(data []byte) (record, error) {
	d := decoder{left: data}
	r := record{payload: d.fields(0), vectors: map[string]*qdrant.Vector{}}
	for n := d.count(2); n > 0 && d.err == nil; n-- {
		name := d.text()
		r.vectors[name] = d.vector()
	}
	if d.err == nil && (len(d.left) > 0 || string(r.append(nil)) != string(data)) {
		d.err = errors.New("it is not written as Tilgate writes it")
	}
	return r, d.err
}

// A decoder takes a record apart; after an error it gives zeros.
type decoder struct {
	left   []byte
	values int
	err    error
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.left = nil
}

func (d *decoder) take(n int) []byte {
	if n > len(d.left) {
		d.fail(errCutOff)
		return make([]byte, min(n, 8))
	}
	taken := d.left[:n]
	d.left = d.left[n:]
	return taken
}

// count reads how many things follow, of at least size bytes each.
func (d *decoder) count(size int) int {
	n, used := binary.Uvarint(d.left)
	if used <= 0 || n > uint64(len(d.left)/size) {
		d.fail(errCutOff)
		return 0
	}
	d.left = d.left[used:]
	return int(n)
}

func (d *decoder) text() string {
	s := string(d.take(d.count(1)))
	if !utf8.ValidString(s) {
		d.fail(errors.New("a text is not UTF-8"))
	}
	return s
}

func (d *decoder) fields(depth int) map[string]*qdrant.Value {
	fields := map[string]*qdrant.Value{}
	for n := d.count(2); n > 0 && d.err == nil; n-- {
		key := d.text()
		fields[key] = d.value(depth + 1)
	}
	return fields
}

func (d *decoder) value(depth int) *qdrant.Value {
	if d.values++; depth > maxNesting || d.values > maxValues {
		d.fail(fmt.Errorf("it holds more than %d values, or nests them more than %d deep", maxValues, maxNesting))
	}
	switch kind := d.take(1)[0]; kind {
	case isNull:
		return qdrant.NewValueNull()
	case isFalse, isTrue:
		return qdrant.NewValueBool(kind == isTrue)
	case isInt:
		n, used := binary.Varint(d.left)
		if used <= 0 {
			d.fail(errCutOff)
		}
		d.take(max(used, 0))
		return qdrant.NewValueInt(n)
	case isFloat:
		return qdrant.NewValueDouble(math.Float64frombits(binary.LittleEndian.Uint64(d.take(8))))
	case isText:
		return qdrant.NewValueString(d.text())
	case isList:
		var list []*qdrant.Value
		for n := d.count(1); n > 0 && d.err == nil; n-- {
			list = append(list, d.value(depth+1))
		}
		return qdrant.NewValueFromList(list...)
	case isStruct:
		return qdrant.NewValueStruct(&qdrant.Struct{Fields: d.fields(depth)})
	default:
		d.fail(fmt.Errorf("there is no kind of value %q", kind))
		return nil
	}
}

func (d *decoder) vector() *qdrant.Vector {
	switch kind := d.take(1)[0]; kind {
	case isDense:
		numbers := make([]float32, d.count(4))
		for i := range numbers {
			numbers[i] = d.number()
		}
		return qdrant.NewVectorDense(numbers)
	case isSparse:
		n := d.count(8)
		indices, numbers := make([]uint32, n), make([]float32, n)
		for i := range indices {
			indices[i], numbers[i] = binary.LittleEndian.Uint32(d.take(4)), d.number()
			if i > 0 && indices[i] <= indices[i-1] {
				d.fail(errors.New("the terms of a vector are not in order"))
			}
		}
		return qdrant.NewVectorSparse(indices, numbers)
	default:
		d.fail(fmt.Errorf("there is no kind of vector %q", kind))
		return nil
	}
}

func (d *decoder) number() float32 {
	f := math.Float32frombits(binary.LittleEndian.Uint32(d.take(4)))
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		d.fail(errors.New("a vector has something else than numbers"))
	}
	return f
}
