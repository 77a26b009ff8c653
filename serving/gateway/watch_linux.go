package gateway

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// A watcher asks the kernel to tell when the other end of a connection hangs
// up, once for each connection. It looks at the state of the socket, not for
// its next byte: a pipelined request, or the alert with which TLS says
// goodbye, stands before the end and would hide it from a peek.
type watcher struct {
	epoll int
	wake  int // an eventfd that ends run
	done  chan struct{}

	mu    sync.Mutex
	conns map[int32]entry // by file descriptor
	turn  int32

	once   sync.Once
	closed bool
}

// An entry is a connection and the number under which it was added, since a
// file descriptor is used again.
type entry struct {
	*watched
	turn int32
}

func newWatcher() (*watcher, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err == nil {
		err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(wake)})
	}
	if err != nil {
		return nil, errors.Join(err, unix.Close(epoll))
	}
	w := &watcher{epoll: epoll, wake: wake, done: make(chan struct{}), conns: map[int32]entry{}}
	go w.run()
	return w, nil
}

// add begins to watch a connection, and returns how to end it before the
// connection is closed. One without a file descriptor is not watched: there a
// stream's pings find out, by failing.
func (w *watcher) add(nc net.Conn, who *watched) (remove func()) {
	raw := rawConn(nc)
	if raw == nil {
		return func() {}
	}
	var fd int32
	err := raw.Control(func(descriptor uintptr) {
		fd = int32(descriptor)
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.closed {
			return
		}
		w.turn++
		w.conns[fd] = entry{who, w.turn}
		event := unix.EpollEvent{Events: unix.EPOLLRDHUP | unix.EPOLLONESHOT, Fd: fd, Pad: w.turn}
		if unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, int(fd), &event) != nil {
			delete(w.conns, fd)
		}
	})
	if err != nil {
		return func() {}
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.conns[fd].watched == who { // closing it takes it from the kernel's list
			delete(w.conns, fd)
		}
	}
}

func (w *watcher) run() {
	defer close(w.done)
	events := make([]unix.EpollEvent, 128)
	for {
		n, err := unix.EpollWait(w.epoll, events, -1)
		if err != nil && err != unix.EINTR {
			return
		}
		for _, e := range events[:max(n, 0)] {
			if e.Fd == int32(w.wake) {
				return
			}
			w.mu.Lock()
			who := w.conns[e.Fd]
			w.mu.Unlock()
			if who.watched != nil && who.turn == e.Pad {
				who.hangUp()
			}
		}
	}
}

// close ends the watch. Connections may still be added, and are not watched.
func (w *watcher) close() {
	w.once.Do(func() {
		one := [8]byte{1}
		unix.Write(w.wake, one[:])
		<-w.done
		w.mu.Lock()
		defer w.mu.Unlock()
		w.closed = true
		unix.Close(w.wake)
		unix.Close(w.epoll)
	})
}

// rawConn returns the socket beneath nc, or nil.
func rawConn(nc net.Conn) syscall.RawConn {
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
