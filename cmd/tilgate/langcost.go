package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/serving"
	"tilgate/serving/tokencost"
)

// costFile is where costs are kept, in the data folder.
const costFile = "token-cost.json"

func openCosts(c Config) (*tokencost.Table, error) {
	if c.Data == "" {
		return tokencost.Open("") // nothing is there, and nothing can be kept
	}
	return tokencost.Open(filepath.Join(c.Data, costFile))
}

type costFlags struct {
	config string
	model  string
	tags   []string
	json   bool
}

func (p *program) langCostCommand() *cobra.Command {
	var f costFlags
	cmd := &cobra.Command{Use: "cost [--model MODEL]", Short: "Measure what a character of each language costs a model in tokens",
		Long: `Measure what a character of each language costs a model in tokens, on the texts
of the language's own file, and keep the figures in the data folder. Prompts are
then fitted to the model's context by them, and the metrics show them. A running
server takes them up within seconds. Without --model, print what is kept.`,
		Example: "  tilgate lang cost --model qwen3:8b\n  tilgate lang cost --model qwen3:8b --lang ky,kk,en",
		Args:    exactly(0, "no arguments"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.langCost(cmd.Context(), f) }}
	p.configFlag(cmd, &f.config)
	cmd.Flags().StringVar(&f.model, "model", "", "model on the model server")
	cmd.Flags().StringSliceVar(&f.tags, "lang", nil, "languages, such as ky,kk; all that are served if not given")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func (p *program) langCost(ctx context.Context, f costFlags) error {
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	if c.Data == "" {
		return errors.New("there is no folder to keep figures in; name one with data in the configuration")
	}
	table, err := openCosts(c)
	if err != nil {
		return err
	}
	if f.model == "" {
		return p.print(f.json, costs(table.All()))
	}
	list, err := p.chosenAdapters(c, f.tags)
	if err != nil {
		return err
	}
	if !c.hasModelServer() {
		return errors.New("no model server is configured to measure with")
	}
	server, err := openModelServer(c, "")
	if err != nil {
		return err
	}
	defer server.Close()
	measured, err := measure(ctx, server, f.model, list)
	if err != nil {
		return err
	}
	if err := table.Keep(measured...); err != nil {
		return err
	}
	return p.print(f.json, costs(measured))
}

// chosenAdapters returns the adapters of tags, or all that are served.
func (p *program) chosenAdapters(c Config, tags []string) ([]*adapters.Adapter, error) {
	set, err := openAdapters(c)
	if err != nil {
		return nil, err
	}
	if len(tags) == 0 {
		return set.Adapters(), nil
	}
	var list []*adapters.Adapter
	for _, text := range tags {
		tag, err := lang.ParseTag(text)
		if err != nil {
			return nil, usageError{fmt.Errorf("--lang: %w", err)}
		}
		a, ok := set.For(tag)
		if !ok {
			return nil, fmt.Errorf("no adapter serves %s; tilgate lang list shows those that there are", tag)
		}
		list = append(list, a)
	}
	return list, nil
}

func measure(ctx context.Context, server serving.Model, model string, list []*adapters.Adapter) ([]tokencost.Cost, error) {
	var out []tokencost.Cost
	for _, a := range list {
		text := strings.Join([]string{a.System, a.Say.NotFound, a.Say.Quoting, a.Say.Translated, a.Say.Blocked, a.Say.Handover, a.Say.Unable}, "\n")
		c, err := tokencost.Measure(ctx, server, model, a.Tag, text)
		if err != nil {
			return nil, fmt.Errorf("measuring %s: %w", a.Tag, err)
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b tokencost.Cost) int { return cmp.Compare(b.TokensPerCharacter, a.TokensPerCharacter) })
	return out, nil
}

type costs []tokencost.Cost

func (cs costs) String() string {
	if len(cs) == 0 {
		return "nothing was measured yet; tilgate lang cost --model MODEL does"
	}
	english := map[string]float64{}
	for _, c := range cs {
		if c.Tag == "en" {
			english[c.Model] = c.TokensPerCharacter
		}
	}
	lines := []string{fmt.Sprintf("%-4s  %-16s  %s", "", "tokens/character", "model")}
	for _, c := range cs {
		line := fmt.Sprintf("%-4s  %16.3f  %s", c.Tag, c.TokensPerCharacter, c.Model)
		if e := english[c.Model]; e > 0 && c.Tag != "en" {
			line += fmt.Sprintf("  %.1f times English", c.TokensPerCharacter/e)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
