package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// get reads one answer from a connection.
func get(t testing.TB, r *bufio.Reader) (status int, body string, header http.Header) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%v after %q", err, data)
	}
	return resp.StatusCode, string(data), resp.Header
}

func lines(line string, more ...string) string {
	return line + "\r\nHost: localhost\r\nAuthorization: Bearer " + secret + "\r\n" + strings.Join(append(more, "", ""), "\r\n")
}

const chatLine = "POST /v1/chat/completions HTTP/1.1"

func TestUnreadable(t *testing.T) {
	big := strings.Repeat("x", 1<<20)
	addr, _ := start(t, &fake{}, Options{MaxBody: 256 << 10, ReadTimeout: 150 * time.Millisecond})
	for _, tt := range []struct {
		name    string
		request string
		status  int
		want    string
	}{
		{"half a request", lines(chatLine, "Content-Length: 100") + "half", 408, `"code":"request_timeout"`},
		{"slow headers", "POST /v1/chat", 408, `"code":"request_timeout"`},
		{"giant header", lines(chatLine, "X: "+big[:20<<10]), 431, `"code":"headers_too_large"`},
		{"giant body", lines(chatLine, "Content-Length: 1048576") + big, 413, `"code":"too_large"`},
		{"giant chunked body", lines(chatLine, "Transfer-Encoding: chunked") + "100000\r\n" + big + "\r\n0\r\n\r\n", 413, `"code":"too_large"`},
		{"giant body of a stranger", strings.Replace(lines(chatLine, "Content-Length: 1048576")+big, secret, "tg-no", 1), 401, `"code":"invalid_api_key"`},
		{"broken chunks", lines(chatLine, "Transfer-Encoding: chunked") + "zz\r\n{}\r\n", 400, `"code":"invalid_request"`},
		{"a chunk too long for its size", lines(chatLine, "Transfer-Encoding: chunked") + "1\r\n{}\r\n0\r\n\r\n", 400, `"code":"invalid_request"`},
		{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, `"type":"invalid_request_error"`},
		{"two hosts", lines("GET /healthz HTTP/1.1", "Host: evil.example"), 400, ``},
		{"no host", "GET /healthz HTTP/1.1\r\n\r\n", 400, ``},
		{"a whole URL for a path", lines("GET http://evil.example/healthz HTTP/1.1"), 404, ``},
		{"a model's name badly escaped", lines("GET /v1/models/%zz HTTP/1.1"), 400, `well escaped`},
		{"a body packed in a way we do not read", lines(chatLine, "Content-Encoding: compress", "Content-Length: 2") + "{}", 415, `\"compress\"`},
		{"a body packed twice", lines(chatLine, "Content-Encoding: gzip", "Content-Encoding: gzip", "Content-Length: 2") + "{}", 415, `\"gzip, gzip\"`},
		{"a body that is not packed", lines(chatLine, "Content-Encoding: gzip", "Content-Length: 2") + "{}", 400, `not whole gzip`},
		{"two lengths", lines(chatLine, "Content-Length: 2", "Content-Length: 3") + "{}", 400, ``},
		{"length and chunks", lines(chatLine, "Content-Length: 2", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400, ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := dial(t, addr, tt.request)
			status, body, header := get(t, bufio.NewReader(conn))
			if status != tt.status || !strings.Contains(body, tt.want) || !strings.HasPrefix(body, `{"error":{"message":"`) {
				t.Errorf("%d %s, want %d %s", status, body, tt.status, tt.want)
			}
			if header.Get("X-Request-Id") == "" {
				t.Error("no request id")
			}
		})
	}
}

// TestSlowBody feeds a body a byte at a time, each well before any timeout of
// its own: what ends it is the time for the whole.
func TestSlowBody(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{ReadTimeout: 150 * time.Millisecond})
	conn := dial(t, addr, lines(chatLine, "Content-Length: 1000"))
	begun := time.Now()
	for time.Since(begun) < 5*time.Second {
		if _, err := io.WriteString(conn, " "); err != nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("a slow body held the connection for %v", took)
	}
}

func TestIdleConnection(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{IdleTimeout: 50 * time.Millisecond})
	r := bufio.NewReader(dial(t, addr, lines("GET /healthz HTTP/1.1")))
	get(t, r)
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("an idle connection gave %v", err)
	}
}

// A broken listener has no room twice, and then accepts.
type broken struct {
	net.Listener
	times int
}

func (b *broken) Accept() (net.Conn, error) {
	if b.times++; b.times <= 2 {
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return b.Listener.Accept()
}

func TestNoRoom(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	watch, err := newWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer watch.close()
	l := &listener{Listener: &broken{Listener: ln}, unused: new(conns), open: new(conns), watch: watch}
	dial(t, ln.Addr().String(), "")
	c, err := l.Accept()
	if err != nil {
		t.Fatalf("no room closed the door: %v", err)
	}
	c.Close()
	ln.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a closed door gives %v", err)
	}
}

