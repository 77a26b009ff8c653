package helm

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

const (
	root   = "../../"
	folder = root + "deploy/chart"
)

// render does what helm template does, as release "tilgate" in namespace "ask".
// It returns the text of each template.
func render(values map[string]any) (map[string]string, error) {
	chart, err := loader.LoadDir(folder)
	if err != nil {
		return nil, err
	}
	release := common.ReleaseOptions{Name: "tilgate", Namespace: "ask", Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(chart, values, release, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(chart, all)
}

// manifests renders the chart and decodes what comes out.
func manifests(t *testing.T, values map[string]any) objects {
	t.Helper()
	files, err := render(values)
	if err != nil {
		t.Fatal(err)
	}
	all := objects{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) != ".yaml" {
			continue
		}
		for text := range strings.SplitSeq(files[name], "\n---\n") {
			if strings.TrimSpace(text) != "" {
				all.add(t, name, text)
			}
		}
	}
	return all
}

// read returns values of a text in YAML.
func read(t *testing.T, text string) map[string]any {
	t.Helper()
	values := map[string]any{}
	if err := yaml.UnmarshalStrict([]byte(text), &values); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return values
}

// example returns the values of a file of examples, with others over them.
func example(t *testing.T, name string, over ...string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "examples", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	values := read(t, string(text))
	for _, o := range over {
		values = loader.MergeMaps(values, read(t, o))
	}
	return values
}

// places are the values of the examples, and of what they leave out.
func places(t *testing.T) map[string]map[string]any {
	keda, err := os.ReadFile(folder + "/examples/keda.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]map[string]any{
		"vllm":   example(t, "vllm-production-stack"),
		"kserve": example(t, "kserve"),
		"keeper": example(t, "keeper"),
		"keda":   example(t, "kserve", string(keda)),
		"kept":   example(t, "kserve", "data: {persistent: true, storageClass: fast}\nconfig: {audit: {folder: /data/audit}}"),
		"pinned": example(t, "kserve", `
pod: {annotations: {a: b}, labels: {team: ask}, nodeSelector: {zone: kg}, tolerations: [{key: ask, operator: Exists}], priorityClassName: high}
service: {annotations: {c: d}}
autoscaling: {cpuPercent: 0}
disruption: {maxUnavailable: 25%}
networkPolicy: {enabled: false}
`),
	}
}

func TestLint(t *testing.T) {
	for name, values := range places(t) {
		linter := lint.RunAll(folder, values, "ask")
		if len(linter.Messages) == 0 && linter.HighestSeverity > 0 {
			t.Errorf("%s: severity %d without a message", name, linter.HighestSeverity)
		}
		for _, m := range linter.Messages {
			if m.Severity > 1 { // 1 is a hint, such as that there is no icon
				t.Errorf("%s: %v", name, m)
			}
		}
	}
}

// TestExamplesAreTested sees that no example is forgotten here.
func TestExamplesAreTested(t *testing.T) {
	files, err := filepath.Glob(folder + "/examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	want := []string{"keda.yaml", "keeper.yaml", "kserve.yaml", "prometheus-adapter.yaml", "vllm-production-stack.yaml"}
	if !slices.Equal(files, want) {
		t.Errorf("examples are %v; the tests know %v", files, want)
	}
}
