package qdrant

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/qdrant/go-client/qdrant"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A stream of points is a line that says what it is, and then frames: a byte
// for the kind, the length of what follows, and that. The first is what the
// knowledge base has room for, the last what it then is; nothing follows it.
const (
	streamLine = "tilgate points 1\n"

	frameRoom   = 'H' // a room, as JSON
	framePoint  = 'P' // a record
	frameRemove = 'R' // a record of which only the key is told
	frameEnd    = 'E' // a Content, as JSON
)

// A room is what a version of a knowledge base is made for.
type room struct {
	Langs     []lang.Tag `json:"languages"`
	Model     string     `json:"model,omitempty"`
	Dimension int        `json:"dimension,omitempty"`
	Base      string     `json:"base,omitempty"` // the state that the frames change; empty: they are all there is
}

func (r room) model() Model { return Model{r.Model, r.Dimension} }

// A Content is what a stream of points brings a knowledge base to.
type Content struct {
	Langs    []lang.Tag `json:"languages"`      // it has room for
	Passages int        `json:"passages"`       // in all
	State    string     `json:"state"`          // identifies them, whosesoever they are
	Base     string     `json:"base,omitempty"` // the state that it was made from; empty if it is whole
	Put      int        `json:"put"`            // passages in the stream
	Removed  int        `json:"removed"`        // passages that go
}

// A passageKey is what a passage is known by in a knowledge base, whosesoever it is.
type passageKey uuid.UUID

func keyOf(p rag.Passage) passageKey {
	return passageKey(uuid.MustParse(pointID("", p).GetUuid()))
}

// keyPayload is as much of a payload as its key is made from.
func keyPayload(payload map[string]*qdrant.Value) map[string]*qdrant.Value {
	out := map[string]*qdrant.Value{}
	for _, name := range []string{"doc", "id", "lang", "n"} {
		if v := payload[name]; v != nil {
			out[name] = v
		}
	}
	return out
}

// state identifies the points that a sum adds up.
func (s sum) state() string { return fmt.Sprintf("%d-%v", s.count, s) }

// sub takes a point out again.
func (s *sum) sub(d digest) {
	s.count--
	for i := range s.lanes {
		s.lanes[i] -= binary.LittleEndian.Uint64(d[8*i:])
	}
}

func appendFrame(out []byte, kind byte, body []byte) []byte {
	return append(binary.AppendUvarint(append(out, kind), uint64(len(body))), body...)
}

// A frame is one of a stream: a point that comes or goes.
type frame struct {
	record
	kind    byte
	digest  digest
	passage rag.Passage
}

// A pointReader reads a stream of points.
type pointReader struct {
	r    *bufio.Reader
	room room
	end  Content // once next has returned io.EOF
	buf  []byte
	seen Content
}

func newPointReader(r io.Reader) (*pointReader, error) {
	p := &pointReader{r: bufio.NewReaderSize(r, 64<<10)}
	line := make([]byte, len(streamLine))
	if _, err := io.ReadFull(p.r, line); err != nil || string(line) != streamLine {
		return nil, wrongStream(cmp.Or(err, errors.New("it does not begin as one")))
	}
	kind, body, err := p.frame()
	if err == nil && kind != frameRoom {
		err = errors.New("it does not say what there must be room for")
	}
	if err == nil {
		err = strictJSON(body, &p.room)
	}
	if err == nil {
		err = p.room.check()
	}
	if err != nil {
		return nil, wrongStream(err)
	}
	return p, nil
}

// wrongStream says that what was read is no knowledge base, unless reading
// itself went wrong.
func wrongStream(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errCutOff
	}
	if k := fault.Of(err); k != fault.Internal {
		return err
	}
	return fault.Invalid.Wrap(err, "this is no knowledge base as Tilgate exports it")
}

func strictJSON(data []byte, into any) error {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if dec.More() {
		return errors.New("something follows its JSON")
	}
	return nil
}

