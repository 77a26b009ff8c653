// Package send tells the staff of an office of a case that waits for them: by a
// webhook, by e-mail, or by a queue.
//
// All three carry the same: the conversation as it was said, and the secret with
// which it can be answered. So all three go to one place that the configuration
// names, by a Way, encrypted unless that is this machine or a private network,
// and nothing that the other side says is kept but whether it took the case.
package send

import (
	"encoding/json"
	"net/url"
	"strings"

	"tilgate/internal/lang"
	"tilgate/serving/handover"
)

// Links are the addresses at which a case is answered, below that by which the
// staff's browsers and programs know this service; empty if nobody said that.
type Links string

// Reply returns where programs send an answer.
func (l Links) Reply(c handover.Case) string {
	return strings.TrimSuffix(string(l), "/") + "/v1/handover/" + c.ID + "/reply"
}

// Page returns the page on which people answer; empty without an address.
func (l Links) Page(c handover.Case) string {
	if l == "" {
		return ""
	}
	return strings.TrimSuffix(string(l), "/") + "/handover/" + c.ID + "?" + url.Values{"secret": {c.Secret}}.Encode()
}

// A told is a case as programs are told it. Fields are added to it, and none is
// taken away.
type told struct {
	Type     string             `json:"type"` // "handover"
	ID       string             `json:"id"`   // the same if it is told again
	Time     string             `json:"time"`
	Tenant   string             `json:"tenant"`
	Language lang.Tag           `json:"language"`
	Why      handover.Why       `json:"why"`
	Contact  string             `json:"contact"`
	Messages []handover.Message `json:"messages"`
	Reply    toldReply          `json:"reply"`
}

// A toldReply says how to answer: POST {"text": …} to URL, with Secret in the
// header X-Tilgate-Token.
type toldReply struct {
	URL    string `json:"url"`
	Secret string `json:"secret"`
	Page   string `json:"page,omitempty"` // for people
}

func (l Links) tell(c handover.Case) ([]byte, error) {
	return json.Marshal(told{"handover", c.ID, c.Time.Format("2006-01-02T15:04:05.000Z07:00"), c.Tenant, c.Language, c.Why, c.Contact, c.Messages,
		toldReply{l.Reply(c), c.Secret, l.Page(c)}})
}
