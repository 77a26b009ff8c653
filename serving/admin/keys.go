package admin

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
	"tilgate/serving/auth"
	"tilgate/serving/gateway"
	"tilgate/serving/ledger"
)

// A keysPage lists the keys of a tenant, and what they have used.
type keysPage struct {
	List     []keyRow
	NoLedger bool
	Self     string
}

type keyRow struct {
	auth.Key
	State  string // in words
	Open   bool   // it lets callers in
	Fixed  bool   // it stands in the configuration, which is not changed from here
	Month  int64  // requests in the last 30 days, as the ledger has them
	Quotas []quota
	May    []string // what it may use, where that is not everything
}

// A quota is a limit over a day or a month, and how much of it is used.
type quota struct {
	Of          string
	Used, Limit int64
}

// Share is how much is used, in percent, at most 100.
func (q quota) Share() int64 { return min(100, 100*q.Used/max(q.Limit, 1)) }

func (c *Console) keys(ctx context.Context, v gateway.Visit) (any, error) {
	p := keysPage{NoLedger: c.Ledger == nil, Self: v.Caller.Name}
	fixed, changeable, err := c.Keys.All()
	if err != nil {
		return nil, err
	}
	asked := map[string]int64{}
	if c.Ledger != nil {
		now := time.Now().UTC()
		rows, err := c.Ledger.Usage(ctx, ledger.UsageQuery{Tenant: tenantOf(v), From: now.AddDate(0, 0, -29), To: now, By: []ledger.By{ledger.ByKey}})
		if err != nil {
			return nil, err
		}
		for _, u := range rows {
			asked[u.Key] = u.Requests
		}
	}
	for i, k := range slices.Concat(fixed, changeable) {
		if rag.TenantOf(k.Tenant) != tenantOf(v) {
			continue
		}
		r := keyRow{Key: k, Fixed: i < len(fixed), Month: asked[k.Name], May: mayUse(k)}
		r.State, r.Open = stateOf(k, time.Now())
		if c.Used != nil && (k.Limits.Day != serving.Quota{} || k.Limits.Month != serving.Quota{}) {
			day, month, err := c.Used(ctx, k.Name)
			if err != nil {
				return nil, err
			}
			r.Quotas = quotasOf(k.Limits, day, month)
		}
		p.List = append(p.List, r)
	}
	return p, nil
}

func stateOf(k auth.Key, now time.Time) (words string, open bool) {
	switch {
	case !k.Revoked.IsZero():
		return "taken back on " + written(k.Revoked, "2 Jan 2006"), false
	case !k.Expires.IsZero() && now.After(k.Expires):
		return "expired on " + written(k.Expires, "2 Jan 2006"), false
	case !k.Expires.IsZero():
		return "until " + written(k.Expires, "2 Jan 2006"), true
	}
	return "in force", true
}

// mayUse says what a key may do, where that is not what every key may.
func mayUse(k auth.Key) (list []string) {
	for _, part := range []struct {
		is   bool
		text string
	}{
		{k.Admin, "administers"}, {k.Page, "stands in pages of " + strings.Join(k.Origins, ", ")}, {k.Eval, "may try weights that the gate keeps back"},
		{len(k.Models) > 0, "models: " + strings.Join(k.Models, ", ")}, {len(k.Scope.Languages) > 0, "languages: " + joined(k.Scope.Languages)},
		{len(k.Knowledge) > 0, "knowledge: " + strings.Join(k.Knowledge, ", ")}, {len(k.Sites) > 0, "sites: " + strings.Join(k.Sites, ", ")},
		{k.Policy.LogText, "the words of its conversations may be kept"},
		{k.Limits.Requests > 0, count(k.Limits.Requests) + " requests a minute"}, {k.Limits.Chars > 0, count(k.Limits.Chars) + " characters a minute"},
		{k.Limits.Tokens > 0, count(k.Limits.Tokens) + " tokens a minute"}, {k.Limits.Concurrent > 0, count(k.Limits.Concurrent) + " at once"},
	} {
		if part.is {
			list = append(list, part.text)
		}
	}
	return list
}

