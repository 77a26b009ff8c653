package web

import (
	"bytes"
	"net/url"
	"strings"
)

// An Offer says of an answer that people can be asked, or were.
type Offer struct {
	State OfferState `json:"state"`
	ID    string     `json:"id,omitempty"`    // of the case that was made
	Token string     `json:"token,omitempty"` // that opens it; on the page without script, one to make it with
}

// An OfferState says how much it is needed.
type OfferState string

// The states of an offer.
const (
	Offered OfferState = "offered" // as with any answer
	Urged   OfferState = "urged"   // the assistant could not help
	Made    OfferState = "made"    // people were asked already
)

// A Case is what the page of a case shows: to its citizen what was answered, to
// staff the conversation too, and a form.
type Case struct {
	*Site
	Words   *Words
	ID      string
	State   string
	Staff   bool
	Why     string // asked or guard, for staff
	Secret  string // of staff
	Contact string
	Said    []Said
	Draft   string // of an answer that was not taken
	Again   int    // seconds until the page is loaded once more; 0 is never
	Error   string
}

// Said is what somebody said, as plain text.
type Said struct {
	Role string // user, assistant or staff
	By   string // name of a key; may be empty
	Text string
	Dir  string
}

// Say says something in the language of the page.
func (c Case) Say(key string, values ...string) string { return c.Words.Say(key, values...) }

// Case writes the page of a case.
func (s *Site) Case(c Case) ([]byte, error) {
	c.Site = s
	var b bytes.Buffer
	err := s.pages.ExecuteTemplate(&b, "case", c)
	return b.Bytes(), err
}

// PeopleAction returns where the form goes that asks for a person.
func (v View) PeopleAction() string {
	if v.Frame == nil {
		return "/handover"
	}
	_, query, _ := strings.Cut(v.Frame.Address, "?")
	return "/handover?" + query + "&lang=" + url.QueryEscape(string(v.Words.Tag))
}

// CaseAddress returns the page of the case that was made of an answer.
func (v View) CaseAddress() string {
	at, query, _ := strings.Cut(v.PeopleAction(), "?")
	o := v.Answer.Handover
	if query != "" {
		query = "&" + query
	}
	return at + "/" + url.PathEscape(o.ID) + "?token=" + url.QueryEscape(o.Token) + query
}
