package main

import (
	"context"
	"fmt"
	"log/slog"

	"tilgate/serving/auth"
	"tilgate/serving/gateway"
	"tilgate/serving/limit"
)

// access is who may call, and how much.
type access struct {
	keys   *auth.Keys   // whose being taken back ends answers
	who    gateway.Keys // keys and all else that lets callers in
	limits limits
	used   *limit.Shares // what keys have used; nil where nothing is limited
}

// openAccess reads who may call, and follows the file of keys until ctx ends.
func openAccess(ctx context.Context, c Config, log *slog.Logger) (access, func(), error) {
	keys, err := auth.OpenLive(c.Keys, c.keysFile(), c.Sites, log)
	if err != nil {
		return access{}, nil, err
	}
	if keys.Len() == 0 && c.OIDC.Issuer == "" {
		return access{}, nil, fmt.Errorf("nobody could call: there is no key in %s, and no [[key]] in the configuration; tilgate key create NAME makes one", c.keysFile().Path)
	}
	who, err := c.OIDC.open(keys.Keys, c.Sites)
	if err != nil {
		return access{}, nil, err
	}
	limits, closeLimits, err := openLimits(c, log)
	if err != nil {
		return access{}, nil, err
	}
	go keys.Watch(ctx, followEvery)
	return access{keys: keys.Keys, who: who, limits: limits, used: limits}, closeLimits, nil
}
