package forget

import (
	"context"
	"fmt"
	"slices"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// A Rule says what may not come into one knowledge base.
type Rule struct {
	documents map[string]bool // digests of language and id
	said      map[string]bool // digests of passages
}

// For returns the rule of a knowledge base.
func (l *List) For(tenant, kb string) Rule {
	r := Rule{documents: map[string]bool{}, said: map[string]bool{}}
	for _, e := range l.Entries() {
		if e.Tenant != tenant || e.KB != kb {
			continue
		}
		r.documents[string(e.Lang)+" "+e.Document] = true
		for _, d := range e.Passages {
			r.said[d] = true
		}
	}
	return r
}

// Empty reports whether everything may come in.
func (r Rule) Empty() bool { return len(r.documents) == 0 }

// Names reports whether the document of a name was forgotten.
func (r Rule) Names(key rag.Key) bool {
	return len(r.documents) > 0 && r.documents[string(key.Lang)+" "+digest(key.Doc)]
}

// Says reports whether a passage says what a document that was forgotten said.
func (r Rule) Says(text string) bool { return len(r.said) > 0 && r.said[digest(text)] }

// Refuses reports whether a document was forgotten, or says at least half of
// what one that was forgotten said, under another name.
func (r Rule) Refuses(d rag.Document) bool {
	if r.Empty() {
		return false
	}
	if r.Names(rag.Key{Lang: d.Lang, Doc: d.ID}) {
		return true
	}
	passages := rag.Split(d)
	said := 0
	for _, p := range passages {
		if r.Says(p.Text) {
			said++
		}
	}
	return said > 0 && 2*said >= len(passages)
}

// An Index is what documents are forgotten in.
type Index interface {
	KBs(ctx context.Context) ([]string, error)
	Keys(ctx context.Context, kb string) ([]rag.Key, error) // of all versions
	Anywhere(ctx context.Context, kb string, key rag.Key) ([]rag.Passage, error)
	ForgetEverywhere(ctx context.Context, kb string, key rag.Key) (int, error)
}

// Replay forgets what is on the list and in the index, because it came back
// from a backup, say, and returns the texts of the passages that it removed.
// The index is that of the tenant.
func (l *List) Replay(ctx context.Context, tenant string, x Index) (removed []string, err error) {
	kbs, err := x.KBs(ctx)
	if err != nil {
		return nil, err
	}
	for _, kb := range kbs {
		rule := l.For(tenant, kb)
		if rule.Empty() {
			continue
		}
		keys, err := x.Keys(ctx, kb)
		if err != nil {
			return removed, err
		}
		for _, key := range keys {
			if !rule.Names(key) {
				continue
			}
			// Its words go on the list as well, if only its name was known.
			texts, err := l.Forget(ctx, x, Entry{Tenant: tenant, KB: kb}, key)
			removed = append(removed, texts...)
			if err != nil {
				return removed, fmt.Errorf("forgetting a document of knowledge base %s: %w", kb, err)
			}
		}
	}
	return removed, nil
}

// Tenants lists whose documents were forgotten.
func (l *List) Tenants() []string {
	var names []string
	for _, e := range l.Entries() {
		names = append(names, e.Tenant)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Forget puts a document on the list and takes it out of the index: in that
// order, so that a run that is cut off is made good by Replay. It returns the
// texts of its passages.
func (l *List) Forget(ctx context.Context, x Index, e Entry, key rag.Key) (texts []string, err error) {
	passages, err := x.Anywhere(ctx, e.KB, key)
	if err != nil {
		return nil, err
	}
	if len(passages) == 0 {
		return nil, fault.NotFound.Errorf("knowledge base %s holds no document %q in %s, in no version", e.KB, key.Doc, key.Lang)
	}
	if err := l.Add(NewEntry(e.Tenant, e.KB, key, passages, e.Why, e.Time)); err != nil {
		return nil, err
	}
	for _, p := range passages {
		texts = append(texts, p.Text)
	}
	_, err = x.ForgetEverywhere(ctx, e.KB, key)
	return texts, err
}
