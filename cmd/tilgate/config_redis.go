package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"tilgate/serving"
	"tilgate/serving/gateway"
	"tilgate/serving/limit"
)

// RedisConfig says where the limits of keys are counted for several processes
// together; without a URL each counts its own.
type RedisConfig struct {
	PlaceConfig
	URL  string `toml:"url"`  // redis://host:port/db, or rediss:// for TLS
	Down string `toml:"down"` // while it cannot be asked: "local" limits, all are let in ("open"), or nobody is ("closed")

	Password string `toml:"-"` // from TILGATE_REDIS_PASSWORD
}

func (c RedisConfig) check(fault func(format string, args ...any)) {
	if _, err := redis.ParseURL(c.URL); c.URL != "" && err != nil {
		fault("redis.url: not a URL such as redis://127.0.0.1:6379/0: %w", whyNoURL(err))
	}
	switch c.Down {
	case "", limit.DownLocal, limit.DownOpen, limit.DownClosed:
	default:
		fault("redis.down: %q is not %q, %q or %q", c.Down, limit.DownLocal, limit.DownOpen, limit.DownClosed)
	}
}

// open returns limits in Redis, for keys and for those who share them. Each has
// connections of its own.
func (c RedisConfig) open(keys, shares *limit.Memory, log *slog.Logger) (limit.Shares, func() error, error) {
	o := limit.Options{URL: c.URL, Password: c.Password, Down: c.Down, Local: keys, Way: c.way("Redis", c.URL), Log: log}
	whole, err := limit.OpenRedis(o)
	if err != nil {
		return limit.Shares{}, nil, err
	}
	o.Local, o.Keep = shares, limit.KeepShares
	each, err := limit.OpenRedis(o)
	if err != nil {
		return limit.Shares{}, nil, errors.Join(err, whole.Close())
	}
	return limit.Shares{Keys: whole, Each: each}, func() error { return errors.Join(whole.Close(), each.Close()) }, nil
}

// limits are those of the gateway, which hear how requests went.
type limits interface {
	gateway.Limits
	serving.Recorder
}

// saveQuotas is how often it is written down what was used of quotas.
const saveQuotas = 10 * time.Second

// openLimits returns the limits of keys; what was used of quotas is kept in the
// data folder. closeLimits waits until that is done.
func openLimits(c Config, log *slog.Logger) (l *limit.Shares, closeLimits func(), err error) {
	if err := os.MkdirAll(c.Data, 0o755); err != nil {
		return nil, nil, err
	}
	path := filepath.Join(c.Data, "quotas.json")
	memory, err := limit.OpenMemory(path)
	if err != nil {
		return nil, nil, err
	}
	shares := &limit.Memory{Most: limit.MostShares}
	both, closeRedis := limit.Shares{Keys: memory, Each: shares}, func() error { return nil }
	if c.Redis.URL != "" {
		if both, closeRedis, err = c.Redis.open(memory, shares, log); err != nil {
			return nil, nil, err
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var saved sync.WaitGroup
	saved.Go(func() { memory.Keep(ctx, path, saveQuotas, log) })
	return &both, func() {
		_ = closeRedis()
		cancel()
		saved.Wait()
	}, nil
}
