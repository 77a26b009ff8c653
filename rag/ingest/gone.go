package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// DefaultMaxRemoved is the share of a knowledge base that one run may remove.
const DefaultMaxRemoved = 0.3

// few documents may always be removed.
const few = 10

// removeGone removes the documents that are stored and did not come.
func (r *run) removeGone(ctx context.Context, gone []rag.Key) error {
	most := cmp.Or(r.o.MaxRemoved, DefaultMaxRemoved)
	if n := len(gone); n > few && float64(n) > most*float64(len(r.stored)) && !r.o.Dry {
		return fault.Invalid.Errorf("%d of the %d documents of knowledge base %s are not there any more, more than the %.0f %% that one run may remove: is a source empty by mistake? "+
			"Nothing was removed. If they shall go, say max_removed = 1 or --max-removed 1", n, len(r.stored), r.o.KB, 100*most)
	}
	for _, key := range gone {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !r.o.Dry {
			if err := r.w.Forget(ctx, r.o.KB, key, ""); err != nil {
				return fmt.Errorf("removing document %q in %s: %w", key.Doc, key.Lang, err)
			}
		}
		r.report.Removed++
		r.changed(Change{Remove, key, ""})
	}
	return nil
}

// gone lists the documents that did not come, though where they come from was
// read.
func (r *run) gone() []rag.Key {
	var gone []rag.Key
	for key, s := range r.stored {
		if _, came := r.seen[hashOf(key)]; came {
			continue
		}
		switch {
		case r.same[s.Origin]:
			r.report.Unchanged++
		case r.unread(s.Origin):
			r.report.Kept++
		default:
			gone = append(gone, key)
		}
	}
	slices.SortFunc(gone, func(a, b rag.Key) int { return cmp.Or(cmp.Compare(a.Lang, b.Lang), cmp.Compare(a.Doc, b.Doc)) })
	return gone
}

// unread reports whether an origin, or a folder or site that it is in, could
// not be read.
func (r *run) unread(origin string) bool {
	for name := origin; name != ""; {
		if r.failed[name] {
			return true
		}
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			return false
		}
		name = name[:i]
	}
	return false
}
