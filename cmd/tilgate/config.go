package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"slices"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"tilgate/internal/lang"
	"tilgate/internal/sign"
	"tilgate/rag"
	"tilgate/serving/auth"
)

// Config is the one configuration file. Packages never see it: each takes its
// own few values from it, here.
type Config struct {
	Data      string     `toml:"data"`              // folder of the embedded store
	Listen    string     `toml:"listen"`            // address of the API
	Hosts     []string   `toml:"hosts"`             // names in the Host header that are served besides the address
	Origins   []string   `toml:"origins"`           // web origins that may call the API from a browser
	Proxies   []string   `toml:"proxies,omitempty"` // networks whose X-Forwarded-For says where requests come from
	Language  lang.Tag   `toml:"language"`          // to answer in when a question's cannot be told
	Languages []lang.Tag `toml:"languages"`         // that are served; empty means all that have a file
	Metrics   string     `toml:"metrics"`           // address of /metrics for Prometheus, apart from the API; empty serves none
	Admin     string     `toml:"admin"`             // address of /metrics and Go's profiles, on this machine; empty serves none
	Adapters  string     `toml:"adapters"`          // folder of language files, over the bundled ones
	Threshold float64    `toml:"threshold"`         // relevance below which nothing counts as found; 0 is the default

	Fallback string            `toml:"fallback,omitempty"` // model that answers when the right one cannot be reached
	Aliases  map[string]string `toml:"aliases,omitempty"`  // names that callers may say, and the models that they mean

	Qdrant   QdrantConfig    `toml:"qdrant"`
	Ollama   OllamaConfig    `toml:"ollama"`
	OpenAI   OpenAIConfig    `toml:"openai,omitempty"`  // in place of an Ollama that the file does not name
	Backends []BackendConfig `toml:"backend,omitempty"` // several model servers
	Gate     GateConfig      `toml:"gate,omitempty"`
	TLS      TLSConfig       `toml:"tls,omitempty"`
	Audit    AuditConfig     `toml:"audit,omitempty"`
	OTel     OTelConfig      `toml:"otel,omitempty"`
	Personal PersonalConfig  `toml:"personal,omitempty"`
	KeysFile string          `toml:"keys,omitempty"` // further callers, changed by tilgate key; empty is keys.toml in data
	Keys     []auth.Key      `toml:"key"`

	Sites []string `toml:"sites,omitempty"` // where texts may be sent, such as this country alone; a key that names its own may use those, and only those. None means everywhere

	Knowledge []string `toml:"knowledge,omitempty"` // manifests of knowledge bases that are kept up to date while serving

	Contact string `toml:"contact,omitempty"` // where the owner of a web site that is read can ask about it

	keep int // versions of a knowledge base; 0 is the default

	Embed    EmbedConfig    `toml:"embed,omitempty"`
	Rerank   RerankConfig   `toml:"rerank,omitempty"`
	Retrieve RetrieveConfig `toml:"retrieve,omitempty"`

	Cache CacheConfig `toml:"cache"`
	OIDC  OIDCConfig  `toml:"oidc,omitempty"`  // callers with a token of an identity provider
	Redis RedisConfig `toml:"redis,omitempty"` // where limits are counted for several processes

	Ledger   LedgerConfig   `toml:"ledger,omitempty"`
	Feedback FeedbackConfig `toml:"feedback,omitempty"`
	Handover HandoverConfig `toml:"handover,omitempty"`
	Page     PageConfig     `toml:"page,omitempty"`
	Evals    string         `toml:"evals,omitempty"` // folder of runs of tilgate eval, whose reports operators see

	SessionSecret string `toml:"-"` // from TILGATE_SESSION_SECRET
}

// PageConfig says what the page to ask on offers.
type PageConfig struct {
	Share bool `toml:"share,omitempty"` // links to a question, which hold its text
}

// QdrantConfig says where a Qdrant server is; without an address the embedded
// engine is used.
type QdrantConfig struct {
	PlaceConfig
	Address string `toml:"address"` // host:port of gRPC
	TLS     bool   `toml:"tls"`
	Shard   string `toml:"shard"` // key of the shard that everything lies in, such as a country's
	APIKey  string `toml:"-"`     // from TILGATE_QDRANT_KEY
}

// OllamaConfig says where Ollama is; an empty URL means that none is asked.
type OllamaConfig struct {
	PlaceConfig
	URL    string `toml:"url"`
	Model  string `toml:"model"`   // for languages that name none; empty is the server's first
	NumCtx int    `toml:"num_ctx"` // context in tokens
}

