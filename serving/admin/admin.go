// Package admin is what operators see under /admin: how the service does, what
// people ask and what cannot be answered, and what waits for a person.
//
// Every page is made on the server, plots included, and needs no script. The
// gateway says who an operator is; here it matters only that each sees what is
// their tenant's. A page is a function that gathers what its template shows: to
// add one, add it to pages.
package admin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"log/slog"
	"slices"
	"strings"
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

// A Ledger says what was used and what was lacking.
type Ledger interface {
	Usage(ctx context.Context, q ledger.UsageQuery) ([]ledger.Usage, error)
	Unanswered(ctx context.Context, q ledger.QuestionQuery) ([]ledger.Question, error)
}

// A Service finds passages, and says what it has.
type Service interface {
	Knowledge(ctx context.Context, c serving.Caller) ([]serving.KnowledgeBase, error)
	Search(ctx context.Context, c serving.Caller, q serving.Search) (serving.Found, error)
	Languages(ctx context.Context) []serving.Spoken
}

// An Index knows the versions of a tenant's knowledge bases.
type Index interface {
	Versions(ctx context.Context, kb string) ([]qdrant.Version, error)
	Rollback(ctx context.Context, kb string, to int) (int, error)
}

// A Keyring knows the keys, and changes those that are in its file.
type Keyring interface {
	All() (fixed, changeable []auth.Key, err error)
	Add(k auth.Key) error
	Edit(name string, change func(*auth.Key) error) error
}

// Parts are what the pages are made of. Those that are nil are not kept here,
// and their pages say so.
type Parts struct {
	Live     *Live
	Service  Service
	Index    func(tenant string) Index
	Adapters func() *adapters.Set
	Servers  func() []pool.State
	Keys     Keyring
	Used     func(ctx context.Context, name string) (day, month serving.Quota, err error) // of a key's quotas

	Ledger   Ledger
	Feedback *feedback.Desk
	Memory   *feedback.Memory
	People   *handover.Desk
	Reports  func(tenant, kb string) string // folder of quality reports
	Evals    string                         // folder of runs of tilgate eval
	Changed  func()                         // is called when another version is searched

	Log *slog.Logger // nil means slog.Default()
}

// A Console shows and does what the gateway's operators ask.
type Console struct {
	Parts
	look  *template.Template
	style []byte
	sheet string // address of the style
}

var (
	//go:embed templates/*.html
	templateFiles embed.FS
	//go:embed style.css
	styleFile []byte
)

// New returns a Console.
func New(p Parts) *Console {
	if p.Log == nil {
		p.Log = slog.Default()
	}
	sum := sha256.Sum256(styleFile)
	return &Console{Parts: p, style: styleFile, sheet: "/admin/style.css?" + hex.EncodeToString(sum[:6]),
		look: template.Must(template.New("").Funcs(funcs).ParseFS(templateFiles, "templates/*.html"))}
}

// A shower gathers what the template of a page shows.
type shower func(c *Console, ctx context.Context, v gateway.Visit) (any, error)

// A page is one of the operator's pages.
type page struct {
	path, name string // name is what the menu says; empty is not in it
	template   string
	show       shower
}

// pages are all of them, in the order of the menu. What follows a path that
// ends in a stroke is read by its page.
var pages = []page{
	{"", "Traffic", "traffic", (*Console).traffic},
	{"questions", "Unanswered", "questions", (*Console).questions},
	{"feedback", "Feedback", "feedback", (*Console).feedback},
	{"people", "People asked", "cases", (*Console).cases},
	{"conversations", "Conversations", "conversations", (*Console).conversations},
	{"knowledge", "Knowledge", "knowledge", (*Console).knowledge},
	{"knowledge/", "", "base", (*Console).base},
	{"search", "Search", "search", (*Console).search},
	{"languages", "Languages", "languages", (*Console).languages},
	{"languages/", "", "language", (*Console).language},
	{"evals", "Evaluations", "evals", (*Console).evals},
	{"servers", "Model servers", "servers", (*Console).servers},
	{"keys", "Keys", "keys", (*Console).keys},
}

// pageAt returns the page of a path.
func pageAt(path string) (page, bool) {
	i := slices.IndexFunc(pages, func(p page) bool {
		return p.path == path || strings.HasSuffix(p.path, "/") && strings.HasPrefix(path, p.path) && path != p.path
	})
	if i < 0 {
		return page{}, false
	}
	return pages[i], true
}

// A frame is what stands around every page.
type frame struct {
	Style  string
	Icon   string
	Title  string
	Caller string
	Tenant string
	Menu   []item
	Say    string
	Now    time.Time
	Body   any
}

type item struct {
	Path, Name string
	Here       bool
}

// Show returns the page at a path, or a report.
func (c *Console) Show(ctx context.Context, v gateway.Visit) (gateway.Sheet, error) {
	if v.Path == "style.css" {
		return gateway.Sheet{Type: "text/css; charset=utf-8", Body: c.style}, nil
	}
	if sheet, ok, err := c.report(ctx, v); ok || err != nil {
		return sheet, err
	}
	p, ok := pageAt(v.Path)
	if !ok {
		return gateway.Sheet{}, fault.NotFound.Errorf("there is no page %q here", "/admin/"+v.Path)
	}
	body, err := p.show(c, ctx, v)
	if err != nil {
		return gateway.Sheet{}, err
	}
	f := c.frame(v)
	f.Title, f.Body = titleOf(p, v), body
	return c.fill(p.template, f)
}

// titleOf says which page is open: with what follows its path, so that tabs of
// a browser can be told apart.
func titleOf(p page, v gateway.Visit) string {
	if p.name != "" {
		return p.name
	}
	name := strings.TrimPrefix(v.Path, p.path)
	if p.path == "languages/" {
		name = languageName(lang.Tag(name))
	}
	return name
}

// Say returns a page that says something, and asks for a key if nobody is there.
func (c *Console) Say(v gateway.Visit, say string) gateway.Sheet {
	f := c.frame(v)
	f.Title, f.Say = "Operator's page", say
	name := "said"
	if v.Caller.Name == "" {
		name = "login"
	}
	sheet, err := c.fill(name, f)
	if err != nil {
		c.Log.Error("the operator's page", "err", err)
		sheet = gateway.Sheet{Type: "text/plain; charset=utf-8", Body: []byte(say)}
	}
	return sheet
}

func (c *Console) frame(v gateway.Visit) frame {
	f := frame{Style: c.sheet, Icon: v.Icon, Caller: v.Caller.Name, Now: time.Now().UTC()}
	if t := tenantOf(v); t != rag.DefaultTenant {
		f.Tenant = t
	}
	for _, p := range pages {
		if p.name == "" {
			continue
		}
		at := v.Path == p.path || p.path != "" && strings.HasPrefix(v.Path, p.path+"/")
		f.Menu = append(f.Menu, item{strings.TrimSuffix("/admin/"+p.path, "/"), p.name, at})
	}
	return f
}

func (c *Console) fill(name string, f frame) (gateway.Sheet, error) {
	var b bytes.Buffer
	if err := c.look.ExecuteTemplate(&b, name, f); err != nil {
		return gateway.Sheet{}, fmt.Errorf("writing the page %s: %w", name, err)
	}
	return gateway.Sheet{Body: b.Bytes()}, nil
}

// tenantOf says whose pages a visit is shown.
func tenantOf(v gateway.Visit) string { return rag.TenantOf(v.Caller.Tenant) }
