package promtool

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const (
	rulesFolder = "../../deploy/watch/prometheus"
	runbooks    = "docs/runbooks/" // from the root of the repository
	root        = "../../"
)

// TestPromtool runs promtool on the rules, their tests and the configuration.
func TestPromtool(t *testing.T) {
	promtool := build(t)
	rules, tests := glob(t, "rules-*.yaml"), glob(t, "*_test.yaml")
	for _, args := range [][]string{
		append([]string{"check", "rules", "--lint=all", "--lint-fatal"}, rules...),
		append([]string{"test", "rules"}, tests...),
		{"check", "config", filepath.Join(rulesFolder, "prometheus.yaml")},
	} {
		out, err := exec.Command(promtool, args...).CombinedOutput()
		t.Logf("promtool %s\n%s", strings.Join(args[:2], " "), out)
		if err != nil {
			t.Errorf("promtool %s: %v", strings.Join(args[:2], " "), err)
		}
	}
}

// build builds promtool as it stands in go.mod. It is not run by go tool, which
// heeds no build tags: without this one, the service discovery of every cloud
// is compiled too, which takes longer than all the rest.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "promtool")
	cmd := exec.Command("go", "build", "-tags", "remove_all_sd", "-ldflags", "-s -w", "-o", path, "github.com/prometheus/prometheus/cmd/promtool")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building promtool: %v\n%s", err, out)
	}
	return path
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(rulesFolder, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s in %s: %v", pattern, rulesFolder, err)
	}
	return files
}

// A rule is a rule of Prometheus, as far as it is looked at here.
type rule struct {
	Alert, Record, Expr string
	Labels, Annotations map[string]string
}

func allRules(t *testing.T) []rule {
	t.Helper()
	var list []rule
	for _, name := range glob(t, "rules-*.yaml") {
		var file struct {
			Groups []struct{ Rules []rule }
		}
		read(t, name, &file)
		for _, g := range file.Groups {
			list = append(list, g.Rules...)
		}
	}
	return list
}

func read(t *testing.T, name string, to any) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err == nil {
		err = yaml.Unmarshal(data, to)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// TestEveryAlertIsTested sees a test in which an alert is given, with each
// severity, and one in which it is not.
func TestEveryAlertIsTested(t *testing.T) {
	type state struct{ given, not bool }
	tested := map[string]state{}
	for _, name := range glob(t, "*_test.yaml") {
		var file struct {
			Tests []struct {
				Alerts []struct {
					Name string `yaml:"alertname"`
					Want []struct {
						Labels      map[string]string `yaml:"exp_labels"`
						Annotations map[string]string `yaml:"exp_annotations"`
					} `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			}
		}
		read(t, name, &file)
		for _, test := range file.Tests {
			for _, a := range test.Alerts {
				given := map[string]bool{}
				for _, w := range a.Want {
					given[w.Labels["severity"]] = true
				}
				for _, severity := range []string{"page", "ticket"} {
					s := tested[a.Name+" "+severity]
					s.given, s.not = s.given || given[severity], s.not || !given[severity]
					tested[a.Name+" "+severity] = s
				}
			}
		}
	}
	for _, r := range allRules(t) {
		if s := tested[r.Alert+" "+r.Labels["severity"]]; r.Alert != "" && (!s.given || !s.not) {
			t.Errorf("alert %s, severity %s: tested where it is given: %t; where it is not: %t", r.Alert, r.Labels["severity"], s.given, s.not)
		}
	}
}

// TestEveryAlertHasItsPage sees a runbook for each alert, and an alert for each
// runbook.
func TestEveryAlertHasItsPage(t *testing.T) {
	pages := map[string]bool{}
	for _, r := range allRules(t) {
		if r.Alert == "" {
			continue
		}
		page := runbooks + r.Alert + ".md"
		pages[filepath.Base(page)] = true
		if r.Annotations["runbook_url"] != page {
			t.Errorf("alert %s leads to %q, want %q", r.Alert, r.Annotations["runbook_url"], page)
		}
		if s := r.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("alert %s has severity %q; there are page and ticket", r.Alert, s)
		}
		for _, a := range []string{"summary", "description"} {
			if r.Annotations[a] == "" {
				t.Errorf("alert %s has no %s", r.Alert, a)
			}
		}
		checkPage(t, page, r.Alert)
	}
	entries, err := os.ReadDir(root + runbooks)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "README.md" && !pages[e.Name()] {
			t.Errorf("%s%s is about no alert", runbooks, e.Name())
		}
	}
}

// longest is how many lines a runbook may have: half a page.
const longest = 45

func checkPage(t *testing.T, page, alert string) {
	data, err := os.ReadFile(root + page)
	if err != nil {
		t.Errorf("alert %s has no page: %v", alert, err)
		return
	}
	text := string(data)
	if !strings.HasPrefix(text, "# "+alert+"\n") {
		t.Errorf("%s does not begin with # %s", page, alert)
	}
	for _, part := range []string{"**For citizens:**", "## Look", "## Do", "## Call"} {
		if !strings.Contains(text, part) {
			t.Errorf("%s has no %q", page, part)
		}
	}
	if n := strings.Count(text, "\n"); n > longest {
		t.Errorf("%s has %d lines, which is more than half a page (%d)", page, n, longest)
	}
}