// GateConfig says whose verdicts on adapters count.
type GateConfig struct {
	Key sign.Key `toml:"key"` // tilgate adapter gate makes one
}

// PersonalConfig says which personal data the guard hides, and where.
type PersonalConfig struct {
	Countries []string `toml:"countries"` // whose ids and telephone numbers are known, such as "KG"; empty means all
	Folder    string   `toml:"folder"`    // patterns of one's own, beside those that come with Tilgate
	Questions bool     `toml:"questions"` // hide them from models and stores
	Answers   bool     `toml:"answers"`   // hide them from readers, unless they stand in the passages
}

// extra returns the patterns of one's own, or nil.
func (c PersonalConfig) extra() fs.FS {
	if c.Folder == "" {
		return nil
	}
	return os.DirFS(c.Folder)
}

func defaultConfig() Config {
	return Config{
		Data:   "tilgate-data",
		Listen: "127.0.0.1:8080",
		Ollama: OllamaConfig{URL: "http://127.0.0.1:11434", NumCtx: 8192},
		Cache:  CacheConfig{Megabytes: 64, Minutes: 60},
	}
}

// readConfig reads a file over the defaults, then secrets from the
// environment. The error names every fault of the file.
func readConfig(path string, getenv func(string) string) (Config, error) {
	if path == "" {
		return parseConfig("", nil, getenv)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return defaultConfig(), fmt.Errorf("reading config %s: %w", path, err)
	}
	return parseConfig(path, text, getenv)
}

// parseConfig is readConfig of a file's text; an empty path means that there is
// no file.
func parseConfig(path string, text []byte, getenv func(string) string) (Config, error) {
	c := defaultConfig()
	var faults []error
	if path != "" {
		meta, err := toml.Decode(string(text), &c)
		if err != nil {
			return c, fmt.Errorf("reading config %s: %w", path, err)
		}
		for _, key := range meta.Undecoded() {
			faults = append(faults, fmt.Errorf("%s: there is no such key", key))
		}
		if len(faults) > 0 {
			faults = append(faults, otherVersion(text))
		}
		if (c.OpenAI.URL != "" || len(c.Backends) > 0) && !meta.IsDefined("ollama", "url") {
			c.Ollama.URL = "" // the default is for files that name no model server
		}
	}
	if path != "" {
		faults = append(faults, c.check()...)
	}
	// The secrets come last: one that nothing asks for is no fault.
	faults = append(faults, c.readSecrets(getenv)...)
	if err := errors.Join(faults...); err != nil && path != "" {
		return c, fmt.Errorf("reading config %s:\n%w", path, err)
	} else if err != nil {
		return c, fmt.Errorf("reading the environment:\n%w", err)
	}
	return c, nil
}

func (c Config) check() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		fault("listen: %q is not host:port, such as 127.0.0.1:8080", c.Listen)
	}
	if c.Data == "" && c.Qdrant.Address == "" {
		fault("data: name a folder, or a Qdrant server under [qdrant]")
	}
	if c.Language != "" {
		if _, err := lang.ParseTag(string(c.Language)); err != nil {
			fault("language: %w", err)
		}
	}
	for i, tag := range c.Languages {
		parsed, err := lang.ParseTag(string(tag))
		if err != nil {
			fault("languages: %w", err)
		}
		c.Languages[i] = parsed
	}
	if _, _, err := net.SplitHostPort(c.Metrics); c.Metrics != "" && err != nil {
		fault("metrics: %q is not host:port, such as 127.0.0.1:9090", c.Metrics)
	}
	if c.Admin != "" && !isLoopback(c.Admin) {
		fault("admin: %q is not an address of this machine alone, such as 127.0.0.1:9091", c.Admin)
	}
	if c.Threshold < -1 || c.Threshold >= 1 {
		fault("threshold: %v is not in 0..1", c.Threshold)
	}
	if u, err := url.Parse(c.Ollama.URL); c.Ollama.URL != "" && (err != nil || u.Host == "") {
		fault("ollama.url: %s is not a URL such as http://127.0.0.1:11434", wrongAddress(c.Ollama.URL))
	}
	if c.Ollama.NumCtx < 0 {
		fault("ollama.num_ctx: %d is below 0", c.Ollama.NumCtx)
	}
	c.OpenAI.check(fault)
	c.checkBackends(fault)
	c.TLS.check(fault)
	c.Audit.check(fault)
	c.OTel.check(fault)
	c.checkRetrieval(fault)
	c.Cache.check(fault)
	c.Redis.check(fault)
	c.OIDC.check(fault)
	c.Ledger.check(fault)
	c.Feedback.check(fault)
	c.Handover.check(fault)
	c.checkPlaces(fault)
	c.checkSites(fault)
	_, wrong := c.proxies()
	return slices.Concat(faults, wrong, auth.Check(c.Keys))
}

