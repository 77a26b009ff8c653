package qdrant

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tilgate/internal/fault"
)

// A Door stands before a Qdrant server that need not be there yet. While it is
// closed every call fails at once, as it does when the server goes away later:
// nobody waits for a server that is known to be away, and nobody is answered
// out of what has not been prepared.
type Door struct {
	Client *qdrant.Client
	server Server
	open   atomic.Bool
}

// Await returns a closed door. Its error is about the address alone, which
// nobody has asked for anything.
func Await(s Server) (*Door, error) {
	d := &Door{server: s}
	var err error
	if d.Client, err = s.client(d.guard); err != nil {
		return nil, err
	}
	return d, nil
}

// Ready looks for the server, has prepare make it ready, whose calls pass the
// door meanwhile, and opens the door. Of its error, Away tells whether it is
// worth trying again.
func (d *Door) Ready(ctx context.Context, prepare func(context.Context) error) error {
	client, err := Dial(ctx, d.server) // of its own: one that has failed waits before it tries again
	if err != nil {
		return err
	}
	client.Close()
	if err := prepare(context.WithValue(ctx, pass{}, d)); err != nil {
		return awayMeanwhile(err)
	}
	d.open.Store(true)
	return nil
}

// pass is the key in the contexts of those whom a closed door lets in.
type pass struct{}

func (d *Door) guard(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if !d.open.Load() && ctx.Value(pass{}) != d {
		return status.Errorf(codes.Unavailable, "Qdrant at %s has not been ready since the start", d.server.Address)
	}
	return invoke(ctx, method, req, reply, conn, opts...)
}

// away is an error about a server that is not there, or not now: nothing says
// that the configuration is wrong.
type away struct{ error }

func (a away) Unwrap() error { return a.error }

// Away reports whether an error of Dial or Ready says that the server is not
// there, so that it is worth trying again. It is false for what has to be put
// right: a key that is refused, a release that is too old, a port at which
// something else answers.
func Away(err error) bool {
	var a away
	return errors.As(err, &a)
}

// awayMeanwhile marks an error of a server that had answered a moment before.
func awayMeanwhile(err error) error {
	code := codeOf(err)
	refused := code == codes.Unauthenticated || code == codes.PermissionDenied
	if !refused && (fault.Unavailable.Is(err) || fault.Timeout.Is(err)) {
		return away{err}
	}
	return err
}

// knockTime is how long it may take to find out whether anything listens.
const knockTime = 2 * time.Second

// away reports whether a greeting failed because the server is not there. gRPC
// keeps of the errors of a connection their text alone, so it is tried again.
func (s Server) away(ctx context.Context, greeted error) bool {
	if errors.Is(ctx.Err(), context.Canceled) {
		return false // it was given up
	}
	knock, cancel := context.WithTimeout(context.WithoutCancel(ctx), knockTime) // the time for a greeting may be up
	defer cancel()
	conn, err := s.Way.DialContext(knock, "tcp", s.Address)
	if err != nil {
		return notThere(err)
	}
	conn.Close()
	return !somethingElse(greeted)
}

// notThere tells an address that does not answer from one that may not be
// connected to.
func notThere(err error) bool {
	var name *net.DNSError // a name that is not known may be that of a service which does not run yet
	var system syscall.Errno
	return errors.As(err, &name) || errors.As(err, &system) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

// somethingElse reports whether who answered speaks another protocol, or is not
// whom the certificate should name. A proxy before a server that is away hangs
// up, or says in gRPC's own words that it is.
func somethingElse(err error) bool {
	if codeOf(err) == codes.Unimplemented {
		return true
	}
	text := err.Error()
	for _, sign := range []string{"http2: ", "tls: ", "x509: "} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
