package handover

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// Asked is what a client sends to have a person asked.
type Asked struct {
	// Token will open the case for its citizen. A client that makes one itself, of
	// at least 128 random bits, can send the same again without making two cases;
	// empty has one made.
	Token    string
	Contact  string
	Language lang.Tag
	Why      Why // empty means OnRequest
	Messages []Message
}

// What a case may hold, in characters.
const (
	MostMessages = 100
	mostText     = 64_000 // of all messages
	MostContact  = 200
	MostReply    = 8_000
	mostReplies  = 100
)

var (
	tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{26,100}$`)
	idForm    = regexp.MustCompile(`^ho-[a-z2-7]{32}$`)
)

// IsID reports whether a text can be the id of a case.
func IsID(id string) bool { return idForm.MatchString(id) }

// check returns what is wrong with a, and brings it into one form.
func (a *Asked) check() error {
	if a.Token != "" && !tokenForm.MatchString(a.Token) {
		return fault.Invalid.Field("token", "token must be 26 to 100 random letters, digits, - and _; leave it out, and one is made")
	}
	a.Contact = strings.TrimSpace(a.Contact)
	if n := utf8.RuneCountInString(a.Contact); n > MostContact {
		return fault.TooLarge.Field("contact", "contact is %d characters long; the most is %d", n, MostContact)
	}
	if !utf8.ValidString(a.Contact) || strings.ContainsFunc(a.Contact, unicode.IsControl) {
		return fault.Invalid.Field("contact", "contact must be one line of text")
	}
	if a.Why == "" {
		a.Why = OnRequest
	}
	return a.checkMessages()
}

func (a *Asked) checkMessages() error {
	if len(a.Messages) > MostMessages {
		return fault.TooLarge.Field("messages", "messages holds %d messages; the most is %d: leave the oldest out", len(a.Messages), MostMessages)
	}
	all, asked := 0, false
	messages := slices.Clone(a.Messages)
	for i, m := range messages {
		if !slices.Contains(Roles, m.Role) {
			return fault.Invalid.Field("messages", "the role of a message is one of %q", Roles)
		}
		m.Content = printable(m.Content)
		asked = asked || m.Role == User && strings.TrimSpace(m.Content) != ""
		all += utf8.RuneCountInString(m.Content)
		messages[i] = m
	}
	switch {
	case !asked:
		return fault.Invalid.Field("messages", "messages is missing, or nothing in it is the user's; it is the conversation to hand over")
	case all > mostText:
		return fault.TooLarge.Field("messages", "messages holds %d characters; the most is %d: leave the oldest out", all, mostText)
	}
	a.Messages = messages
	return nil
}

// Recent returns as much of the end of a conversation as a case may hold.
func Recent(list []Message) []Message {
	from, room := len(list), mostText
	for from > 0 && len(list)-from < MostMessages {
		n := utf8.RuneCountInString(list[from-1].Content)
		if n > room {
			break
		}
		room -= n
		from--
	}
	return list[from:]
}

// checkReply returns a reply as it is kept.
func checkReply(text string) (string, error) {
	text = strings.TrimSpace(printable(text))
	if text == "" {
		return "", fault.Invalid.Field("text", "text is missing or empty; it is the answer")
	}
	if n := utf8.RuneCountInString(text); n > MostReply {
		return "", fault.TooLarge.Field("text", "text is %d characters long; the most is %d", n, MostReply)
	}
	return text, nil
}

// printable drops what databases, mail and terminals choke on.
func printable(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text)
}
