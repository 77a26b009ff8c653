package gateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp/fasthttputil"

	"tilgate/serving"
)

// chatRequest is a chat completion as it goes over the wire.
func chatRequest(body string) string {
	return fmt.Sprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", secret, len(body), body)
}

// waits is a service that answers nothing but first, and then waits until its
// context ends. It tells when it began to wait, and how that ended.
func waits(first ...serving.Event) (f *fake, waiting chan struct{}, ended chan error) {
	waiting, ended = make(chan struct{}, 1), make(chan error, 1)
	f = &fake{answer: func(ctx context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		for _, e := range first {
			if !yield(e, nil) {
				ended <- fmt.Errorf("the reader of events stopped: %w", context.Cause(ctx))
				return
			}
		}
		waiting <- struct{}{}
		<-ctx.Done()
		ended <- context.Cause(ctx)
	}}
	return f, waiting, ended
}

// pour is a service that never stops talking.
func pour() (f *fake, waiting chan struct{}, ended chan error) {
	waiting, ended = make(chan struct{}, 1), make(chan error, 1)
	f = &fake{answer: func(ctx context.Context, _ serving.Request, yield func(serving.Event, error) bool) {
		more := yield(plan1, nil)
		for i := 0; more; i++ {
			if i == 5 {
				waiting <- struct{}{}
			}
			select {
			case <-ctx.Done():
				more = false
			case <-time.After(time.Millisecond):
				more = yield(serving.Delta{Text: "сөз "}, nil)
			}
		}
		ended <- context.Cause(ctx)
	}}
	return f, waiting, ended
}

// within is how long after a reader left the work must end.
const within = 500 * time.Millisecond

func TestLeaving(t *testing.T) {
	for _, tt := range []struct {
		name    string
		service func() (*fake, chan struct{}, chan error)
		request string
		leave   func(*net.TCPConn)
	}{
		{"before the first event", func() (*fake, chan struct{}, chan error) { return waits() }, chatRequest(askStream), closeIt},
		{"before the first word", func() (*fake, chan struct{}, chan error) { return waits(plan1) }, chatRequest(askStream), closeIt},
		{"while streaming", pour, chatRequest(askStream), closeIt},
		{"without a stream", func() (*fake, chan struct{}, chan error) { return waits(plan1) }, chatRequest(ask), closeIt},
		{"by a reset", func() (*fake, chan struct{}, chan error) { return waits(plan1) }, chatRequest(ask), resetIt},
		{"with a request in the pipe", func() (*fake, chan struct{}, chan error) { return waits(plan1) }, chatRequest(ask) + chatRequest(ask), closeIt},
		{"on HTTP/1.0", func() (*fake, chan struct{}, chan error) { return waits(plan1) }, strings.Replace(chatRequest(askStream), "1.1", "1.0", 1), closeIt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, waiting, ended := tt.service()
			addr, _ := start(t, f, Options{})
			conn := dial(t, addr, tt.request)
			<-waiting
			left := time.Now()
			tt.leave(conn)
			checkEnded(t, ended, left)
		})
	}
}

func checkEnded(t *testing.T, ended chan error, left time.Time) {
	t.Helper()
	select {
	case err := <-ended:
		t.Logf("ended %v after the reader left: %v", time.Since(left).Round(time.Millisecond), err)
	case <-time.After(within):
		t.Errorf("the work goes on %v after the reader left", within)
	}
}

func closeIt(c *net.TCPConn) { c.Close() }

func resetIt(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}

// dial opens a connection and writes to it.
func dial(t testing.TB, addr, text string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// TestLeavingTLS is its own test because TLS says goodbye before it closes,
// which hides the close from whoever reads the socket.
func TestLeavingTLS(t *testing.T) {
	f, waiting, ended := waits(plan1)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := New(f, testKeys{}, Options{Log: slog.New(slog.DiscardHandler)})
	served := make(chan error, 1)
	go func() {
		served <- g.Serve(tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}))
	}()
	c, err := tls.Dial("tcp", ln.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, chatRequest(ask)); err != nil {
		t.Fatal(err)
	}
	<-waiting
	left := time.Now()
	c.Close()
	checkEnded(t, ended, left)
	if err := g.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestPageLeaving(t *testing.T) {
	f, waiting, ended := waits(plan1)
	addr, _ := start(t, f, Options{})
	body := "question=x"
	conn := dial(t, addr, fmt.Sprintf("POST /ask HTTP/1.1\r\nHost: localhost\r\nCookie: %s=%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", cookieName, secret, len(body), body))
	<-waiting
	left := time.Now()
	conn.Close()
	checkEnded(t, ended, left)
}

// TestLeavingUnseen has a connection without a socket: a ping finds out.
func TestLeavingUnseen(t *testing.T) {
	f, waiting, ended := waits(plan1)
	ln := fasthttputil.NewInmemoryListener()
	g := New(f, testKeys{}, Options{Log: slog.New(slog.DiscardHandler), PingEvery: 20 * time.Millisecond})
	served := make(chan error, 1)
	go func() { served <- g.Serve(ln) }()
	c, err := ln.Dial()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, chatRequest(askStream)); err != nil {
		t.Fatal(err)
	}
	<-waiting
	left := time.Now()
	c.Close()
	checkEnded(t, ended, left)
	if err := g.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	<-served
}

// TestManyLeave has readers come and go at random, and checks with goleak and
// the race detector that nothing of them stays.
func TestManyLeave(t *testing.T) {
	var open atomic.Int32
	f := &fake{answer: func(ctx context.Context, r serving.Request, yield func(serving.Event, error) bool) {
		open.Add(1)
		defer open.Add(-1)
		script(ctx, r, func(e serving.Event, err error) bool {
			select {
			case <-ctx.Done():
				return false
			case <-time.After(time.Duration(mathrand.IntN(5)) * time.Millisecond):
				return yield(e, err)
			}
		})
	}}
	addr, _ := start(t, f, Options{PingEvery: 2 * time.Millisecond})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			body := ask
			if i%2 == 0 {
				body = askStream
			}
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(conn, chatRequest(body))
			conn.SetReadDeadline(time.Now().Add(time.Duration(mathrand.IntN(30)) * time.Millisecond))
			io.Copy(io.Discard, conn)
			conn.Close()
		})
	}
	wg.Wait()
	for begun := time.Now(); open.Load() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(begun) > time.Second {
			t.Fatalf("%d answers go on without a reader", open.Load())
		}
	}
}
