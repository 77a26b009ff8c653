package gateway

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
	"tilgate/serving/feedback"
)

// feedbackPath is followed by the id of a piece of feedback and "/review".
const feedbackPath = "/v1/feedback/"

// errNoFeedback answers where the operator keeps none.
var errNoFeedback = fault.NotFound.Errorf("this server takes no feedback")

// A remembering Service has a memory of what it answered.
type remembering struct {
	Service
	memory *feedback.Memory
}

// Answer remembers the exchange.
func (r remembering) Answer(ctx context.Context, q serving.Request) iter.Seq2[serving.Event, error] {
	return r.memory.Watch(q, r.Service.Answer(ctx, q))
}

// feedbackCaller says who gives feedback: a key, a visitor of a page that holds
// one, or a browser that is on our own page.
func (g *Gateway) feedbackCaller(rc *fasthttp.RequestCtx) (serving.Caller, error) {
	h := &rc.Request.Header
	if len(h.Peek("Authorization")) > 0 || len(h.Cookie(cookieName)) == 0 {
		return g.visitor(rc)
	}
	if crossSite(rc) {
		return serving.Caller{}, errCrossSite
	}
	return g.pageCaller(h)
}

// give answers POST /v1/feedback.
func (g *Gateway) give(rc *fasthttp.RequestCtx) error {
	caller, err := g.feedbackCaller(rc)
	if err != nil {
		return err
	}
	if g.opts.Feedback == nil {
		return errNoFeedback
	}
	body, err := g.bodyOf(rc)
	if err != nil {
		return err
	}
	given, err := decodeFeedback(body)
	if err != nil {
		return err
	}
	c := g.begin(rc, caller)
	defer c.end()
	if err := g.limit(rc, c, caller, utf8.RuneCount(body)); err != nil {
		return err
	}
	f, err := g.opts.Feedback.Give(c.ctx, caller, given)
	if err != nil {
		return c.explain(err)
	}
	writeJSON(rc, 201, encode(map[string]any{"id": f.ID, "words": f.Consent.Training}))
	return nil
}

// reviewer says who asks for feedback, or decides about it.
func (g *Gateway) reviewer(rc *fasthttp.RequestCtx) (serving.Caller, error) {
	caller, err := g.administrator(rc, errNoReviewer)
	if err == nil && g.opts.Feedback == nil {
		err = errNoFeedback
	}
	return caller, err
}

var errNoReviewer = fault.Forbidden.Errorf("this key may not read feedback; that takes one that administers")

// administrator says who calls, if that is somebody who administers a tenant;
// otherwise is what others are told.
func (g *Gateway) administrator(rc *fasthttp.RequestCtx, otherwise error) (serving.Caller, error) {
	caller, err := g.feedbackCaller(rc)
	if err == nil && !caller.Administers() {
		err = otherwise
	}
	return caller, err
}

// mostFeedback is how much of it one page of a list holds.
const mostFeedback = 200

// listFeedback answers GET /v1/feedback.
func (g *Gateway) listFeedback(rc *fasthttp.RequestCtx) error {
	caller, err := g.reviewer(rc)
	if err != nil {
		return err
	}
	q, err := feedbackQuery(rc.QueryArgs())
	if err != nil {
		return err
	}
	c := g.begin(rc, caller)
	defer c.end()
	if err := g.limit(rc, c, caller, 0); err != nil {
		return err
	}
	list, err := g.opts.Feedback.List(c.ctx, caller, q)
	if err != nil {
		return c.explain(err)
	}
	out := make([]feedbackObject, len(list))
	for i, f := range list {
		out[i] = feedbackOf(f)
	}
	rc.Response.Header.Set("Cache-Control", "no-store")
	writeJSON(rc, 200, encode(map[string]any{"data": out}))
	return nil
}

// feedbackQuery reads what a list is asked for.
func feedbackQuery(args *fasthttp.Args) (q feedback.Query, err error) {
	q.State, q.After, q.Limit, err = listQuery(args, feedback.States, mostFeedback)
	return q, err
}

