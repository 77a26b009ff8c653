package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
	pb "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
)

// Options of an Engine. The zero value works.
type Options struct {
	Log *slog.Logger // of what happens in the background; nil is slog.Default()

	sizes mergeSizes
}

// An Engine is an open data folder and the in-memory server in front of it.
type Engine struct {
	dir      string
	opts     Options
	log      *slog.Logger
	lock     *flock.Flock
	catalog  *catalog
	server   *grpc.Server
	listener *bufconn.Listener
	served   chan struct{}
	shared   *grpc.Server // for other processes; nil without Share

	mu          sync.RWMutex
	collections map[string]*collection
	aliases     map[string]string // alias to collection

	closeOnce sync.Once
	closeErr  error
}

// Open opens the data folder dir, making it if need be. One process at a time
// may have it open. Close must be called.
func Open(dir string, opts Options) (*Engine, error) {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.sizes == (mergeSizes{}) {
		opts.sizes = usualSizes
	}
	if err := os.MkdirAll(filepath.Join(dir, "collections"), 0o755); err != nil {
		return nil, fmt.Errorf("opening data folder %s: %w", dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	e := &Engine{dir: dir, opts: opts, log: opts.Log, lock: lock, served: make(chan struct{}),
		collections: map[string]*collection{}, aliases: map[string]string{}}
	if err := e.load(); err != nil {
		e.closeStores()
		return nil, fmt.Errorf("opening data folder %s: %w", dir, err)
	}
	e.listener = bufconn.Listen(1 << 20)
	e.server = newServer(e)
	go func() {
		defer close(e.served)
		if err := e.server.Serve(e.listener); err != nil {
			e.log.Error("embedded engine stopped serving", "err", err)
		}
	}()
	return e, nil
}

func (e *Engine) load() error {
	var err error
	if e.catalog, err = openCatalog(filepath.Join(e.dir, "catalog.db")); err != nil {
		return err
	}
	entries, aliases, err := e.catalog.read()
	if err != nil {
		return err
	}
	e.aliases = aliases
	for _, entry := range entries {
		c, err := openCollection(e.collectionDir(entry.folder), entry.config, e.opts)
		if err != nil {
			return fmt.Errorf("collection %s: %w", entry.config.GetCollectionName(), err)
		}
		e.collections[entry.config.GetCollectionName()] = c
	}
	return e.removeStrays(entries)
}

// removeStrays deletes the folders of collections that a crash left half
// created or half deleted.
func (e *Engine) removeStrays(entries []catalogEntry) error {
	known := map[string]bool{}
	for _, entry := range entries {
		known[entry.folder] = true
	}
	dirs, err := os.ReadDir(filepath.Join(e.dir, "collections"))
	if err != nil {
		return err
	}
	for _, d := range dirs {
		if known[d.Name()] {
			continue
		}
		if err := os.RemoveAll(e.collectionDir(d.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) collectionDir(folder string) string {
	return filepath.Join(e.dir, "collections", folder)
}

// Client returns a new client that is connected to the engine. Close it
// before the engine.
func (e *Engine) Client() (*pb.Client, error) {
	return pb.NewClient(&pb.Config{
		Host:                   "passthrough:///embedded",
		PoolSize:               1,
		KeepAliveTime:          -1, // nothing between us can break
		SkipCompatibilityCheck: true,
		GrpcOptions: []grpc.DialOption{
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				return e.listener.DialContext(ctx)
			}),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
			grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window),
			grpc.WithReadBufferSize(bufferSize), grpc.WithWriteBufferSize(bufferSize),
		},
	})
}

// Close waits for the calls under way, then closes the folder. What was
// acknowledged is on disk already.
func (e *Engine) Close() error {
	e.closeOnce.Do(func() {
		e.server.Stop()
		<-e.served
		e.closeErr = errors.Join(e.unshare(), e.closeStores())
	})
	return e.closeErr
}

func (e *Engine) closeStores() error {
	var errs []error
	for _, c := range e.collections {
		errs = append(errs, c.close())
	}
	if e.catalog != nil {
		errs = append(errs, e.catalog.close())
	}
	errs = append(errs, e.lock.Unlock())
	return errors.Join(errs...)
}

// collection returns the collection that name or an alias of that name stands
// for.
func (e *Engine) collection(name string) (*collection, error) {
	if err := checkCollectionName("collection_name", name); err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	if target, ok := e.aliases[name]; ok {
		name = target
	}
	c := e.collections[name]
	if c == nil {
		return nil, noCollection(name)
	}
	return c, nil
}
