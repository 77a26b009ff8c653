package limit

import (
	"context"
	"encoding/base64"
	"strings"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// A Limiter counts what callers use: a Memory or a Redis.
type Limiter interface {
	Admit(ctx context.Context, c serving.Caller, chars int) (serving.Grant, error)
	Refund(ctx context.Context, c serving.Caller, chars int)
	Record(ctx context.Context, x serving.Exchange)
	Used(ctx context.Context, name string) (day, month serving.Quota, err error)
}

// MostShares is how many of those who share keys are known at once by one
// process, each with less than half a kilobyte. Of a flood of addresses each
// begins anew; what stops it is the limit of the key itself.
const MostShares = 100_000

// KeepShares is how long it is kept what one of them used: longer than a day.
const KeepShares = 25 * time.Hour

// Shares limits each of those who share a key, and then the key: what one of
// them is refused costs the others nothing. What they used is not saved: who
// they are is known for a day at most, and to this process alone or to Redis.
type Shares struct {
	Keys Limiter
	Each Limiter // of those who share them; it knows a bounded number
}

// A part is a caller's share, as a caller of its own.
type part struct {
	caller serving.Caller
	who    string // in words
}

func partsOf(c serving.Caller) (list []part) {
	if c.Scope == nil || c.Scope.Each == (serving.Each{}) {
		return nil
	}
	for _, p := range []struct {
		kind, who string
		whom      serving.Whom
		share     serving.Share
	}{
		{"client", "each address", c.From.Client, c.Scope.Each.Client},
		{"session", "each visit", c.From.Session, c.Scope.Each.Session},
		{"user", "each user", c.From.User, c.Scope.Each.User},
	} {
		if p.whom == (serving.Whom{}) || p.share == (serving.Share{}) {
			continue
		}
		name := c.Name + "\x00" + p.kind + "\x00" + base64.RawURLEncoding.EncodeToString(p.whom[:])
		scope := &serving.Scope{Sites: c.Scope.Sites, Limits: p.share.Limits()}
		list = append(list, part{serving.Caller{Name: name, Scope: scope}, p.who})
	}
	return list
}

// Admit lets a request with so many characters in, or says when to come again.
func (s *Shares) Admit(ctx context.Context, c serving.Caller, chars int) (serving.Grant, error) {
	parts := partsOf(c)
	if len(parts) == 0 {
		return s.Keys.Admit(ctx, c, chars)
	}
	grants := make([]serving.Grant, 0, len(parts)+1)
	back := func() {
		for i, g := range grants {
			s.Each.Refund(ctx, parts[i].caller, chars)
			release(g)
		}
	}
	for _, p := range parts {
		g, err := s.Each.Admit(ctx, p.caller, chars)
		if err != nil {
			back()
			return serving.Grant{}, spokenOf(err, p.who)
		}
		grants = append(grants, g)
	}
	g, err := s.Keys.Admit(ctx, c, chars)
	if err != nil {
		back()
		return serving.Grant{}, err
	}
	return tightest(append(grants, g)), nil
}

// tightest returns one grant for all of them, with what is left of the one that
// has least left.
func tightest(list []serving.Grant) serving.Grant {
	var all serving.Grant
	for _, g := range list {
		if g.Limit > 0 && (all.Limit == 0 || g.Left < all.Left) {
			all.Limit, all.Left = g.Limit, g.Left
		}
	}
	all.Release = func() {
		for _, g := range list {
			release(g)
		}
	}
	return all
}

func release(g serving.Grant) {
	if g.Release != nil {
		g.Release()
	}
}

// spokenOf says of an error about a key that it is about one who shares it.
func spokenOf(err error, who string) error {
	sentence, _ := fault.Public(err)
	if rest, ok := strings.CutPrefix(sentence, subject); ok && fault.Limited.Is(err) {
		return fault.Limited.After(fault.Again(err), "with this key, %s%s", who, rest)
	}
	return err
}

// Record charges what a request turned out to cost.
func (s *Shares) Record(ctx context.Context, x serving.Exchange) {
	for _, p := range partsOf(x.Caller) {
		share := x
		share.Caller = p.caller
		s.Each.Record(ctx, share)
	}
	s.Keys.Record(ctx, x)
}