// listQuery reads which page of a list is asked for: what is in one of some
// states, after one, at most so many.
func listQuery[S ~string](args *fasthttp.Args, states []S, most int) (state S, after string, limit int, err error) {
	limit = most
	for key, value := range args.All() {
		switch string(key) {
		case "state":
			state = S(value)
			if !slices.Contains(states, state) {
				return state, after, limit, fault.Invalid.Field("state", "state is %s; it is one of %q", quote(string(value)), states)
			}
		case "after":
			after = string(value)
		case "limit":
			n, err := fasthttp.ParseUint(value)
			if err != nil || n < 1 || n > most {
				return state, after, limit, fault.Invalid.Field("limit", "limit is no number in 1..%d", most)
			}
			limit = n
		default:
			return state, after, limit, fault.Invalid.Field(quote(string(key)), "there is no parameter %s here; there are state, after and limit", quote(string(key)))
		}
	}
	return state, after, limit, nil
}

// idIn returns the id in a path, which ends in something or nothing.
func idIn(rc *fasthttp.RequestCtx, begin, end string) (string, error) {
	path, _, _ := strings.Cut(string(rc.Request.Header.RequestURI()), "?")
	id, ok := strings.CutSuffix(strings.TrimPrefix(path, begin), end)
	if !ok || id == "" || strings.Contains(id, "/") {
		return "", refuse(404, "unknown_path", "there is nothing at "+quote(path)+"; there is "+begin+"{id}"+end)
	}
	return id, nil
}

// review answers POST /v1/feedback/{id}/review.
func (g *Gateway) review(rc *fasthttp.RequestCtx) error {
	caller, err := g.reviewer(rc)
	if err != nil {
		return err
	}
	id, err := idIn(rc, feedbackPath, "/review")
	if err != nil {
		return err
	}
	body, err := g.bodyOf(rc)
	if err != nil {
		return err
	}
	r, err := decodeReview(body)
	if err != nil {
		return err
	}
	c := g.begin(rc, caller)
	defer c.end()
	if err := g.limit(rc, c, caller, utf8.RuneCount(body)); err != nil {
		return err
	}
	f, err := g.opts.Feedback.Review(c.ctx, caller, id, r)
	if err != nil {
		return c.explain(err)
	}
	writeJSON(rc, 200, encode(feedbackOf(f)))
	return nil
}

// A feedbackObject is feedback as reviewers see it. Who gave it, and in which
// conversation, is not for them.
type feedbackObject struct {
	ID         string             `json:"id"`
	Time       time.Time          `json:"time"`
	Key        string             `json:"key"`
	State      feedback.State     `json:"state"`
	Revision   string             `json:"revision"`
	Rating     int                `json:"rating"`
	Reasons    []feedback.Reason  `json:"reasons"`
	Language   lang.Tag           `json:"language"`
	Script     lang.Script        `json:"script"`
	Adapter    lang.Tag           `json:"adapter"`
	Model      string             `json:"model"`
	Verified   bool               `json:"verified"`
	Before     []feedback.Message `json:"before"` // the question, as far as it is known
	Question   string             `json:"question"`
	Answer     string             `json:"answer"`
	Correction string             `json:"correction"` // as last edited
	Comment    string             `json:"comment"`
	Passages   []feedback.Passage `json:"passages"`
	Reviews    []reviewObject     `json:"reviews"`
}

type reviewObject struct {
	By       string           `json:"by"`
	Time     time.Time        `json:"time"`
	Verdict  feedback.Verdict `json:"verdict"`
	Revision string           `json:"revision"`
}

func feedbackOf(f feedback.Feedback) feedbackObject {
	o := feedbackObject{f.ID, f.Time, f.Key, f.State(), f.Revision(), f.Rating, f.Reasons, f.Language, f.Script, f.Adapter, f.Model, f.Verified,
		f.Before, f.Question, f.Answer, f.Corrected(), f.Comment, f.Passages, []reviewObject{}}
	if o.Reasons == nil {
		o.Reasons = []feedback.Reason{}
	}
	if o.Before == nil {
		o.Before = []feedback.Message{}
	}
	if o.Passages == nil {
		o.Passages = []feedback.Passage{}
	}
	for _, r := range f.Reviews {
		o.Reviews = append(o.Reviews, reviewObject{r.By, r.Time, r.Verdict, r.Revision})
	}
	return o
}
