package send

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"tilgate/internal/lang"
	"tilgate/internal/outbound"
	"tilgate/serving/handover"
)

// A post is a mail server, as much of one as there is in a conversation.
type post struct {
	ln      net.Listener
	secure  *tls.Config
	wrapped bool              // TLS from the first byte
	offers  []string          // besides what it must
	answers map[string]string // to what begins so, in place of "250 ok"
	mute    bool              // says nothing

	mu     sync.Mutex
	said   []string // by the client, in order
	mails  []string
	secret bool // the last mail came encrypted
}

func newPost(t *testing.T, change func(*post)) *post {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	certified.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &post{ln: ln, secure: &tls.Config{Certificates: certified.TLS.Certificates}, answers: map[string]string{}}
	change(p)
	var served sync.WaitGroup
	t.Cleanup(func() { ln.Close(); served.Wait() })
	served.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			served.Go(func() { p.serve(conn) })
		}
	})
	return p
}

func (p *post) serve(conn net.Conn) {
	defer func() { conn.Close() }()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if p.mute {
		io.Copy(io.Discard, conn)
		return
	}
	encrypted := p.wrapped
	if p.wrapped {
		conn = tls.Server(conn, p.secure)
	}
	lines := bufio.NewReader(conn)
	say := func(text string) { io.WriteString(conn, text+"\r\n") }
	say("220 post.example")
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		p.mu.Lock()
		p.said = append(p.said, line)
		p.mu.Unlock()
		verb, _, _ := strings.Cut(line, " ")
		if answer, ok := p.answers[verb]; ok {
			say(answer)
			continue
		}
		switch verb {
		case "EHLO":
			say("250-post.example")
			for _, offer := range p.offers {
				if offer != "STARTTLS" || !encrypted {
					say("250-" + offer)
				}
			}
			say("250 HELP")
		case "STARTTLS":
			say("220 go on")
			conn, encrypted = tls.Server(conn, p.secure), true
			lines = bufio.NewReader(conn)
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				text.WriteString(line)
			}
			p.mu.Lock()
			p.mails, p.secret = append(p.mails, text.String()), encrypted
			p.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		case "AUTH":
			if strings.HasPrefix(line, "AUTH LOGIN") {
				say("334 VXNlcm5hbWU6")
				name, _ := lines.ReadString('\n')
				say("334 UGFzc3dvcmQ6")
				word, _ := lines.ReadString('\n')
				p.mu.Lock()
				p.said = append(p.said, "LOGIN "+strings.TrimSpace(name)+" "+strings.TrimSpace(word))
				p.mu.Unlock()
			}
			say("235 welcome")
		default:
			say("250 ok")
		}
	}
}

func (p *post) heard() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.said, "\n")
}

// mailTo returns what sends to a post, at a URL of a scheme.
func mailTo(t *testing.T, p *post, scheme, user string) *Mail {
	t.Helper()
	server, err := ParseMailServer(scheme + "://" + user + p.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	certified := httptest.NewTLSServer(nil)
	roots := certified.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	certified.Close()
	address := func(text string) *mail.Address {
		a, err := mail.ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	return NewMail(server, MailOptions{Password: "pa55", From: address(`"Жардамчы, кеңсе" <assistant@moh.example>`), Links: "https://ask.moh.example",
		To: []*mail.Address{address("desk@moh.example"), address(`Айда <aida@moh.example>`)},
		Say: func(tag lang.Tag, key string) string {
			return "Жарандын суроосу: абдан узун темасы бар кат " + string(tag) + " " + key
		},
	}, outbound.Way{What: "mail server", TLS: &tls.Config{RootCAs: roots}})
}

// A mail goes over STARTTLS, over TLS, and in plain to this machine alone; to all
// recipients, with what it is about, and with what was said.
func TestMail(t *testing.T) {
	for _, tt := range []struct {
		name, scheme, user string
		change             func(*post)
		auth               string // that the server hears
		secret             bool
	}{
		{"STARTTLS", "smtp", "desk@", func(p *post) { p.offers = []string{"STARTTLS", "AUTH PLAIN LOGIN", "8BITMIME"} }, "AUTH PLAIN " + b64("\x00desk\x00pa55"), true},
		{"TLS", "smtps", "desk@", func(p *post) { p.wrapped, p.offers = true, []string{"AUTH PLAIN"} }, "AUTH PLAIN " + b64("\x00desk\x00pa55"), true},
		{"a server that knows LOGIN alone", "smtp", "desk@", func(p *post) { p.offers = []string{"STARTTLS", "AUTH LOGIN"} }, "LOGIN " + b64("desk") + " " + b64("pa55"), true},
		{"plain, to this machine", "smtp", "", func(*post) {}, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPost(t, tt.change)
			c := waiting()
			if err := mailTo(t, p, tt.scheme, tt.user).Send(t.Context(), c); err != nil {
				t.Fatalf("%v\n%s", err, p.heard())
			}
			heard := p.heard()
			for _, want := range []string{"EHLO moh.example", "MAIL FROM:<assistant@moh.example>", "RCPT TO:<desk@moh.example>", "RCPT TO:<aida@moh.example>", tt.auth} {
				if !strings.Contains(heard, want) {
					t.Errorf("it did not hear %q:\n%s", want, heard)
				}
			}
			if len(p.mails) != 1 || p.secret != tt.secret {
				t.Fatalf("%d mails, encrypted: %v", len(p.mails), p.secret)
			}
			checkMail(t, p.mails[0], c)
		})
	}
}

func b64(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func checkMail(t *testing.T, text string, c handover.Case) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > 76 && !strings.HasPrefix(line, "From:") || strings.ContainsFunc(line, func(r rune) bool { return r > 126 || r < ' ' }) {
			t.Errorf("a line of it: %q", line)
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Жарандын суроосу: абдан узун темасы бар кат ky case_subject (ho-abcdef)" {
		t.Errorf("subject %q: %v", subject, err)
	}
	if to, err := m.Header.AddressList("To"); err != nil || len(to) != 2 || to[1].Name != "Айда" {
		t.Errorf("to %v: %v", to, err)
	}
	if from, err := m.Header.AddressList("From"); err != nil || from[0].Name != "Жардамчы, кеңсе" {
		t.Errorf("from %v: %v", from, err)
	}
	if len(m.Header) != 10 || m.Header.Get("Message-Id") != "<"+c.ID+"@moh.example>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("headers %v", m.Header)
	}
	packed, _ := io.ReadAll(m.Body)
	body, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(packed), "\r\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\r\nhttps://ask.moh.example/handover/" + c.ID + "?secret=" + c.Secret + "\r\n", ": Айда <aida@mail.kg>\r\n",
		"> Паспортум жоголду.\r\n> .\r\n> Subject: x\r\n> QUIT\r\n", "> <script>alert(1)</script>\r\n"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the mail does not say %q:\n%s", want, body)
		}
	}
}

