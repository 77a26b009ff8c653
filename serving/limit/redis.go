package limit

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	_ "embed"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"tilgate/internal/fault"
	"tilgate/internal/outbound"
	"tilgate/serving"
)

// What happens to requests while Redis cannot be asked.
const (
	DownLocal  = "local"  // each process limits its own
	DownOpen   = "open"   // all are let in
	DownClosed = "closed" // none is
)

// Options of a Redis.
type Options struct {
	URL      string       // redis://user:password@host:port/db, or rediss:// for TLS
	Password string       // in place of the URL's
	Down     string       // DownLocal, DownOpen or DownClosed; empty is DownLocal
	Way      outbound.Way // to Redis; keys that may not go it are limited by each process alone
	// Keep is how long it is known what somebody used after the last request; 0
	// is 40 days, which a quota by the month needs.
	Keep time.Duration
	// Local limits while Redis is down; nil makes one.
	Local *Memory
	Log   *slog.Logger // nil means slog.Default()
}

// A Redis limits the callers of all processes that share one Redis server. An
// admission is one round trip. A request in progress holds a slot there, which
// is renewed, and runs out if the process is killed. What is settled after a
// request is sent from one goroutine, so that nobody waits for it.
type Redis struct {
	client *redis.Client
	opts   Options
	own    string        // what the slots of this process begin with
	life   time.Duration // of a slot that is not renewed
	number atomic.Uint64

	down atomic.Int64 // until when Redis is not asked, in Unix nanoseconds

	mu    sync.Mutex
	slots map[string]string // in progress: the caller, by slot

	later chan []any // arguments of the script, the caller's name first
	stop  context.CancelFunc
	done  chan struct{}
}

//go:embed admit.lua
var source string

var script = redis.NewScript(source)

const (
	slotLife = 30 * time.Second // without being renewed
	renewal  = 10 * time.Second
	patience = 250 * time.Millisecond // with Redis, before it counts as down
	respite  = time.Second            // between two tries of one that is down
	backlog  = 1 << 14                // requests that may wait to be settled
	keep     = 40 * 24 * time.Hour
)

// OpenRedis returns limits in a Redis server, which need not be there yet.
func OpenRedis(o Options) (*Redis, error) {
	opts, err := redis.ParseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Password != "" {
		opts.Password = o.Password
	}
	opts.DialTimeout, opts.ReadTimeout, opts.WriteTimeout, opts.PoolTimeout = patience, patience, patience, patience
	opts.MaxRetries = -1 // an admission that may have arrived is not made twice
	opts.DialerRetries = 1
	opts.DisableIdentity = true
	redis.SetLogger(silent{})  // it has but one for the whole program; errors come to us
	if opts.TLSConfig != nil { // of rediss://
		opts.TLSConfig = o.Way.Secure(opts.TLSConfig.ServerName)
	}
	opts.Dialer = dialer(o.Way, opts.TLSConfig)
	o.Keep = cmp.Or(o.Keep, keep)
	if o.Local == nil {
		o.Local = new(Memory)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &Redis{client: redis.NewClient(opts), opts: o, own: rand.Text() + ".", life: slotLife, slots: map[string]string{},
		later: make(chan []any, backlog), stop: stop, done: make(chan struct{})}
	go r.run(ctx)
	return r, nil
}

// Close settles what is left to settle, and ends.
func (r *Redis) Close() error {
	r.stop()
	<-r.done
	return r.client.Close()
}

// Admit lets a request with so many characters in, or says when to come again.
func (r *Redis) Admit(ctx context.Context, c serving.Caller, chars int) (serving.Grant, error) {
	l := limitsOf(c)
	if l == nil {
		return serving.Grant{}, nil
	}
	if !r.mayGo(ctx, c) {
		return r.opts.Local.Admit(ctx, c, chars)
	}
	if r.isDown() {
		return r.without(ctx, c, chars)
	}
	slot := r.own + strconv.FormatUint(r.number.Add(1), 36)
	what, n, err := r.ask(ctx, c.Name, r.arguments("admit", slot, serving.Quota{Requests: 1, Chars: bounded(chars)}, l))
	switch {
	case err != nil && ctx.Err() != nil:
		return serving.Grant{}, err
	case err != nil:
		r.broken(err)
		return r.without(ctx, c, chars)
	case what >= 0:
		return serving.Grant{}, over(int(what), l, time.Duration(n)*time.Millisecond)
	}
	r.mu.Lock()
	r.slots[slot] = c.Name
	r.mu.Unlock()
	return serving.Grant{Release: func() { r.free(c.Name, slot) }, Limit: l.Requests, Left: n}, nil
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// mayGo reports whether what a caller uses may be told to where Redis is.
func (r *Redis) mayGo(ctx context.Context, c serving.Caller) bool {
	return len(c.Scope.Sites) == 0 || r.opts.Way.Check(outbound.WithSites(ctx, c.Scope.Sites)) == nil
}

// dialer connects to Redis. Connections are shared: what goes over them is
// checked before.
func dialer(way outbound.Way, secure *tls.Config) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := way.DialContext(outbound.Unrestricted(ctx), network, address)
		if err != nil || secure == nil {
			return conn, err
		}
		wrapped := tls.Client(conn, secure)
		if err := wrapped.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return wrapped, nil
	}
}

