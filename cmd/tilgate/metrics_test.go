package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"tilgate/internal/fault"
	"tilgate/rag/sources"
	"tilgate/rag/upkeep"
	"tilgate/serving"
	"tilgate/serving/audit"
	"tilgate/serving/feedback"
	"tilgate/serving/handover"
	"tilgate/serving/ledger"
	"tilgate/serving/record"
)

// metricsPage is where every metric is described; tools/promtool reads it too,
// to check rules and dashboards.
const metricsPage = "../../docs/metrics.md"

// A described metric is one that the program registers.
type described struct{ name, kind, labels, help string }

func (d described) String() string {
	return fmt.Sprintf("| `%s` | %s | %s | %s |", d.name, d.kind, d.labels, d.help)
}

// A notary is a registerer that writes down what is registered.
type notary struct {
	*prometheus.Registry
	got map[string]described
}

var descText = regexp.MustCompile(`^Desc\{fqName: "([^"]+)", help: "(.*)", unit: ".*", constLabels: \{(.*)\}, variableLabels: \{(.*)\}\}$`)

func (n notary) MustRegister(list ...prometheus.Collector) {
	n.Registry.MustRegister(list...)
	for _, c := range list {
		descs := make(chan *prometheus.Desc, 100)
		c.Describe(descs)
		close(descs)
		for d := range descs {
			m := descText.FindStringSubmatch(d.String())
			if m == nil {
				panic("a description that is not understood: " + d.String())
			}
			var labels []string
			for _, l := range strings.Split(m[3], ",") {
				if name, _, ok := strings.Cut(l, "="); ok {
					labels = append(labels, "`"+name+"`")
				}
			}
			for _, l := range strings.Split(m[4], ",") {
				if l != "" {
					labels = append(labels, "`"+l+"`")
				}
			}
			n.got[m[1]] = described{m[1], kindOf(m[1], c), strings.Join(labels, ", "), m[2]}
		}
	}
}

// kindOf tells what kind of metric it is; names that end in _total are counters,
// here as everywhere.
func kindOf(name string, c prometheus.Collector) string {
	if _, ok := c.(*prometheus.HistogramVec); ok {
		return "histogram"
	}
	if strings.HasSuffix(name, "_total") {
		return "counter"
	}
	return "gauge"
}

// registerAll registers everything that serve does, of parts that do nothing.
func registerAll(r prometheus.Registerer) {
	counts := record.NewMetrics(r)
	r.MustRegister(buildInfo(buildVersion()), clock(), diskCollector{"."}, lostLog(&record.Buffer{}), lostRecords(&audit.Log{}), storeUp(nil),
		costCollector{}, backendCollector{}, languageCollector{counts: counts}, new(certificate).expiry())
	r.MustRegister(ledgerRows(&ledger.Ledger{})...)
	r.MustRegister(handoverCounts(handover.NewDesk(nil, handover.Options{}))...)
	newSyncMetrics(r)
	countLimits(r, nil)
	countFeedback(r, nil)
}

// TestMetricsAreDescribed compares docs/metrics.md with what is registered.
// With -update it writes the table anew.
func TestMetricsAreDescribed(t *testing.T) {
	n := notary{prometheus.NewRegistry(), map[string]described{}}
	registerAll(n)
	const begin, end = "<!-- metrics: begin -->\n", "<!-- metrics: end -->\n"
	page, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	table, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("%s has no table of metrics between %q and %q", metricsPage, begin, end)
	}
	want := "| Metric | Kind | Labels | What it says |\n|---|---|---|---|\n"
	for _, d := range slices.SortedFunc(maps.Values(n.got), func(a, b described) int { return cmp.Compare(a.name, b.name) }) {
		want += d.String() + "\n"
	}
	if *update {
		write(t, metricsPage, before+begin+want+end+after)
		return
	}
	if table != want {
		t.Errorf("the table in %s is not what is registered; run go test ./cmd/tilgate -run TestMetricsAreDescribed -update and read the difference:\n%s", metricsPage, table)
	}
}

