package admin

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/qdrant"
	"tilgate/serving"
	"tilgate/serving/auth"
	"tilgate/serving/feedback"
	"tilgate/serving/gateway"
	"tilgate/serving/handover"
	"tilgate/serving/ledger"
	"tilgate/serving/pool"
)

// hostile is what must never be more than text.
const hostile = `<script>alert(1)</script>"'<img src=x onerror=alert(2)>`

// desk is a service with one knowledge base for each tenant.
type desk struct{}

func (desk) Knowledge(_ context.Context, c serving.Caller) ([]serving.KnowledgeBase, error) {
	return []serving.KnowledgeBase{{Name: "civil-" + rag.TenantOf(c.Tenant), Version: 2, Documents: 1204, Passages: 9000, Languages: map[lang.Tag]int{"ky": 1000, "ru": 204}}}, nil
}

func (desk) Search(_ context.Context, _ serving.Caller, q serving.Search) (serving.Found, error) {
	if q.Query == "эчнерсе" {
		return serving.Found{}, nil
	}
	return serving.Found{Language: serving.Language{Tag: "ky", Script: "Cyrl"}, Passages: []rag.Passage{
		{KB: "civil", Doc: "birth", Title: hostile, Text: "Баланы каттоо үчүн " + hostile, Lang: "ky", Score: 12.5, Cosine: .71, Fused: .032}}}, nil
}

func (desk) Languages(context.Context) []serving.Spoken {
	return []serving.Spoken{{Tag: "ky", Name: "Кыргызча", Kind: "prompt_only", Scripts: []lang.Script{"Cyrl"}}, {Tag: "ur", Name: "اردو"}}
}

type index struct{ rolled *int }

func (x index) Versions(context.Context, string) ([]qdrant.Version, error) {
	return []qdrant.Version{{N: 2, Current: true, Passages: 9000}, {N: 1, Passages: 8000}}, nil
}

func (x index) Rollback(_ context.Context, _ string, to int) (int, error) {
	*x.rolled = to
	return to, nil
}

// ring is a keyring in memory.
type ring struct{ fixed, list []auth.Key }

func (r *ring) All() (fixed, changeable []auth.Key, err error) { return r.fixed, r.list, nil }

func (r *ring) Add(k auth.Key) error {
	r.list = append(r.list, k)
	return nil
}

func (r *ring) Edit(name string, change func(*auth.Key) error) error {
	for i := range r.list {
		if r.list[i].Name == name {
			return change(&r.list[i])
		}
	}
	return fault.NotFound.Errorf("there is no key of %q", name)
}

// A stage is a Console with all its parts, in which something was asked.
type stage struct {
	*Console
	ring   *ring
	rolled int
	data   string
}

func operator(name, tenant string) serving.Caller {
	return serving.Caller{Name: name, Tenant: tenant, Scope: &serving.Scope{Admin: true}}
}

func newStage(t *testing.T) *stage {
	t.Helper()
	data := t.TempDir()
	l, err := ledger.Open(t.Context(), ledger.Options{Folder: filepath.Join(data, "ledger")})
	if err != nil {
		t.Fatal(err)
	}
	set, err := adapters.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{data: data, ring: &ring{
		fixed: []auth.Key{{Name: "fixed", Scope: serving.Scope{Admin: true}}},
		list: []auth.Key{{Name: "portal", Created: time.Now(), Scope: serving.Scope{Limits: serving.Limits{Day: serving.Quota{Requests: 100}}}},
			{Name: hostile}, {Name: "abroad", Tenant: "abroad"}}}}
	memory, live := feedback.NewMemory(0, 0), new(Live)
	s.Console = New(Parts{Live: live, Service: desk{}, Index: func(string) Index { return index{&s.rolled} }, Adapters: func() *adapters.Set { return set },
		Servers: func() []pool.State { return []pool.State{{Name: "gpu-1", Up: true, Breaker: "open"}} }, Keys: s.ring,
		Used: func(context.Context, string) (day, month serving.Quota, err error) {
			return serving.Quota{Requests: 85}, day, nil
		},
		Ledger: l, Memory: memory, Feedback: &feedback.Desk{Memory: memory, Store: l, Mask: strings.Clone},
		Reports: func(tenant, kb string) string { return filepath.Join(data, "reports", tenant, kb) }, Evals: filepath.Join(data, "runs")})
	s.People = handover.NewDesk(l, handover.Options{})
	asked(t, l, live, memory)
	t.Cleanup(func() { l.Close() })
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if all, err := l.Usage(t.Context(), ledger.UsageQuery{}); err == nil && len(all) == 1 && all[0].Requests == 4 {
			break
		} else if time.Now().After(until) {
			t.Fatalf("the ledger has %+v, %v", all, err)
		}
	}
	return s
}

