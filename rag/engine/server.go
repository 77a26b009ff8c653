package engine

import (
	"context"
	"fmt"
	"net"
	"runtime/debug"
	"strings"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
)

// version is the Qdrant release whose behaviour the engine follows; the
// client warns when it is more than one minor release from its own.
const version = "1.18.3"

const (
	maxMessage = 256 << 20
	window     = 8 << 20
	bufferSize = 128 << 10
)

// newServer makes a server of which every call passes the guards first.
func newServer(e *Engine, guards ...grpc.UnaryServerInterceptor) *grpc.Server {
	s := grpc.NewServer(
		grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
		grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(window),
		grpc.ReadBufferSize(bufferSize), grpc.WriteBufferSize(bufferSize),
		// The Go client pings every ten seconds, idle or not; the default
		// policy would hang up on it.
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.WaitForHandlers(true),
		grpc.ChainUnaryInterceptor(append(guards, e.recoverPanics, nameUnimplemented)...),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			method, _ := grpc.MethodFromServerStream(stream)
			return unimplemented(callName(method))
		}),
	)
	pb.RegisterQdrantServer(s, &healthService{})
	pb.RegisterCollectionsServer(s, &collectionsService{engine: e})
	pb.RegisterPointsServer(s, &pointsService{engine: e})
	return s
}

// Serve answers on another listener as well, until the engine is closed: for
// tests that want a wire between client and engine. There is no key to it.
func (e *Engine) Serve(ln net.Listener) error { return e.server.Serve(ln) }

// recoverPanics is the last resort: a mistake of ours fails one call, not the
// process.
func (e *Engine) recoverPanics(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
	defer func() {
		if r := recover(); r != nil {
			e.log.Error("embedded engine panicked", "call", info.FullMethod, "panic", r, "stack", string(debug.Stack()))
			resp, err = nil, status.Errorf(codes.Internal, "Service internal error: %v", r)
		}
	}()
	return next(ctx, req)
}

// nameUnimplemented gives the generated "not implemented" errors a text that
// names the call and the way out.
func nameUnimplemented(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	resp, err := next(ctx, req)
	if s, ok := status.FromError(err); ok && s.Code() == codes.Unimplemented && strings.HasPrefix(s.Message(), "method ") {
		return nil, unimplemented(callName(info.FullMethod))
	}
	return resp, err
}

// callName turns "/qdrant.Points/Facet" into "Points.Facet".
func callName(method string) string {
	return strings.ReplaceAll(strings.TrimPrefix(method, "/qdrant."), "/", ".")
}

type healthService struct {
	pb.UnimplementedQdrantServer
}

func (*healthService) HealthCheck(context.Context, *pb.HealthCheckRequest) (*pb.HealthCheckReply, error) {
	return &pb.HealthCheckReply{Title: "tilgate embedded subset of Qdrant", Version: version}, nil
}

// seconds since start, as every Qdrant reply carries them.
func since(start time.Time) float64 { return time.Since(start).Seconds() }

func checkCollectionName(field, name string) error {
	if name == "" || len(name) > 255 {
		return validation("%s: value %q invalid, must be from 1 to 255 characters", field, name)
	}
	if i := strings.IndexAny(name, "<>:\"/\\|?*\x00\x1f"); i >= 0 {
		return validation("%s: value %q invalid, must not contain %s", field, name, fmt.Sprintf("%q", name[i]))
	}
	return nil
}
