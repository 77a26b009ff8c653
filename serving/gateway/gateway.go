// Package gateway is the HTTP front: OpenAI's API, and a page to ask on.
//
// fasthttp ends here. A handler copies what it needs out of the request,
// because fasthttp uses its memory again as soon as the response is written,
// and calls a Service with a context that ends when the reader leaves. Nothing
// in fasthttp says that a reader left, so a watcher looks at the connections
// (watch.go). An answer on the page goes on for a while without its reader, whose
// line may only have broken (resume.go).
//
// Only this package turns kinds of error into status codes (errors.go).
package gateway

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"tilgate/serving"
	"tilgate/serving/feedback"
	"tilgate/serving/handover"
	"tilgate/serving/web"
)

// A Service answers.
type Service interface {
	// Route says what a model name means: "auto", "auto:ky", the name of an
	// adapter, or a plain model.
	Route(ctx context.Context, model string) serving.Route
	// Answer yields one Plan, Deltas and one Done, or an error at any point.
	Answer(ctx context.Context, r serving.Request) iter.Seq2[serving.Event, error]
	// Forward returns what a plain model answers.
	Forward(ctx context.Context, c serving.Caller, r serving.Raw) (serving.Reply, error)
	// Models lists what the caller can name.
	Models(ctx context.Context, c serving.Caller) ([]serving.ModelInfo, error)
	// Running lists what is in memory now, of what the caller can name.
	Running(ctx context.Context, c serving.Caller) ([]serving.ModelInfo, error)
	// Search finds passages, and says what language it took the question for.
	Search(ctx context.Context, c serving.Caller, q serving.Search) (serving.Found, error)
	// Detect says what language texts are in.
	Detect(texts []string) []serving.Language
	// Languages lists what is served.
	Languages(ctx context.Context) []serving.Spoken
	// Knowledge lists the knowledge bases that a caller may search.
	Knowledge(ctx context.Context, c serving.Caller) ([]serving.KnowledgeBase, error)
	// Ready returns what answers lack for now; an error says why there are none.
	Ready(ctx context.Context) (serving.Lack, error)
}

// Keys says who holds a secret, or why nobody is let in with it. The secret is
// empty if none was shown.
type Keys interface {
	Check(secret string) (serving.Caller, error)
}

// Limits says whether a caller may ask now, with so many characters. An error
// is of the kind fault.Limited. Each request that is let in calls the grant's
// Release, once, when it has ended.
type Limits interface {
	Admit(ctx context.Context, c serving.Caller, chars int) (serving.Grant, error)
}

// Options are the choices of whoever runs the gateway.
type Options struct {
	Hosts   []string // names in the Host header that are served, besides the address itself
	Origins []string // web origins that may call the API from a browser: "https://app.example.org"

	Pages   Pages          // what page keys there are; nil knows of none
	Proxies []netip.Prefix // whose word about where a request comes from is taken

	MaxBody     int // bytes of a request body; 0 means 8 MiB
	MaxQuestion int // characters of a question; 0 means 32,000

	ReadTimeout  time.Duration // for the header and the first part of the body; 0 means 10 s
	IdleTimeout  time.Duration // between two requests on a connection; 0 means 2 min
	WriteTimeout time.Duration // for one piece of an answer to be taken; 0 means 30 s
	PingEvery    time.Duration // silence in a stream before a comment is sent; 0 means 10 s
	DrainWait    time.Duration // between "not ready" and closing the door, for a balancer to notice
	ResumeFor    time.Duration // an answer on the page goes on with nobody who listens; 0 means 20 s, less that it does not

	Limits Limits // nil sets none

	Feedback *feedback.Desk // takes what people say about answers; nil takes none
	Handover *handover.Desk // asks people where the assistant cannot help; nil asks none
	Share    bool           // the page offers links to a question, which hold its text

	Console       Console // the operator's pages; nil has none
	SessionSecret string  // by which several processes know each other's operators; empty makes one up

	Log *slog.Logger // nil means slog.Default()
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxBody, 8<<20)
	setDefault(&o.MaxQuestion, 32_000)
	setDefault(&o.ReadTimeout, 10*time.Second)
	setDefault(&o.IdleTimeout, 2*time.Minute)
	setDefault(&o.WriteTimeout, 30*time.Second)
	setDefault(&o.PingEvery, 10*time.Second)
	setDefault(&o.ResumeFor, resumeFor)
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

func setDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// A Gateway serves HTTP.
type Gateway struct {
	svc    Service
	keys   Keys
	opts   Options
	log    *slog.Logger
	server *fasthttp.Server
	site   *web.Site
	hosts  map[string]bool
	routes map[string]methods

	sessions  *sessions            // of operators
	embedded  map[string]embedFile // what puts it into other pages, by path
	strangers sync.Once            // it was said that X-Forwarded-For is not believed

	base     context.Context // of every request; ends when draining took too long
	cancel   context.CancelCauseFunc
	draining atomic.Bool
	watch    func() (*watcher, error) // the one of all connections, made when it is first needed
	unused   conns                    // on which nothing came yet: browsers open them in store, and fasthttp waits 5 s for each when it shuts down
	open     conns
	answers  *held         // on the page
	heavy    chan struct{} // one for each stream that is packed with much memory
}

// New returns a gateway that asks svc and lets in whom keys knows.
func New(svc Service, keys Keys, opts Options) *Gateway {
	opts = opts.withDefaults()
	if opts.Feedback != nil {
		svc = remembering{svc, opts.Feedback.Memory}
	}
	g := &Gateway{svc: svc, keys: keys, opts: opts, log: opts.Log, site: must(web.New()), hosts: hostSet(opts.Hosts)}
	g.base, g.cancel = context.WithCancelCause(context.Background())
	g.watch = sync.OnceValues(newWatcher)
	g.answers = newHeld(opts.ResumeFor)
	g.heavy = make(chan struct{}, maxHeavy)
	g.embedded = embedFiles(g.site)
	g.sessions = newSessions(opts.SessionSecret)
	g.routes = g.table()
	g.server = &fasthttp.Server{
		Handler:                      g.handle,
		ErrorHandler:                 g.unreadable,
		HeaderReceived:               g.readLimits,
		MaxRequestBodySize:           opts.MaxBody,
		ReadBufferSize:               maxHeader,
		ReadTimeout:                  opts.ReadTimeout,
		IdleTimeout:                  opts.IdleTimeout,
		CloseOnShutdown:              true,
		DisablePreParseMultipartForm: true,
		NoDefaultServerHeader:        true,
		Logger:                       quiet{g.log},
	}
	return g
}

// errDraining is why what is still in progress at the end of Shutdown ends.
var errDraining = errors.New("the server is shutting down")

// Serve answers the connections of ln until Shutdown, and then returns nil.
func (g *Gateway) Serve(ln net.Listener) error {
	if g.draining.Load() { // Shutdown was quicker
		return ln.Close()
	}
	watch, err := g.watch()
	if err != nil {
		return fmt.Errorf("watching connections: %w", err)
	}
	return g.server.Serve(&listener{Listener: ln, writeTimeout: g.opts.WriteTimeout, unused: &g.unused, open: &g.open, watch: watch})
}

// lastWords is the time in which answers that are cut can say so.
const lastWords = 2 * time.Second

// Shutdown ends well: it says "not ready", closes the door, and lets answers
// in progress come to their end. Those that are not done when ctx is over are
// cut, and Shutdown returns the context's error.
func (g *Gateway) Shutdown(ctx context.Context) error {
	g.draining.Store(true)
	select {
	case <-ctx.Done():
	case <-time.After(g.opts.DrainWait):
	}
	// fasthttp gives up waiting for good when its context ends, so it gets one
	// that ends later than ours.
	last, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	cut := context.AfterFunc(ctx, func() {
		g.cancel(errDraining)
		time.AfterFunc(lastWords, stop)
	})
	g.answers.drain()
	g.unused.close()
	err := g.server.ShutdownWithContext(last)
	if !cut() {
		err = ctx.Err()
	}
	g.cancel(errDraining)
	g.answers.wait(lastWords)
	if watch, wrong := g.watch(); wrong == nil {
		watch.close()
	}
	return err
}

// quiet sends what fasthttp has to say to the log. It is about connections
// that clients broke, mostly.
type quiet struct{ log *slog.Logger }

func (q quiet) Printf(format string, args ...any) { q.log.Debug("http", "about", lazy{format, args}) }