// asked has one tenant ask well and in vain, and another once.
func asked(t *testing.T, l *ledger.Ledger, live *Live, memory *feedback.Memory) {
	t.Helper()
	keeps := &serving.Scope{Policy: serving.Policy{LogText: true}}
	ky := serving.Language{Tag: "ky", Script: "Cyrl"}
	x := serving.Exchange{Start: time.Now(), Auto: true, Chars: 10, First: 200 * time.Millisecond, Total: time.Second,
		Caller: serving.Caller{Name: "portal", Scope: keeps}, Plan: serving.Plan{Language: ky, Adapter: "ky", Model: "qwen3:8b"}}
	lacking := x
	lacking.Question, lacking.Plan.Degraded = "Марска кантип учса болот? "+hostile, serving.NotFound
	abroad := x
	abroad.Caller = serving.Caller{Name: "foreign-key", Tenant: "abroad"}
	for _, x := range []serving.Exchange{x, x, lacking, abroad} {
		l.Record(t.Context(), x)
		live.Record(t.Context(), x)
	}
	for id, c := range map[string]serving.Caller{"chatcmpl-kept": x.Caller, "chatcmpl-not": {Name: "shy"}, "chatcmpl-abroad": {Name: "far", Tenant: "abroad", Scope: keeps}} {
		r := serving.Request{ID: id, Caller: c, Messages: []serving.Message{{Role: "user", Content: "question of " + c.Name + hostile}}}
		for range memory.Watch(r, func(yield func(serving.Event, error) bool) {
			_ = yield(serving.Delta{Text: "answer to " + c.Name}, nil) && yield(serving.Done{Plan: x.Plan}, nil)
		}) {
		}
	}
	f := feedback.Feedback{ID: "fb-1", Time: time.Now().UTC(), Tenant: rag.DefaultTenant, Key: "portal", Rating: -1, Language: "ky",
		Consent: feedback.Consent{Training: true, Language: "ky", Version: "1"}, Question: "Суроо " + hostile, Answer: "Жооп", Correction: "Туура жооп"}
	if err := l.PutFeedback(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// page returns the text of a page, and fails if something on it acts.
func (s *stage) page(t *testing.T, c serving.Caller, path, query string) string {
	t.Helper()
	form, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := s.Show(t.Context(), gateway.Visit{Caller: c, Path: path, Form: form, Host: "https://desk.example"})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	text := string(sheet.Body)
	if strings.Contains(text, "<script>alert") || strings.Contains(text, "<img src=x") || strings.Contains(text, " style=") {
		t.Errorf("%s: something on the page acts, or brings a style of its own", path)
	}
	return text
}

func has(t *testing.T, where, text string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("%s lacks %q", where, w)
		}
	}
}

