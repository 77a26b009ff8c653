package main

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// A faultLink is the network between two sites, with all that happens to it. It is a
// TCP proxy on loopback for each way that leads over it.
type faultLink struct {
	mu    sync.Mutex
	free  *sync.Cond
	state linkState
	conns map[*net.TCPConn]bool
	bad   string // words that must not go over it
	seen  int    // times that they did
}

// A linkState is how the network is.
type linkState struct {
	cut   bool          // what is open is reset, and so is what comes
	hole  bool          // nothing gets through, and nobody is told
	delay time.Duration // of each piece, one way
	rate  int           // bytes a second; 0 is any number
}

func newLink(bad string) *faultLink {
	l := &faultLink{conns: map[*net.TCPConn]bool{}, bad: bad}
	l.free = sync.NewCond(&l.mu)
	return l
}

// to returns an address that leads over the link.
func (l *faultLink) to(t *testing.T, target string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ln.Close()
		l.set(linkState{cut: true})
	})
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go l.carry(conn.(*net.TCPConn), target)
		}
	}()
	return ln.Addr().String()
}

// set makes the network so from now on.
func (l *faultLink) set(s linkState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = s
	if s.cut {
		for c := range l.conns {
			reset(c)
		}
	}
	l.free.Broadcast()
}

func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// open notes a connection, unless the network is cut.
func (l *faultLink) open(c *net.TCPConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state.cut {
		reset(c)
		return false
	}
	l.conns[c] = true
	return true
}

func (l *faultLink) closed(c *net.TCPConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	c.Close()
}

func (l *faultLink) carry(from *net.TCPConn, target string) {
	if !l.open(from) {
		return
	}
	defer l.closed(from)
	l.pass() // no connection is made through a hole
	conn, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	to := conn.(*net.TCPConn)
	if !l.open(to) {
		return
	}
	defer l.closed(to)
	back := make(chan struct{})
	go func() {
		defer close(back)
		l.copy(from, to)
	}()
	l.copy(to, from)
	<-back
}

// copy passes on what comes, as the network is, and then ends both.
func (l *faultLink) copy(to, from *net.TCPConn) {
	defer to.Close()
	defer from.Close()
	piece, tail := make([]byte, 4<<10), ""
	for {
		n, err := from.Read(piece)
		if n > 0 {
			tail = l.look(tail + string(piece[:n]))
			s := l.pass()
			if s.rate > 0 {
				time.Sleep(time.Duration(n) * time.Second / time.Duration(s.rate))
			}
			time.Sleep(s.delay)
			if _, wrong := to.Write(piece[:n]); wrong != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits while nothing gets through.
func (l *faultLink) pass() linkState {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.state.hole {
		l.free.Wait()
	}
	return l.state
}

// look looks for the words that must not go over the link, and returns what may
// be the beginning of some.
func (l *faultLink) look(text string) (tail string) {
	if n := strings.Count(text, l.bad); n > 0 {
		l.mu.Lock()
		l.seen += n
		l.mu.Unlock()
		return ""
	}
	return text[max(0, len(text)-len(l.bad)+1):]
}

func (l *faultLink) sawBad() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}
