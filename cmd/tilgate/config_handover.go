package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving/handover"
	"tilgate/serving/handover/send"
	"tilgate/serving/ledger"
	"tilgate/serving/web"
)

// HandoverConfig says how people are asked where the assistant cannot help: by
// one of a webhook, e-mail and a queue, or by nothing, where staff look for
// conversations themselves (inbox). They are kept in the ledger.
type HandoverConfig struct {
	PlaceConfig
	Webhook  string   `toml:"webhook,omitempty"`   // URL to which conversations are posted, signed
	Email    string   `toml:"email,omitempty"`     // smtps://user@host:465, or smtp://user@host:587 for STARTTLS
	From     string   `toml:"from,omitempty"`      // address of the mails' sender
	To       []string `toml:"to,omitempty"`        // addresses of the staff
	Queue    string   `toml:"queue,omitempty"`     // redis://host:port/db, or rediss:// for TLS
	Stream   string   `toml:"stream,omitempty"`    // of that Redis; empty is tilgate.handover
	Inbox    bool     `toml:"inbox,omitempty"`     // nobody is told; the operator's page and tilgate handover show what waits
	URL      string   `toml:"url,omitempty"`       // by which the staff's browsers and programs know this service
	OnGuard  bool     `toml:"on_guard,omitempty"`  // hand over unasked where the guard gives up, for keys whose policy lets text be kept
	KeepDays *int     `toml:"keep_days,omitempty"` // conversations, and what was answered; nil is 30

	Secret   string `toml:"-"` // of the webhook, from TILGATE_HANDOVER_SECRET
	Password string `toml:"-"` // of the mail server or the queue, from TILGATE_HANDOVER_PASSWORD
}

const mostKeepDays = 3650

// ways are those that the configuration names.
func (c HandoverConfig) ways() (list []string) {
	for _, w := range []struct {
		name string
		set  bool
	}{{"webhook", c.Webhook != ""}, {"email", c.Email != ""}, {"queue", c.Queue != ""}, {"inbox", c.Inbox}} {
		if w.set {
			list = append(list, w.name)
		}
	}
	return list
}

func (c HandoverConfig) check(fault func(format string, args ...any)) {
	ways := c.ways()
	switch {
	case len(ways) > 1:
		fault("handover: it names %s; one of them is enough", strings.Join(ways, " and "))
	case len(ways) == 0 && (c.From != "" || len(c.To) > 0 || c.Stream != "" || c.URL != "" || c.OnGuard || c.KeepDays != nil):
		fault("handover: nothing says where conversations go; it takes webhook, email, queue or inbox")
	}
	if days := c.KeepDays; days != nil && (*days < 1 || *days > mostKeepDays) {
		fault("handover.keep_days: %d is not in 1..%d", *days, mostKeepDays)
	}
	if c.URL != "" && !isWebURL(c.URL) {
		fault("handover.url: %s is not a URL such as https://ask.moh.example", wrongAddress(c.URL))
	}
	if c.Stream != "" && c.Queue == "" {
		fault("handover.stream: it is for a queue")
	}
	c.checkWebhook(fault)
	c.checkEmail(fault)
	if _, err := redis.ParseURL(c.Queue); c.Queue != "" && err != nil {
		fault("handover.queue: not a URL such as redis://127.0.0.1:6379/0: %w", whyNoURL(err))
	}
	if c.Public && strings.HasPrefix(c.Queue, "redis:") {
		fault("handover.queue: over the public internet conversations go encrypted; write rediss://")
	}
}

// isWebURL reports whether a text is an address to which paths can be added.
func isWebURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

func (c HandoverConfig) checkWebhook(fault func(format string, args ...any)) {
	if c.Webhook == "" {
		return
	}
	u, err := url.Parse(c.Webhook)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		fault("handover.webhook: %s is not a URL such as https://tickets.moh.example/hook", wrongAddress(c.Webhook))
	case u.User != nil:
		fault("handover.webhook: it holds a name or a password; requests are signed with TILGATE_HANDOVER_SECRET instead")
	case c.Public && u.Scheme != "https":
		fault("handover.webhook: over the public internet conversations go encrypted; write https://")
	}
}

