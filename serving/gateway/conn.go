package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A listener wraps the connections it accepts.
type listener struct {
	net.Listener
	writeTimeout time.Duration
	unused       *conns
	open         *conns
	watch        *watcher
}

// conns is a set of connections.
type conns struct {
	mu    sync.Mutex
	conns map[*conn]struct{}
}

func (u *conns) add(c *conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.conns == nil {
		u.conns = make(map[*conn]struct{})
	}
	u.conns[c] = struct{}{}
}

func (u *conns) remove(c *conn) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.conns, c)
}

func (u *conns) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.conns {
		c.Conn.Close()
	}
}

// endCaller ends what a caller is being answered.
func (u *conns) endCaller(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.conns {
		if call := c.call.Load(); call != nil && call.caller == name {
			call.cancel(errRevoked)
		}
	}
}

// Accept waits for a connection. It waits on when the machine has no room for
// one just now; fasthttp would close the door for good.
func (l *listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	for ; noRoom(err); nc, err = l.Listener.Accept() {
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: nc, writeTimeout: l.writeTimeout, unused: l.unused, open: l.open}
	c.unwatch = l.watch.add(nc, &c.watched)
	l.unused.add(c)
	l.open.add(c)
	if secure, ok := nc.(*tls.Conn); ok {
		return &tlsConn{c, secure}, nil
	}
	return c, nil
}

func noRoom(err error) bool {
	for _, e := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// A conn does two things that fasthttp does not. Each write has a deadline of
// its own: fasthttp's WriteTimeout is one for the whole response, and would cut
// every stream that is longer. And it closes gently after a request that was
// not read to its end, since closing with unread bytes makes the kernel send a
// reset, on which the client throws our explanation away.
type conn struct {
	net.Conn
	watched
	unwatch      func()
	writeUntil   time.Time
	host         string // that its last request was addressed to, and that was let in
	writeTimeout time.Duration
	linger       atomic.Bool
	unused       *conns // of those on which nothing came yet
	open         *conns // of all
	used         bool   // by the goroutine that reads
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.used {
		c.used = true
		c.unused.remove(c)
	}
	return n, err
}

// slowest is the rate at which the slowest reader we wait for takes an answer,
// or sends a question: bytes per second on a bad mobile line.
const slowest = 4 << 10

func atSlowest(n int) time.Duration { return time.Duration(n) * time.Second / slowest }

// Write gives the reader time by the size of p, give or take a second: setting
// a deadline costs as much as reading a small header.
func (c *conn) Write(p []byte) (int, error) {
	until := time.Now().Add(c.writeTimeout + atSlowest(len(p)))
	if later := until.Sub(c.writeUntil); later > min(time.Second, c.writeTimeout/8) || later < 0 {
		if err := c.SetWriteDeadline(until); err != nil {
			return 0, err
		}
		c.writeUntil = until
	}
	return c.Conn.Write(p)
}

// How much of a refused request is read, and for how long, so that the client
// comes to read why.
const (
	lingerBytes = 64 << 20
	lingerTime  = 3 * time.Second
)

func (c *conn) Close() error {
	c.unused.remove(c)
	c.open.remove(c)
	c.unwatch()
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if ok && c.linger.Load() && half.CloseWrite() == nil {
		c.SetReadDeadline(time.Now().Add(lingerTime))
		io.CopyN(io.Discard, c.Conn, lingerBytes)
	}
	return c.Conn.Close()
}

// A tlsConn lets fasthttp see that the connection is encrypted.
type tlsConn struct {
	*conn
	secure *tls.Conn
}

func (c *tlsConn) Handshake() error                     { return c.secure.Handshake() }
func (c *tlsConn) ConnectionState() tls.ConnectionState { return c.secure.ConnectionState() }

// connOf returns our conn beneath c, or nil.
func connOf(c net.Conn) *conn {
	switch c := c.(type) {
	case *conn:
		return c
	case *tlsConn:
		return c.conn
	}
	return nil
}

// lazy is formatted if it is logged.
type lazy struct {
	format string
	args   []any
}

func (l lazy) String() string { return fmt.Sprintf(l.format, l.args...) }
