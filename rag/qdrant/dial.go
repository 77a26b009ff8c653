package qdrant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
)

// Server says where a Qdrant server is.
type Server struct {
	Address string // host:port of gRPC, usually port 6334
	APIKey  string
	TLS     bool
	Way     outbound.Way
	Timeout time.Duration // of a call whose caller sets none; 0 means a minute
}

const (
	dialTimeout = 10 * time.Second
	callTimeout = time.Minute
	maxAnswer   = 64 << 20 // bytes; a page of passages with vectors is far smaller
)

// A server that was away for long is found again within seconds: gRPC itself
// waits for up to two minutes between two attempts.
var again = grpc.ConnectParams{MinConnectTimeout: 5 * time.Second,
	Backoff: backoff.Config{BaseDelay: 500 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second}}

// Qdrant before 1.16 knows neither the fusion nor the metadata that we use.
const oldestMajor, oldestMinor = 1, 16

// Dial returns a client of a Qdrant server that has answered. Its error says
// what to change when the address is the REST port, the key is wrong or the
// server too old; Away tells it from a server that is not there.
func Dial(ctx context.Context, s Server) (*qdrant.Client, error) {
	client, err := s.client()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, min(dialTimeout, cmp.Or(s.Timeout, dialTimeout)))
	defer cancel()
	if err := greet(ctx, client, s); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

// client returns a client that has asked for nothing yet. Calls pass guard first.
func (s Server) client(guard ...grpc.UnaryClientInterceptor) (*qdrant.Client, error) {
	host, portText, err := net.SplitHostPort(s.Address)
	port, portErr := strconv.Atoi(portText)
	if err != nil || portErr != nil {
		return nil, fault.Invalid.Errorf("qdrant address %q is not host:port; Qdrant's gRPC port is usually 6334", s.Address)
	}
	config := &qdrant.Config{Host: host, Port: port, APIKey: s.APIKey, UseTLS: s.TLS, SkipCompatibilityCheck: true,
		// WithUnaryInterceptor would take the place of the one that sends the key.
		GrpcOptions: append(s.Way.GRPC(), grpc.WithChainUnaryInterceptor(append(guard, deadline(cmp.Or(s.Timeout, callTimeout)))...),
			grpc.WithConnectParams(again), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)))}
	if s.TLS {
		config.TLSConfig = s.Way.Secure(host)
	}
	client, err := qdrant.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("connecting to Qdrant at %s: %w", s.Address, err)
	}
	return client, nil
}

// greet makes sure that who answers is a Qdrant that we can work with.
func greet(ctx context.Context, client *qdrant.Client, s Server) error {
	reply, err := client.HealthCheck(ctx)
	if err == nil && tooOld(reply.GetVersion()) {
		return fault.Unavailable.Errorf("Qdrant at %s is version %s; Tilgate needs %d.%d or later", s.Address, reply.GetVersion(), oldestMajor, oldestMinor)
	}
	if err == nil {
		// Health is told to anybody; this takes the key.
		_, err = client.ListAliases(ctx)
	}
	if err == nil {
		return nil
	}
	code, wrong := codeOf(err), error(nil)
	switch {
	case code == codes.Unauthenticated || code == codes.PermissionDenied:
		return fault.Unavailable.Wrap(err, fmt.Sprintf("Qdrant at %s refuses the key; TILGATE_QDRANT_KEY holds it", s.Address))
	case code == codes.DeadlineExceeded:
		wrong = fault.Timeout.Wrap(err, fmt.Sprintf("Qdrant at %s does not answer over gRPC in time", s.Address))
	case strings.Contains(err.Error(), "connection refused"):
		wrong = fault.Unavailable.Wrap(err, fmt.Sprintf("Qdrant at %s does not answer over gRPC: nothing listens there", s.Address))
	default:
		wrong = fault.Unavailable.Wrap(err, fmt.Sprintf("Qdrant at %s does not answer over gRPC (port 6333 is its REST port, 6334 gRPC; tls says whether it speaks TLS)", s.Address))
	}
	if s.away(ctx, err) {
		return away{wrong}
	}
	return wrong
}

// tooOld goes by what it can read: a version that is no number is let pass.
func tooOld(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return false
	}
	return major < oldestMajor || major == oldestMajor && minor < oldestMinor
}

// codeOf returns the code of the status that an error of the client hides.
func codeOf(err error) codes.Code {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if s, ok := e.(interface{ GRPCStatus() *status.Status }); ok {
			return s.GRPCStatus().Code()
		}
		if errors.Is(e, context.DeadlineExceeded) {
			return codes.DeadlineExceeded
		}
	}
	return codes.Unknown
}

// deadline gives calls without a deadline one: a server that accepts and says
// nothing would hold them for ever.
func deadline(after time.Duration) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if _, ok := ctx.Deadline(); !ok {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, after)
			defer cancel()
		}
		return invoke(ctx, method, req, reply, conn, opts...)
	}
}
