package pdf

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"tilgate/internal/fault"
)

// maxMemory is what one instance may hold, in pages of WebAssembly. A file that
// wants more makes its instance trap.
const (
	pageSize  = 64 << 10
	maxMemory = 512 << 20 / pageSize
)

// An engine compiles pdfium once, when the first file needs it, and hands out
// instances: as many at a time as there are workers.
type engine struct {
	free chan struct{} // holds what instances may still be had

	mu     sync.Mutex // of what follows, and while an instance is made
	pool   pdfium.Pool
	made   api.Module // by the instance that is being made
	closed bool
}

func newEngine(workers int) *engine {
	return &engine{free: make(chan struct{}, workers)}
}

// start returns a fresh instance. It must be closed or killed.
func (e *engine) start(ctx context.Context) (*guest, error) {
	select {
	case e.free <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	g, err := e.instance(ctx)
	if err != nil {
		<-e.free
		return nil, fault.Unavailable.Wrap(err, "the PDF engine did not start")
	}
	return g, nil
}

func (e *engine) instance(ctx context.Context) (*guest, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errors.New("the reader is closed")
	}
	if e.pool == nil {
		pool, err := e.compile()
		if err != nil {
			return nil, err
		}
		e.pool = pool
	}
	made, err := e.pool.GetInstanceWithContext(ctx)
	if err != nil {
		return nil, err
	}
	g := newGuest(made, e.made, func() { <-e.free })
	e.made = nil
	return g, nil
}

func (e *engine) compile() (pdfium.Pool, error) {
	ctx := experimental.WithFunctionListenerFactory(context.Background(), &listener{e})
	return webassembly.Init(webassembly.Config{
		Context:  experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(newMemory)),
		MaxTotal: cap(e.free),
		// A file has no business with other files, or with our output.
		FSConfig: wazero.NewFSConfig(),
		Stdout:   io.Discard,
		Stderr:   io.Discard,
		// pdfium seeds the hashes of its tables with it.
		RandomSource: rand.Reader,
		RuntimeConfig: wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithMemoryLimitPages(maxMemory).
			WithCloseOnContextDone(true), // so that a call that hangs can be ended
	})
}

// close ends the engine. Instances that are out end when they are closed.
func (e *engine) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.pool == nil {
		return nil
	}
	pool := e.pool
	e.pool = nil
	return pool.Close()
}

// A listener gets hold of the module of each instance. go-pdfium keeps it to
// itself, and its own calls are too slow for every letter of a page: each makes
// a handle that lives until the document is closed.
type listener struct{ *engine }

func (l *listener) NewFunctionListener(def api.FunctionDefinition) experimental.FunctionListener {
	for _, name := range def.ExportNames() {
		if name == "FPDF_InitLibrary" { // once for each instance
			return l
		}
	}
	return nil
}

func (l *listener) Before(_ context.Context, mod api.Module, _ api.FunctionDefinition, _ []uint64, _ experimental.StackIterator) {
	l.made = mod
}

func (l *listener) After(context.Context, api.Module, api.FunctionDefinition, []uint64) {}

func (l *listener) Abort(context.Context, api.Module, api.FunctionDefinition, error) {}

// within runs f, which may use the guest, and kills the guest if f takes longer
// than limit or ctx ends. Then the guest cannot be used any more.
func (g *guest) within(ctx context.Context, limit time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTooSlow)
	defer cancel()
	stopped := make(chan struct{})
	kill := context.AfterFunc(ctx, func() {
		defer close(stopped)
		g.kill()
	})
	err := f()
	if kill() {
		return err
	}
	<-stopped
	return context.Cause(ctx)
}

// errTooSlow is why a guest was killed.
var errTooSlow = fault.Timeout.Errorf("it takes too long to read")