func joined[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = string(t)
	}
	return strings.Join(texts, ", ")
}

func quotasOf(l serving.Limits, day, month serving.Quota) (list []quota) {
	for _, q := range []quota{
		{"requests today", day.Requests, l.Day.Requests}, {"characters today", day.Chars, l.Day.Chars}, {"tokens today", day.Tokens, l.Day.Tokens},
		{"requests this month", month.Requests, l.Month.Requests}, {"characters this month", month.Chars, l.Month.Chars}, {"tokens this month", month.Tokens, l.Month.Tokens},
	} {
		if q.Limit > 0 {
			list = append(list, q)
		}
	}
	return list
}

// A newKeyPage shows a key that was made, once.
type newKeyPage struct {
	auth.Key
	Secret string
	Host   string // where its pages find this service
}

// doKey makes a key of the operator's tenant. It never administers: who may
// make such keys has the machine.
func (c *Console) doKey(v gateway.Visit) (gateway.Sheet, error) {
	secret, key := auth.Generate()
	if v.Form.Get("kind") == "page" {
		secret, key = auth.GeneratePage()
		key.Each = auth.UsualShares
		key.Origins = strings.Fields(strings.ReplaceAll(v.Form.Get("origins"), ",", " "))
	}
	key.Name, key.Tenant, key.Created = strings.TrimSpace(v.Form.Get("name")), v.Caller.Tenant, time.Now().UTC().Truncate(time.Second)
	for _, n := range []struct {
		field string
		to    *int64
	}{{"minute", &key.Limits.Requests}, {"day", &key.Limits.Day.Requests}} {
		if err := number(v, n.field, n.to); err != nil {
			return gateway.Sheet{}, err
		}
	}
	var days int64
	if err := number(v, "expires", &days); err != nil {
		return gateway.Sheet{}, err
	}
	if days > 0 {
		key.Expires = key.Created.AddDate(0, 0, int(min(days, 36_500)))
	}
	if own := v.Caller.Scope; own != nil { // nobody gives what they do not have
		key.Models, key.Scope.Languages, key.Knowledge, key.Sites = own.Models, own.Languages, own.Knowledge, own.Sites
	}
	if faults := auth.Check([]auth.Key{key}); len(faults) > 0 {
		return gateway.Sheet{}, fault.Invalid.Errorf("%s", strings.TrimPrefix(faults[0].Error(), "key 1: "))
	}
	if err := c.Keys.Add(key); err != nil {
		return gateway.Sheet{}, err
	}
	c.Log.Info("an operator made a key", "caller", v.Caller.Name, "key", key.Name, "page", key.Page)
	f := c.frame(v)
	f.Title, f.Body = "A new key", newKeyPage{key, secret, v.Host}
	return c.fill("newkey", f)
}

// number reads a number of a form; an empty one is 0.
func number(v gateway.Visit, field string, to *int64) error {
	text := strings.TrimSpace(v.Form.Get(field))
	if text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return fault.Invalid.Errorf("%s is %q; it is a number, or empty", field, text)
	}
	*to = n
	return nil
}

// doRevoke takes a key of the tenant back.
func (c *Console) doRevoke(v gateway.Visit) (gateway.Sheet, error) {
	name := v.Form.Get("name")
	if name == v.Caller.Name {
		return gateway.Sheet{}, fault.Invalid.Errorf("this is the key that you are here with; tilgate key revoke takes it back")
	}
	err := c.Keys.Edit(name, func(k *auth.Key) error {
		if rag.TenantOf(k.Tenant) != tenantOf(v) {
			return fault.NotFound.Errorf("there is no key of %q", name)
		}
		k.Revoked = time.Now().UTC().Truncate(time.Second)
		return nil
	})
	if err != nil {
		return gateway.Sheet{}, err
	}
	c.Log.Info("an operator took a key back", "caller", v.Caller.Name, "key", name)
	return gateway.Sheet{Next: "/admin/keys"}, nil
}
