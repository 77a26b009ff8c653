package gateway

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// hungUp reports whether the other end closed. It asks for the state of the
// socket, not for its next byte: a pipelined request, or the alert with which
// TLS says goodbye, stands before the end and would hide it from a peek.
func hungUp(raw syscall.RawConn) bool {
	gone := false
	err := raw.Control(func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(fds, 0)
		gone = err == nil && n > 0 && fds[0].Revents != 0
	})
	return gone || err != nil
}
