package admin

import (
	"context"
	"slices"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving/feedback"
	"tilgate/serving/gateway"
	"tilgate/serving/ledger"
)

// A questionsPage is what the knowledge base had nothing for.
type questionsPage struct {
	Kept      bool // there is a ledger
	Spans     []span
	Days      int
	Languages []choice
	Groups    []ledger.Question
	Asked     int64 // questions in all groups that are shown
	Texts     bool  // of some the words may be kept
}

// A choice is one of several, in a form.
type choice struct {
	Value, Name string
	Here        bool
}

const mostGroups = 200

func (c *Console) questions(ctx context.Context, v gateway.Visit) (any, error) {
	p := questionsPage{Kept: c.Ledger != nil}
	if !p.Kept {
		return p, nil
	}
	p.Spans, p.Days = chosen(v.Form.Get("days"))
	q := ledger.QuestionQuery{Tenant: tenantOf(v), Language: v.Form.Get("language"), Since: time.Now().AddDate(0, 0, -max(p.Days, 1)), Limit: mostGroups}
	groups, err := c.Ledger.Unanswered(ctx, q)
	if err != nil {
		return nil, err
	}
	p.Groups, p.Languages = groups, c.languageChoices(ctx, q.Language)
	for _, g := range groups {
		p.Asked += g.Count
		p.Texts = p.Texts || g.Text != ""
	}
	return p, nil
}

// languageChoices are the languages that are served.
func (c *Console) languageChoices(ctx context.Context, here string) []choice {
	list := []choice{{Value: "", Name: "all languages", Here: here == ""}}
	if c.Service == nil {
		return list
	}
	for _, l := range c.Service.Languages(ctx) {
		list = append(list, choice{string(l.Tag), languageName(l.Tag), here == string(l.Tag)})
	}
	return list
}

// A feedbackPage is what waits for reviewers.
type feedbackPage struct {
	Taken  bool // feedback is
	States []choice
	State  feedback.State
	List   []feedbackItem
	Next   string // ID after which the next page begins; empty on the last
	Self   string // name of the reviewer's key
}

type feedbackItem struct {
	feedback.Feedback
	Agreed, Rejected int
	Mine             bool // the reviewer gave it, and so may not review it
	Said             feedback.Verdict
}

const mostFeedback = 25

func (c *Console) feedback(ctx context.Context, v gateway.Visit) (any, error) {
	p := feedbackPage{Taken: c.Feedback != nil, State: feedback.State(v.Form.Get("state")), Self: v.Caller.Name}
	if !p.Taken {
		return p, nil
	}
	if !slices.Contains(feedback.States, p.State) {
		p.State = feedback.Open
	}
	for _, s := range feedback.States {
		p.States = append(p.States, choice{string(s), stateNames[s], s == p.State})
	}
	list, err := c.Feedback.List(ctx, v.Caller, feedback.Query{State: p.State, After: v.Form.Get("after"), Limit: mostFeedback + 1})
	if err != nil {
		return nil, err
	}
	if len(list) > mostFeedback {
		list = list[:mostFeedback]
		p.Next = list[mostFeedback-1].ID
	}
	for _, f := range list {
		p.List = append(p.List, feedbackItemOf(f, v.Caller.Name))
	}
	return p, nil
}

var stateNames = map[feedback.State]string{
	feedback.Open: "to be reviewed", feedback.Agreed: "agreed", feedback.Rejected: "rejected", feedback.Counted: "counted only, without consent",
}

func feedbackItemOf(f feedback.Feedback, reviewer string) feedbackItem {
	i := feedbackItem{Feedback: f, Mine: f.Key == reviewer}
	i.Agreed, i.Rejected = f.Said()
	for _, r := range slices.Backward(f.Reviews) {
		if r.By == reviewer && r.Revision == f.Revision() {
			i.Said = r.Verdict
			break
		}
	}
	return i
}

// doReview does what a reviewer says.
func (c *Console) doReview(ctx context.Context, v gateway.Visit) (gateway.Sheet, error) {
	if c.Feedback == nil {
		return gateway.Sheet{}, fault.NotFound.Errorf("this server takes no feedback")
	}
	r := feedback.Review{Verdict: feedback.Verdict(v.Form.Get("verdict")), Revision: v.Form.Get("revision")}
	if r.Verdict == feedback.Edit {
		r.Correction = lines(v.Form.Get("correction"))
	}
	if _, err := c.Feedback.Review(ctx, v.Caller, v.Form.Get("id"), r); err != nil {
		return gateway.Sheet{}, err
	}
	return gateway.Sheet{Next: "/admin/feedback"}, nil
}

// A conversationsPage is what was said lately, where that may be seen.
type conversationsPage struct {
	Kept bool // a memory of exchanges is
	List []feedback.Seen
}

const mostConversations = 100

func (c *Console) conversations(_ context.Context, v gateway.Visit) (any, error) {
	p := conversationsPage{Kept: c.Memory != nil}
	if p.Kept {
		p.List = c.Memory.Recent(tenantOf(v), mostConversations)
	}
	return p, nil
}
