package qdrant

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tilgate/internal/fault"
)

// listening has serve take what connects to an address, one at a time.
func listening(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
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
			serve(conn)
		}
	}()
	return ln.Addr().String()
}

// saying is a server of gRPC that answers every call with one status.
func saying(t *testing.T, code codes.Code) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return status.Error(code, "so it is") }))
	go s.Serve(ln)
	t.Cleanup(s.Stop)
	return ln.Addr().String()
}

// nobody returns an address at which nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// TestAway tells a server that is not there from what has to be put right.
func TestAway(t *testing.T) {
	t.Parallel()
	rest, secure := httptest.NewServer(http.NotFoundHandler()), httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer rest.Close()
	defer secure.Close()
	const short = 500 * time.Millisecond
	for _, tt := range []struct {
		what string
		s    Server
		want bool
	}{
		{"nothing listens", Server{Address: nobody(t)}, true},
		{"a name that nobody has", Server{Address: "qdrant.invalid:6334"}, true},
		{"a proxy hangs up", Server{Address: listening(t, func(c net.Conn) { c.Close() })}, true},
		{"a proxy says that it is away", Server{Address: saying(t, codes.Unavailable)}, true},
		{"it hangs", Server{Address: listening(t, func(c net.Conn) { go io.Copy(io.Discard, c) }), Timeout: short}, true},
		{"no address", Server{Address: "http://localhost:6334"}, false},
		{"the REST port", Server{Address: rest.Listener.Addr().String()}, false},
		{"no TLS there", Server{Address: rest.Listener.Addr().String(), TLS: true}, false},
		{"a certificate of somebody", Server{Address: secure.Listener.Addr().String(), TLS: true}, false},
		{"an address that we may not go to", Server{Address: "8.8.8.8:6334"}, false},
		{"the key is refused", Server{Address: saying(t, codes.Unauthenticated)}, false},
		{"the key may not do this", Server{Address: saying(t, codes.PermissionDenied)}, false},
		{"another service", Server{Address: saying(t, codes.Unimplemented)}, false},
	} {
		client, err := Dial(t.Context(), tt.s)
		if err == nil {
			client.Close()
		}
		if err == nil || Away(err) != tt.want {
			t.Errorf("%s: away is %t, want %t: %v", tt.what, Away(err), tt.want, err)
		}
	}
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Dial(given, Server{Address: nobody(t)}); err == nil || Away(err) {
		t.Errorf("given up: %v", err)
	}
}

// TestDoor: before a server is ready its calls fail at once, but for those of
// who makes it ready.
func TestDoor(t *testing.T) {
	t.Parallel()
	address, stop := serve(t, t.TempDir())
	d, err := Await(Server{Address: address})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Client.Close()
	s := New(d.Client, Options{})
	closed := func(when string) {
		t.Helper()
		if err := s.Ping(t.Context()); !fault.Unavailable.Is(err) {
			t.Errorf("%s: %v, want it not to be reached", when, err)
		}
	}
	closed("at the start")
	for _, tt := range []struct {
		err  error
		away bool
	}{
		{errors.New("the list cannot be read"), false},
		{explain(status.Error(codes.PermissionDenied, "read only")), false},
		{explain(status.Error(codes.Unavailable, "gone again")), true},
	} {
		if err := d.Ready(t.Context(), func(context.Context) error { return tt.err }); !errors.Is(err, tt.err) || Away(err) != tt.away {
			t.Errorf("prepared with %v: %v, away %t", tt.err, err, Away(err))
		}
		closed("not prepared")
	}
	if err := d.Ready(t.Context(), func(ctx context.Context) error { closed("in between"); return s.Ping(ctx) }); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("ready: %v", err)
	}
	stop()
	if err := s.Ping(t.Context()); !fault.Unavailable.Is(err) {
		t.Errorf("gone later: %v", err)
	}
	if err := d.Ready(t.Context(), s.Ping); !Away(err) {
		t.Errorf("nobody: %v", err)
	}
	if _, err := Await(Server{Address: "qdrant"}); !fault.Invalid.Is(err) {
		t.Errorf("no address: %v", err)
	}
}
