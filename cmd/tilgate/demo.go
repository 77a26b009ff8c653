package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/rag"
	"tilgate/rag/qdrant"
	"tilgate/rag/sample"
	"tilgate/rag/upkeep"
	"tilgate/serving"
	"tilgate/serving/admin"
	"tilgate/serving/auth"
	"tilgate/serving/extract"
)

func (p *program) demoCommand() *cobra.Command {
	c := defaultConfig()
	var noModel bool
	cmd := &cobra.Command{Use: "demo", Short: "Try everything on a sample knowledge base, with nothing else installed",
		Long: `Try everything on a sample knowledge base: the public service desk of Namuna, a
country that does not exist. It is stored in the data folder, found there the
next time, and served on this machine only.

If Ollama runs here and has a model, that writes the answers. If not, sentences
of the articles are quoted.`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if noModel {
				c.Ollama.URL = ""
			}
			return p.demo(cmd.Context(), c)
		}}
	cmd.Flags().StringVar(&c.Data, "data", c.Data, "folder to keep the knowledge base in")
	cmd.Flags().StringVar(&c.Listen, "listen", c.Listen, "address to serve on")
	cmd.Flags().StringSliceVar(&c.Hosts, "host", nil, "name or address that callers use, if it is not the address served on")
	cmd.Flags().StringVar(&c.Ollama.URL, "ollama", c.Ollama.URL, "address of Ollama")
	cmd.Flags().StringVar(&c.Ollama.Model, "model", "", "model of Ollama to answer with; its first if not given")
	cmd.Flags().BoolVar(&noModel, "no-model", false, "do not ask Ollama; quote only")
	return cmd
}

func (p *program) demo(ctx context.Context, c Config) error {
	c.Language = "en"
	ln, err := listen(c.Listen)
	if err != nil {
		return err
	}
	defer ln.Close()
	quiet := slog.New(slog.NewTextHandler(p.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, closeStore, err := openStore(ctx, c, quiet)
	if err != nil {
		return err
	}
	defer closeStore()
	fmt.Fprintln(p.out, "Tilgate demo: the public service desk of Namuna. Sample content, no advice.")
	if err := p.ingestSample(ctx, store.For(rag.DefaultTenant)); err != nil {
		return err
	}
	kept, closeLedger, err := openLedger(ctx, c, quiet)
	if err != nil {
		return err
	}
	defer closeLedger()
	memory, live := c.Feedback.memory(), new(admin.Live)
	beside := besides{recorders: []serving.Recorder{memory, live}}
	if kept != nil {
		beside.countIn(kept, false)
	}
	svc, err := openService(ctx, c, store, quiet, beside)
	if err != nil {
		return err
	}
	desk, err := c.openDesk(memory, kept, svc, quiet)
	if err != nil {
		return err
	}
	secret, err := demoKey(c.Data)
	if err != nil {
		return err
	}
	choice := svc.models.Pick(ctx, new(adapters.Adapter), "")
	p.printDemo(ln.Addr(), secret, c, choice.Name)
	c.Keys = []auth.Key{{Name: "demo", Hash: auth.HashOf(secret), Scope: serving.Scope{Admin: true, Policy: serving.Policy{LogText: true}}}}
	keys := auth.New(c.Keys)
	console := c.console(svc, consoleParts{live: live, store: store, ledger: kept, desk: desk, memory: memory}, quiet)
	return runGateway(ctx, c, ln, front{svc, access{keys: keys, who: keys}, desk, console, nil}, quiet)
}

// ingestSample stores the sample articles, or finds them stored.
func (p *program) ingestSample(ctx context.Context, index *qdrant.Index) error {
	start := time.Now()
	tags, err := sample.Langs()
	if err != nil {
		return err
	}
	j := upkeep.Job{Manifest: sample.Manifest(tags...), Index: index, Langs: tags, Reader: sample.Readers}
	o, err := j.Run(ctx)
	if err == nil {
		err = o.Report.Err()
	}
	if err != nil {
		return err
	}
	report := o.Report
	state := fmt.Sprintf("%d articles stored in %.1f s", report.Added+report.Changed, time.Since(start).Seconds())
	if report.Added+report.Changed == 0 {
		state = fmt.Sprintf("%d articles were stored before", report.Unchanged)
	}
	fmt.Fprintf(p.out, "Knowledge     %s, in %s\n", state, join(tags))
	return nil
}

func join[S ~string](list []S) string {
	var names []string
	for _, s := range list {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// demoKey returns the demo's key, the same at every start. It lies in the
// data folder as it is, since whoever reads that folder has the data anyway.
func demoKey(data string) (string, error) {
	path := filepath.Join(data, "demo.key")
	if old, err := os.ReadFile(path); err == nil && strings.HasPrefix(string(old), "tg-") {
		return strings.TrimSpace(string(old)), nil
	}
	secret, _ := auth.Generate()
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keeping the demo's key: %w", err)
	}
	return secret, nil
}

// A question of the sample, in Kyrgyz: "How old must one be for a pension?"
const demoQuestion = "Аялдар канча жаштан пенсияга чыгат?"

func (p *program) printDemo(addr net.Addr, secret string, c Config, model string) {
	base := "http://" + addr.String()
	if _, port, err := net.SplitHostPort(addr.String()); err == nil && len(c.Hosts) > 0 {
		base = "http://" + net.JoinHostPort(c.Hosts[0], port)
	}
	answers := model + ", by Ollama at " + c.Ollama.URL
	if model == extract.Name {
		answers = "no model found; sentences of the articles are quoted"
	}
	io.WriteString(p.out, strings.NewReplacer("BASE", base, "KEY", secret, "QUESTION", demoQuestion, "DATA", c.Data, "ANSWERS", answers).Replace(
		`Data folder   DATA
Answers       ANSWERS
Ask here      BASE/?key=KEY
Key           KEY
Operators     BASE/admin, with the same key

With curl:

  curl BASE/v1/chat/completions \
    -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' \
    -d '{"model": "auto", "messages": [{"role": "user", "content": "QUESTION"}]}'

With the OpenAI SDK (npm install openai), in a file ask.mjs:

  import OpenAI from 'openai'
  const client = new OpenAI({ baseURL: 'BASE/v1', apiKey: 'KEY' })
  const answer = await client.chat.completions.create({
    model: 'auto', messages: [{ role: 'user', content: 'QUESTION' }] })
  console.log(answer.choices[0].message.content)

Ctrl-C stops it.
`))
}
