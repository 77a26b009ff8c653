package helm

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestRules sees that the cluster has the very rules of deploy/watch.
func TestRules(t *testing.T) {
	files, err := filepath.Glob(root + "deploy/watch/prometheus/rules-*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files of rules, %v", len(files), err)
	}
	o := manifests(t, places(t)["vllm"])
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want monitoring.PrometheusRuleSpec
		if err := yaml.UnmarshalStrict(text, &want); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "rules-"), ".yaml")
		got := one[*monitoring.PrometheusRule](t, o, "PrometheusRule/tilgate-"+name).Spec
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the chart has other rules; is there a link to it in deploy/chart/rules?", file)
		}
	}
}

// TestMonitor sees that Prometheus finds the metrics, and knows the job by the
// name that the alerts use.
func TestMonitor(t *testing.T) {
	o := manifests(t, places(t)["kserve"])
	m := one[*monitoring.ServiceMonitor](t, o, "ServiceMonitor/tilgate")
	s := one[*core.Service](t, o, "Service/tilgate")
	if s.Labels[m.Spec.JobLabel] != "tilgate" || m.Labels["release"] != "prometheus" {
		t.Errorf("the job is %q, and the monitor has labels %v", s.Labels[m.Spec.JobLabel], m.Labels)
	}
	for label, value := range m.Spec.Selector.MatchLabels {
		if s.Labels[label] != value {
			t.Errorf("the service is not labelled %s=%s", label, value)
		}
	}
	port := m.Spec.Endpoints[0].Port
	if !slices.ContainsFunc(s.Spec.Ports, func(p core.ServicePort) bool { return p.Name == port && p.Port == 9464 }) {
		t.Errorf("the service has no port %q", port)
	}
}

// An adapterRule is one of prometheus-adapter, as far as it is looked at here.
type adapterRule struct {
	SeriesQuery, MetricsQuery string
	Name                      struct{ As string }
}

func adapterRules(t *testing.T) []adapterRule {
	t.Helper()
	text, err := os.ReadFile(folder + "/examples/prometheus-adapter.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Rules struct{ Custom []adapterRule }
	}
	if err := yaml.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all.Rules.Custom
}

// TestScaling sees that what the autoscaler asks for is what the adapter makes.
func TestScaling(t *testing.T) {
	h := one[*autoscaling.HorizontalPodAutoscaler](t, manifests(t, places(t)["vllm"]), "HorizontalPodAutoscaler/tilgate").Spec
	if h.ScaleTargetRef.Kind != "Deployment" || h.ScaleTargetRef.Name != "tilgate" || *h.MinReplicas < 2 || h.MaxReplicas < *h.MinReplicas {
		t.Errorf("it scales %+v from %d to %d", h.ScaleTargetRef, *h.MinReplicas, h.MaxReplicas)
	}
	var made, asked []string
	for _, r := range adapterRules(t) {
		made = append(made, r.Name.As)
	}
	for _, m := range h.Metrics {
		if m.Pods != nil {
			asked = append(asked, m.Pods.Metric.Name)
			if m.Pods.Target.AverageValue.IsZero() {
				t.Errorf("%s has no target", m.Pods.Metric.Name)
			}
		}
	}
	if !slices.Equal(asked, made) || len(asked) != 2 {
		t.Errorf("it asks for %v, and the adapter makes %v", asked, made)
	}
	if kept := one[*autoscaling.HorizontalPodAutoscaler](t, manifests(t, places(t)["kept"]), "HorizontalPodAutoscaler/tilgate"); kept.Spec.ScaleTargetRef.Kind != "StatefulSet" {
		t.Errorf("it scales a %s", kept.Spec.ScaleTargetRef.Kind)
	}
}

var metric = regexp.MustCompile(`tilgate_[a-z0-9_]+`)

// TestScalingUsesWhatExists looks up each metric in the page that a test of the
// program compares with what it registers.
func TestScalingUsesWhatExists(t *testing.T) {
	page, err := os.ReadFile(root + "docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var queries []string
	for _, r := range adapterRules(t) {
		queries = append(queries, r.SeriesQuery, r.MetricsQuery)
	}
	o := manifests(t, places(t)["keda"])
	if o["HorizontalPodAutoscaler/tilgate"] != nil {
		t.Error("two scale the same pods")
	}
	for _, trigger := range one[*ScaledObject](t, o, "ScaledObject/tilgate").Spec.Triggers {
		query := trigger.Metadata["query"]
		if !strings.Contains(query, `{namespace="ask",service="tilgate"}`) || trigger.Metadata["serverAddress"] == "" {
			t.Errorf("KEDA asks %q of %q", query, trigger.Metadata["serverAddress"])
		}
		queries = append(queries, query)
	}
	for _, q := range queries {
		name := metric.FindString(q)
		for _, end := range []string{"_bucket", "_count"} {
			name = strings.TrimSuffix(name, end)
		}
		if !strings.Contains(string(page), "\n| `"+name+"` |") {
			t.Errorf("there is no metric %q, which %q asks for", name, q)
		}
	}
}
