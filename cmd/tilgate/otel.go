package main

import (
	"context"
	"log/slog"
	"net/url"
	"time"

	"tilgate/serving/trace"

	"go.opentelemetry.io/otel"
)

// OTelConfig says where a collector of OpenTelemetry is told how answers went.
type OTelConfig struct {
	PlaceConfig
	Endpoint string  `toml:"endpoint"` // such as http://127.0.0.1:4318; empty tells nobody
	Sample   float64 `toml:"sample"`   // share that is told of; 0 means all
}

func (c OTelConfig) check(fault func(format string, args ...any)) {
	if u, err := url.Parse(c.Endpoint); c.Endpoint != "" && (err != nil || u.Host == "") {
		fault("otel.endpoint: %s is not a URL such as http://127.0.0.1:4318", wrongAddress(c.Endpoint))
	}
	if c.Sample < 0 || c.Sample > 1 {
		fault("otel.sample: %v is not in 0..1", c.Sample)
	}
}

// open returns a recorder and what ends it; nil if nobody is told.
func (c OTelConfig) open(ctx context.Context, log *slog.Logger) (r *trace.Recorder, end func(), err error) {
	if c.Endpoint == "" {
		return nil, func() {}, nil
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("telling the collector", "err", err) })) // it has but one for the whole program
	r, err = trace.New(ctx, trace.Options{Endpoint: c.Endpoint, Sample: c.Sample, Version: buildVersion().Version, Client: c.way("collector of traces", c.Endpoint).Client()})
	return r, func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = r.Close(last) // a collector that is down has been told of in vain
	}, err
}