// defaults are the languages to answer in when a question's cannot be told, by
// the place of the configuration that names them.
func (c Config) defaults() map[string]lang.Tag {
	tags := map[string]lang.Tag{}
	if c.Language != "" {
		tags["language"] = c.Language
	}
	for _, k := range c.Keys {
		if k.Language != "" {
			tags["key "+k.Name+": language"] = k.Language
		}
	}
	return tags
}

func (p *program) configCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{Use: "config", Short: "Print the configuration in force",
		Long: `Print the configuration in force: the defaults, with what the file changes.
The output is itself a configuration file. Beside what it shows, a file may hold
the sections [openai], for a model server other than Ollama: url, model, kind,
num_ctx; a [[backend]] for each of several: name, url, kind, site, model, models,
num_ctx, any_options, and how requests wait for it: slots, depth, max_wait,
resident; fallback, the model that answers when the right one cannot be reached;
[aliases], what callers may say in place of a model's name; [gate], whose
verdicts on weights count: key; [tls], to serve HTTPS with: cert, key, files that
are read again when they change; [audit], where a record of answers is kept that
nobody can change unseen: folder, durable, days; [otel], a collector of
OpenTelemetry that is told how answers went: endpoint, sample; [personal], what
the guard hides: countries, folder, questions, answers; [embed], [rerank] and [retrieve];
keys, a file of callers that tilgate key changes (keys.toml in data, if it says
nothing); and a [[key]] for each further caller: name, hash, tenant, language,
expires, what it may use: models, languages, knowledge, sites, admin,
[key.policy] and [key.limits], whether it stands in web pages: page, origins, and
what each of those who share it may use: [key.each.client], [key.each.session],
[key.each.user]; proxies, networks such as 10.0.0.0/8 whose X-Forwarded-For is
believed when it says where a request comes from; [redis], where several
processes count the limits of keys together: url, down; [oidc], an identity
provider whose tokens let callers in: issuer, audience, jwks_file, tenant_claim,
groups_claim, and an [[oidc.scope]] for each group: group, and what a key has;
[ledger], where usage and feedback are kept: address, of a Postgres (without one
it lies in ledger in data), durable, megabytes, that may wait on disk while it is
down, and off; [feedback], what people say about answers: licence, under which they give their
words, and how much of recent exchanges is remembered: megabytes, minutes;
[handover], how people are asked where the assistant cannot help: webhook, a URL
to which conversations are posted; email, a server of mail, with from and to; or
queue, a Redis, with stream; or inbox = true, where staff look for them; and url,
by which the staff know this service, on_guard, which asks them without being
asked where the guard gives up, and keep_days. The answers that [cache] keeps in memory are those to callers who wish for it, or who ask at
temperature 0; 0 megabytes keeps none.

Secrets come from the environment (TILGATE_QDRANT_KEY, TILGATE_OPENAI_KEY,
TILGATE_EMBED_KEY, TILGATE_RERANK_KEY, TILGATE_REDIS_PASSWORD,
TILGATE_LEDGER_PASSWORD, TILGATE_SESSION_SECRET, TILGATE_HANDOVER_SECRET for a
webhook, TILGATE_HANDOVER_PASSWORD for a mail server or a queue, and TILGATE_BACKEND_<NAME>_KEY for a [[backend]]) and are not printed. Each may lie
in a file instead, which the variable with _FILE at its end names, such as
TILGATE_QDRANT_KEY_FILE=/run/secrets/qdrant.`,
		Args: exactly(0, "no arguments"),
		RunE: func(*cobra.Command, []string) error {
			c, err := loadConfig(path, p.getenv)
			if err != nil {
				return err
			}
			return writeConfig(p.out, c)
		}}
	p.configFlag(cmd, &path)
	return cmd
}

// writeConfig writes it whole, so that nothing is cut in two before it is
// looked at for passwords.
func writeConfig(w io.Writer, c Config) error {
	var text bytes.Buffer
	enc := toml.NewEncoder(&text)
	enc.Indent = ""
	if err := enc.Encode(c); err != nil {
		return err
	}
	_, err := w.Write(text.Bytes())
	return err
}

func tenantFlag(cmd *cobra.Command, tenant *string) {
	cmd.Flags().StringVar(tenant, "tenant", rag.DefaultTenant, "whose knowledge bases; what others have is not seen")
}

func (p *program) configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "config", p.getenv("TILGATE_CONFIG"), "configuration file; without one the defaults hold")
}
