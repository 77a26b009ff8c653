package send

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"tilgate/internal/outbound"
	"tilgate/serving/handover"
)

// A Queue adds cases to a stream of Redis: each entry has the case's id, and the
// case as JSON. Entries that are older than cases are kept are taken off.
type Queue struct {
	outbound.Way
	client *redis.Client
	opts   QueueOptions
}

// QueueOptions say where a queue is.
type QueueOptions struct {
	URL      string        // redis://user@host:port/db, or rediss:// for TLS
	Password string        // in place of the URL's
	Stream   string        // empty is "tilgate.handover"
	Keep     time.Duration // of entries; 0 means for ever
	Links    Links
}

const defaultStream = "tilgate.handover"

// NewQueue returns a queue, whose server need not be there yet.
func NewQueue(o QueueOptions, way outbound.Way) (*Queue, error) {
	opts, err := redis.ParseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if o.Password != "" {
		opts.Password = o.Password
	}
	if opts.TLSConfig != nil { // of rediss://
		opts.TLSConfig = way.Secure(opts.TLSConfig.ServerName)
	}
	secure := opts.TLSConfig
	opts.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := way.DialContext(outbound.Unrestricted(ctx), network, address) // connections are shared; cases are checked
		if err != nil || secure == nil {
			return conn, err
		}
		return encrypted(ctx, conn, secure)
	}
	opts.MaxRetries, opts.DialerRetries = -1, 1 // the desk tries again
	opts.DisableIdentity = true
	redis.SetLogger(silent{}) // it has but one for the whole program; errors come to us
	o.Stream = cmp.Or(o.Stream, defaultStream)
	return &Queue{way, redis.NewClient(opts), o}, nil
}

// silent drops what the client has to say beside its errors.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// encrypted returns what a connection is once both ends know each other.
func encrypted(ctx context.Context, conn net.Conn, secure *tls.Config) (net.Conn, error) {
	wrapped := tls.Client(conn, secure)
	if err := wrapped.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return wrapped, nil
}

// Send adds a case to the stream.
func (q *Queue) Send(ctx context.Context, c handover.Case) error {
	if err := q.Check(ctx); err != nil {
		return err
	}
	body, err := q.opts.Links.tell(c)
	if err != nil {
		return err
	}
	add := &redis.XAddArgs{Stream: q.opts.Stream, Values: []any{"id", c.ID, "case", body}}
	if q.opts.Keep > 0 {
		add.MinID, add.Approx = strconv.FormatInt(time.Now().Add(-q.opts.Keep).UnixMilli(), 10), true
	}
	if err := q.client.XAdd(ctx, add).Err(); err != nil {
		return fmt.Errorf("the queue does not take it: %w", err)
	}
	return nil
}

// Close ends its connections.
func (q *Queue) Close() error { return q.client.Close() }