func TestPages(t *testing.T) {
	s := newStage(t)
	me := operator("aida", "")
	for _, tt := range []struct {
		path, query string
		want        []string
	}{
		{"", "", []string{`<dt>Requests</dt><dd>3</dd>`, "Kyrgyz", "qwen3:8b", "nothing was found in the knowledge base", `aria-current="page">Traffic`}},
		{"", "days=0", []string{"<dt>Requests</dt><dd>3</dd>", "The last 24 hours"}},
		{"", "days=90", []string{"The last 90 days"}},
		{"questions", "", []string{"Марска кантип учса болот?", "1 question in 1 group", "Kyrgyz"}},
		{"questions", "language=ur", []string{"There were none"}},
		{"feedback", "", []string{"Суроо", "Туура жооп", `name="revision" value="`, "0 agreed"}},
		{"feedback", "state=agreed", []string{"There is none"}},
		{"people", "", []string{"There is none"}},
		{"conversations", "", []string{"question of portal", "answer to portal"}},
		{"knowledge", "", []string{"civil-default", "1\u202f204", "Kyrgyz 1\u202f000"}},
		{"knowledge/civil-default", "", []string{"Search version 1 instead", "There are none"}},
		{"search", "", []string{`action`, "as detected"}},
		{"search", "q=каттоо", []string{"words 12.50, meaning 0.710, both 0.0320", "Taken for Kyrgyz (Cyrl). 1 passage in"}},
		{"search", "q=эчнерсе", []string{"Nothing stored is near enough"}},
		{"languages", "", []string{"Кыргызча", "/admin/languages/ky"}},
		{"languages/ky", "", []string{"<dt>Requests</dt><dd>3</dd>", "Cyrl"}},
		{"evals", "", []string{"no finished run yet"}},
		{"servers", "", []string{"gpu-1", "kept failing"}},
		{"keys", "", []string{"portal", "85 of 100 requests today", "in the configuration", "&lt;script&gt;"}},
	} {
		has(t, tt.path+"?"+tt.query, s.page(t, me, tt.path, tt.query), tt.want...)
	}
}

// What is another tenant's is on no page.
func TestTenants(t *testing.T) {
	s := newStage(t)
	for _, p := range pages {
		path := p.path
		if strings.HasSuffix(path, "/") {
			continue
		}
		text := s.page(t, operator("aida", ""), path, "")
		for _, theirs := range []string{"foreign-key", "question of far", "civil-abroad", ">abroad<", "question of shy"} {
			if strings.Contains(text, theirs) {
				t.Errorf("%q shows %q", path, theirs)
			}
		}
	}
	text := s.page(t, operator("bek", "abroad"), "", "")
	has(t, "the page of abroad", text, "<dt>Requests</dt><dd>1</dd>", "foreign-key")
	if strings.Contains(text, "portal") {
		t.Error("the page of abroad shows portal")
	}
}

func TestNotKept(t *testing.T) {
	set, err := adapters.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{Console: New(Parts{Service: desk{}, Adapters: func() *adapters.Set { return set }, Keys: new(ring)})}
	for _, p := range pages {
		if path := strings.Replace(p.path, "knowledge/", "knowledge/civil-default", 1); !strings.HasSuffix(path, "/") {
			s.page(t, operator("aida", ""), path, "")
		}
	}
}

