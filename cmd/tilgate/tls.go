package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TLSConfig says what to prove the server's name with. Without it the API is
// plain HTTP, for a proxy in front or for one's own machine.
type TLSConfig struct {
	Cert string `toml:"cert"` // file of the certificate and those that vouch for it, as PEM
	Key  string `toml:"key"`  // file of its private key
}

func (c TLSConfig) check(fault func(format string, args ...any)) {
	if (c.Cert == "") != (c.Key == "") {
		fault("tls: cert and key belong together; name both or none")
	}
}

// A certificate follows its files: what renews it writes them anew, and no
// restart is needed.
type certificate struct {
	TLSConfig
	log     *slog.Logger
	inForce atomic.Pointer[tls.Certificate]
	seen    [2]fileStamp // of the pair in force, or of a faulty one after it
}

type fileStamp struct {
	size    int64
	changed time.Time
}

// secure wraps ln in TLS, with the certificate as its files have it: they are
// looked at at every interval until ctx ends. Without files it returns ln.
func (c TLSConfig) secure(ctx context.Context, ln net.Listener, every time.Duration, metrics prometheus.Registerer, log *slog.Logger) (net.Listener, error) {
	if c.Cert == "" {
		return ln, nil
	}
	cert := &certificate{TLSConfig: c, log: log}
	seen, err := cert.look()
	if err == nil {
		err = cert.read(seen)
	}
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	metrics.MustRegister(cert.expiry())
	go cert.follow(ctx, every)
	return tls.NewListener(ln, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"}, // HTTP/2 is for a proxy in front
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return cert.inForce.Load(), nil
		},
	}), nil
}

func (c *certificate) look() (seen [2]fileStamp, err error) {
	for i, path := range []string{c.Cert, c.Key} {
		info, err := os.Stat(path)
		if err != nil {
			return seen, err
		}
		seen[i] = fileStamp{info.Size(), info.ModTime()}
	}
	return seen, nil
}

func (c *certificate) read(seen [2]fileStamp) error {
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	if err != nil {
		return err
	}
	if end := pair.Leaf.NotAfter; time.Now().After(end) {
		return fmt.Errorf("the certificate %s ended on %s", c.Cert, end.Format(time.DateOnly))
	}
	c.inForce.Store(&pair)
	c.seen = seen
	return nil
}

// follow looks at the files at every interval until ctx ends. While they do not fit together,
// as between two writes, what was in force stays.
func (c *certificate) follow(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var told error
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		seen, err := c.look()
		if err == nil && seen == c.seen {
			continue
		}
		if err == nil {
			err = c.read(seen)
		}
		switch {
		case err == nil:
			told = nil
			c.log.Info("certificate read again", "file", c.Cert, "until", c.inForce.Load().Leaf.NotAfter)
		case told == nil || told.Error() != err.Error():
			told = err
			c.log.Error("reading the certificate; the one in force stays", "err", err)
		}
	}
}
