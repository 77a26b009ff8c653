package admin

import (
	"context"
	"slices"
	"strings"
	"time"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
	"tilgate/serving/gateway"
	"tilgate/serving/ledger"
	"tilgate/serving/pool"
)

// A languagesPage lists the languages, and what answers in them.
type languagesPage struct{ List []languageRow }

type languageRow struct {
	serving.Spoken
	Path    string
	Gate    string // what the gate says, in words; empty if there are no weights to judge
	Decided time.Time
	Held    bool // weights of its own answer now
}

func (c *Console) languages(ctx context.Context, _ gateway.Visit) (any, error) {
	p := languagesPage{}
	set := c.Adapters()
	for _, l := range c.Service.Languages(ctx) {
		r := languageRow{Spoken: l, Path: "/admin/languages/" + string(l.Tag)}
		if a, ok := set.For(l.Tag); ok && a.ServedName() != "" {
			r.Gate, r.Held = gateName(a, l.Weights), l.Weights == ""
			if a.Verdict != nil {
				r.Decided = a.Verdict.Time
			}
		}
		p.List = append(p.List, r)
	}
	slices.SortStableFunc(p.List, func(a, b languageRow) int { return strings.Compare(languageName(a.Tag), languageName(b.Tag)) })
	return p, nil
}

// gates say why weights answer or not.
var gates = map[string]string{
	"":                 "may answer",
	"gate_untrusted":   "there is a verdict, signed by nobody who is trusted here",
	"gate_no_verdict":  "waits for a verdict",
	"gate_changed":     "the verdict is about other weights, another prompt or another base",
	"gate_block":       "blocked: it was worse than its base",
	"gate_no_evidence": "not enough evidence yet",
}

func gateName(a *adapters.Adapter, weights string) string {
	if name, ok := gates[weights]; ok {
		if weights == "" && a.Gate != adapters.Required {
			return "open: it needs no verdict"
		}
		return name
	}
	return weights // such as that the model server does not hold them
}

// A languagePage shows one language: who answers, the verdict, and how it does.
type languagePage struct {
	languageRow
	Adapter *adapters.Adapter
	Spans   []span
	Total   ledger.Cell
	Plots   []plot
}

func (c *Console) language(ctx context.Context, v gateway.Visit) (any, error) {
	list, err := c.languages(ctx, v)
	if err != nil {
		return nil, err
	}
	tag := lang.Tag(strings.TrimPrefix(v.Path, "languages/"))
	for _, r := range list.(languagesPage).List {
		if r.Tag == tag {
			p := languagePage{languageRow: r}
			p.Adapter, _ = c.Adapters().For(tag)
			return p, c.languageTraffic(ctx, v, &p)
		}
	}
	return nil, fault.NotFound.Errorf("no adapter serves %q", string(tag))
}

// languageTraffic adds what was asked in the language.
func (c *Console) languageTraffic(ctx context.Context, v gateway.Visit, p *languagePage) error {
	if c.Ledger == nil {
		return nil
	}
	_, days := chosen(v.Form.Get("days"))
	if days == 0 {
		days = 7 // the ledger counts by day
	}
	for _, s := range spans[1:] {
		s.Here = s.Days == days
		p.Spans = append(p.Spans, s)
	}
	now := time.Now().UTC()
	from := now.AddDate(0, 0, 1-days)
	rows, err := c.Ledger.Usage(ctx, ledger.UsageQuery{Tenant: tenantOf(v), From: from, To: now, By: []ledger.By{ledger.ByDay, ledger.ByLanguage}})
	if err != nil {
		return err
	}
	var mine []ledger.Usage
	for _, u := range rows {
		if u.Language == string(p.Tag.Base()) {
			mine = append(mine, u)
		}
	}
	points := byDay(mine, from, days)
	for _, m := range points {
		p.Total.Add(m.Cell)
	}
	p.Plots = dayPlots(points, now, days)
	return nil
}

// A serversPage shows the model servers.
type serversPage struct{ List []pool.State }

func (c *Console) servers(context.Context, gateway.Visit) (any, error) {
	p := serversPage{}
	if c.Servers != nil {
		p.List = c.Servers()
	}
	return p, nil
}
