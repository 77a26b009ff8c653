package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// socketName is the door for other processes of the same user, in the data
// folder.
const socketName = "store.sock"

// Share lets other processes of the same user read what is stored, through
// Dial, until the engine is closed. They can change nothing.
func (e *Engine) Share() error {
	path := filepath.Join(e.dir, socketName)
	// Who had the folder before may have been killed; we have its lock now.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	short, done, err := shortPath(e.dir)
	if err != nil {
		return err
	}
	defer done()
	ln, err := net.Listen("unix", filepath.Join(short, socketName))
	if err != nil {
		return fmt.Errorf("letting others read the data folder %s: %w", e.dir, err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false) // it knows the file by its short name
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, ln.Close(), os.Remove(path))
	}
	e.shared = newServer(e, readsOnly)
	go func() {
		if err := e.shared.Serve(ln); err != nil {
			e.log.Error("embedded engine stopped serving other processes", "err", err)
		}
	}()
	return nil
}

// unshare ends Share. Calls under way end first.
func (e *Engine) unshare() error {
	if e.shared == nil {
		return nil
	}
	e.shared.Stop()
	if err := os.Remove(filepath.Join(e.dir, socketName)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// reads are the calls that change nothing.
var reads = map[string]bool{
	pb.Qdrant_HealthCheck_FullMethodName:           true,
	pb.Collections_Get_FullMethodName:              true,
	pb.Collections_List_FullMethodName:             true,
	pb.Collections_ListAliases_FullMethodName:      true,
	pb.Collections_CollectionExists_FullMethodName: true,
	pb.Points_Get_FullMethodName:                   true,
	pb.Points_Scroll_FullMethodName:                true,
	pb.Points_Count_FullMethodName:                 true,
}

func readsOnly(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if !reads[info.FullMethod] {
		return nil, status.Errorf(codes.PermissionDenied, "%s is not for other processes, which may only read", callName(info.FullMethod))
	}
	start := time.Now()
	resp, err := next(ctx, req)
	// Who reads all of a store leaves this process as much time as it takes.
	select {
	case <-time.After(min(time.Since(start), time.Second)):
	case <-ctx.Done():
	}
	return resp, err
}

// ErrNotShared is what Dial returns where no process lets others read.
var ErrNotShared = errors.New("no running service lets others read the data folder")

// Dial returns a client that reads from the process that has the data folder
// open and shares it.
func Dial(ctx context.Context, dir string) (*pb.Client, error) {
	client, err := pb.NewClient(&pb.Config{
		Host: "passthrough:///shared", PoolSize: 1, KeepAliveTime: -1, SkipCompatibilityCheck: true,
		GrpcOptions: []grpc.DialOption{
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				short, done, err := shortPath(dir)
				if err != nil {
					return nil, err
				}
				defer done()
				return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(short, socketName))
			}),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
			grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window),
		},
	})
	if err != nil {
		return nil, err
	}
	if _, err := client.HealthCheck(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrNotShared, err), client.Close())
	}
	return client, nil
}

// shortPath names a folder in few bytes until done is called, where that can
// be: the name of a socket has at most some hundred.
func shortPath(dir string) (short string, done func(), err error) {
	if _, err := os.Stat("/proc/self/fd"); runtime.GOOS != "linux" || err != nil {
		return dir, func() {}, nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d", f.Fd()), func() { f.Close() }, nil
}
