package admin

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"tilgate/internal/lang"
	"tilgate/internal/locale"
	"tilgate/serving"
	"tilgate/serving/ledger"
)

// A usageTable is usage by one label, the most asked first.
type usageTable struct {
	Title string
	By    ledger.By
	Rows  []usageRow
	More  int // that are not shown
}

type usageRow struct {
	Name, Label string
	ledger.Cell
	Share float64 // of all requests, 0..100
}

const mostRows = 60

func tableOf(title string, by ledger.By, rows []ledger.Usage) usageTable {
	t := usageTable{Title: title, By: by}
	var all int64
	for _, u := range rows {
		all += u.Requests
	}
	for _, u := range rows {
		label := cmp.Or(u.Language, u.Key, u.Model, u.Degraded, u.Adapter)
		t.Rows = append(t.Rows, usageRow{nameOf(by, label), label, u.Cell, 100 * float64(u.Requests) / float64(max(all, 1))})
	}
	slices.SortStableFunc(t.Rows, func(a, b usageRow) int { return cmp.Compare(b.Requests, a.Requests) })
	if t.More = len(t.Rows) - mostRows; t.More > 0 {
		t.Rows = t.Rows[:mostRows]
	}
	return t
}

// nameOf says what a label means.
func nameOf(by ledger.By, label string) string {
	switch {
	case by == ledger.ByLanguage && label != "":
		return languageName(lang.Tag(label))
	case by == ledger.ByLanguage:
		return "not told, or a plain model was asked"
	case by == ledger.ByDegraded:
		return reasonName(label)
	case by == ledger.ByModel && label == "extract":
		return "no model: sentences were quoted"
	case label == "":
		return "none"
	}
	return label
}

// reasons say why an answer was less than a full one.
var reasons = map[string]string{
	"":                    "nothing was wrong",
	serving.OtherLanguage: "the model did not manage the language; another was used",
	serving.Unable:        "the model did not manage the language at all",
	serving.NoModel:       "no model was running; sentences were quoted",
	serving.NoStore:       "the knowledge base could not be reached",
	serving.NotFound:      "nothing was found in the knowledge base",
	serving.OtherModel:    "another model answered than the usual one",
	serving.Continued:     "a server broke off, and another went on",
	serving.ModelLost:     "the model failed; sentences were quoted",
}

func reasonName(reason string) string { return cmp.Or(reasons[reason], reason) }

// languageName is what the pages call a language.
func languageName(tag lang.Tag) string { return cmp.Or(locale.English(tag), "not known") }

// funcs are what templates write with.
var funcs = template.FuncMap{
	"count":    count,
	"percent":  func(part, all int64) string { return percent(float64(part), float64(all)) },
	"seconds":  seconds,
	"p50":      func(h ledger.Histogram) string { return seconds(h.Quantile(.5)) },
	"p95":      func(h ledger.Histogram) string { return seconds(h.Quantile(.95)) },
	"date":     func(t time.Time) string { return written(t, "2 Jan 2006") },
	"moment":   func(t time.Time) string { return written(t, "2 Jan 2006, 15:04") },
	"language": func(tag any) string { return languageName(lang.Tag(fmt.Sprint(tag))) },
	"list":     func(list []string) string { return strings.Join(list, ", ") },
	"dict":     dict,
	"plural":   plural,
}

func written(t time.Time, layout string) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format(layout)
}

// count writes a number with thin spaces between its thousands.
func count(n any) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "\u202f" + text[i:]
	}
	return text
}

// plural writes a number of things.
func plural(n any, thing string) string {
	if text := fmt.Sprint(n); text != "1" {
		thing += "s"
	}
	return count(n) + " " + thing
}

func percent(part, all float64) string {
	if all == 0 {
		return "–"
	}
	return strconv.FormatFloat(100*part/all, 'f', 1, 64) + " %"
}

func seconds(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// dict makes a template's arguments of names and values, one after the other.
func dict(pairs ...any) map[string]any {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m
}
