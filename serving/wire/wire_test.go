package wire

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(t testing.TB, address string, o Options) *Client {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	c := New(u, o)
	t.Cleanup(c.Close)
	return c
}

// says serves every connection with answer, after it has read a request.
// Closing is what ends a connection then, unless it is to be kept.
func says(t testing.TB, keep bool, answer string) (address string, connections *atomic.Int32) {
	t.Helper()
	connections = new(atomic.Int32)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					req, err := http.ReadRequest(r)
					if err != nil {
						return
					}
					io.Copy(io.Discard, req.Body)
					io.WriteString(conn, answer)
					if !keep {
						return
					}
				}
			}()
		}
	}()
	return "http://" + ln.Addr().String(), connections
}

func ask(c *Client) (string, int, error) {
	a, err := c.Do(context.Background(), &Request{Path: "/x", Body: []byte("{}")})
	if err != nil {
		return "", 0, err
	}
	body, err := a.Whole()
	return string(body), a.Status, err
}

func TestAnswers(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, tt := range []struct {
		name, answer, want string
		wrong              bool
		kept               bool // for the next request
	}{
		{"a length", ok + "Content-Length: 2\r\n\r\nhi", "hi", false, true},
		{"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1;x=y\r\ni\r\n0\r\nA: b\r\n\r\n", "hi", false, true},
		{"to the end", ok + "\r\nhi", "hi", false, false},
		{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "hi", false, false},
		{"closing", ok + "Connection: close\r\nContent-Length: 2\r\n\r\nhi", "hi", false, false},
		{"nothing", "HTTP/1.1 204 No Content\r\n\r\n", "", false, true},
		{"an interim answer", "HTTP/1.1 103 Early Hints\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nhi", "hi", false, true},
		{"more than it said", ok + "Content-Length: 2\r\n\r\nhigh", "hi", false, false},
		{"less than it said", ok + "Content-Length: 20\r\n\r\nhi", "", true, false},
		{"a chunk cut", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhi", "", true, false},
		{"no last chunk", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", "", true, false},
		{"no end of the last chunk", ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n", "", true, false},
		{"no number", ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n", "", true, false},
		{"a huge chunk", ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", "", true, false},
		{"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", "", true, false},
		{"no end of interim answers", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20), "", true, false},
		{"a header without end", ok + "A: " + strings.Repeat("x", 100<<10), "", true, false},
		{"nothing at all", "", "", true, false},
		{"too much", ok + "Content-Length: 2000000\r\n\r\n", "", true, false},
		{"too much in chunks", ok + "Transfer-Encoding: chunked\r\n\r\nfffff0\r\n" + strings.Repeat("x", 2<<20), "", true, false},
	} {
		keep := !strings.Contains(tt.name, "end") && !tt.wrong
		address, connections := says(t, keep, tt.answer)
		c := client(t, address, Options{MaxBody: 1 << 20, Silence: 5 * time.Second})
		for range 2 {
			body, _, err := ask(c)
			if (err != nil) != tt.wrong || body != tt.want && err == nil {
				t.Errorf("%s: %q, %v", tt.name, body, err)
			}
		}
		if got := connections.Load() == 1; got != tt.kept {
			t.Errorf("%s: %d connections", tt.name, connections.Load())
		}
	}
}

// A connection that the server has closed meanwhile costs no request.
func TestStale(t *testing.T) {
	address, connections := says(t, false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
	c := client(t, address, Options{})
	for range 5 {
		if body, _, err := ask(c); body != "hi" || err != nil {
			t.Fatalf("%q, %v", body, err)
		}
	}
	if n := connections.Load(); n != 5 {
		t.Errorf("%d connections", n)
	}
}

// What fails on a fresh connection is not sent twice.
func TestNoRetry(t *testing.T) {
	address, connections := says(t, false, "")
	if _, _, err := ask(client(t, address, Options{})); err == nil || connections.Load() != 1 {
		t.Errorf("%v after %d connections", err, connections.Load())
	}
}

func TestDialError(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	var unreached *DialError
	if _, _, err := ask(client(t, "http://"+ln.Addr().String(), Options{})); !errors.As(err, &unreached) {
		t.Errorf("%v", err)
	}
}

// TestLeave: whatever a call waits for, the server sees its end at once.
func TestLeave(t *testing.T) {
	for _, phase := range []string{"head", "stream", "whole"} {
		left := make(chan struct{})
		begun := make(chan struct{}, 1)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			if phase != "head" {
				fmt.Fprint(w, "data: 1\n\n")
				w.(http.Flusher).Flush()
			}
			begun <- struct{}{}
			<-r.Context().Done()
			close(left)
		}))
		c := client(t, s.URL, Options{})
		ctx, cancel := context.WithCancelCause(t.Context())
		gone := errors.New("the reader left")
		var at time.Time
		go func() {
			<-begun
			time.Sleep(20 * time.Millisecond)
			at = time.Now()
			cancel(gone)
		}()
		a, err := c.Do(ctx, &Request{Path: "/", Body: []byte("{}")})
		if err == nil && phase == "stream" {
			piece := make([]byte, 100)
			for err == nil {
				_, err = a.Read(piece)
			}
			a.Close()
		} else if err == nil {
			_, err = a.Whole()
		}
		if !errors.Is(err, gone) {
			t.Errorf("%s: %v", phase, err)
		}
		<-left
		if late := time.Since(at); late > 250*time.Millisecond {
			t.Errorf("%s: the server saw it after %v", phase, late)
		}
		s.Close()
	}
}

func TestSilence(t *testing.T) {
	hang := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/x" {
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "half")
			w.(http.Flusher).Flush()
		}
		<-hang
	}))
	defer s.Close()
	defer close(hang)
	c := client(t, s.URL, Options{Silence: 50 * time.Millisecond})
	if _, _, err := ask(c); !errors.Is(err, ErrSilent) {
		t.Errorf("in the body: %v", err)
	}
	if _, err := c.Do(t.Context(), &Request{Path: "/y"}); !errors.Is(err, ErrSilent) {
		t.Errorf("before the head: %v", err)
	}
}

