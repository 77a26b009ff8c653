package gateway

import (
	"bytes"
	"html/template"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// ask answers POST /ask. The page arrives as the answer does: a model without
// a GPU takes a minute, and nobody looks at nothing for so long.
func (g *Gateway) ask(rc *fasthttp.RequestCtx) error {
	if crossSite(rc) {
		return errCrossSite
	}
	caller, err := g.pageCaller(&rc.Request.Header)
	if err != nil {
		return g.show(rc, 401, view{NeedsKey: true})
	}
	text := strings.ToValidUTF8(string(rc.PostArgs().Peek("question")), "\uFFFD")
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	err = g.checkQuestion(text)
	if err == nil {
		err = g.answerPage(rc, caller, text)
	}
	if err != nil {
		a, body := describe(err)
		g.logFailure(requestID(rc), a, err)
		return g.show(rc, a.status, view{Question: text, Error: body.Error.Message})
	}
	return nil
}

func (g *Gateway) checkQuestion(text string) error {
	if strings.IndexFunc(text, speaks) < 0 {
		return fault.Invalid.Errorf("The question is empty.")
	}
	if n := utf8.RuneCountInString(text); n > g.opts.MaxQuestion {
		return fault.TooLarge.Errorf("The question is %d characters long; the most is %d.", n, g.opts.MaxQuestion)
	}
	return nil
}

func (g *Gateway) answerPage(rc *fasthttp.RequestCtx, caller serving.Caller, text string) error {
	c := g.begin(rc, caller)
	defer c.leave()
	if err := g.limit(rc, c, caller, utf8.RuneCountInString(text)); err != nil {
		return err
	}
	events := g.svc.Answer(c.ctx, serving.Request{
		ID:       answerID(rc),
		Caller:   caller,
		Messages: []serving.Message{{Role: "user", Content: text}},
		Stream:   true,
	})
	t := &turn{g: g, view: g.view(rc, view{Question: text})}
	return g.stream(rc, c, t.pieces(events), t.dress(c))
}

// A turn is a page that arrives in pieces: its top, the text as it comes, and
// the whole answer with its sources, which takes the place of the text.
type turn struct {
	g     *Gateway
	view  view
	begun bool // the top is out
}

func (t *turn) pieces(events iter.Seq2[serving.Event, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var text strings.Builder
		done := false
		for event, err := range events {
			var html []byte
			switch e := event.(type) {
			case serving.Plan:
				t.begun = true
				t.view.Answer = shownOf(t.view.Question, reply{done: serving.Done{Plan: e}})
				html, err = t.g.page.parts(t.view, "top", "coming")
			case serving.Delta:
				text.WriteString(e.Text)
				html = []byte(template.HTMLEscapeString(e.Text))
			case serving.Done:
				done = true
				t.view.Answer = shownOf(t.view.Question, reply{text.String(), e})
				html, err = t.g.page.parts(t.view, "come", "answer", "turned", "form", "bottom")
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
		header: t.g.page.header,
		ping:   []byte("<!-- -->"),
		frame:  bytes.Clone,
		failed: func(err error) []byte {
			a, body := describe(err)
			t.g.logFailure(c.id, a, err)
			return t.broken(body.Error.Message)
		},
	}
}

// broken ends a page that breaks off. It keeps the text that came, and says
// what happened above the form, where the question stands again.
func (t *turn) broken(message string) []byte {
	t.view.Error = message
	names := []string{"come", "turned", "form", "bottom"}
	if !t.begun {
		names = []string{"top", "form", "bottom"}
	}
	html, err := t.g.page.parts(t.view, names...)
	if err != nil {
		panic(err) // a fault in the template
	}
	return html
}
