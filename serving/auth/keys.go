package auth

import (
	"crypto/subtle"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"tilgate/internal/fault"
	"tilgate/serving"
)

// Keys is the set of keys in force. It is safe for concurrent use.
type Keys struct {
	set   atomic.Pointer[set]
	ended atomic.Pointer[func(name string)]
}

// A set is what the keys of one list open.
type set struct {
	buckets map[bucket][]entry
	open    map[string]bool // by name, whose key is not revoked
	origins map[string]bool // of page keys that are not revoked
}

// An entry is what one secret opens.
type entry struct {
	hash   Hash
	caller serving.Caller
	until  time.Time // zero is for ever
	after  error     // why it opens nothing after until
}

// A bucket is the head of a hash. Finding it takes a time that depends on the
// hash of what the caller sent, and so says nothing about any secret; within
// it keys are compared in constant time.
type bucket [8]byte

// New returns a set that holds the keys of list.
func New(list []Key) *Keys {
	k := new(Keys)
	k.Swap(list)
	return k
}

// OnEnd has f called, after each Swap, with the name of every key that was in
// force before and is revoked, or not there, now.
func (k *Keys) OnEnd(f func(name string)) { k.ended.Store(&f) }

// Swap puts list in force. Requests that were let in go on, unless who OnEnd
// calls ends them.
func (k *Keys) Swap(list []Key) {
	s := &set{make(map[bucket][]entry, len(list)), make(map[string]bool, len(list)), map[string]bool{}}
	for _, key := range list {
		s.add(key)
	}
	before := k.set.Swap(s)
	ended := k.ended.Load()
	if before == nil || ended == nil {
		return
	}
	for name := range before.open {
		if !s.open[name] {
			(*ended)(name)
		}
	}
}

func (s *set) add(key Key) {
	e := entry{hash: key.Hash, caller: serving.Caller{Name: key.Name, Tenant: key.Tenant, Language: key.Language}}
	if !reflect.ValueOf(key.Scope).IsZero() {
		e.caller.Scope = &key.Scope
	}
	switch {
	case !key.Revoked.IsZero():
		e.until, e.after = key.Revoked, fault.Unauthorized.Errorf("this key was revoked at %s; ask for another", key.Revoked.UTC().Format(time.RFC3339))
	case !key.Expires.IsZero():
		e.until, e.after = key.Expires, fault.Unauthorized.Errorf("this key expired at %s; ask for another", key.Expires.UTC().Format(time.RFC3339))
	}
	s.open[key.Name] = key.Revoked.IsZero()
	if key.Page && key.Revoked.IsZero() {
		for _, origin := range key.Origins {
			s.origins[origin] = true
		}
	}
	s.put(e)
	if key.Before == (Hash{}) {
		return
	}
	e.hash = key.Before
	if e.until.IsZero() || key.BeforeUntil.Before(e.until) {
		e.until, e.after = key.BeforeUntil, fault.Unauthorized.Errorf("this key was replaced, and opened until %s; use the one that took its place",
			key.BeforeUntil.UTC().Format(time.RFC3339))
	}
	s.put(e)
}

func (s *set) put(e entry) {
	b := bucket(e.hash[:])
	s.buckets[b] = append(s.buckets[b], e)
}

// Check says who holds a secret, or why nobody is let in with it.
func (k *Keys) Check(secret string) (serving.Caller, error) {
	hash := HashOf(secret)
	var found *entry
	list := k.set.Load().buckets[bucket(hash[:])]
	for i := range list {
		if subtle.ConstantTimeCompare(hash[:], list[i].hash[:]) == 1 && found == nil {
			found = &list[i]
		}
	}
	switch {
	case found == nil || found.caller.IsPage() != strings.HasPrefix(secret, pagePrefix):
		return serving.Caller{}, errUnknown
	case !found.until.IsZero() && !time.Now().Before(found.until):
		return serving.Caller{}, found.after
	}
	return found.caller, nil
}

// Lists reports whether there is a page key for pages of an origin.
func (k *Keys) Lists(origin string) bool { return k.set.Load().origins[origin] }

var errUnknown = fault.Unauthorized.Errorf("this needs a valid key, in the header \"Authorization: Bearer tg-…\"")
