package live

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"tilgate/internal/fault"
)

// The most that is read, in bytes.
const (
	maxBody = 64 << 20
	maxLine = 4 << 20
)

// A reply is what comes back with status 200. It keeps the first bytes, to
// show them when they are no answer.
type reply struct {
	*bufio.Reader
	body io.Reader
	n    int    // bytes read
	head []byte // the first of them
}

func newReply(body io.Reader) *reply {
	r := &reply{body: body}
	r.Reader = bufio.NewReaderSize(readerFunc(r.take), 8<<10)
	return r
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// take reads from the body.
func (r *reply) take(p []byte) (int, error) {
	if r.n >= maxBody {
		return 0, fault.TooLarge.Errorf("the answer is longer than %d MiB", maxBody>>20)
	}
	n, err := r.body.Read(p)
	r.n += n
	if room := headBytes - len(r.head); room > 0 {
		r.head = append(r.head, p[:min(n, room)]...)
	}
	return n, err
}

// nonsense is the error about a reply that is no answer.
func (r *reply) nonsense(what string) error {
	if len(bytes.TrimSpace(r.head)) == 0 {
		return fault.Unavailable.Errorf("what came back is %s: it is empty", what)
	}
	return fault.Unavailable.Errorf("what came back is %s; it begins %s", what, shown(r.head))
}

// broken is the error about a reply that could not be read to its end.
func (r *reply) broken(err error) error {
	if fault.Of(err) != fault.Internal {
		return err // said already, or we left
	}
	sentence := fmt.Sprintf("the answer broke off after %d bytes", r.n)
	if len(r.head) > 0 {
		sentence += "; it begins " + shown(r.head)
	}
	return fault.Unavailable.Wrap(err, sentence)
}

// line returns the next line, without its end, and io.EOF after the last. It
// is valid until the next call.
func (r *reply) line() ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		line, err = r.longLine(line)
	}
	switch {
	case err == io.EOF && len(line) == 0:
		return nil, io.EOF
	case err != nil && err != io.EOF:
		return nil, r.broken(err)
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if !utf8.Valid(line) {
		return nil, r.nonsense("not UTF-8")
	}
	return line, nil
}

func (r *reply) longLine(begin []byte) ([]byte, error) {
	line := bytes.Clone(begin)
	for {
		piece, err := r.ReadSlice('\n')
		line = append(line, piece...)
		if len(line) > maxLine {
			return nil, fault.TooLarge.Errorf("the answer has a line longer than %d MiB", maxLine>>20)
		}
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

// object reads the whole reply into v, an object of JSON.
func (r *reply) object(v any) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return r.broken(err)
	}
	return r.decode(data, v)
}

func (r *reply) decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		return r.nonsense("not UTF-8")
	}
	if err := json.Unmarshal(data, v); err != nil {
		if len(data) == 0 || data[0] != '{' {
			return r.nonsense("no JSON")
		}
		return fmt.Errorf("%w (%v)", r.nonsense("not the JSON that was asked for"), err)
	}
	return nil
}

// opens returns the first byte that is no white space, and leaves it there.
func (r *reply) opens() (byte, error) {
	for {
		b, err := r.ReadByte()
		switch {
		case err == io.EOF:
			return 0, r.nonsense("no answer")
		case err != nil:
			return 0, r.broken(err)
		case b != ' ' && b != '\t' && b != '\r' && b != '\n':
			return b, r.UnreadByte()
		}
	}
}

// post sends body as JSON and gives what comes back to read.
func (s *Server) post(ctx context.Context, path string, body any, read func(*reply) error) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("writing a request to %s: %w", path, err)
	}
	return s.exchange(ctx, http.MethodPost, path, data, read)
}

// exchange sends one request and gives what comes back with status 200 to
// read. It ends when the server's time is over.
func (s *Server) exchange(ctx context.Context, method, path string, body []byte, read func(*reply) error) error {
	ours, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ours, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Encoding", "identity") // packed pieces come late
	req.Header["Idempotency-Key"] = []string{}    // not sent: lets net/http ask again where an idle connection was closed
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.opts.Key != "" {
		req.Header.Set("Authorization", "Bearer "+s.opts.Key)
	}
	resp, err := s.client.Do(req)
	if err == nil {
		defer resp.Body.Close()
		err = s.read(resp, read, cancel)
	} else {
		err = s.unreachable(err)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case ours.Err() != nil:
		return fault.Timeout.Wrap(err, fmt.Sprintf("no whole answer within %s", s.opts.Timeout))
	}
	return err
}

// drain is how long the end of a reply may take after its last word. Only when
// it has come can the connection be used again.
const drain = 100 * time.Millisecond

func (s *Server) read(resp *http.Response, read func(*reply) error, hangUp func()) error {
	r := newReply(resp.Body)
	if resp.StatusCode == http.StatusOK {
		if err := read(r); err != nil {
			return err
		}
		defer time.AfterFunc(drain, hangUp).Stop()
		_, _ = io.CopyN(io.Discard, r, 4<<10)
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(r, 1<<20))
	if err != nil && len(data) == 0 {
		return r.broken(err)
	}
	return refusal(resp, data)
}
