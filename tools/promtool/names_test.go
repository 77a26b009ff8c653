package promtool

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// names are the metrics that exist, with their labels. Those of targets are on
// all of them.
type names map[string]map[string]bool

var (
	ofTargets = []string{"job", "instance"}
	row       = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\w+) \\| ([^|]*) \\|")
	quoted    = regexp.MustCompile("`([a-z_]+)`")
)

// known reads docs/metrics.md, which a test of the program compares with what it
// registers, and adds what Prometheus itself and our rules record.
func known(t *testing.T) names {
	t.Helper()
	page, err := os.ReadFile(root + "docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	n := names{}
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		var list []string
		for _, l := range quoted.FindAllStringSubmatch(m[3], -1) {
			list = append(list, l[1])
		}
		if m[2] != "histogram" {
			n.add(m[1], list...)
			continue
		}
		n.add(m[1]+"_bucket", append(list, "le")...)
		n.add(m[1]+"_count", list...)
		n.add(m[1]+"_sum", list...)
	}
	if len(n) < 20 {
		t.Fatalf("docs/metrics.md names %d metrics only", len(n))
	}
	for _, name := range []string{"up", "process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "process_max_fds"} {
		n.add(name)
	}
	for _, r := range allRules(t) {
		switch scope, _, _ := strings.Cut(r.Record, ":"); scope {
		case "level":
			n.add(r.Record, "level")
		case "language_level":
			n.add(r.Record, "language", "level")
		case "":
		default:
			t.Errorf("rule %s: the labels before its first colon are not known here", r.Record)
		}
	}
	return n
}

func (n names) add(name string, labels ...string) {
	n[name] = map[string]bool{}
	for _, l := range append(labels, ofTargets...) {
		n[name][l] = true
	}
}

// check parses an expression, and sees that each metric in it exists and has the
// labels that it is chosen by. where says whose it is. It returns the labels that
// there are.
func (n names) check(t *testing.T, where, expr string) map[string]bool {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Errorf("%s: %v\n%s", where, err, expr)
		return nil
	}
	used := map[string]bool{"level": true} // label_replace makes it
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		v, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		of, ok := n[v.Name]
		if !ok {
			t.Errorf("%s: there is no metric %q", where, v.Name)
			return nil
		}
		for l := range of {
			used[l] = true
		}
		for _, m := range v.LabelMatchers {
			if m.Name != model.MetricNameLabel && !of[m.Name] {
				t.Errorf("%s: %s has no label %q", where, v.Name, m.Name)
			}
		}
		return nil
	})
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		var by []string
		switch e := node.(type) {
		case *parser.AggregateExpr:
			by = e.Grouping
		case *parser.BinaryExpr:
			if e.VectorMatching != nil {
				by = append(e.VectorMatching.MatchingLabels, e.VectorMatching.Include...)
			}
		}
		for _, l := range by {
			if !used[l] {
				t.Errorf("%s: nothing in it has the label %q", where, l)
			}
		}
		return nil
	})
	return used
}

func TestRulesUseWhatExists(t *testing.T) {
	n := known(t)
	for _, r := range allRules(t) {
		n.check(t, "rule "+r.Alert+r.Record, r.Expr)
	}
}
