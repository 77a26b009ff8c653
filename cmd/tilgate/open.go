package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/internal/sign"
	"tilgate/rag"
	"tilgate/rag/engine"
	"tilgate/rag/qdrant"
	"tilgate/serving"
	"tilgate/serving/pool"
	"tilgate/serving/record"
	"tilgate/serving/tokencost"
)

// newLog returns the log: JSON lines for machines, unless quiet.
func newLog(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }

// quietLog drops what is said.
func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// openStore opens the store of passages, which then holds what this release
// reads.
func openStore(ctx context.Context, c Config, log *slog.Logger) (store *qdrant.Store, closeStore func(), err error) {
	store, closeStore, err = dialStore(ctx, c, log)
	if err != nil {
		return nil, nil, err
	}
	if err := upgradeStore(ctx, store, log); err != nil {
		closeStore()
		return nil, nil, err
	}
	return store, closeStore, nil
}

func upgradeStore(ctx context.Context, store *qdrant.Store, log *slog.Logger) error {
	changed, err := store.Upgrade(ctx)
	for _, name := range changed {
		log.Info("a knowledge base of an earlier release was brought up to date", "version", name)
	}
	return err
}

// storeOptions are those of the store of passages, whatever it is.
func (c Config) storeOptions() qdrant.Options {
	return qdrant.Options{Shard: c.Qdrant.Shard, Keep: c.keep, Site: c.Qdrant.Site}
}

// server is where Qdrant is.
func (c QdrantConfig) server() qdrant.Server {
	return qdrant.Server{Address: c.Address, APIKey: c.APIKey, TLS: c.TLS, Way: c.way("knowledge base", "")}
}

// dialStore opens the Qdrant server that the configuration names, or else the
// embedded engine. The index is the same code over either.
func dialStore(ctx context.Context, c Config, log *slog.Logger) (store *qdrant.Store, closeStore func(), err error) {
	options := c.storeOptions()
	if c.Qdrant.Address != "" {
		client, err := qdrant.Dial(ctx, c.Qdrant.server())
		if err != nil {
			return nil, nil, err
		}
		return qdrant.New(client, options), func() { client.Close() }, nil
	}
	release, err := claimData(ctx, c.Data, log)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			release()
		}
	}()
	embedded, err := engine.Open(c.Data, engine.Options{Log: log})
	if err != nil {
		return nil, nil, err
	}
	if err := embedded.Share(); err != nil {
		log.Warn("tilgate backup cannot read beside this process", "err", err)
	}
	options.Scrub = embedded.Scrub
	client, err := embedded.Client()
	if err != nil {
		embedded.Close()
		return nil, nil, err
	}
	return qdrant.New(client, options), func() { client.Close(); embedded.Close(); release() }, nil
}

func openAdapters(c Config) (*adapters.Set, error) {
	if _, err := sign.ReadTrust(c.trustFile()); err != nil {
		return nil, err
	}
	folders := []fs.FS{adapters.BundledFiles()}
	if c.Adapters != "" {
		folders = append(folders, os.DirFS(c.Adapters))
	}
	return adapters.Load(adapterOptions(c), folders...)
}

func adapterOptions(c Config) adapters.Options {
	return adapters.Options{Only: c.Languages, Gates: c.gates}
}

// followEvery is how often the folder of adapters is looked at.
const followEvery = 2 * time.Second

// followAdapters opens the adapters, and follows their folder until ctx ends.
func followAdapters(ctx context.Context, c Config, log *slog.Logger) (*adapters.Live, error) {
	if _, err := sign.ReadTrust(c.trustFile()); err != nil {
		return nil, err
	}
	var dir fs.FS
	if c.Adapters != "" {
		dir = os.DirFS(c.Adapters)
	}
	live, err := adapters.OpenLive(adapterOptions(c), dir, log)
	if err != nil {
		return nil, err
	}
	for what, tag := range c.defaults() {
		if _, ok := live.Set().For(tag); !ok {
			return nil, fmt.Errorf("config: %s: no adapter serves %s", what, tag)
		}
	}
	go live.Watch(ctx, followEvery)
	return live, nil
}