func TestPipelining(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	r := bufio.NewReader(dial(t, addr, chatRequest(askStream)+lines("GET /healthz HTTP/1.1")+chatRequest(ask)+lines("HEAD /v1/models HTTP/1.1")))
	_, first, _ := get(t, r)
	_, second, _ := get(t, r)
	_, third, _ := get(t, r)
	if !strings.HasSuffix(first, "data: [DONE]\n\n") || second != `{"status":"ok"}` || !strings.Contains(third, `"chat.completion"`) {
		t.Errorf("got %q, %q, %q", first, second, third)
	}
}

func TestHTTP10(t *testing.T) {
	addr, _ := start(t, &fake{}, Options{})
	r := bufio.NewReader(dial(t, addr, strings.Replace(chatRequest(askStream), "HTTP/1.1", "HTTP/1.0", 1)))
	status, body, header := get(t, r)
	if status != 200 || !strings.HasPrefix(body, "data: {") || !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Errorf("%d %q", status, body)
	}
	if header.Get("Transfer-Encoding") != "" || header.Get("X-Request-Id") == "" {
		t.Errorf("header %v", header)
	}
}

func TestStatus(t *testing.T) {
	f := &fake{}
	addr, _ := start(t, f, Options{})
	for _, tt := range []struct {
		err    error
		status int
		want   string
	}{
		{fault.Unavailable.Wrap(errors.New("dial tcp 10.0.0.7"), "the model server is not answering"), 503, `"message":"the model server is not answering","type":"server_error"`},
		{fault.Limited.Errorf("10 questions a minute"), 429, `"code":"rate_limit_exceeded"`},
		{fault.Unsupported.Field("tilgate.language", "no adapter serves xx"), 422, `"param":"tilgate.language","code":"unsupported_language"`},
		{fault.Blocked.Errorf("not this"), 400, `"code":"content_filter"`},
		{context.DeadlineExceeded, 504, `"code":"timeout"`},
		{errors.New("secret"), 500, `"message":"internal error"`},
	} {
		f.answer = func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) { yield(nil, tt.err) }
		for _, body := range []string{ask, askStream} {
			resp, got := send(t, "POST", "http://"+addr+"/v1/chat/completions", body)
			if resp.StatusCode != tt.status || !strings.Contains(got, tt.want) || strings.Contains(got, "10.0.0.7") {
				t.Errorf("%v: %d %s, want %d %s", tt.err, resp.StatusCode, got, tt.status, tt.want)
			}
			if retry := resp.Header.Get("Retry-After") != ""; retry != (tt.status == 429 || tt.status > 500) {
				t.Errorf("%v: Retry-After is %q", tt.err, resp.Header.Get("Retry-After"))
			}
		}
	}
}

func TestErrorInStream(t *testing.T) {
	f := &fake{}
	addr, _ := start(t, f, Options{})
	for _, tt := range []struct {
		name string
		fail func(yield func(serving.Event, error) bool)
		want string
	}{
		{"error", func(yield func(serving.Event, error) bool) {
			yield(nil, fault.Unavailable.Errorf("the model server is gone"))
		},
			`{"error":{"message":"the model server is gone","type":"server_error","param":null,"code":"unavailable"}}`},
		{"panic", func(func(serving.Event, error) bool) { panic("secret") },
			`{"error":{"message":"internal error","type":"server_error","param":null,"code":"internal_error"}}`},
		{"silence", func(func(serving.Event, error) bool) {}, `{"error":{"message":"the answer broke off"`},
	} {
		f.answer = func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
			if yield(plan1, nil) && yield(serving.Delta{Text: "30 "}, nil) {
				tt.fail(yield)
			}
		}
		resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", askStream)
		got := events(t, body)
		if resp.StatusCode != 200 || len(got) != 3 || !strings.HasPrefix(got[2], tt.want) {
			t.Errorf("%s: %d %q, want %s", tt.name, resp.StatusCode, got, tt.want)
		}
	}
}

func TestPanic(t *testing.T) {
	f := &fake{answer: func(context.Context, serving.Request, func(serving.Event, error) bool) { panic("secret") }}
	addr, _ := start(t, f, Options{})
	for _, body := range []string{ask, askStream} {
		resp, got := send(t, "POST", "http://"+addr+"/v1/chat/completions", body)
		if resp.StatusCode != 500 || strings.Contains(got, "secret") || resp.Header.Get("X-Request-Id") == "" {
			t.Errorf("%d %s", resp.StatusCode, got)
		}
	}
	if resp, _ := send(t, "GET", "http://"+addr+"/healthz", ""); resp.StatusCode != 200 {
		t.Errorf("after a panic: %d", resp.StatusCode)
	}
}