// A piece is there as soon as the server has sent it.
func TestPieces(t *testing.T) {
	next := make(chan string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for text := range next {
			io.WriteString(w, text)
			w.(http.Flusher).Flush()
		}
	}))
	defer s.Close()
	c := client(t, s.URL, Options{})
	go func() { next <- "first" }()
	a, err := c.Do(t.Context(), &Request{Path: "/"})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	buffer := make([]byte, 100)
	for _, want := range []string{"first", "second", strings.Repeat("x", 99)} {
		if want != "first" {
			next <- want
		}
		if n, err := a.Read(buffer); string(buffer[:n]) != want || err != nil {
			t.Errorf("%q, %v", buffer[:n], err)
		}
	}
	close(next)
	if n, err := a.Read(buffer); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hi") }))
	defer s.Close()
	c := client(t, s.URL, Options{TLS: s.Client().Transport.(*http.Transport).TLSClientConfig})
	if body, status, err := ask(c); body != "hi" || status != 200 || err != nil {
		t.Errorf("%q, %d, %v", body, status, err)
	}
	if _, _, err := ask(client(t, s.URL, Options{})); err == nil {
		t.Error("a certificate that nobody vouches for was taken")
	}
}

func TestIdleIsClosed(t *testing.T) {
	address, connections := says(t, true, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
	c := client(t, address, Options{Idle: 20 * time.Millisecond})
	for i := range 2 {
		if body, _, err := ask(c); body != "hi" || err != nil {
			t.Fatal(body, err)
		}
		if n := connections.Load(); n != int32(i+1) {
			t.Errorf("%d connections", n)
		}
		time.Sleep(60 * time.Millisecond)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.idle) != 0 {
		t.Errorf("%d connections are kept", len(c.idle))
	}
}

// Whatever a server sends, a call ends, with the body or an error.
func FuzzAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\n\r\n")
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
	f.Add("HTTP/1.0 200\r\n\r\n\r\n")
	f.Fuzz(func(t *testing.T, answer string) {
		base, _ := url.Parse("http://server")
		c := New(base, Options{MaxBody: 1 << 16, Silence: 5 * time.Second, Dial: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			go func() {
				defer there.Close()
				if req, err := http.ReadRequest(bufio.NewReader(there)); err == nil {
					io.Copy(io.Discard, req.Body)
					io.WriteString(there, answer)
				}
			}()
			return here, nil
		}})
		defer c.Close()
		body, status, err := ask(c)
		if err == nil && (status < 200 || len(body) > len(answer)) {
			t.Errorf("%d, %q", status, body)
		}
	})
}

func BenchmarkDo(b *testing.B) {
	address, _ := says(b, true, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 700\r\n\r\n"+strings.Repeat("x", 700))
	c := client(b, address, Options{})
	body := []byte(strings.Repeat("y", 876))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		a, err := c.Do(ctx, &Request{Path: "/v1/chat/completions", Body: body})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := a.Whole(); err != nil {
			b.Fatal(err)
		}
	}
}