var (
	exposed = regexp.MustCompile(`(?m)^# TYPE (\S+) (\w+)$`)
	tabled  = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\w+) \\|")
)

// TestMetricsAreServed starts a service with all that has metrics, and sees
// each name that it exposes in docs/metrics.md, of the same kind; and what is
// there before anybody has asked.
func TestMetricsAreServed(t *testing.T) {
	dir := t.TempDir()
	cert, manifest := TLSConfig{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}, filepath.Join(dir, "desk.toml")
	until := time.Now().Add(500 * time.Hour).Truncate(time.Second)
	certify(t, cert, "localhost", until)
	write(t, filepath.Join(dir, "water.txt"), "Сугат суусунун баасы бир гектарга кырк танга болот.")
	write(t, manifest, "name = \"desk\"\nevery = \"1h\"\n[[source]]\npath = \"water.txt\"\nlang = \"ky\"\n")
	_, out, _ := tilgate(t, "key", "create", "desk")
	_, key, _ := strings.Cut(out, "[[key]]")
	config := filepath.Join(dir, "tilgate.toml")
	write(t, config, fmt.Sprintf("data = %q\nlisten = \"127.0.0.1:0\"\nmetrics = \"127.0.0.1:0\"\nknowledge = [%q]\nlanguages = [\"ky\", \"en\"]\n"+
		"[[key]]%s\n[ollama]\nurl = \"\"\n[tls]\ncert = %q\nkey = %q\n[audit]\nfolder = %q\n[[backend]]\nname = \"one\"\nkind = \"ollama\"\nurl = \"http://127.0.0.1:1\"\n",
		filepath.Join(dir, "data"), manifest, key, cert.Cert, cert.Key, filepath.Join(dir, "audit")))
	log := serveHere(t, config, noEnv)
	address(t, log)
	s := beside{metrics: "http://" + regexp.MustCompile(`"msg":"serving metrics","address":"([^"]+)"`).FindStringSubmatch(log.String())[1] + "/metrics"}
	wanted := []string{
		`tilgate_knowledge_syncs_total{kb="desk",outcome="ok",tenant=""} 1`,
		`tilgate_knowledge_syncs_total{kb="desk",outcome="failed",tenant=""} 0`,
		`tilgate_knowledge_every_seconds{kb="desk",tenant=""} 3600`,
		`tilgate_knowledge_unread_documents{kb="desk",tenant=""} 0`,
		`tilgate_levels_total{kept="no",language="ky",level="answered"} 0`,
		`tilgate_levels_total{kept="yes",language="en",level="grounded"} 0`,
		`tilgate_language_served{kind="prompt_only",language="ky",weights=""} 1`,
		`tilgate_quota_refusals_total 0`,
		`tilgate_ledger_dropped_total 0`,
		`tilgate_audit_records_lost_total 0`,
		`tilgate_backend_up{backend="one"} 0`,
		`tilgate_knowledge_store_up 1`,
		fmt.Sprintf("tilgate_certificate_expiry_timestamp_seconds %g", float64(until.Unix())),
		`tilgate_build_info{commit="`,
		`tilgate_data_free_bytes `,
		`process_start_time_seconds `,
	}
	lacks := func(text string) (lines []string) {
		for _, want := range wanted {
			if !strings.Contains(text, "\n"+want) {
				lines = append(lines, want)
			}
		}
		return lines
	}
	// A scrape takes one metric after another, while the service goes on.
	text := s.scrape(t)
	for end := time.Now().Add(20 * time.Second); len(lacks(text)) > 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		text = s.scrape(t)
	}
	for _, want := range lacks(text) {
		t.Errorf("the metrics have no %s", want)
	}
	page, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, m := range tabled.FindAllStringSubmatch(string(page), -1) {
		kinds[m[1]] = m[2]
	}
	for _, m := range exposed.FindAllStringSubmatch(text, -1) {
		if strings.HasPrefix(m[1], "tilgate_") && kinds[m[1]] != m[2] {
			t.Errorf("%s is a %s; in %s it is %q", m[1], m[2], metricsPage, kinds[m[1]])
		}
	}
}

