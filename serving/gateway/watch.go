package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// errLeft is why the context of a request ends whose reader closed the
// connection. A reader who closes only its sending half counts as gone, as in
// net/http: the two cannot be told apart before something is written.
var errLeft = errors.Join(errors.New("the reader left"), context.Canceled)

// A watcher looks at the connections of requests in progress, and cancels
// those whose reader left. One goroutine looks at all of them; it runs while
// there is something to watch.
type watcher struct {
	every time.Duration

	mu      sync.Mutex
	watched map[*call]syscall.RawConn
	running bool
}

// add begins to watch. A connection without a file descriptor is not watched:
// there a stream's pings find out, by failing.
func (w *watcher) add(c *call, nc net.Conn) {
	raw := rawConn(nc)
	if raw == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watched == nil {
		w.watched = make(map[*call]syscall.RawConn)
	}
	w.watched[c] = raw
	if !w.running {
		w.running = true
		go w.run()
	}
}

func (w *watcher) remove(c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.watched, c)
}

func (w *watcher) run() {
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for range tick.C {
		if !w.look() {
			return
		}
	}
}

// look looks once. It reports whether there is reason to look again.
func (w *watcher) look() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c, raw := range w.watched {
		if hungUp(raw) {
			c.cancel(errLeft)
			delete(w.watched, c)
		}
	}
	w.running = len(w.watched) > 0
	return w.running
}

// rawConn returns the socket beneath nc, or nil.
func rawConn(nc net.Conn) syscall.RawConn {
	if c := connOf(nc); c != nil {
		nc = c.Conn
	}
	if secure, ok := nc.(*tls.Conn); ok {
		nc = secure.NetConn()
	}
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}
