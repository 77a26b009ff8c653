package admin

import (
	"context"
	"slices"

	"tilgate/internal/fault"
	"tilgate/serving/gateway"
	"tilgate/serving/handover"
)

// A casesPage is the conversations that wait for people.
type casesPage struct {
	Taken  bool // conversations are handed over
	States []choice
	State  handover.State
	List   []handover.Case
	Next   string // ID after which the next page begins; empty on the last
}

const mostCases = 25

var caseStates = []choice{{Value: string(handover.Waiting), Name: "waiting"}, {Value: string(handover.Failed), Name: "could not be sent"},
	{Value: string(handover.Answered), Name: "answered"}, {Value: string(handover.Closed), Name: "closed"}}

func (c *Console) cases(ctx context.Context, v gateway.Visit) (any, error) {
	p := casesPage{Taken: c.People != nil, State: handover.State(v.Form.Get("state"))}
	if !p.Taken {
		return p, nil
	}
	if !slices.ContainsFunc(caseStates, func(s choice) bool { return s.Value == string(p.State) }) {
		p.State = handover.Waiting
	}
	p.States = slices.Clone(caseStates)
	for i := range p.States {
		p.States[i].Here = p.States[i].Value == string(p.State)
	}
	list, err := c.People.List(ctx, v.Caller, handover.Query{State: p.State, After: v.Form.Get("after"), Limit: mostCases + 1})
	if err != nil {
		return nil, err
	}
	if len(list) > mostCases {
		list = list[:mostCases]
		p.Next = list[mostCases-1].ID
	}
	p.List = list
	return p, nil
}

// doCase answers a conversation, or closes it.
func (c *Console) doCase(ctx context.Context, v gateway.Visit) (gateway.Sheet, error) {
	if c.People == nil {
		return gateway.Sheet{}, fault.NotFound.Errorf("this server hands no conversations over")
	}
	var err error
	id := v.Form.Get("id")
	if v.Form.Get("do") == "close" {
		_, err = c.People.Close(ctx, v.Caller, id)
	} else {
		_, err = c.People.Reply(ctx, v.Caller, id, lines(v.Form.Get("text")))
	}
	if err != nil {
		return gateway.Sheet{}, err
	}
	return gateway.Sheet{Next: "/admin/people"}, nil
}
