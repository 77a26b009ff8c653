// Command sizing measures what docs/sizing.md says: how many people a machine
// serves, without a model and with models of common sizes, by language.
//
//	go run ./tools/sizing -update                   # writes the page, in some 10 minutes
//	go run ./tools/sizing -url http://127.0.0.1:11434 -model qwen3:4b
//
// The second measures a model of one's own Ollama, and prints what it is good
// for. The first needs Ollama's program (TILGATE_OLLAMA, the PATH, or
// tools/ollama/build.sh) and Linux, but no models and no network: the speed of a
// model on a processor depends on its shape and on how its weights are stored,
// not on what the weights are, so it writes models of random weights.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tilgate/internal/fit"
	"tilgate/internal/lang"
)

type flags struct {
	update     bool
	page       string
	url, model string
	sizes      string
	limit      time.Duration
	prompt     float64
	langs      string
	load       load
}

func main() {
	var f flags
	flag.BoolVar(&f.update, "update", false, "write the results into the page")
	flag.StringVar(&f.page, "page", filepath.Join("docs", "sizing.md"), "the page")
	flag.StringVar(&f.url, "url", "", "measure a model of this Ollama instead")
	flag.StringVar(&f.model, "model", "", "which")
	flag.StringVar(&f.sizes, "sizes", "0.6B,1.7B,4B,8B", "sizes to measure")
	flag.DurationVar(&f.limit, "for", 6*time.Minute, "about how long to measure models")
	flag.Float64Var(&f.prompt, "prompt", 400, "with -model: tokens of a prompt, if it were in English")
	flag.StringVar(&f.langs, "lang", "ru,ky,kk,uz,tg,ar,ur,sw,am,ne,si,km,my", "with -model: languages beside English")
	flag.DurationVar(&f.load.every, "every", 2*time.Minute, "how often each person asks")
	flag.DurationVar(&f.load.wait, "wait", 30*time.Second, "how long people wait until it is their turn, on average")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, f, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sizing:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags, out io.Writer) error {
	if (f.url == "") != (f.model == "") {
		return errors.New("-url and -model go together")
	}
	if f.load.every <= 0 || f.load.wait <= 0 || f.limit <= 0 {
		return errors.New("-every, -wait and -for are durations above 0")
	}
	if f.url != "" {
		return measureOwn(ctx, f, out)
	}
	var wanted []shape
	for _, s := range shapes {
		if strings.Contains(","+f.sizes+",", ","+s.name+",") {
			wanted = append(wanted, s)
		}
	}
	if len(wanted) == 0 {
		return fmt.Errorf("-sizes names none of those that there are: %s", f.sizes)
	}
	r, err := measureAll(ctx, f, wanted)
	if err != nil {
		return err
	}
	for _, name := range order {
		fmt.Fprintln(out, r.parts()[name])
	}
	if !f.update {
		return nil
	}
	return updatePage(f.page, r)
}

// measureOwn measures a model of an operator's Ollama as it is set up there.
func measureOwn(ctx context.Context, f flags, out io.Writer) error {
	o, err := reach(f.url)
	if err != nil {
		return err
	}
	text, err := english()
	if err != nil {
		return err
	}
	a := &asker{ollama: o, model: f.model, text: text}
	s, err := a.measure(ctx, f.limit)
	if err != nil {
		return err
	}
	tags := []lang.Tag{"en"}
	for tag := range strings.SplitSeq(f.langs, ",") {
		if tag := lang.Tag(strings.TrimSpace(tag)); tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	all, err := ownTexts(tags)
	if err != nil {
		return err
	}
	ratios, err := (counter{o, f.model, map[string]any{"num_ctx": contextTokens}}).ratios(ctx, tags, all)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s at %s reads %s tokens a second and writes %s (median of %d runs, prompts of %d tokens).\n", f.model, f.url, number(s.read), number(s.write), s.runs, s.prompt)
	if running, err := o.ListRunning(ctx); err == nil {
		for _, m := range running.Models {
			fmt.Fprintf(out, "%s takes %s, %s of it on a GPU.\n", m.Name, fit.Size(m.Size), fit.Size(m.SizeVRAM))
		}
	}
	rows := [][]string{{"Language", "Tokens of a prompt", "of an answer", "First word, whole answer: people"}}
	for _, tag := range tags {
		c := cost{prompt: f.prompt * ratios[tag], answer: answerTokens * ratios[tag], computed: true}
		rows = append(rows, []string{string(tag), c.about(c.prompt), c.about(c.answer), f.load.cell(s, c)})
	}
	fmt.Fprint(out, "\n"+table(rows...))
	return nil
}