// without decides while Redis cannot be asked.
func (r *Redis) without(ctx context.Context, c serving.Caller, chars int) (serving.Grant, error) {
	switch r.opts.Down {
	case DownOpen:
		return serving.Grant{}, nil
	case DownClosed:
		return serving.Grant{}, fault.Unavailable.After(respite, "the limits of this key cannot be checked now; ask again")
	}
	return r.opts.Local.Admit(ctx, c, chars)
}

func (r *Redis) free(name, slot string) {
	r.mu.Lock()
	delete(r.slots, slot)
	r.mu.Unlock()
	r.send(append([]any{name}, r.arguments("settle", slot, serving.Quota{}, &serving.Limits{})...))
}

// Record charges what a request turned out to cost.
func (r *Redis) Record(ctx context.Context, x serving.Exchange) {
	l := limitsOf(x.Caller)
	if l == nil {
		return
	}
	if r.isDown() || !r.mayGo(ctx, x.Caller) {
		r.opts.Local.Record(ctx, x)
		return
	}
	r.send(append([]any{x.Caller.Name}, r.arguments("settle", "", settled(x), l)...))
}

// Refund takes back what was charged for a request that was let in here and
// nowhere else.
func (r *Redis) Refund(ctx context.Context, c serving.Caller, chars int) {
	l := limitsOf(c)
	if l == nil {
		return
	}
	if r.isDown() || !r.mayGo(ctx, c) {
		r.opts.Local.Refund(ctx, c, chars)
		return
	}
	r.send(append([]any{c.Name}, r.arguments("settle", "", refund(chars), l)...))
}

// send has the script run soon. What finds no room is not charged: Redis has
// been slow for long then, and nobody is to wait.
func (r *Redis) send(args []any) {
	select {
	case r.later <- args:
	default:
	}
}

func (r *Redis) arguments(verb, slot string, cost serving.Quota, l *serving.Limits) []any {
	return []any{verb, slot, r.life.Milliseconds(), cost.Requests, cost.Chars, cost.Tokens,
		l.Requests, l.Chars, l.Tokens, l.Concurrent, l.Day.Requests, l.Day.Chars, l.Day.Tokens,
		l.Month.Requests, l.Month.Chars, l.Month.Tokens, r.opts.Keep.Milliseconds()}
}

// keysOf returns where a caller's use is kept; the braces keep both on one
// server of a cluster.
func keysOf(name string) []string {
	base := "tilgate:{" + url.QueryEscape(name) + "}:"
	return []string{base + "used", base + "live"}
}

// ask runs the script.
func (r *Redis) ask(ctx context.Context, name string, args []any) (what, n int64, err error) {
	got, err := script.Run(ctx, r.client, keysOf(name), args...).Int64Slice()
	if err != nil {
		return 0, 0, err
	}
	if len(got) != 2 || got[0] < -1 || got[0] > monthTokens {
		return 0, 0, fault.Internal.Errorf("Redis answers %v", got)
	}
	return got[0], got[1], nil
}

func (r *Redis) isDown() bool { return time.Now().UnixNano() < r.down.Load() }

// broken notes that Redis cannot be asked, and says so once in a while.
func (r *Redis) broken(err error) {
	until := time.Now().Add(respite).UnixNano()
	if before := r.down.Swap(until); until-before > int64(renewal) {
		r.opts.Log.Error("Redis cannot be asked about limits", "down", r.opts.Down, "err", err)
	}
}
