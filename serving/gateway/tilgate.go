package gateway

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
)

// What only Tilgate has: passages without an answer, the languages, and the
// knowledge bases.

const (
	mostPassages = 100
	mostTexts    = 256 // of one call to detect
)

// body reads what a handler of Tilgate's own was sent: an object with fields,
// all of which must be known.
func (g *Gateway) body(rc *fasthttp.RequestCtx, fields func(d *decoder) table) error {
	body, err := g.bodyOf(rc)
	if err != nil {
		return err
	}
	return fieldsOf(body, g.opts.MaxQuestion, fields)
}

func fieldsOf(body []byte, maxQuestion int, fields func(d *decoder) table) error {
	s, err := newScanner(body)
	if err != nil {
		return err
	}
	d := &decoder{scanner: s, maxQuestion: maxQuestion}
	d.fieldsNow = d.nullable(fields(d))
	err = d.object("", d.fieldsNow, func(key, path string) error {
		return fault.Invalid.Field(path, "there is no field %s here", quote(path))
	})
	if err == nil {
		err = d.end()
	}
	return err
}

// line reads a text that is searched for or looked at.
func (d *decoder) line(to *string) func(path string) error {
	return func(path string) (err error) {
		if *to, err = d.text(path); err != nil {
			return err
		}
		if n := utf8.RuneCountInString(*to); n > d.maxQuestion {
			return fault.TooLarge.Field(path, "%s is %d characters long; the most is %d", path, n, d.maxQuestion)
		}
		return nil
	}
}

// lines reads a text or a list of texts.
func (d *decoder) lines(to *[]string) func(path string) error {
	one := func(path string) error {
		if len(*to) == mostTexts {
			return fault.Invalid.Field(path, "input holds more than %d texts", mostTexts)
		}
		var text string
		err := d.line(&text)(path)
		*to = append(*to, text)
		return err
	}
	return func(path string) error {
		if d.kind() == '[' {
			return d.list(path, one)
		}
		return one(path)
	}
}

type foundObject struct {
	Language language  `json:"language"`
	Passages []passage `json:"passages"`
}

// search answers POST /v1/search.
func (g *Gateway) search(rc *fasthttp.RequestCtx) error {
	caller, err := g.apiCaller(&rc.Request.Header)
	if err != nil {
		return err
	}
	var q serving.Search
	var k *int
	err = g.body(rc, func(d *decoder) table {
		return table{
			"query":     d.line(&q.Query),
			"language":  d.tag(&q.Language),
			"knowledge": d.knowledge(&q.Knowledge),
			"k":         d.integer(&k, 1),
		}
	})
	switch {
	case err != nil:
		return err
	case strings.IndexFunc(q.Query, speaks) < 0:
		return fault.Invalid.Field("query", "query is missing or empty; it is what to search for")
	case k != nil && *k > mostPassages:
		return fault.Invalid.Field("k", "k is %d; the most is %d", *k, mostPassages)
	case k != nil:
		q.K = *k
	}
	c := g.begin(rc, caller)
	defer c.end()
	if err := g.limit(rc, c, caller, utf8.RuneCountInString(q.Query)); err != nil {
		return err
	}
	found, err := g.svc.Search(c.ctx, caller, q)
	if err != nil {
		return c.explain(atTop(err))
	}
	out := foundObject{language(found.Language), make([]passage, len(found.Passages))}
	for i, p := range found.Passages {
		out.Passages[i] = passageOf(i+1, p)
	}
	writeJSON(rc, 200, encode(out))
	return nil
}

// atTop says of an error in a field of "tilgate" that the field stands at the
// top, as it does here.
func atTop(err error) error {
	sentence, param := fault.Public(err)
	if field, ok := strings.CutPrefix(param, "tilgate."); ok {
		return fault.Of(err).Field(field, "%s", sentence)
	}
	return err
}

// detect answers POST /v1/detect.
func (g *Gateway) detect(rc *fasthttp.RequestCtx) error {
	caller, err := g.apiCaller(&rc.Request.Header)
	if err != nil {
		return err
	}
	var texts []string
	err = g.body(rc, func(d *decoder) table { return table{"input": d.lines(&texts)} })
	if err != nil {
		return err
	}
	if len(texts) == 0 {
		return fault.Invalid.Field("input", "input is missing or empty; it is a text or a list of texts")
	}
	c := g.begin(rc, caller)
	defer c.end()
	chars := 0
	for _, text := range texts {
		chars += utf8.RuneCountInString(text)
	}
	if err := g.limit(rc, c, caller, chars); err != nil {
		return err
	}
	out := make([]language, len(texts))
	for i, l := range g.svc.Detect(texts) {
		out[i] = language(l)
	}
	writeJSON(rc, 200, encode(map[string]any{"data": out}))
	return nil
}

type spokenObject struct {
	Tag       lang.Tag      `json:"tag"`
	Name      string        `json:"name"`
	English   string        `json:"english"`
	Scripts   []lang.Script `json:"scripts"`
	Direction string        `json:"direction"`
	Kind      string        `json:"kind"`
	Model     string        `json:"model"`
	Weights   string        `json:"weights,omitempty"`
	Fallback  []lang.Tag    `json:"fallback"`
}

// languages answers GET /v1/languages.
func (g *Gateway) languages(rc *fasthttp.RequestCtx) error {
	caller, err := g.apiCaller(&rc.Request.Header)
	if err != nil {
		return err
	}
	c := g.begin(rc, caller)
	defer c.end()
	out := []spokenObject{}
	for _, l := range g.svc.Languages(c.ctx) {
		if l.Fallback == nil {
			l.Fallback = []lang.Tag{}
		}
		out = append(out, spokenObject(l))
	}
	writeJSON(rc, 200, encode(map[string]any{"data": out}))
	return nil
}

type knowledgeObject struct {
	Name      string           `json:"name"`
	Version   int              `json:"version"`
	Documents int              `json:"documents"`
	Passages  int              `json:"passages"`
	Languages map[lang.Tag]int `json:"languages"` // documents
}

// knowledgeBases answers GET /v1/knowledge.
func (g *Gateway) knowledgeBases(rc *fasthttp.RequestCtx) error {
	caller, err := g.apiCaller(&rc.Request.Header)
	if err != nil {
		return err
	}
	c := g.begin(rc, caller)
	defer c.end()
	list, err := g.svc.Knowledge(c.ctx, caller)
	if err != nil {
		return c.explain(err)
	}
	out := []knowledgeObject{}
	for _, kb := range list {
		out = append(out, knowledgeObject(kb))
	}
	writeJSON(rc, 200, encode(map[string]any{"data": out}))
	return nil
}

// tag reads a language.
func (d *decoder) tag(to *lang.Tag) func(path string) error {
	return func(path string) error {
		text, err := d.text(path)
		if err != nil || text == "" {
			return err
		}
		if *to, err = lang.ParseTag(text); err != nil {
			sentence, _ := fault.Public(err)
			return fault.Invalid.Field(path, "%s: %s", path, sentence)
		}
		return nil
	}
}

// knowledge reads names of knowledge bases.
func (d *decoder) knowledge(to *[]string) func(path string) error {
	return func(path string) error {
		return d.list(path, func(place string) error {
			if len(*to) == maxKnowledge {
				return fault.Invalid.Field(path, "%s names more than %d knowledge bases", path, maxKnowledge)
			}
			name, err := d.text(place)
			if err == nil && name == "" {
				err = fault.Invalid.Field(place, "%s is empty; it must name a knowledge base", place)
			}
			if !slices.Contains(*to, name) {
				*to = append(*to, name)
			}
			return err
		})
	}
}
