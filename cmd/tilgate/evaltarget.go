package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"tilgate/adapters"
	"tilgate/evals/live"
	"tilgate/rag"
	"tilgate/serving"
	"tilgate/serving/auth"
	"tilgate/serving/extract"
)

// targetFlags say who is asked.
type targetFlags struct {
	target, api string
	bare        bool
	timeout     time.Duration
}

// targetHelp is for the help of the commands that ask.
const targetHelp = `--target is the address of a server: Tilgate, Ollama, or anything that is
compatible with OpenAI's; its key, if it wants one, is taken from TILGATE_KEY.
Or it is a configuration file: then Tilgate is served from it for the time of
the run, for the run alone. Without it the default configuration is, with the
sample knowledge base. A server that is Tilgate answers everything out of its
knowledge bases; --bare has it answer without them what is not about them, for
which the key needs the scope eval.`

// dial connects to the target. A Tilgate that is served for the run stops with
// the returned function.
func (p *program) dial(ctx context.Context, f targetFlags, seed uint64) (*live.Server, func(), error) {
	o := live.Options{URL: f.target, Key: p.getenv("TILGATE_KEY"), API: f.api, Seed: seed, Timeout: f.timeout, Bare: f.bare}
	stop := func() {}
	if !isURL(f.target) {
		var err error
		if o.URL, o.Key, o.Bare, stop, err = p.serveForEval(ctx, f.target); err != nil {
			return nil, nil, err
		}
	}
	server, err := live.Dial(ctx, o)
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("asking the target: %w", err)
	}
	return server, func() { server.Close(); stop() }, nil
}

func isURL(target string) bool {
	return strings.HasPrefix(target, "http://") || strings.HasPrefix(target, "https://")
}

// serveForEval serves Tilgate on a port of its own, to one caller with the
// scope that evaluations need. model is whether there is one.
func (p *program) serveForEval(ctx context.Context, path string) (url, key string, model bool, stop func(), err error) {
	c, err := loadConfig(path, p.getenv)
	if err != nil {
		return "", "", false, nil, err
	}
	ln, err := listen("127.0.0.1:0")
	if err != nil {
		return "", "", false, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	stop = cancel
	defer func() {
		if err != nil {
			stop()
			ln.Close()
		}
	}()
	quiet := slog.New(slog.NewTextHandler(p.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, closeStore, err := openStore(ctx, c, quiet)
	if err != nil {
		return "", "", false, nil, err
	}
	stop = func() { cancel(); closeStore() }
	if path == "" {
		aside := &program{getenv: p.getenv, in: p.in, out: p.err, err: p.err} // what is printed is the scores
		if err := aside.ingestSample(ctx, store.For(rag.DefaultTenant)); err != nil {
			return "", "", false, nil, err
		}
	}
	svc, err := openService(ctx, c, store, quiet, besides{})
	if err != nil {
		return "", "", false, nil, err
	}
	secret, _ := auth.Generate()
	keys := auth.New([]auth.Key{{Name: "eval", Hash: auth.HashOf(secret), Scope: serving.Scope{Eval: true}}})
	c.Hosts = nil
	served := make(chan error, 1)
	go func() {
		served <- runGateway(ctx, c, ln, front{svc: svc, access: access{keys: keys, who: keys}}, quiet)
	}()
	stop = func() {
		cancel()
		if err := <-served; err != nil && err != http.ErrServerClosed {
			quiet.Warn("stopping", "err", err)
		}
		closeStore()
	}
	model = svc.models.Pick(ctx, new(adapters.Adapter), "").Name != extract.Name // what quotes needs knowledge
	return "http://" + ln.Addr().String(), secret, model, stop, nil
}
