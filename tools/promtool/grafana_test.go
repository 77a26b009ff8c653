package promtool

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A dashboard is one of Grafana, as far as it is looked at here.
type dashboard struct {
	UID, Title, Description string
	SchemaVersion           int
	Panels                  []panel
	Templating              struct {
		List []struct {
			Name, Type string
			Datasource source
			Definition string
		}
	}
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               source
	GridPos                  place
	FieldConfig              struct{ Defaults struct{ Unit string } }
	Targets                  []struct {
		RefID, Expr, LegendFormat string
		Datasource                source
	}
}

type source struct{ Type, UID string }

type place struct{ X, Y, W, H int }

func (p place) overlaps(o place) bool {
	return p.X < o.X+o.W && o.X < p.X+p.W && p.Y < o.Y+o.H && o.Y < p.Y+p.H
}

// Panels of Grafana itself; others would be plugins, which many places cannot
// install.
var panelTypes = []string{"row", "timeseries", "stat", "table", "bargauge"}

// units that the dashboards use, as Grafana calls them.
var units = []string{"none", "short", "percentunit", "s", "bytes", "reqps"}

// ofGrafana are the variables that Grafana puts into expressions, with what
// stands for them here.
var ofGrafana = strings.NewReplacer("$language", ".+", "$__rate_interval", "5m", "$__range", "1h")

var legend = regexp.MustCompile(`\{\{(\w+)\}\}`)

// TestDashboards reads each dashboard: whether Grafana would show it as it is
// meant, and whether every expression is about metrics that exist.
func TestDashboards(t *testing.T) {
	files, err := filepath.Glob(root + "deploy/watch/grafana/*.json")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d dashboards, %v", len(files), err)
	}
	known := known(t)
	uids := map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(data, &d); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		name := filepath.Base(file)
		if d.UID == "" || uids[d.UID] || d.Title == "" || d.Description == "" || d.SchemaVersion < 39 {
			t.Errorf("%s: uid %q, title %q, description %q, schema %d", name, d.UID, d.Title, d.Description, d.SchemaVersion)
		}
		uids[d.UID] = true
		checkVariables(t, name, d, known)
		checkPanels(t, name, d, known)
	}
}

func checkVariables(t *testing.T, name string, d dashboard, known names) {
	sources := 0
	for _, v := range d.Templating.List {
		switch v.Type {
		case "datasource":
			sources++
		case "query":
			var metric, label string
			list := strings.NewReplacer("label_values(", "", ")", "", ",", " ").Replace(v.Definition)
			if _, err := fmt.Sscan(list, &metric, &label); err != nil || !known[metric][label] {
				t.Errorf("%s: variable %s is made of %q: %v", name, v.Name, v.Definition, err)
			}
		default:
			t.Errorf("%s: variable %s is of type %s", name, v.Name, v.Type)
		}
	}
	if sources != 1 {
		t.Errorf("%s: %d variables for the data source, want 1", name, sources)
	}
}

func checkPanels(t *testing.T, name string, d dashboard, known names) {
	ids := map[int]bool{}
	for i, p := range d.Panels {
		where := fmt.Sprintf("%s, panel %d (%s)", name, p.ID, p.Title)
		if p.ID == 0 || ids[p.ID] || p.Title == "" || !slices.Contains(panelTypes, p.Type) {
			t.Errorf("%s: its id is 0 or used twice, or it has no title, or type %q is none of %v", where, p.Type, panelTypes)
		}
		ids[p.ID] = true
		if g := p.GridPos; g.W <= 0 || g.H <= 0 || g.X < 0 || g.Y < 0 || g.X+g.W > 24 {
			t.Errorf("%s: it is at %+v, outside of 24 columns", where, g)
		}
		for _, other := range d.Panels[:i] {
			if p.GridPos.overlaps(other.GridPos) {
				t.Errorf("%s: it covers panel %d", where, other.ID)
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Description == "" || !slices.Contains(units, p.FieldConfig.Defaults.Unit) {
			t.Errorf("%s: it has no description, or unit %q is none of %v", where, p.FieldConfig.Defaults.Unit, units)
		}
		checkTargets(t, where, p, known)
	}
}

func checkTargets(t *testing.T, where string, p panel, known names) {
	refs := map[string]bool{}
	if len(p.Targets) == 0 {
		t.Errorf("%s: it asks nothing", where)
	}
	for _, q := range p.Targets {
		if refs[q.RefID] || q.RefID == "" {
			t.Errorf("%s: refId %q is empty or used twice", where, q.RefID)
		}
		refs[q.RefID] = true
		for _, s := range []source{p.Datasource, q.Datasource} {
			if s != (source{"prometheus", "${datasource}"}) {
				t.Errorf("%s: data source %+v, want the variable", where, s)
			}
		}
		labels := known.check(t, where, ofGrafana.Replace(q.Expr))
		for _, l := range legend.FindAllStringSubmatch(q.LegendFormat, -1) {
			if !labels[l[1]] {
				t.Errorf("%s: the legend names %q, which nothing in the expression has", where, l[1])
			}
		}
	}
}
