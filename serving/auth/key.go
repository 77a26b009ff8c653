package auth

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/serving"
)

// A Key is what is kept about a caller's secret.
type Key struct {
	Name     string    `toml:"name"` // of the caller, as it stands in the log
	Hash     Hash      `toml:"hash"`
	Tenant   string    `toml:"tenant,omitempty"`   // whose passages the caller sees; empty is the default tenant
	Language lang.Tag  `toml:"language,omitempty"` // that questions are likely in, and to answer in when it cannot be told
	Created  time.Time `toml:"created,omitempty"`
	Expires  time.Time `toml:"expires,omitempty"` // zero never
	Revoked  time.Time `toml:"revoked,omitempty"` // zero means that it is in force

	// Before is the hash of the secret before the last rotation, which opens
	// until BeforeUntil.
	Before      Hash      `toml:"before,omitempty"`
	BeforeUntil time.Time `toml:"before_until,omitempty"`

	serving.Scope // what the caller may use
}

// Check returns what is wrong with a list of keys, all of it, and writes their
// languages as tags are written.
func Check(list []Key) (faults []error) {
	seen := map[string]bool{}
	for i := range list {
		k := &list[i]
		for _, err := range k.check() {
			faults = append(faults, fmt.Errorf("key %d: %w", i+1, err))
		}
		if k.Name == "" || seen[k.Name] {
			faults = append(faults, fmt.Errorf("key %d: its name %q is empty or was there before", i+1, k.Name))
		}
		seen[k.Name] = true
	}
	return faults
}

func (k *Key) check() (faults []error) {
	if k.Hash == (Hash{}) {
		faults = append(faults, errors.New("its hash is missing; tilgate key create makes one"))
	}
	if err := rag.CheckTenant(cmp.Or(k.Tenant, rag.DefaultTenant)); err != nil {
		faults = append(faults, fmt.Errorf("tenant: %w", err))
	}
	if k.Language != "" {
		tag, err := lang.ParseTag(string(k.Language))
		if err != nil {
			faults = append(faults, fmt.Errorf("language: %w", err))
		}
		k.Language = tag
	}
	return append(faults, CheckScope(&k.Scope)...)
}

// CheckScope returns what is wrong with a scope, and writes its languages as
// tags are written and its hosts as they are compared.
func CheckScope(s *serving.Scope) (faults []error) {
	for _, m := range s.Models {
		if m == "" || strings.Contains(strings.TrimSuffix(m, "*"), "*") {
			faults = append(faults, fmt.Errorf("models: %q is no name of a model, nor its beginning with * after it", m))
		}
	}
	for i, l := range s.Languages {
		tag, err := lang.ParseTag(string(l))
		if err != nil {
			faults = append(faults, fmt.Errorf("languages: %w", err))
		}
		s.Languages[i] = tag
	}
	for _, list := range []struct {
		name   string
		values []string
	}{{"knowledge", s.Knowledge}, {"sites", s.Sites}} {
		for _, v := range list.values {
			if strings.TrimSpace(v) == "" {
				faults = append(faults, fmt.Errorf("%s: a name is empty", list.name))
			}
		}
	}
	for i, h := range s.Policy.MediaHosts {
		host := h
		if name, _, err := net.SplitHostPort(h); err == nil {
			host = name
		}
		if host == "" || strings.ContainsAny(host, "/@*? ") {
			faults = append(faults, fmt.Errorf("policy.media_hosts: %q is no host such as img.example or img.example:8443", h))
		}
		s.Policy.MediaHosts[i] = strings.ToLower(h)
	}
	return slices.Concat(faults, checkPage(s), checkNumbers(s))
}

func checkNumbers(s *serving.Scope) (faults []error) {
	p, l := s.Policy, s.Limits
	list := []number{
		{"policy.max_n", int64(p.MaxN)}, {"policy.max_tokens", int64(p.MaxTokens)}, {"policy.max_logprobs", int64(p.MaxLogprobs)},
		{"limits.requests", l.Requests}, {"limits.chars", l.Chars}, {"limits.tokens", l.Tokens}, {"limits.concurrent", l.Concurrent},
		{"limits.day.requests", l.Day.Requests}, {"limits.day.chars", l.Day.Chars}, {"limits.day.tokens", l.Day.Tokens},
		{"limits.month.requests", l.Month.Requests}, {"limits.month.chars", l.Month.Chars}, {"limits.month.tokens", l.Month.Tokens},
	}
	for _, n := range append(list, shareNumbers(s.Each)...) {
		if n.value < 0 || n.value > maxNumber {
			faults = append(faults, fmt.Errorf("%s: %d is not in 0..%d", n.name, n.value, int64(maxNumber)))
		}
	}
	return faults
}

// A number is a value of a scope, with its place.
type number struct {
	name  string
	value int64
}

func shareNumbers(e serving.Each) (list []number) {
	for _, s := range []struct {
		name string
		serving.Share
	}{{"each.client", e.Client}, {"each.session", e.Session}, {"each.user", e.User}} {
		list = append(list, number{s.name + ".requests", s.Requests}, number{s.name + ".chars", s.Chars},
			number{s.name + ".day.requests", s.Day.Requests}, number{s.name + ".day.chars", s.Day.Chars}, number{s.name + ".day.tokens", s.Day.Tokens})
	}
	return list
}

// maxNumber keeps sums and products of limits far from overflowing.
const maxNumber = 1e12
