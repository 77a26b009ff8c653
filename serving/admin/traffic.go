package admin

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"tilgate/serving/gateway"
	"tilgate/serving/ledger"
)

// A trafficPage is how much was asked, and how it went.
type trafficPage struct {
	Spans    []span
	Since    string // what the numbers cover, in words
	Total    ledger.Cell
	Plots    []plot
	Tables   []usageTable
	NoLedger bool
}

// A span is a stretch of time that can be chosen.
type span struct {
	Days int // 0 is the last 24 hours
	Name string
	Here bool
}

var spans = []span{{Days: 0, Name: "24 hours"}, {Days: 7, Name: "7 days"}, {Days: 30, Name: "30 days"}, {Days: 90, Name: "90 days"}}

// chosen returns the spans, with the one that a form names marked; a week if
// it names none.
func chosen(form string) (list []span, days int) {
	days = 7
	if n, err := strconv.Atoi(form); err == nil && slices.ContainsFunc(spans, func(s span) bool { return s.Days == n }) {
		days = n
	}
	list = slices.Clone(spans)
	for i := range list {
		list[i].Here = list[i].Days == days
	}
	return list, days
}

func (c *Console) traffic(ctx context.Context, v gateway.Visit) (any, error) {
	p := trafficPage{}
	var days int
	p.Spans, days = chosen(v.Form.Get("days"))
	now := time.Now().UTC()
	if days == 0 || c.Ledger == nil {
		p.NoLedger = c.Ledger == nil
		if p.NoLedger {
			p.Spans = nil
		}
		c.lastDay(&p, v, now)
		return p, nil
	}
	return p, c.lastDays(ctx, &p, v, now, days)
}

// lastDay shows what is remembered of the last 24 hours.
func (c *Console) lastDay(p *trafficPage, v gateway.Visit, now time.Time) {
	p.Since = "The last 24 hours, by ten minutes, since this process began; times are UTC"
	if c.Live == nil {
		return
	}
	var points []Moment
	for _, m := range c.Live.Day(tenantOf(v), now) {
		points = append(points, m)
		p.Total.Add(m.Cell)
	}
	p.Plots = plots(points, func(t time.Time) string { return t.Format("15:04") }, func(t time.Time) bool { return t.Minute() == 0 && t.Hour()%4 == 0 })
}

// lastDays shows what the ledger has of some days.
func (c *Console) lastDays(ctx context.Context, p *trafficPage, v gateway.Visit, now time.Time, days int) error {
	from := now.AddDate(0, 0, 1-days)
	p.Since = "The last " + strconv.Itoa(days) + " days; days begin at midnight, UTC"
	q := ledger.UsageQuery{Tenant: tenantOf(v), From: from, To: now, By: []ledger.By{ledger.ByDay}}
	rows, err := c.Ledger.Usage(ctx, q)
	if err != nil {
		return err
	}
	points := byDay(rows, from, days)
	for _, m := range points {
		p.Total.Add(m.Cell)
	}
	p.Plots = dayPlots(points, now, days)
	for _, by := range []struct {
		by    ledger.By
		title string
	}{{ledger.ByLanguage, "Languages of questions"}, {ledger.ByDegraded, "Less than a full answer"}, {ledger.ByModel, "What answered"}, {ledger.ByKey, "Keys"}} {
		q.By = []ledger.By{by.by}
		rows, err := c.Ledger.Usage(ctx, q)
		if err != nil {
			return err
		}
		p.Tables = append(p.Tables, tableOf(by.title, by.by, rows))
	}
	return nil
}

// byDay gives each day its place, also those on which nothing was asked.
func byDay(rows []ledger.Usage, from time.Time, days int) []Moment {
	list := make([]Moment, days)
	at := map[string]int{}
	for i := range list {
		list[i].From = from.AddDate(0, 0, i).Truncate(24 * time.Hour)
		at[list[i].From.Format(time.DateOnly)] = i
	}
	for _, r := range rows {
		if i, ok := at[r.Day]; ok {
			list[i].Cell = r.Cell
		}
	}
	return list
}

// dayPlots draws days, of which about seven are named.
func dayPlots(points []Moment, now time.Time, days int) []plot {
	every := max(1, days/7)
	return plots(points, func(t time.Time) string { return t.Format("2 Jan") },
		func(t time.Time) bool { return int(now.Sub(t).Hours()/24)%every == 0 })
}

// plots draws what was counted over time.
func plots(points []Moment, name func(time.Time) string, ticked func(time.Time) bool) []plot {
	base := plot{}
	for i, m := range points {
		base.Times = append(base.Times, name(m.From))
		if ticked(m.From) {
			base.Ticks = append(base.Ticks, tick{i, name(m.From)})
		}
	}
	counted := func(f func(m Moment) int64) []float64 {
		list := make([]float64, len(points))
		for i, m := range points {
			list[i] = float64(f(m))
		}
		return list
	}
	timed := func(f func(m Moment) time.Duration) []float64 {
		list := make([]float64, len(points))
		for i, m := range points {
			if list[i] = f(m).Seconds(); list[i] == 0 {
				list[i] = math.NaN()
			}
		}
		return list
	}
	requests, less, speed := base, base, base
	requests.ID, requests.Title, requests.Bars = "requests", "Requests, by how they ended", true
	requests.Series = []series{
		{"answered", counted(func(m Moment) int64 { return m.Answers })},
		{"refused", counted(func(m Moment) int64 { return m.Refusals })},
		{"failed", counted(func(m Moment) int64 { return m.Failures })},
		{"other", counted(func(m Moment) int64 { return max(0, m.Requests-m.Answers-m.Refusals-m.Failures) })},
	}
	less.ID, less.Title = "less", "What was less than it should be"
	less.Series = []series{
		{"fallbacks", counted(func(m Moment) int64 { return m.Fallbacks })},
		{"guard steps", counted(func(m Moment) int64 { return m.Steps })},
		{"refusals", counted(func(m Moment) int64 { return m.Refusals })},
	}
	speed.ID, speed.Title, speed.Unit = "speed", "Time to the first text, and to the end", " s"
	speed.Series = []series{
		{"first text, median", timed(func(m Moment) time.Duration { return m.First.Quantile(.5) })},
		{"first text, slowest 5 %", timed(func(m Moment) time.Duration { return m.First.Quantile(.95) })},
		{"end, median", timed(func(m Moment) time.Duration { return m.Total.Quantile(.5) })},
		{"end, slowest 5 %", timed(func(m Moment) time.Duration { return m.Total.Quantile(.95) })},
	}
	return []plot{requests, less, speed.inMillis()}
}