// refusing is limits that let nobody in.
type refusing struct{ limits }

func (refusing) Admit(context.Context, serving.Caller, int) (serving.Grant, error) {
	return serving.Grant{}, fault.Limited.Errorf("too much")
}

func TestRefusalsAreCounted(t *testing.T) {
	l := countLimits(prometheus.NewRegistry(), refusing{})
	if _, err := l.Admit(t.Context(), serving.Caller{}, 1); !fault.Limited.Is(err) {
		t.Errorf("%v, want the refusal itself", err)
	}
	if n := testutil.ToFloat64(l.(countedLimits).refused); n != 1 {
		t.Errorf("counted %v, want 1", n)
	}
}

// A feedbackShelf takes feedback, or not.
type feedbackShelf struct {
	feedback.Store
	err error
}

func (s *feedbackShelf) PutFeedback(context.Context, feedback.Feedback) error { return s.err }

func TestFeedbackIsCounted(t *testing.T) {
	shelf := &feedbackShelf{}
	d := countFeedback(prometheus.NewRegistry(), &feedback.Desk{Store: shelf})
	good, bad := feedback.Feedback{Language: "ky-Latn", Rating: 1}, feedback.Feedback{Language: "ky", Rating: -1}
	for _, f := range []feedback.Feedback{good, bad, bad} {
		if err := d.Store.PutFeedback(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if shelf.err = fault.Unavailable.Errorf("full"); d.Store.PutFeedback(t.Context(), good) == nil {
		t.Error("an error was lost")
	}
	given := d.Store.(countedFeedback).given
	if g, b := testutil.ToFloat64(given.WithLabelValues("ky", "1")), testutil.ToFloat64(given.WithLabelValues("ky", "-1")); g != 1 || b != 2 {
		t.Errorf("good %v, bad %v; want 1 and 2", g, b)
	}
}

func TestSyncMetrics(t *testing.T) {
	r := prometheus.NewRegistry()
	s := newSyncMetrics(r)
	desk := sources.Manifest{Name: "desk", Tenant: "moh", Every: sources.Duration(time.Hour)}
	s.expect("desk.toml", desk)
	start := testutil.ToFloat64(s.synced.WithLabelValues("moh", "desk"))
	s.note("desk.toml", desk, upkeep.Outcome{}, fault.Unavailable.Errorf("the store is down"))
	s.unreadable("desk.toml")
	if got := testutil.ToFloat64(s.syncs.WithLabelValues("moh", "desk", "failed")); got != 2 {
		t.Errorf("failed %v times, want 2", got)
	}
	if got := testutil.ToFloat64(s.synced.WithLabelValues("moh", "desk")); got != start {
		t.Errorf("a sync that failed counts as one: %v, want %v", got, start)
	}
	renamed := desk
	renamed.Name = "office"
	s.note("desk.toml", renamed, upkeep.Outcome{}, nil)
	if n, err := testutil.GatherAndCount(r); err != nil || n != 5 { // ok, failed, synced, every, unread of office alone
		t.Errorf("%d series, %v", n, err)
	}
}

func TestDiskMetrics(t *testing.T) {
	if n := testutil.CollectAndCount(diskCollector{t.TempDir()}); n != 2 {
		t.Errorf("%d metrics of a disk, want 2", n)
	}
	if n := testutil.CollectAndCount(diskCollector{filepath.Join(t.TempDir(), "absent")}); n != 0 {
		t.Errorf("%d metrics of a disk that cannot be asked", n)
	}
}
