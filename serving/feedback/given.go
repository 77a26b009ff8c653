package feedback

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// Given is feedback as a client sends it. Question and Answer count only where
// no exchange is remembered.
type Given struct {
	Exchange, Person, Conversation string
	Rating                         int
	Reasons                        []Reason
	Correction, Comment            string
	Consent                        Consent
	Question, Answer               string
}

// The most characters of each text.
const (
	maxCorrection = 8_000
	maxComment    = 4_000
	maxQuestion   = 32_000
	maxAnswer     = 32_000
)

// maxName is the most bytes of the name of a person, a conversation, a version.
const maxName = 200

var exchangeID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$`)

// check returns what is wrong with g, and brings it into one form.
func (g *Given) check() error {
	switch {
	case g.Exchange == "":
		return fault.Invalid.Field("exchange", `exchange is missing; it is the id of the answer, "chatcmpl-…"`)
	case !exchangeID.MatchString(g.Exchange):
		return fault.Invalid.Field("exchange", "exchange is no id of an answer")
	case g.Rating != 1 && g.Rating != -1:
		return fault.Invalid.Field("rating", "rating is missing or neither 1 nor -1")
	}
	if same, ok := strings.CutPrefix(g.Exchange, "req_"); ok {
		g.Exchange = "chatcmpl-" + same // both name it; Ollama's surface tells the request's alone
	}
	if err := g.checkReasons(); err != nil {
		return err
	}
	if err := g.checkConsent(); err != nil {
		return err
	}
	return g.checkTexts()
}

func (g *Given) checkReasons() error {
	for _, r := range g.Reasons {
		if !slices.Contains(Reasons, r) {
			return fault.Invalid.Field("reasons", "%q is no reason; there are %q", clip(string(r)), Reasons)
		}
	}
	slices.Sort(g.Reasons)
	g.Reasons = slices.Compact(g.Reasons)
	return nil
}

// checkConsent wants consent to say which text was agreed to: without that
// nobody can tell later what it was.
func (g *Given) checkConsent() error {
	c := &g.Consent
	if c.Language != "" {
		tag, err := lang.ParseTag(string(c.Language))
		if err != nil {
			sentence, _ := fault.Public(err)
			return fault.Invalid.Field("consent.language", "consent.language: %s", sentence)
		}
		c.Language = tag
	}
	switch {
	case !c.Training:
		*c = Consent{}
		return nil
	case c.Language == "":
		return fault.Invalid.Field("consent.language", "consent.language is missing; it says in which language the text of the consent was shown")
	case c.Version == "":
		return fault.Invalid.Field("consent.version", "consent.version is missing; it says which text of the consent was shown")
	}
	return checkName("consent.version", c.Version)
}

func (g *Given) checkTexts() error {
	for _, t := range []struct {
		field, text string
		most        int
	}{{"correction", g.Correction, maxCorrection}, {"comment", g.Comment, maxComment}, {"question", g.Question, maxQuestion}, {"answer", g.Answer, maxAnswer}} {
		if err := within(t.field, t.text, t.most); err != nil {
			return err
		}
	}
	if err := checkName("person", g.Person); err != nil {
		return err
	}
	return checkName("conversation", g.Conversation)
}

// within refuses what is too long, and characters that databases and terminals
// choke on.
func within(field, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most {
		return fault.TooLarge.Field(field, "%s is %d characters long; the most is %d", field, n, most)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, forbidden) {
		return fault.Invalid.Field(field, "%s holds control characters", field)
	}
	return nil
}

func forbidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r'
}

// checkName checks an id of the caller's own.
func checkName(field, name string) error {
	if len(name) > maxName {
		return fault.TooLarge.Field(field, "%s is %d bytes long; the most is %d", field, len(name), maxName)
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return fault.Invalid.Field(field, "%s holds control characters", field)
	}
	return nil
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

func clip(text string) string {
	if r := []rune(text); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return text
}