// Each of these is an error, so that the mail is sent again, and none of them says
// what was said.
func TestMailFails(t *testing.T) {
	for _, tt := range []struct {
		name, scheme string
		change       func(*post)
		says         string
	}{
		{"no AUTH", "smtps", func(p *post) { p.wrapped, p.answers["AUTH"] = true, "535 no" }, "535"},
		{"no sender", "smtp", func(p *post) { p.answers["MAIL"] = "550 no" }, "refuses the sender"},
		{"no recipient", "smtp", func(p *post) { p.answers["RCPT"] = "550 no" }, "refuses a recipient"},
		{"no mail", "smtp", func(p *post) { p.answers["DATA"] = "452 full" }, "452"},
		{"a certificate of somebody else", "smtp", func(p *post) {
			p.offers, p.secure = []string{"STARTTLS"}, &tls.Config{}
		}, "the mail server"},
		{"no TLS where it is wanted", "smtps", func(*post) {}, "cannot be reached"},
		{"no greeting", "smtp", func(p *post) { p.mute = true }, "cannot be reached"},
	} {
		p := newPost(t, tt.change)
		user := ""
		if tt.name == "no AUTH" {
			user, p.offers = "desk@", []string{"AUTH PLAIN"}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := mailTo(t, p, tt.scheme, user).Send(ctx, waiting())
		cancel()
		if err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "Паспорт") || len(p.mails) > 0 {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	elsewhere := &Mail{server: MailServer{Host: "mail.moh.example"}}
	if elsewhere.server.isHere() || !(MailServer{Host: "::1"}).isHere() {
		t.Error("what is this machine?")
	}
}

// Without encryption nothing goes to another machine, not even a password.
func TestMailPlainElsewhere(t *testing.T) {
	p := newPost(t, func(p *post) { p.offers = []string{"AUTH PLAIN LOGIN"} })
	m := mailTo(t, p, "smtp", "desk@")
	_, port, _ := net.SplitHostPort(p.ln.Addr().String())
	m.server.Host, m.server.Port = "mail.moh.example", port
	m.Way = outbound.Way{What: "mail server", Resolver: resolver("mail.moh.example.", "127.0.0.1")}
	err := m.Send(t.Context(), waiting())
	if err == nil || !strings.Contains(err.Error(), "STARTTLS") || strings.Contains(p.heard(), "AUTH") {
		t.Errorf("%v\n%s", err, p.heard())
	}
}

func TestParseMailServer(t *testing.T) {
	for text, want := range map[string]string{
		"smtp://127.0.0.1":               "127.0.0.1:587",
		"smtps://desk@mail.moh.example":  "mail.moh.example:465",
		"smtp://desk%40moh@mail.x:25/":   "mail.x:25",
		"smtp://[::1]:2525":              "[::1]:2525",
		"mail.moh.example:25":            "",
		"http://mail.moh.example":        "",
		"smtp://":                        "",
		"smtp://desk:geheim@mail.x":      "",
		"smtp://mail.x/?starttls=no":     "",
		"smtp://mail.x:25\r\nRCPT TO:<x": "",
	} {
		s, err := ParseMailServer(text)
		if got := s.Address(); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
}

func FuzzParseMailServer(f *testing.F) {
	f.Add("smtps://desk@mail.moh.example:465")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseMailServer(text)
		if err == nil && (s.Host == "" || s.Port == "" || strings.ContainsAny(s.Host+s.Port, "\r\n")) {
			t.Errorf("%q: %+v", text, s)
		}
	})
}

// Whatever somebody types, the mail has its ten headers and one part.
func FuzzCompose(f *testing.F) {
	f.Add("a\r\nBcc: x@y\r\n\r\n.\r\n", "b\n.\nQUIT")
	server, _ := ParseMailServer("smtp://127.0.0.1")
	m := NewMail(server, MailOptions{From: &mail.Address{Address: "a@b"}, To: []*mail.Address{{Address: "c@d"}}, Say: func(lang.Tag, string) string { return "Суроо" }}, outbound.Way{})
	f.Fuzz(func(t *testing.T, contact, content string) {
		c := waiting()
		c.Contact, c.Messages[0].Content = contact, content
		text := string(m.compose(c))
		got, err := mail.ReadMessage(strings.NewReader(text))
		if err != nil || len(got.Header) != 10 || strings.Contains(text, "\n.") {
			t.Errorf("%v\n%s", err, text)
		}
	})
}
