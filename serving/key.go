package serving

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"slices"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/rag"
)

// A Key stands for everything that an answer depends on. It is a SHA-256, so
// that it tells nothing about what was asked.
type Key [sha256.Size]byte

// key makes the key of an answer. Whatever is missing here lets one caller have
// an answer that is another's; TestKey knows each part. It is nil where a part
// is not known.
//
// The order and the names are no format: keys live as long as the process.
func (s *Service) key(r Request, f found, passages []rag.Passage, c Choice) *Key {
	h := hasher{sha256.New()}
	h.text("answer", cmp.Or(r.Caller.Tenant, rag.DefaultTenant), s.opts.Policy)
	h.set(r.Knowledge)
	h.scope(r.Caller.Scope)
	h.text(string(f.language.Tag), string(f.language.Script), f.why)
	h.number(len(f.chain))
	for _, a := range f.chain {
		if a.Digest == "" {
			return nil
		}
		h.text(string(a.Tag), a.Digest)
	}
	h.text(c.Name, c.Digest, c.Weights, r.Model, string(r.Weights), fmt.Sprint(r.Bare))
	h.number(s.opts.PromptTokens)
	h.float(s.opts.Cost(costed(c.Name, f.chain[0]), f.chain[0].Tag))
	h.conversation(r.Messages, f.question)
	h.passages(passages)
	h.params(r.Params)
	h.number(r.MaxBytes)
	return (*Key)(h.Sum(nil))
}

// translationKey makes the key of a question in another language; nil if the
// caller wants nothing kept.
func (s *Service) translationKey(r Request, c Choice, from *adapters.Adapter, to lang.Tag, question string) *Key {
	if s.opts.Answers == nil || !keeps(r) || from.Digest == "" {
		return nil
	}
	h := hasher{sha256.New()}
	h.text("translation", cmp.Or(r.Caller.Tenant, rag.DefaultTenant), s.opts.Policy, string(from.Tag), from.Digest)
	h.text(c.Name, c.Digest, string(to), lang.Tidy(question))
	return (*Key)(h.Sum(nil))
}

// costed is the model whose vocabulary counts: a LoRA has that of its base.
func costed(model string, a *adapters.Adapter) string {
	if adapters.IsServedName(model) {
		return a.Model
	}
	return model
}

// A hasher hashes values, each with its length, so that no two lists of them
// are alike.
type hasher struct{ hash.Hash }

func (h hasher) number(n int) { h.Write(binary.BigEndian.AppendUint64(nil, uint64(n))) }

func (h hasher) float(f float64) {
	h.Write(binary.BigEndian.AppendUint64(nil, math.Float64bits(f)))
}

func (h hasher) text(list ...string) {
	for _, text := range list {
		h.number(len(text))
		h.Write([]byte(text))
	}
}

func (h hasher) texts(list []string) {
	h.number(len(list))
	h.text(list...)
}

// set hashes a list whose order means nothing.
func (h hasher) set(list []string) { h.texts(slices.Compact(slices.Sorted(slices.Values(list)))) }

// scope hashes what decides about an answer, and not only about whether there
// is one: where it may be worked out, and from what.
func (h hasher) scope(s *Scope) {
	if s == nil {
		s = &Scope{}
	}
	h.set(s.Knowledge)
	h.set(s.Sites)
	h.text(fmt.Sprint(s.Page)) // visitors of a page do not learn what those inside have asked
}

// conversation hashes what was said, as it was meant: composed or not, with one
// space or two. The question is what the keyboard and the encoding made of it.
func (h hasher) conversation(messages []Message, question string) {
	h.number(len(messages))
	for _, m := range messages[:len(messages)-1] {
		h.text(m.Role, lang.Tidy(m.Content))
	}
	h.text(lang.Tidy(question))
}

// passages hashes all that a model or a reader sees of them. Scores order them,
// and say nothing else.
func (h hasher) passages(list []rag.Passage) {
	h.number(len(list))
	for _, p := range list {
		h.text(p.KB, p.Doc, p.Title, p.Head, p.Text, string(p.Lang), p.Source, p.Date, p.Sector, p.Hash, p.Edition)
		h.number(p.N)
		h.successor(p.SupersededBy)
	}
}

func (h hasher) successor(s *rag.Successor) {
	h.number(isSet(s))
	by := valueOf(s)
	h.text(by.Doc, string(by.Lang), by.Title, by.Source, by.Date, by.Edition)
}

func (h hasher) params(p Params) {
	for _, f := range []*float64{p.Temperature, p.TopP} {
		h.number(isSet(f))
		h.float(valueOf(f))
	}
	for _, n := range []*int{p.MaxTokens, p.Seed} {
		h.number(isSet(n))
		h.number(valueOf(n))
	}
	h.texts(p.Stop)
}

func isSet[T any](p *T) int {
	if p == nil {
		return 0
	}
	return 1
}

func valueOf[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
