package send

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/smtp"
	"net/url"
	"slices"
	"strings"

	"tilgate/internal/lang"
	"tilgate/internal/outbound"
	"tilgate/serving/handover"
)

// A Mail sends cases by e-mail, with a link to a page on which they are answered.
type Mail struct {
	outbound.Way
	server MailServer
	opts   MailOptions
}

// MailOptions say what mails are like. All are needed, but for the password.
type MailOptions struct {
	Password string // of the user that the server's URL names; empty if it names none
	From     *mail.Address
	To       []*mail.Address
	Links    Links
	Say      func(tag lang.Tag, key string) string // the words of a language, as the page has them
}

// A MailServer is one that takes mail.
type MailServer struct {
	Host, Port string
	User       string // empty if it asks for none
	Wrapped    bool   // in TLS from the first byte; otherwise STARTTLS is said
}

// ParseMailServer reads smtps://user@host:465, or smtp://user@host:587.
func ParseMailServer(text string) (s MailServer, err error) {
	u, err := url.Parse(text)
	if err != nil {
		return s, errors.New("it is not a URL")
	}
	if _, has := u.User.Password(); has {
		return s, errors.New("it holds a password; that belongs into the environment")
	}
	s = MailServer{Host: u.Hostname(), User: u.User.Username(), Wrapped: u.Scheme == "smtps"}
	s.Port = cmp.Or(u.Port(), map[string]string{"smtp": "587", "smtps": "465"}[u.Scheme])
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return s, errors.New("it begins with neither smtp:// nor smtps://")
	case s.Host == "":
		return s, errors.New("it names no server")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "":
		return s, errors.New("something stands behind the server's name")
	}
	return s, nil
}

// Address is where it listens.
func (s MailServer) Address() string { return net.JoinHostPort(s.Host, s.Port) }

// isHere reports whether it is this machine, so that nobody is in between.
func (s MailServer) isHere() bool {
	ip, err := netip.ParseAddr(s.Host)
	return s.Host == "localhost" || err == nil && ip.IsLoopback()
}

// NewMail returns what sends mail by a server, which need not be there yet.
func NewMail(server MailServer, o MailOptions, way outbound.Way) *Mail {
	return &Mail{way, server, o}
}

// Send sends a mail to all addresses. It returns nil when the server has taken
// it for each.
func (m *Mail) Send(ctx context.Context, c handover.Case) (err error) {
	client, end, err := m.connect(ctx)
	if err != nil {
		return fmt.Errorf("the mail server cannot be reached: %w", err)
	}
	defer end()
	if err := m.greet(client); err != nil {
		return fmt.Errorf("the mail server: %w", err)
	}
	if err := client.Mail(m.opts.From.Address); err != nil {
		return fmt.Errorf("the mail server refuses the sender: %w", err)
	}
	for _, to := range m.opts.To {
		if err := client.Rcpt(to.Address); err != nil {
			return fmt.Errorf("the mail server refuses a recipient: %w", err)
		}
	}
	body, err := client.Data()
	if err == nil {
		_, err = body.Write(m.compose(c))
	}
	if err == nil {
		err = body.Close() // the server says here that it has the mail
	}
	if err != nil {
		return fmt.Errorf("the mail server does not take the mail: %w", err)
	}
	_ = client.Quit()
	return nil
}

// connect calls the server. What is said on the connection ends with ctx.
func (m *Mail) connect(ctx context.Context) (client *smtp.Client, end func(), err error) {
	conn, err := m.DialContext(ctx, "tcp", m.server.Address())
	if err != nil {
		return nil, nil, err
	}
	if m.server.Wrapped {
		if conn, err = encrypted(ctx, conn, m.Secure(m.server.Host)); err != nil {
			return nil, nil, err
		}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	client, err = smtp.NewClient(conn, m.server.Host)
	if err != nil {
		stop()
		return nil, nil, errors.Join(err, conn.Close())
	}
	return client, func() { stop(); client.Close() }, nil
}

var errPlain = errors.New("it offers no encryption (STARTTLS), without which conversations are sent to this machine alone")

// greet says who we are, once nobody can listen.
func (m *Mail) greet(client *smtp.Client) error {
	_, domain, _ := strings.Cut(m.opts.From.Address, "@")
	if err := client.Hello(domain); err != nil {
		return err
	}
	if !m.server.Wrapped {
		offered, _ := client.Extension("STARTTLS")
		if !offered && !m.server.isHere() {
			return errPlain
		}
		if offered {
			if err := client.StartTLS(m.Secure(m.server.Host)); err != nil {
				return err
			}
		}
	}
	if m.server.User == "" {
		return nil
	}
	return m.login(client)
}

// login proves who we are, in the way that the server knows.
func (m *Mail) login(client *smtp.Client) error {
	_, ways := client.Extension("AUTH")
	list := strings.Fields(strings.ToUpper(ways))
	if slices.Contains(list, "LOGIN") && !slices.Contains(list, "PLAIN") {
		return client.Auth(&loginAuth{m.server, m.opts.Password, 0})
	}
	return client.Auth(smtp.PlainAuth("", m.server.User, m.opts.Password, m.server.Host))
}

// loginAuth is what servers know that do not know PLAIN, such as Exchange: it
// asks for the name, then for the password.
type loginAuth struct {
	server   MailServer
	password string
	asked    int
}

func (a *loginAuth) Start(s *smtp.ServerInfo) (string, []byte, error) {
	if !s.TLS && !a.server.isHere() {
		return "", nil, errPlain
	}
	return "LOGIN", nil, nil
}

func (a *loginAuth) Next(_ []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	a.asked++
	switch a.asked {
	case 1:
		return []byte(a.server.User), nil
	case 2:
		return []byte(a.password), nil
	}
	return nil, errors.New("it asks for more than a name and a password")
}

// Close is there for the others.
func (m *Mail) Close() error { return nil }
