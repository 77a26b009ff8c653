package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tilgate/serving/ledger"
)

// usageFlags say which usage is printed.
type usageFlags struct {
	config, tenant, from, to string
	by                       []string
	json                     bool
}

func (p *program) usageCommand() *cobra.Command {
	var f usageFlags
	cmd := &cobra.Command{Use: "usage", Short: "Print what was used, by day, key, language or model",
		Long: `Print what was used, by day, key, language or model, as the ledger has it: requests,
answers, fallbacks, refusals, failures, tokens, characters, and how long answers
took. A service that runs meanwhile is not disturbed. Days are in UTC.`,
		Example: "  tilgate usage --from 2026-11-01 --to 2026-11-30 --by day,key --json",
		Args:    exactly(0, "no arguments"),
		RunE:    func(cmd *cobra.Command, _ []string) error { return p.usage(cmd.Context(), f) }}
	p.configFlag(cmd, &f.config)
	cmd.Flags().StringVar(&f.tenant, "tenant", "", "whose usage; everybody's if not given")
	cmd.Flags().StringVar(&f.from, "from", "", "first day, such as 2026-11-01")
	cmd.Flags().StringVar(&f.to, "to", "", "last day")
	cmd.Flags().StringSliceVar(&f.by, "by", []string{"day"}, "day, tenant, key, language, adapter, model or degraded, or several of them")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one object of JSON for each row")
	return cmd
}

// query reads the flags.
func (f usageFlags) query() (q ledger.UsageQuery, err error) {
	q.Tenant = f.tenant
	for _, day := range []struct {
		flag, text string
		to         *time.Time
	}{{"from", f.from, &q.From}, {"to", f.to, &q.To}} {
		if day.text == "" {
			continue
		}
		if *day.to, err = time.Parse(time.DateOnly, day.text); err != nil {
			return q, usageError{fmt.Errorf("--%s: %q is not a day such as 2026-11-28", day.flag, day.text)}
		}
	}
	for _, by := range f.by {
		if !slices.Contains(ledger.Bys, ledger.By(by)) {
			return q, usageError{fmt.Errorf("--by: %q is none of %s", by, join(ledger.Bys))}
		}
		q.By = append(q.By, ledger.By(by))
	}
	return q, nil
}

// A usageRow is usage with what is computed of it.
type usageRow struct {
	ledger.Labels
	ledger.Counts
	First50 float64 `json:"first_text_p50_seconds"`
	First95 float64 `json:"first_text_p95_seconds"`
	Total50 float64 `json:"total_p50_seconds"`
	Total95 float64 `json:"total_p95_seconds"`
}

func (p *program) usage(ctx context.Context, f usageFlags) error {
	q, err := f.query()
	if err != nil {
		return err
	}
	c, err := loadConfig(f.config, p.getenv)
	if err != nil {
		return err
	}
	r, err := readLedger(ctx, c)
	if err != nil {
		return err
	}
	defer r.Close()
	list, err := r.Usage(ctx, q)
	if err != nil {
		return err
	}
	rows := make([]usageRow, len(list))
	for i, u := range list {
		rows[i] = usageRow{u.Labels, u.Counts, u.First.Quantile(.5).Seconds(), u.First.Quantile(.95).Seconds(), u.Total.Quantile(.5).Seconds(), u.Total.Quantile(.95).Seconds()}
	}
	if f.json {
		return p.usageLines(rows)
	}
	return p.usageTable(q.By, rows)
}

func (p *program) usageLines(rows []usageRow) error {
	enc := json.NewEncoder(p.out)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

// label returns what a row is grouped by; names of callers may hold anything.
func (r usageRow) label(by ledger.By) string {
	text := map[ledger.By]string{ledger.ByDay: r.Day, ledger.ByTenant: r.Tenant, ledger.ByKey: r.Key, ledger.ByLanguage: r.Language,
		ledger.ByAdapter: r.Adapter, ledger.ByModel: r.Model, ledger.ByDegraded: r.Degraded}[by]
	if text == "" {
		return "-"
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return '?'
		}
		return c
	}, text)
}

func (p *program) usageTable(by []ledger.By, rows []usageRow) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(p.out, "nothing was used")
		return err
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, b := range by {
		fmt.Fprintf(w, "%s\t", strings.ToUpper(string(b)))
	}
	fmt.Fprintln(w, "REQUESTS\tANSWERS\tFALLBACKS\tREFUSALS\tFAILURES\tTOKENS IN\tTOKENS OUT\tCHARACTERS\tFIRST TEXT P50/P95\tTOTAL P50/P95")
	for _, r := range rows {
		for _, b := range by {
			fmt.Fprintf(w, "%s\t", r.label(b))
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.2f/%.2f s\t%.2f/%.2f s\n", r.Requests, r.Answers, r.Fallbacks, r.Refusals, r.Failures,
			r.PromptTokens, r.CompletionTokens, r.Characters, r.First50, r.First95, r.Total50, r.Total95)
	}
	return w.Flush()
}