// TestPing checks that a slow model is waited for with comments, and that the
// stream begins with the first of them.
func TestPing(t *testing.T) {
	f := &fake{answer: func(_ context.Context, r serving.Request, yield func(serving.Event, error) bool) {
		time.Sleep(50 * time.Millisecond)
		if yield(plan1, nil) {
			time.Sleep(50 * time.Millisecond)
			yield(done1, nil)
		}
	}}
	addr, _ := start(t, f, Options{PingEvery: 20 * time.Millisecond})
	resp, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", askStream)
	if resp.StatusCode != 200 || !strings.HasPrefix(body, ": ping\n: ping\ndata: {") || strings.Count(body, ": ping\n") < 4 {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	if got := events(t, body); len(got) != 4 {
		t.Errorf("%d events in %q", len(got), got)
	}
}

// TestFlush checks that each event arrives before the next is made.
func TestFlush(t *testing.T) {
	next := make(chan struct{})
	f := &fake{answer: func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		for _, e := range []serving.Event{plan1, serving.Delta{Text: "30"}, done1} {
			if !yield(e, nil) {
				return
			}
			<-next
		}
	}}
	addr, _ := start(t, f, Options{})
	resp, err := http.ReadResponse(bufio.NewReader(dial(t, addr, chatRequest(askStream))), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	r := bufio.NewReader(resp.Body)
	for i := range 3 {
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		r.ReadString('\n')
		next <- struct{}{}
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Error(err)
	}
}

// TestStuckReader checks that a reader who takes nothing is given up, while
// one who takes a long answer slowly is not cut by a time for the whole.
func TestStuckReader(t *testing.T) {
	ended := make(chan error, 1)
	f := &fake{answer: func(ctx context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		text := strings.Repeat("ю", 2<<10)
		for yield(serving.Delta{Text: text}, nil) {
		}
		ended <- context.Cause(ctx)
	}}
	addr, _ := start(t, f, Options{WriteTimeout: 50 * time.Millisecond})
	conn := dial(t, addr, chatRequest(askStream))
	conn.SetReadBuffer(4 << 10)
	select {
	case <-ended:
	case <-time.After(8 * time.Second):
		t.Error("the answer to a reader who takes nothing goes on")
	}
}

func TestLongStream(t *testing.T) {
	f := &fake{answer: func(_ context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		for range 20 {
			if time.Sleep(10 * time.Millisecond); !yield(serving.Delta{Text: "сөз "}, nil) {
				return
			}
		}
		yield(done1, nil)
	}}
	addr, _ := start(t, f, Options{WriteTimeout: 40 * time.Millisecond, ReadTimeout: 40 * time.Millisecond})
	if _, body := send(t, "POST", "http://"+addr+"/v1/chat/completions", askStream); !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Errorf("a stream of 200 ms was cut: %q", body)
	}
}

func TestShutdown(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration // that the answer takes
		grace time.Duration // that it is given
		want  string
	}{
		{"waits", 150 * time.Millisecond, 5 * time.Second, "data: [DONE]\n\n"},
		{"cuts", time.Minute, 100 * time.Millisecond, `"code":"unavailable"}}` + "\n\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			begun := make(chan struct{}, 1)
			f := &fake{answer: func(ctx context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
				yield(plan1, nil)
				begun <- struct{}{}
				select {
				case <-ctx.Done():
					yield(nil, ctx.Err())
				case <-time.After(tt.after):
					yield(done1, nil)
				}
			}}
			addr, g := start(t, f, Options{})
			conn := dial(t, addr, chatRequest(askStream))
			<-begun
			body := make(chan string, 1)
			go func() {
				data, _ := io.ReadAll(conn)
				body <- string(data)
			}()
			ctx, cancel := context.WithTimeout(t.Context(), tt.grace)
			defer cancel()
			if err := g.Shutdown(ctx); (err == nil) != (tt.name == "waits") {
				t.Errorf("Shutdown: %v", err)
			}
			got := <-body
			if !strings.Contains(got, tt.want) {
				t.Errorf("the stream ended in %q, want %q", got, tt.want)
			}
		})
	}
}

// TestShutdownUnused has a connection opened in store, as browsers do, and one
// that is kept for the next request.
func TestShutdownUnused(t *testing.T) {
	addr, g := start(t, &fake{}, Options{})
	store := dial(t, addr, "")
	kept := dial(t, addr, lines("GET /healthz HTTP/1.1"))
	get(t, bufio.NewReader(kept))
	begun := time.Now()
	if err := g.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("Shutdown waited %v for connections without a request", took)
	}
	for _, c := range []net.Conn{store, kept} {
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("an open connection gave %v", err)
		}
	}
}

func BenchmarkAnswer(b *testing.B) {
	addr, _ := start(b, &fake{}, Options{})
	conn := dial(b, addr, "")
	conn.SetDeadline(time.Now().Add(time.Minute))
	request, r := chatRequest(ask), bufio.NewReader(conn)
	for b.Loop() {
		if _, err := io.WriteString(conn, request); err != nil {
			b.Fatal(err)
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
	}
}

func BenchmarkForward(b *testing.B) {
	f := &fake{forward: func(_ context.Context, r serving.Raw, yield func([]byte, error) bool) { yield(r.Body, nil) }}
	addr, _ := start(b, f, Options{})
	conn := dial(b, addr, "")
	conn.SetDeadline(time.Now().Add(time.Minute))
	body := fmt.Sprintf(`{"model":"qwen3:8b","messages":[{"role":"user","content":%q}]}`, strings.Repeat("ሰላም ", 60))
	request, r := chatRequest(body), bufio.NewReader(conn)
	for b.Loop() {
		if _, err := io.WriteString(conn, request); err != nil {
			b.Fatal(err)
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			b.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
	}
}
