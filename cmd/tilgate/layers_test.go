package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// storeys says on which storey each package stands. An import goes down at
// least one.
var storeys = map[string]int{
	"internal/fault":                 0, // the ground has steps
	"internal/wholefile":             0,
	"internal/fit":                   0,
	"internal/outbound":              1,
	"internal/outbound/outboundtest": 1,
	"internal/sign":                  1,
	"internal/lang":                  1,
	"internal/charset":               1,
	"internal/safezip":               1,
	"internal/lid":                   2,
	"internal/locale":                2,
	"internal/personal":              2,
	"internal/translit":              2,
	"internal/verdict":               2,
	"internal/bundle":                2,
	"adapters/lora/gguf":             2,

	"adapters":      words,
	"adapters/lora": words,
	"rag":           words,
	"rag/read":      words + 1, // what the readers of formats stand on
	"evals":         words,

	"serving":            stories,
	"serving/web":        stories,
	"serving/wire":       stories,     // what the clients of model servers stand on
	"serving/feedback":   stories + 1, // what the gateway and the ledger stand on
	"serving/handover":   stories + 1, // likewise
	"serving/pool/queue": stories,     // what the pool stands on
	"adapters/overlay":   stories,
	"adapters/push":      stories, // whose words model servers use
	"rag/ingest":         stories,
	"rag/crawl":          stories,
	"rag/near":           words + 1, // what quality stands on
	"rag/quality":        stories,
	"rag/succession":     words + 1, // what quality stands on
	"rag/read/readtest":  stories,
	"rag/forget":         stories,
	"rag/read/html":      stories,
	"rag/read/office":    stories,
	"rag/read/pdf":       stories,
	"rag/read/plain":     stories,
	"rag/read/wiki":      stories,
	"rag/read/epub":      stories + 1, // chapters are HTML
	"rag/read/sheet":     stories + 1, // rows are read as those of JSONL
	"rag/sources":        stories + 1, // what samples and upkeep stand on

	"serving/gateway":           edges,
	"serving/admin":             edges + 1,
	"serving/auth":              edges,
	"serving/auth/token":        edges,
	"serving/limit":             edges,
	"serving/pool":              edges,
	"serving/ollama":            edges,
	"serving/ollama/ollamatest": edges,
	"serving/openai":            edges,
	"serving/extract":           edges,
	"serving/audit":             edges,
	"serving/ledger":            edges,
	"serving/handover/send":     edges,
	"serving/trace":             edges,
	"serving/record":            edges,
	"serving/tokencost":         edges,
	"serving/guard":             edges,
	"serving/cache":             edges,
	"rag/qdrant":                edges,
	"rag/upkeep":                edges + 1,
	"rag/engine":                stories, // what enginetest stands on
	"rag/engine/enginetest":     edges,
	"rag/ragtest":               edges,
	"rag/sample":                edges,
	"rag/embed":                 edges,
	"rag/langchain":             edges,
	"evals/dataset":             stories, // what suites stand on
	"evals/stats":               stories,
	"evals/metric":              stories,
	"evals/gate":                stories, // what golden stands on
	"evals/suites":              edges,
	"evals/live":                edges,
	"evals/results":             edges,
	"evals/score":               edges,
	"evals/report":              edges,
	"evals/review":              edges,
	"evals/golden":              edges,

	"cmd/tilgate":  door,
	"tools/sizing": door,
}

// Each storey but the last leaves room for one more step, for those of its
// packages that stand on others of it.
const (
	words = 2*iota + 3
	stories
	edges
	door
)

type goPackage struct {
	ImportPath string
	Imports    []string
}

const module = "tilgate/"

func goPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir, cmd.Stderr = "../..", os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

func TestLayers(t *testing.T) {
	there := map[string]bool{}
	for _, p := range goPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		there[name] = true
		from, ok := storeys[name]
		if !ok {
			t.Errorf("%s stands on no storey: place it in the table of this test", name)
			continue
		}
		for _, imported := range p.Imports {
			imported, ours := strings.CutPrefix(imported, module)
			if to, known := storeys[imported]; ours && known && to >= from {
				t.Errorf("%s (storey %d) imports %s (storey %d): an import goes down at least one storey", name, from, imported, to)
			}
		}
	}
	for name := range storeys {
		if !there[name] {
			t.Errorf("%s stands in the table of this test, but is no package", name)
		}
	}
}

// Each package has its place in the tour, by its path, before the plan of the
// storeys lists them all.
func TestTour(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	tour, _, _ := strings.Cut(string(doc), "# The storeys")
	for _, p := range goPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		if !mentions(tour, name) {
			t.Errorf("the tour in cmd/tilgate/doc.go does not come to %s", name)
		}
	}
}

// mentions reports whether text names a package, not only one inside it.
func mentions(text, name string) bool {
	return regexp.MustCompile(`(^|[^\w/])` + regexp.QuoteMeta(name) + `($|[^\w/])`).MatchString(text)
}
