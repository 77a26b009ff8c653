package main

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"

	"tilgate/rag/sources"
)

// value writes a value as TOML does.
func value(v any) string {
	var b strings.Builder
	if err := toml.NewEncoder(&b).Encode(map[string]any{"x": v}); err != nil {
		panic(err) // only strings, numbers and lists of them are written
	}
	return strings.TrimSpace(strings.TrimPrefix(b.String(), "x = "))
}

// A page of TOML with comments.
type commented struct{ strings.Builder }

func (b *commented) line(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }

// set writes a key, with what it is for above it.
func (b *commented) set(comment, key string, v any) {
	b.line("\n# %s", strings.ReplaceAll(comment, "\n", "\n# "))
	b.line("%s = %s", key, value(v))
}

// or writes a key as an example where it is not set.
func (b *commented) or(is bool, comment, key string, v, example any) {
	if is {
		b.set(comment, key, v)
		return
	}
	b.line("\n# %s", strings.ReplaceAll(comment, "\n", "\n# "))
	b.line("# %s = %s", key, value(example))
}

// configText writes a configuration: what differs from the defaults, and
// examples of what is often changed.
func configText(s setting, c Config) string {
	b := &commented{}
	b.line("%s", markLine())
	b.line("# What it does not say is as tilgate config prints it. After a change:")
	b.line("# tilgate doctor --config %s, then restart the service.", s.config)
	b.set("All that is kept: documents, keys, usage. Back it up.", "data", c.Data)
	b.set("Where the API and the page to ask on are served. 127.0.0.1 is this machine alone,\n0.0.0.0 every network that it is in.", "listen", c.Listen)
	b.or(len(c.Hosts) > 0, "Names that people reach it by; requests to others are refused.", "hosts", c.Hosts, []string{"assistant.example"})
	b.or(len(c.Proxies) > 0, "Proxies in front of it, whose word about where requests come from is believed.", "proxies", c.Proxies, []string{"10.0.0.0/8"})
	b.or(c.Language != "", "Language to answer in when that of a question cannot be told.", "language", string(c.Language), "ky")
	b.or(len(c.Languages) > 0, "Languages that are served; without this line, all of tilgate lang list.", "languages", c.Languages, []string{"ky", "ru"})
	b.or(c.Adapters != "", "Language files of one's own.", "adapters", c.Adapters, "/etc/tilgate/languages")
	b.or(len(c.Knowledge) > 0, "Manifests of knowledge bases, which are kept up to date while it serves.", "knowledge", c.Knowledge, []string{"/etc/tilgate/health.toml"})
	switch {
	case c.Ollama.URL != "":
		b.line("\n# The model server.\n[ollama]\nurl = %s", value(c.Ollama.URL))
		b.modelLines(c.Ollama.Model, c.Ollama.NumCtx)
	case c.OpenAI.URL != "":
		b.line("\n# The model server. Its key, if it wants one, is TILGATE_OPENAI_KEY in the environment.\n[openai]\nurl = %s", value(c.OpenAI.URL))
		b.modelLines(c.OpenAI.Model, c.OpenAI.NumCtx)
	default:
		b.line("\n# No model server: sentences of the documents are quoted. With Ollama:\n# url = %s\n[ollama]\nurl = \"\"", value(ollamaHere))
	}
	if c.TLS.Cert != "" {
		b.line("\n# HTTPS; the files are read again when they change.\n[tls]\ncert = %s\nkey = %s", value(c.TLS.Cert), value(c.TLS.Key))
	}
	return b.String()
}

func (b *commented) modelLines(model string, numCtx int) {
	if model != "" {
		b.line("model = %s", value(model))
	}
	if numCtx != defaultConfig().Ollama.NumCtx {
		b.line("# Its context, in tokens.\nnum_ctx = %d", numCtx)
	}
}

// manifestText writes a manifest with one source.
func manifestText(m sources.Manifest) string {
	b := &commented{}
	b.line("# What the knowledge base %s is made of; tilgate kb sync --help shows all that can", m.Name)
	b.line("# stand here.")
	b.line("name = %s", value(m.Name))
	b.or(len(m.Languages) > 0, "Languages that its documents are in; others are reported.", "languages", m.Languages, []string{"ky", "ru"})
	b.set("How often it is brought up to date while Tilgate serves.", "every", "1h")
	b.line("\n[[source]]\npath = %s", value(m.Sources[0].Path))
	if len(m.Languages) == 1 {
		b.line("lang = %s", value(m.Languages[0]))
	}
	b.line("# Address that these files are published at, for links to them:\n# base = \"https://moh.example/docs/\"")
	return b.String()
}