// opened is a service, and those of its parts that others ask too.
type opened struct {
	*serving.Service
	adapters func() *adapters.Set
	models   *pool.Pool
	costs    *tokencost.Table
	clear    func() // forgets the answers that are kept
}

// besides is what an answer touches on its way, beside its parts.
type besides struct {
	log       io.Writer          // of a line for each; nil writes none
	recorders []serving.Recorder // beside it
	refuse    func() error       // why nothing may be answered now; may be nil
	keep      func(serving.Exchange) error
}

func (b besides) out() io.Writer {
	if b.log == nil {
		return io.Discard
	}
	return b.log
}

// makers are the parts of a service that the configuration alone makes.
type makers struct {
	guard      serving.Guard
	retrievers func(*qdrant.Index) *rag.Retriever
	models     *pool.Pool
	costs      *tokencost.Table
}

func openMakers(ctx context.Context, c Config, log *slog.Logger) (m makers, err error) {
	if m.guard, err = openGuard(c); err != nil {
		return m, err
	}
	if m.retrievers, err = openRetrievers(c, log); err != nil {
		return m, err
	}
	if m.models, err = openPool(ctx, c); err != nil {
		return m, err
	}
	m.costs, err = openCosts(c)
	return m, err
}

// options are those of every service of a configuration.
func (m makers) options(c Config, log *slog.Logger) serving.Options {
	return serving.Options{Language: c.Language, PromptTokens: c.promptTokens(), Cost: m.costs.Cost, Log: log,
		SharedStore: c.Qdrant.Address != "",
		Translate:   c.Embed.URL == ""} // vectors cross languages by themselves
}

// openService puts the parts of an answer together.
func openService(ctx context.Context, c Config, store *qdrant.Store, log *slog.Logger, beside besides) (opened, error) {
	live, err := followAdapters(ctx, c, log)
	if err != nil {
		return opened{}, err
	}
	m, err := openMakers(ctx, c, log)
	if err != nil {
		return opened{}, err
	}
	o := m.options(c, log)
	o.Refuse, o.Keep = beside.refuse, beside.keep
	var clear func()
	if o.Answers, clear, err = openCache(ctx, c.Cache); err != nil {
		return opened{}, err
	}
	if o.Policy, err = c.policy(); err != nil {
		return opened{}, err
	}
	svc := serving.New(serving.Parts{
		Adapters:  live.Set,
		Detector:  detector{lid.Default()},
		Retriever: rag.Tenants(func(tenant string) *rag.Retriever { return m.retrievers(store.For(tenant)) }),
		Models:    m.models,
		Upstream:  m.models,
		Guard:     m.guard,
		Recorder:  append(record.All{record.New(beside.out())}, beside.recorders...),
		Library:   library{store},
	}, o)
	return opened{svc, live.Set, m.models, m.costs, clear}, nil
}

// library lets serving list what the store holds.
type library struct{ *qdrant.Store }

func (l library) Knowledge(ctx context.Context, tenant string) ([]serving.KnowledgeBase, error) {
	x := l.For(tenant)
	names, err := x.KBs(ctx)
	if err != nil {
		return nil, err
	}
	var list []serving.KnowledgeBase
	for _, name := range names {
		info, err := x.Info(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		kb := serving.KnowledgeBase{Name: name, Version: info.Version, Documents: info.Documents, Passages: info.Passages, Languages: map[lang.Tag]int{}}
		for _, size := range info.Languages {
			kb.Languages[size.Lang] = size.Documents
		}
		list = append(list, kb)
	}
	return list, nil
}

// detector lets serving ask the detector of languages.
type detector struct{ *lid.Detector }

func (d detector) Detect(text string, set []lang.Tag, prior map[lang.Tag]float64) serving.Language {
	g := d.Detector.Detect(text, lid.Options{Set: set, Prior: prior})
	return serving.Language{Tag: g.Tag, Script: g.Script, Confidence: g.Confidence}
}