func TestNoSuchPage(t *testing.T) {
	s := newStage(t)
	for _, path := range []string{"nowhere", "knowledge/other", "languages/xx", "knowledge/../keys", "report", "report/eval/none", "report/kb/civil-abroad/x", "report/eval/../../ledger"} {
		_, err := s.Show(t.Context(), gateway.Visit{Caller: operator("aida", ""), Path: path})
		if !fault.NotFound.Is(err) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestReports(t *testing.T) {
	s := newStage(t)
	write := func(path, text string) {
		path = filepath.Join(s.data, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	write("runs/ky-1/report.html", "the run")
	write("runs/ky-1/run.json", `{"started":"2026-11-20T10:00:00Z","models":["base","ky"],"cases":240}`)
	write("reports/default/civil-default/2026-11-01.html", "the report")
	write("secret.html", "no report")
	if err := os.Symlink(filepath.Join(s.data, "secret.html"), filepath.Join(s.data, "reports/default/civil-default/link.html")); err != nil {
		t.Fatal(err)
	}
	me := operator("aida", "")
	has(t, "evals", s.page(t, me, "evals", ""), "/admin/report/eval/ky-1", "base, ky", "20 Nov 2026", "240")
	has(t, "base", s.page(t, me, "knowledge/civil-default", ""), "/admin/report/kb/civil-default/2026-11-01")
	for path, want := range map[string]string{"report/eval/ky-1": "the run", "report/kb/civil-default/2026-11-01": "the report"} {
		sheet, err := s.Show(t.Context(), gateway.Visit{Caller: me, Path: path})
		if err != nil || string(sheet.Body) != want || !sheet.Report {
			t.Errorf("%s: %q, apart %t, %v", path, sheet.Body, sheet.Report, err)
		}
	}
	if sheet, err := s.Show(t.Context(), gateway.Visit{Caller: me, Path: "report/kb/civil-default/link"}); err == nil {
		t.Errorf("a link leads to %q", sheet.Body)
	}
}

// do sends a form.
func (s *stage) do(t *testing.T, c serving.Caller, path string, fields ...string) (gateway.Sheet, error) {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return s.Do(t.Context(), gateway.Visit{Caller: c, Path: path, Form: form, Host: "https://desk.example"})
}

func TestKeys(t *testing.T) {
	s := newStage(t)
	me := operator("aida", "")
	me.Scope.Knowledge = []string{"civil"}
	sheet, err := s.do(t, me, "keys", "name", "site", "kind", "page", "origins", "https://moh.example, https://www.moh.example", "minute", "30")
	if err != nil {
		t.Fatal(err)
	}
	made := s.ring.list[len(s.ring.list)-1]
	secret := regexp.MustCompile(`data-key=&#34;(tgp-[\w-]+)|data-key="(tgp-[\w-]+)`).FindString(string(sheet.Body))
	if !made.Page || made.Admin || len(made.Origins) != 2 || made.Limits.Requests != 30 || made.Each != auth.UsualShares || secret == "" ||
		len(made.Knowledge) != 1 || made.Hash != auth.HashOf(secret[strings.Index(secret, "tgp-"):]) {
		t.Errorf("made %+v, shown %q", made, secret)
	}
	for name, fields := range map[string][]string{
		"without a name":           {"kind", "program"},
		"a page without origins":   {"name", "x", "kind", "page"},
		"origins that are none":    {"name", "x", "kind", "page", "origins", "javascript:1"},
		"a number that is none":    {"name", "x", "minute", "many"},
		"a number below nothing":   {"name", "x", "day", "-1"},
		"a number beyond all":      {"name", "x", "day", "9999999999999999"},
		"an expiry that is a word": {"name", "x", "expires", "soon"},
	} {
		n := len(s.ring.list)
		if _, err := s.do(t, me, "keys", fields...); !fault.Invalid.Is(err) || len(s.ring.list) != n {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRevoke(t *testing.T) {
	s := newStage(t)
	me := operator("aida", "")
	s.ring.list = append(s.ring.list, auth.Key{Name: "aida"})
	for name, want := range map[string]fault.Kind{"abroad": fault.NotFound, "nobody": fault.NotFound, "aida": fault.Invalid} {
		if _, err := s.do(t, me, "revoke", "name", name); !want.Is(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sheet, err := s.do(t, me, "revoke", "name", "portal"); err != nil || sheet.Next != "/admin/keys" || s.ring.list[0].Revoked.IsZero() {
		t.Errorf("%+v %v", sheet, err)
	}
	has(t, "keys", s.page(t, me, "keys", ""), "taken back on")
}

func TestRollback(t *testing.T) {
	s := newStage(t)
	me := operator("aida", "")
	for _, bad := range [][]string{{"kb", "civil-default", "version", "x"}, {"kb", "civil-abroad", "version", "1"}, {"kb", "civil-default", "version", "-1"}} {
		if _, err := s.do(t, me, "rollback", bad...); err == nil || s.rolled != 0 {
			t.Errorf("%v: %v, version %d", bad, err, s.rolled)
		}
	}
	if _, err := s.do(t, me, "rollback", "kb", "civil-default", "version", "1"); err != nil || s.rolled != 1 {
		t.Errorf("version %d, %v", s.rolled, err)
	}
}

func TestCases(t *testing.T) {
	s := newStage(t)
	me := operator("aida", "")
	c, _, err := s.People.Take(t.Context(), serving.Caller{Name: "portal"}, handover.Asked{Language: "ky", Contact: hostile,
		Messages: []handover.Message{{Role: handover.User, Content: "Адам менен сүйлөшөм " + hostile}}})
	if err != nil {
		t.Fatal(err)
	}
	has(t, "waiting", s.page(t, me, "people", ""), "Адам менен сүйлөшөм", c.ID, "to be reached at")
	if text := s.page(t, operator("bek", "abroad"), "people", ""); strings.Contains(text, c.ID) {
		t.Error("another tenant sees the case")
	}
	if _, err := s.do(t, operator("bek", "abroad"), "people", "id", c.ID, "do", "reply", "text", "x"); !fault.NotFound.Is(err) {
		t.Errorf("another tenant answers: %v", err)
	}
	if _, err := s.do(t, me, "people", "id", c.ID, "do", "reply", "text", "  "); !fault.Invalid.Is(err) {
		t.Errorf("an empty answer: %v", err)
	}
	if _, err := s.do(t, me, "people", "id", c.ID, "do", "reply", "text", "Жообум\r\nушул"); err != nil {
		t.Fatal(err)
	}
	has(t, "answered", s.page(t, me, "people", "state=answered"), "Жообум\nушул", "aida, ")
	if _, err := s.do(t, me, "people", "id", c.ID, "do", "close"); err != nil {
		t.Fatal(err)
	}
	has(t, "closed", s.page(t, me, "people", "state=closed"), c.ID)
}

func TestReviewNeedsTheWordsThatWereRead(t *testing.T) {
	s := newStage(t)
	if _, err := s.do(t, operator("aida", ""), "feedback", "id", "fb-1", "verdict", "agree", "revision", "old"); !fault.Invalid.Is(err) {
		t.Errorf("%v", err)
	}
	if _, err := s.do(t, operator("aida", ""), "nowhere"); !fault.NotFound.Is(err) {
		t.Errorf("%v", err)
	}
}

func TestLive(t *testing.T) {
	var l Live
	now := time.Date(2026, 11, 28, 12, 5, 0, 0, time.UTC)
	for _, ago := range []time.Duration{0, time.Minute, 10 * time.Minute, 23 * time.Hour, 25 * time.Hour, 0} {
		l.Record(t.Context(), serving.Exchange{Start: now.Add(-ago), Chars: 1})
	}
	l.Record(t.Context(), serving.Exchange{Start: time.Time{}, Chars: 1})
	day := l.Day(rag.DefaultTenant, now)
	if len(day) != slots || day[slots-1].Answers != 3 || day[slots-2].Answers != 1 || day[slots-1].From != now.Truncate(slotTime) {
		t.Errorf("%d slots, the last %+v, %+v", len(day), day[slots-1].Counts, day[slots-2].Counts)
	}
	var all int64
	for _, m := range day {
		all += m.Answers
	}
	if all != 5 {
		t.Errorf("%d answers in the last day, want 5", all)
	}
	if old := l.Day(rag.DefaultTenant, now.Add(48*time.Hour)); old[slots-1].Answers != 0 || old[0].Answers != 0 {
		t.Error("what is older than a day is shown")
	}
}

func TestPlot(t *testing.T) {
	nan := math.NaN()
	p := plot{ID: "p", Times: []string{"Mon", "Tue", "<i>"}, Ticks: []tick{{0, "Mon"}}, Series: []series{{"a", []float64{3, 0, 8}}, {"b", []float64{1, nan, 4}}}}
	for _, bars := range []bool{true, false} {
		p.Bars = bars
		svg := string(p.SVG())
		for _, bad := range []string{"NaN", "Inf", "<i>"} {
			if strings.Contains(svg, bad) {
				t.Errorf("bars %t: the picture holds %s: %s", bars, bad, svg)
			}
		}
	}
	p.Bars = true
	if got := p.most(); got != 12 {
		t.Errorf("bars stand %v high, want 12", got)
	}
	if rows := p.Rows(); len(rows) != 2 || rows[0].At != "<i>" || rows[1].Values[0] != "3" {
		t.Errorf("%+v", p.Rows())
	}
	if empty := (plot{}); !empty.Empty() || !strings.Contains(string(empty.SVG()), "<svg") {
		t.Error("an empty plot is not empty, or cannot be drawn")
	}
}

func TestStep(t *testing.T) {
	for most, want := range map[float64]float64{0: 1, 1: .2, 5: 1, 7: 2, 24: 5, 60: 20, 1e6: 200_000, .03: .01} {
		if got := step(most); math.Abs(got-want) > want/1e6 {
			t.Errorf("step(%v) = %v, want %v", most, got, want)
		}
	}
}

// No page brings anything from elsewhere, or a script.
func TestNothingFromElsewhere(t *testing.T) {
	err := fs.WalkDir(templateFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templateFiles.ReadFile(path)
		if found := regexp.MustCompile(`(?i)<script|src="http|href="http|onclick|style="`).FindString(string(text)); found != "" {
			t.Errorf("%s holds %s", path, found)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
