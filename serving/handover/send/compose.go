package send

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"tilgate/serving/handover"
)

// compose writes a mail. What people typed stands in its body alone, which is
// base64, so that nothing of it can become a header, an end of the mail, or
// another part.
func (m *Mail) compose(c handover.Case) []byte {
	say := func(key string) string { return m.opts.Say(c.Language, key) }
	to := make([]string, len(m.opts.To))
	for i, a := range m.opts.To {
		to[i] = a.String()
	}
	_, domain, _ := strings.Cut(m.opts.From.Address, "@")
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", m.opts.From.String()},
		{"To", strings.Join(to, ",\r\n ")},
		{"Subject", encodeHeader(say("case_subject") + " (" + c.ID[:min(len(c.ID), 9)] + ")")},
		{"Date", time.Now().Format(time.RFC1123Z)},
		{"Message-ID", "<" + c.ID + "@" + domain + ">"}, // the same if it is sent again
		{"Auto-Submitted", "auto-generated"},
		{"Content-Language", string(c.Language)},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "base64"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	writeBase64(&b, m.text(c, say))
	return b.Bytes()
}

// encodeHeader writes a text as headers have it (RFC 2047), in pieces that leave
// no line longer than it may be.
func encodeHeader(text string) string {
	const most = 36 // bytes of a piece
	var pieces []string
	piece := ""
	for _, r := range text {
		if len(piece)+len(string(r)) > most {
			pieces, piece = append(pieces, piece), ""
		}
		piece += string(r)
	}
	pieces = append(pieces, piece)
	for i, p := range pieces {
		pieces[i] = "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(p)) + "?="
	}
	return strings.Join(pieces, "\r\n ")
}

// text is what the mail says: what it is, how to answer, and the conversation.
func (m *Mail) text(c handover.Case, say func(key string) string) string {
	var b strings.Builder
	why := "case_asked"
	if c.Why == handover.OnGuard {
		why = "case_guard"
	}
	fmt.Fprintf(&b, "%s\n\n%s\n%s\n", say(why), say("case_here"), m.opts.Links.Page(c))
	if c.Contact != "" {
		fmt.Fprintf(&b, "\n%s: %s\n", say("case_contact"), untwisted(c.Contact))
	}
	for _, said := range c.Messages {
		fmt.Fprintf(&b, "\n%s:\n", say("case_"+string(said.Role)))
		for line := range strings.SplitSeq(untwisted(said.Content), "\n") {
			b.WriteString("> " + line + "\n") // what we say ourselves never looks so
		}
	}
	return b.String()
}

// untwisted drops the marks that turn the direction of what follows them, which a
// mail has no way to bound.
func untwisted(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, text)
}

func writeBase64(b *bytes.Buffer, text string) {
	const width = 76
	encoded := base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	for len(encoded) > width {
		b.WriteString(encoded[:width] + "\r\n")
		encoded = encoded[width:]
	}
	b.WriteString(encoded + "\r\n")
}