func (r room) check() error {
	if !slices.IsSorted(r.Langs) || len(slices.Compact(slices.Clone(r.Langs))) != len(r.Langs) {
		return errors.New("its languages are not in order")
	}
	for _, t := range r.Langs {
		if tag, err := lang.ParseTag(string(t)); err != nil || tag.Base() != t {
			return fmt.Errorf("%q is not a language as it was searched for", t)
		}
	}
	const most = 65_536 // what Qdrant takes
	if r.Dimension < 0 || r.Dimension > most {
		return fmt.Errorf("vectors of %d numbers are not possible", r.Dimension)
	}
	return nil
}

// frame reads one. Its body is good until the next is read.
func (p *pointReader) frame() (kind byte, body []byte, err error) {
	if kind, err = p.r.ReadByte(); err != nil {
		return 0, nil, err
	}
	n, err := binary.ReadUvarint(p.r)
	if err != nil {
		return 0, nil, err
	}
	if n > maxRecord {
		return 0, nil, fmt.Errorf("a passage of %d bytes is not possible; the most is %d", n, maxRecord)
	}
	p.buf = slices.Grow(p.buf[:0], int(n))[:n]
	_, err = io.ReadFull(p.r, p.buf)
	return kind, p.buf, err
}

// next returns the next frame, and io.EOF after the last.
func (p *pointReader) next() (frame, error) {
	kind, body, err := p.frame()
	if err != nil {
		return frame{}, wrongStream(err)
	}
	if kind == frameEnd {
		return frame{}, p.finish(body)
	}
	f, err := p.parse(kind, body)
	if err != nil {
		return f, wrongStream(fmt.Errorf("passage %d: %w", p.seen.Put+p.seen.Removed, err))
	}
	return f, nil
}

func (p *pointReader) finish(body []byte) error {
	err := strictJSON(body, &p.end)
	switch {
	case err != nil:
		return wrongStream(err)
	case p.end.Put != p.seen.Put, p.end.Removed != p.seen.Removed, p.end.Base != p.room.Base, !slices.Equal(p.end.Langs, p.room.Langs):
		return wrongStream(errors.New("its end does not fit what came before"))
	}
	if _, err := p.r.ReadByte(); err == nil {
		return wrongStream(errors.New("something follows its end"))
	} else if !errors.Is(err, io.EOF) {
		return wrongStream(err)
	}
	return io.EOF
}

func (p *pointReader) parse(kind byte, body []byte) (f frame, err error) {
	f.kind = kind
	switch {
	case kind == framePoint:
		p.seen.Put++
	case kind == frameRemove && p.room.Base != "":
		p.seen.Removed++
	default:
		return f, fmt.Errorf("there is no frame %q here", kind)
	}
	if f.record, err = parseRecord(body); err != nil {
		return f, err
	}
	f.digest, f.passage = digest(sha256.Sum256(body)), passage("", f.payload, 0)
	if kind == frameRemove && (len(f.vectors) > 0 || len(keyPayload(f.payload)) != len(f.payload)) {
		return f, errors.New("it goes, and says more than which it is")
	}
	return f, p.room.admits(f)
}

// admits reports whether a point can be stored, and only where it belongs.
func (r room) admits(f frame) error {
	tag, err := lang.ParseTag(string(f.passage.Lang))
	switch {
	case err != nil || tag != f.passage.Lang:
		return fmt.Errorf("%q is no language", f.passage.Lang)
	case f.passage.Doc == "" || f.passage.N < 0:
		return errors.New("it does not say of which document it is")
	case f.payload[tenantKey] != nil:
		return errors.New("it says whose it is, which only who imports it can say")
	}
	for name, v := range f.vectors {
		if dense := v.GetDense(); name == denseName && dense != nil {
			if r.Dimension == 0 || len(dense.GetData()) != r.Dimension {
				return fmt.Errorf("its vector has %d numbers, not %d", len(dense.GetData()), r.Dimension)
			}
			continue
		}
		if v.GetSparse() == nil || name != vectorName(tag) || !slices.Contains(r.Langs, tag.Base()) {
			return fmt.Errorf("there is no room for its vector %q", name)
		}
	}
	return nil
}
