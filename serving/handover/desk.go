package handover

import (
	"cmp"
	"context"
	"crypto/subtle"
	"log/slog"
	"sync/atomic"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/outbound"
	"tilgate/rag"
	"tilgate/serving"
)

// A Desk takes cases in, has them sent, and takes the answers of staff.
type Desk struct {
	store   Store
	opts    Options
	wake    chan struct{} // something is due
	sent    atomic.Int64
	retried atomic.Int64
	failed  atomic.Int64
}

// Options of a Desk.
type Options struct {
	Sender  Sender       // nil: staff look for cases themselves
	OnGuard bool         // cases are made without asking where the guard gives up, for keys whose policy lets text be kept
	Log     *slog.Logger // nil means slog.Default()
}

// NewDesk returns a desk over a store. Its Run must be running for cases to be
// sent.
func NewDesk(s Store, o Options) *Desk {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Desk{store: s, opts: o, wake: make(chan struct{}, 1)}
}

// Take takes a conversation in. It returns when the case cannot be lost any
// more, with the token that opens it for its citizen. The same token sent again
// gives the same case, and changes nothing.
func (d *Desk) Take(ctx context.Context, caller serving.Caller, a Asked) (c Case, token string, err error) {
	if err := a.check(); err != nil {
		return Case{}, "", err
	}
	c = Case{Tenant: rag.TenantOf(caller.Tenant), Key: caller.Name}
	if a.Token == "" {
		a.Token = NewToken()
	} else if before, err := d.store.Case(ctx, "", IDOf(a.Token)); err == nil {
		if before.Tenant != c.Tenant || before.Key != c.Key {
			return Case{}, "", fault.Invalid.Field("token", "this token cannot be used; make another")
		}
		return before, a.Token, nil
	}
	if caller.Scope != nil {
		c.Sites = caller.Scope.Sites
	}
	if d.opts.Sender != nil {
		if err := d.opts.Sender.Check(outbound.WithSites(ctx, c.Sites)); err != nil {
			return Case{}, "", err
		}
	}
	c.ID, c.Time, c.State = IDOf(a.Token), time.Now().UTC().Truncate(time.Millisecond), Waiting
	c.Language, c.Why, c.Contact, c.Messages = cmp.Or(a.Language, lang.Und), a.Why, a.Contact, a.Messages
	if d.opts.Sender != nil {
		c.Secret, c.Due = newSecret(), c.Time
		c.Hash = hashOf(c.Secret)
	}
	if err := d.store.PutCase(ctx, c); err != nil {
		return Case{}, "", err
	}
	d.poke()
	return c, a.Token, nil
}

// OnGuard reports whether a case is made for a caller without asking.
func (d *Desk) OnGuard(caller serving.Caller) bool {
	return d.opts.OnGuard && caller.Policy().LogText
}

var errNotOpen = fault.NotFound.Errorf("there is no such case, or not any more, or this does not open it")

// Open returns a case to who holds its token, or the secret that its staff were
// sent: then staff is true.
func (d *Desk) Open(ctx context.Context, id, secret string) (c Case, staff bool, err error) {
	if !IsID(id) || !tokenForm.MatchString(secret) {
		return Case{}, false, errNotOpen
	}
	if c, err = d.store.Case(ctx, "", id); err != nil {
		if fault.NotFound.Is(err) {
			err = errNotOpen
		}
		return Case{}, false, err
	}
	staff = c.Hash != "" && same(hashOf(secret), c.Hash)
	if !staff && !same(IDOf(secret), id) {
		return Case{}, false, errNotOpen
	}
	return c, staff, nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Case returns a case of the caller's tenant.
func (d *Desk) Case(ctx context.Context, caller serving.Caller, id string) (Case, error) {
	return d.store.Case(ctx, rag.TenantOf(caller.Tenant), id)
}

// List returns the cases of the caller's tenant that a query asks for, the
// oldest first.
func (d *Desk) List(ctx context.Context, caller serving.Caller, q Query) ([]Case, error) {
	q.Tenant = rag.TenantOf(caller.Tenant)
	return d.store.ListCases(ctx, q)
}

// Reply answers a case of the caller's tenant, by the name of the caller's key,
// and returns it as it stands then. Said twice in a row, it is said once.
func (d *Desk) Reply(ctx context.Context, caller serving.Caller, id, text string) (Case, error) {
	return Answer(ctx, d.store, rag.TenantOf(caller.Tenant), id, Reply{By: caller.Name, Text: text})
}

// Close closes a case of the caller's tenant. Nothing more is said in it.
func (d *Desk) Close(ctx context.Context, caller serving.Caller, id string) (Case, error) {
	return Close(ctx, d.store, rag.TenantOf(caller.Tenant), id)
}

// Answer adds a reply to a case in a store.
func Answer(ctx context.Context, s Store, tenant, id string, r Reply) (Case, error) {
	text, err := checkReply(r.Text)
	if err != nil {
		return Case{}, err
	}
	r.Text, r.Time = text, time.Now().UTC().Truncate(time.Millisecond)
	return s.ChangeCase(ctx, tenant, id, func(c *Case) error {
		if n := len(c.Replies); n > 0 && c.Replies[n-1].By == r.By && c.Replies[n-1].Text == r.Text {
			return nil
		}
		switch {
		case c.State == Closed:
			return fault.Invalid.Errorf("this case is closed; its citizen can ask again")
		case len(c.Replies) >= mostReplies:
			return fault.TooLarge.Errorf("this case has %d replies; the most is %d", len(c.Replies), mostReplies)
		}
		c.Replies = append(c.Replies, r)
		c.settle(Answered)
		return nil
	})
}

// Close closes a case in a store.
func Close(ctx context.Context, s Store, tenant, id string) (Case, error) {
	return s.ChangeCase(ctx, tenant, id, func(c *Case) error {
		c.settle(Closed)
		return nil
	})
}

// settle takes c to a state in which nobody need be told of it any more.
func (c *Case) settle(s State) {
	c.State, c.Due, c.Secret = s, time.Time{}, ""
}