func (c HandoverConfig) checkEmail(fault func(format string, args ...any)) {
	if c.Email == "" {
		if c.From != "" || len(c.To) > 0 {
			fault("handover.from, handover.to: they are for email")
		}
		return
	}
	if _, err := send.ParseMailServer(c.Email); err != nil {
		fault("handover.email: %w; it is such as smtps://assistant@mail.moh.example:465", err)
	}
	if _, err := mailAddress(c.From); err != nil {
		fault("handover.from: %w", err)
	}
	if len(c.To) == 0 {
		fault("handover.to: it is missing: to whom mails go")
	}
	for _, to := range c.To {
		if _, err := mailAddress(to); err != nil {
			fault("handover.to: %w", err)
		}
	}
	if c.URL == "" {
		fault("handover.url: it is missing: mails hold a link to the page on which they are answered, such as https://ask.moh.example")
	}
}

// mailAddress reads an address, with a name or without. Servers of mail take
// letters beyond ASCII in the name alone.
func mailAddress(text string) (*mail.Address, error) {
	a, err := mail.ParseAddress(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address such as desk@moh.example", text)
	}
	if strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("%q has letters that mail servers do not take in an address", a.Address)
	}
	return a, nil
}

func (c HandoverConfig) keep() time.Duration {
	days := 30
	if c.KeepDays != nil {
		days = *c.KeepDays
	}
	return time.Duration(days) * 24 * time.Hour
}

var errNoHandoverSecret = errors.New("handover.webhook: TILGATE_HANDOVER_SECRET is not set; with it the other side knows that a conversation comes from here")

// closer is a Sender that has connections.
type closer interface {
	handover.Sender
	Close() error
}

// sender opens the way by which staff are told; nil if they are not.
func (c HandoverConfig) sender() (closer, error) {
	links := send.Links(c.URL)
	switch {
	case c.Webhook != "":
		if c.Secret == "" {
			return nil, errNoHandoverSecret
		}
		w, err := send.NewWebhook(c.Webhook, c.Secret, c.way("webhook", c.Webhook), links)
		if err != nil {
			return nil, fmt.Errorf("TILGATE_HANDOVER_SECRET: %w", err)
		}
		return w, nil
	case c.Email != "":
		return c.mail(links)
	case c.Queue != "":
		return send.NewQueue(send.QueueOptions{URL: c.Queue, Password: c.Password, Stream: c.Stream, Keep: c.keep(), Links: links}, c.way("queue", c.Queue))
	}
	return nil, nil
}

func (c HandoverConfig) mail(links send.Links) (*send.Mail, error) {
	server, err := send.ParseMailServer(c.Email)
	if err != nil {
		return nil, err
	}
	site, err := web.New()
	if err != nil {
		return nil, err
	}
	o := send.MailOptions{Password: c.Password, Links: links,
		Say: func(tag lang.Tag, key string) string { return site.Words(string(tag), "").Say(key) }}
	if o.From, err = mailAddress(c.From); err != nil {
		return nil, err
	}
	for _, text := range c.To {
		to, err := mailAddress(text)
		if err != nil {
			return nil, err
		}
		o.To = append(o.To, to)
	}
	way := c.way("mail server", "")
	way.Address = server.Address()
	return send.NewMail(server, o, way), nil
}

// openHandover opens the desk where people are asked, and has it send what waits
// until closeDesk; nil where none is configured.
func (c Config) openHandover(ctx context.Context, l *ledger.Ledger, metrics *prometheus.Registry, log *slog.Logger) (d *handover.Desk, closeDesk func(), err error) {
	if len(c.Handover.ways()) == 0 {
		return nil, func() {}, nil
	}
	if l == nil {
		return nil, nil, fault.Invalid.Errorf("handover: conversations are kept in the ledger, and the configuration keeps none: it says ledger.off, or names no data folder")
	}
	to, err := c.Handover.sender()
	if err != nil {
		return nil, nil, err
	}
	o := handover.Options{OnGuard: c.Handover.OnGuard, Log: log}
	if to != nil {
		o.Sender = to
	}
	d = handover.NewDesk(l, o)
	metrics.MustRegister(handoverCounts(d)...)
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx) })
	return d, func() {
		cancel()
		running.Wait()
		if to != nil {
			_ = to.Close()
		}
	}, nil
}

func handoverCounts(d *handover.Desk) []prometheus.Collector {
	counter := func(name, help string, of func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "tilgate_handover_" + name + "_total", Help: help}, func() float64 { return float64(of()) })
	}
	return []prometheus.Collector{
		counter("sent", "Conversations that staff were told of.", func() int64 { n, _, _ := d.Counts(); return n }),
		counter("retried", "Attempts to tell staff of a conversation that failed and are made again.", func() int64 { _, n, _ := d.Counts(); return n }),
		counter("failed", "Conversations that staff could not be told of, and are not any more.", func() int64 { _, _, n := d.Counts(); return n }),
	}
}
