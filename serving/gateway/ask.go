package gateway

import (
	"bytes"
	"html/template"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
	"tilgate/serving/handover"
	"tilgate/serving/web"
)

// ask answers POST /ask, the form and the script of the page. The page arrives
// as the answer does: a model without a GPU takes a minute, and nobody looks at
// nothing for so long.
func (g *Gateway) ask(rc *fasthttp.RequestCtx) error {
	if crossSite(rc) {
		return errCrossSite
	}
	caller, err := g.pageCaller(&rc.Request.Header)
	if bytes.HasPrefix(rc.Request.Header.ContentType(), []byte("application/json")) {
		if err != nil {
			return err
		}
		return g.askScript(rc, caller)
	}
	if err != nil {
		return g.show(rc, 401, web.View{NeedsKey: true})
	}
	text := strings.ToValidUTF8(string(rc.PostArgs().Peek("question")), "\uFFFD")
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	v := g.view(rc, web.View{Question: text})
	tag, err := formLanguage(string(rc.PostArgs().Peek("language")))
	if err == nil {
		err = g.checkQuestion(text)
	}
	if err == nil {
		err = g.answerPage(rc, caller, v, tag)
	}
	if err != nil {
		v, a := g.wrong(v, err)
		g.logFailure(requestID(rc), a, err)
		return g.show(rc, a.status, v)
	}
	return nil
}

// formLanguage reads the language that the form asks for; none means that of
// the question.
func formLanguage(name string) (lang.Tag, error) {
	if name == "" {
		return "", nil
	}
	return lang.ParseTag(name)
}

// A questionError is about the question itself, so that the page has words for it.
type questionError struct {
	error
	key    string // of the words
	values []string
}

func (e *questionError) Unwrap() error { return e.error }

func (g *Gateway) checkQuestion(text string) error {
	if strings.IndexFunc(text, speaks) < 0 {
		return &questionError{fault.Invalid.Errorf("The question is empty."), "empty", nil}
	}
	if n := utf8.RuneCountInString(text); n > g.opts.MaxQuestion {
		return &questionError{fault.TooLarge.Errorf("The question is %d characters long; the most is %d.", n, g.opts.MaxQuestion),
			"too_long", []string{"n", strconv.Itoa(n), "max", strconv.Itoa(g.opts.MaxQuestion)}}
	}
	return nil
}

func (g *Gateway) answerPage(rc *fasthttp.RequestCtx, caller serving.Caller, v web.View, tag lang.Tag) error {
	c := g.begin(rc, caller)
	defer c.leave()
	if err := g.limit(rc, c, caller, utf8.RuneCountInString(v.Question)); err != nil {
		return err
	}
	t := &turn{g: g, view: v}
	return g.stream(rc, c, t.pieces(t.answer(rc, c, caller, tag)), t.dress(c))
}

// A turn is a page that arrives in pieces: its top, the text as it comes, and
// the whole answer with its sources, which takes the place of the text.
type turn struct {
	g     *Gateway
	view  web.View
	begun bool // the top is out
	ask   *asking
	text  strings.Builder // of the answer
}

// answer has the question of the page answered.
func (t *turn) answer(rc *fasthttp.RequestCtx, c *call, caller serving.Caller, tag lang.Tag) iter.Seq2[serving.Event, error] {
	q := serving.Request{ID: answerID(rc), Caller: caller, Language: tag, Stream: true,
		Messages: []serving.Message{{Role: "user", Content: t.view.Question}}}
	t.ask = t.g.asking(c.ctx, q, t.view.Words.Tag)
	return t.ask.watch(t.g.svc.Answer(c.ctx, q))
}

// offer notes what the reader is offered with an answer that ended, with a token
// for the form.
func (t *turn) offer(err error) {
	o := t.ask.offer(err)
	if o != nil && o.State != web.Made {
		o.Token = handover.NewToken()
	}
	t.view.Answer.Handover = o
}

func (t *turn) pieces(events iter.Seq2[serving.Event, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		done := false
		for event, err := range events {
			var html []byte
			switch e := event.(type) {
			case serving.Plan:
				t.begun = true
				t.view.Answer = shownOf(t.view.Question, reply{done: serving.Done{Plan: e}})
				html, err = t.g.site.Parts(t.view, "top", "title", "coming")
			case serving.Delta:
				t.text.WriteString(e.Text)
				html = []byte(template.HTMLEscapeString(e.Text))
			case serving.Done:
				done = true
				t.view.Answer = shownOf(t.view.Question, reply{t.text.String(), e})
				t.offer(nil)
				html, err = t.g.site.Parts(t.view, "come", "answer", "turned", "form", "bottom")
			}
			if !yield(html, err) || err != nil {
				return
			}
		}
		if !done {
			yield(nil, errCutShort)
		}
	}
}

func (t *turn) dress(c *call) dress {
	return dress{
		header: pageHeader,
		ping:   []byte("<!-- -->"),
		frame:  bytes.Clone,
		failed: func(err error) []byte {
			if t.begun {
				t.view.Answer.Text = t.text.String()
				t.offer(err)
			}
			v, a := t.g.wrong(t.view, err)
			t.g.logFailure(c.id, a, err)
			return t.broken(v)
		},
	}
}

// broken ends a page that breaks off. It keeps the text that came, and says
// what happened above the form, where the question stands again.
func (t *turn) broken(v web.View) []byte {
	names := []string{"come", "person", "turned", "form", "bottom"}
	if !t.begun {
		names = []string{"top", "title", "form", "bottom"}
	}
	html, err := t.g.site.Parts(v, names...)
	if err != nil {
		panic(err) // a fault in the template
	}
	return html
}
