package wiki

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"sync"
)

// bzip2Workers is how many streams of a dump are unpacked at once. Unpacking
// is slower than all else that is done with a dump, but others need cores too.
const bzip2Workers = 2

const (
	// maxStream is how many bytes of one stream are read ahead. Longer streams
	// are unpacked in one go with all that follows.
	maxStream = 8 << 20
	chunkSize = 256 << 10
	// chunksAhead is how much of a stream waits until it is asked for.
	chunksAhead = 16
)

// streamHead is how a stream of bzip2 begins, after "BZh" and a digit: with
// the mark of its first block. It is long enough not to come up by chance.
var streamHead = []byte("1AY&SY")

// A bzip2Reader unpacks bzip2. Dumps that are called multistream, and what
// pbzip2 packs, consist of many streams, which are unpacked side by side.
type bzip2Reader struct {
	ctx     context.Context
	cancel  context.CancelFunc
	done    sync.WaitGroup
	streams chan *stream
	at      *stream
	rest    []byte
	err     error
}

// A stream is what one of bzip2 unpacks to, in chunks. The channel is closed
// at its end; err is set before.
type stream struct {
	chunks chan []byte
	err    error
}

func newBzip2(ctx context.Context, in *bufio.Reader) *bzip2Reader {
	ctx, cancel := context.WithCancel(ctx)
	r := &bzip2Reader{ctx: ctx, cancel: cancel, streams: make(chan *stream, 2*bzip2Workers)}
	r.done.Go(func() { r.split(ctx, in) })
	return r
}

// split starts a worker for each stream, in order: the stream that is being
// read always has one, so those after it may wait for room.
func (r *bzip2Reader) split(ctx context.Context, in *bufio.Reader) {
	defer close(r.streams)
	free := make(chan struct{}, bzip2Workers)
	for ctx.Err() == nil {
		packed, last := nextStream(in)
		s := &stream{chunks: make(chan []byte, chunksAhead)}
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return
		}
		r.done.Go(func() {
			s.unpack(ctx, bzip2.NewReader(packed))
			<-free
		})
		select {
		case r.streams <- s:
		case <-ctx.Done():
			return
		}
		if last {
			return
		}
	}
}

// nextStream cuts a stream off in. The last one is all the rest, which a
// stream of bzip2 may well go on with.
func nextStream(in *bufio.Reader) (packed io.Reader, last bool) {
	var data []byte
	for len(data) < maxStream {
		ahead, err := in.Peek(in.Size())
		from := 0
		if len(data) == 0 {
			from = 4
		}
		if i := streamAt(ahead, from); i >= 0 {
			data = append(data, ahead[:i]...)
			in.Discard(i)
			return bytes.NewReader(data), false
		}
		if err != nil {
			data = append(data, ahead...)
			return io.MultiReader(bytes.NewReader(data), errorReader{err}), true
		}
		n := len(ahead) - 2*len(streamHead)
		data = append(data, ahead[:n]...)
		in.Discard(n)
	}
	return io.MultiReader(bytes.NewReader(data), in), true
}

// streamAt returns where in data a stream begins, at or after from, or -1.
func streamAt(data []byte, from int) int {
	for from < len(data) {
		i := bytes.Index(data[from:], streamHead)
		if i < 0 {
			return -1
		}
		at := from + i - 4
		if at >= from && bytes.HasPrefix(data[at:], []byte("BZh")) {
			return at
		}
		from += i + len(streamHead)
	}
	return -1
}

// An errorReader ends what was read ahead with the error that ended it.
type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func (s *stream) unpack(ctx context.Context, in io.Reader) {
	defer close(s.chunks)
	for {
		chunk := make([]byte, chunkSize)
		n, err := fill(in, chunk)
		select {
		case s.chunks <- chunk[:n]:
		case <-ctx.Done():
			s.err = ctx.Err()
			return
		}
		if err != nil {
			s.err = err
			return
		}
	}
}

// fill is io.ReadFull that keeps the error of a stream that is cut short apart
// from its end.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var got int
		got, err = r.Read(p[n:])
		n += got
	}
	return n, err
}

func (r *bzip2Reader) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.advance()
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// advance takes the next chunk, or the next stream, or sets err.
func (r *bzip2Reader) advance() {
	if r.at == nil {
		next, ok := <-r.streams
		if !ok {
			r.err = cmp.Or(r.ctx.Err(), io.EOF)
			return
		}
		r.at = next
	}
	chunk, ok := <-r.at.chunks
	if ok {
		r.rest = chunk
		return
	}
	if !errors.Is(r.at.err, io.EOF) {
		r.err = r.at.err
	}
	r.at = nil
}

// Close stops the workers and waits for them.
func (r *bzip2Reader) Close() error {
	r.cancel()
	r.done.Wait()
	return nil
}
