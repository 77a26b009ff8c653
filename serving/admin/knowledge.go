package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/qdrant"
	"tilgate/serving"
	"tilgate/serving/gateway"
)

// A knowledgePage lists knowledge bases.
type knowledgePage struct{ Bases []baseRow }

type baseRow struct {
	serving.KnowledgeBase
	Path  string
	Langs []langCount
}

type langCount struct {
	Name string
	N    int
}

func rowOf(kb serving.KnowledgeBase) baseRow {
	r := baseRow{KnowledgeBase: kb, Path: "/admin/knowledge/" + url.PathEscape(kb.Name)}
	for _, tag := range shares(kb.Languages) {
		r.Langs = append(r.Langs, langCount{languageName(tag), kb.Languages[tag]})
	}
	return r
}

func (c *Console) knowledge(ctx context.Context, v gateway.Visit) (any, error) {
	list, err := c.Service.Knowledge(ctx, v.Caller)
	if err != nil {
		return nil, err
	}
	p := knowledgePage{}
	for _, kb := range list {
		p.Bases = append(p.Bases, rowOf(kb))
	}
	return p, nil
}

// A basePage shows one knowledge base.
type basePage struct {
	baseRow
	Versions []qdrant.Version
	Reports  []reportLink
}

type reportLink struct {
	Path string
	Time time.Time
}

func (c *Console) base(ctx context.Context, v gateway.Visit) (any, error) {
	name := strings.TrimPrefix(v.Path, "knowledge/")
	kb, err := c.baseOf(ctx, v, name)
	if err != nil {
		return nil, err
	}
	p := basePage{baseRow: rowOf(kb)}
	if c.Index != nil {
		if p.Versions, err = c.Index(tenantOf(v)).Versions(ctx, name); err != nil {
			return nil, err
		}
	}
	p.Reports, err = c.reportsOf(v, name)
	return p, err
}

// baseOf finds a knowledge base among those that the caller may search, so that
// a name from outside leads nowhere else.
func (c *Console) baseOf(ctx context.Context, v gateway.Visit, name string) (serving.KnowledgeBase, error) {
	list, err := c.Service.Knowledge(ctx, v.Caller)
	if err != nil {
		return serving.KnowledgeBase{}, err
	}
	i := slices.IndexFunc(list, func(kb serving.KnowledgeBase) bool { return kb.Name == name })
	if i < 0 {
		return serving.KnowledgeBase{}, fault.NotFound.Errorf("there is no knowledge base %q", name)
	}
	return list[i], nil
}

// reportsOf lists the quality reports of a knowledge base, the latest first.
func (c *Console) reportsOf(v gateway.Visit, name string) (list []reportLink, err error) {
	if c.Reports == nil {
		return nil, nil
	}
	found, err := os.ReadDir(c.Reports(tenantOf(v), name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range slices.Backward(found) {
		file, isPage := strings.CutSuffix(e.Name(), ".html")
		info, err := e.Info()
		if !isPage || err != nil {
			continue // or it was removed meanwhile
		}
		list = append(list, reportLink{"/admin/report/kb/" + url.PathEscape(name) + "/" + url.PathEscape(file), info.ModTime()})
	}
	return list, nil
}

// doRollback lets another version be searched.
func (c *Console) doRollback(ctx context.Context, v gateway.Visit) (gateway.Sheet, error) {
	name := v.Form.Get("kb")
	n, err := strconv.Atoi(v.Form.Get("version"))
	if err != nil || n < 1 {
		return gateway.Sheet{}, fault.Invalid.Errorf("version is %q; versions count from 1", v.Form.Get("version"))
	}
	if _, err := c.baseOf(ctx, v, name); err != nil {
		return gateway.Sheet{}, err
	}
	if _, err := c.Index(tenantOf(v)).Rollback(ctx, name, n); err != nil {
		return gateway.Sheet{}, err
	}
	if c.Changed != nil {
		c.Changed()
	}
	c.Log.Info("an operator lets another version be searched", "caller", v.Caller.Name, "kb", name, "version", n)
	return gateway.Sheet{Next: "/admin/knowledge/" + url.PathEscape(name)}, nil
}

// A searchPage shows what a question finds, with its scores.
type searchPage struct {
	Query     string
	Languages []choice
	Bases     []choice
	Asked     bool
	Language  serving.Language
	Found     []foundPassage
	Took      time.Duration
}

type foundPassage struct {
	rag.Passage
	Excerpt string // of its text, as much as fits
	Dir     string
}

const (
	mostFound   = 20
	mostQuery   = 2000
	mostExcerpt = 600
)

func (c *Console) search(ctx context.Context, v gateway.Visit) (any, error) {
	p := searchPage{Query: strings.TrimSpace(v.Form.Get("q")), Languages: c.languageChoices(ctx, v.Form.Get("language"))}
	p.Languages[0].Name = "as detected"
	list, err := c.Service.Knowledge(ctx, v.Caller)
	if err != nil {
		return nil, err
	}
	p.Bases = []choice{{"", "all knowledge bases", v.Form.Get("kb") == ""}}
	for _, kb := range list {
		p.Bases = append(p.Bases, choice{kb.Name, kb.Name, kb.Name == v.Form.Get("kb")})
	}
	if p.Query == "" {
		return p, nil
	}
	return p, c.find(ctx, v, &p)
}

func (c *Console) find(ctx context.Context, v gateway.Visit, p *searchPage) error {
	if len(p.Query) > mostQuery {
		return fault.TooLarge.Errorf("the question has %d bytes; the most is %d", len(p.Query), mostQuery)
	}
	q := serving.Search{Query: p.Query, K: mostFound}
	if tag := v.Form.Get("language"); tag != "" {
		parsed, err := lang.ParseTag(tag)
		if err != nil {
			return err
		}
		q.Language = parsed
	}
	if kb := v.Form.Get("kb"); kb != "" {
		q.Knowledge = []string{kb}
	}
	began := time.Now()
	found, err := c.Service.Search(ctx, v.Caller, q)
	if err != nil {
		return err
	}
	p.Asked, p.Took, p.Language = true, time.Since(began), found.Language
	for _, x := range found.Passages {
		p.Found = append(p.Found, foundPassage{x, excerpt(x.Text), lang.Direction(x.Text)})
	}
	return nil
}

// excerpt is the beginning of a text.
func excerpt(text string) string {
	n := 0
	for i := range text {
		if n++; n > mostExcerpt {
			return strings.TrimSpace(text[:i]) + "…"
		}
	}
	return text
}

// scores writes what a search says of a passage.
func (f foundPassage) Scores() string {
	list := []string{fmt.Sprintf("words %.2f", f.Score)}
	if f.Cosine != 0 {
		list = append(list, fmt.Sprintf("meaning %.3f", f.Cosine))
	}
	if f.Fused != 0 {
		list = append(list, fmt.Sprintf("both %.4f", f.Fused))
	}
	return strings.Join(list, ", ")
}

// shares are the languages of something, the most frequent first.
func shares(n map[lang.Tag]int) []lang.Tag {
	return slices.SortedFunc(maps.Keys(n), func(a, b lang.Tag) int {
		if n[a] != n[b] {
			return n[b] - n[a]
		}
		return strings.Compare(string(a), string(b))
	})
}
