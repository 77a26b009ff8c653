package feedback

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"log/slog"
	"slices"
	"strings"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/serving"
)

// A Knower says what is known beside the exchange itself.
type Knower interface {
	Detect(texts []string) []serving.Language
	Knowledge(ctx context.Context, c serving.Caller) ([]serving.KnowledgeBase, error)
}

// A Desk takes feedback in, and the reviews of it.
type Desk struct {
	Memory *Memory
	Store  Store
	Knows  Knower
	Mask   func(text string) string // hides personal data before anything is kept
	// Licence is the one under which people give their words, as the text of the
	// consent says. It is stored with each.
	Licence string
	Log     *slog.Logger // nil means slog.Default()
}

// Give takes in what a caller's client sent, and returns what was kept. A
// person's feedback on an exchange replaces the one before.
func (d *Desk) Give(ctx context.Context, c serving.Caller, g Given) (Feedback, error) {
	if err := g.check(); err != nil {
		return Feedback{}, err
	}
	x := d.Memory.recall(g.Exchange)
	if x != nil && (x.tenant != tenantOf(c) || x.caller != c.Name) {
		return Feedback{}, fault.NotFound.Field("exchange", "there is no exchange %s of this key", g.Exchange)
	}
	if x == nil && c.IsPage() {
		return Feedback{}, fault.NotFound.Field("exchange", "there is no exchange %s of this page, or no longer", g.Exchange) // whoever reads the page could make it up
	}
	if g.Consent.Training && (x == nil || !x.words) && (blank(g.Question) || blank(g.Answer)) {
		return Feedback{}, fault.Invalid.Field("question", "the words of this exchange are not remembered, or no longer; send its question and its answer too")
	}
	f := d.make(ctx, c, g, x)
	if before, err := d.Store.Feedback(ctx, f.Tenant, f.ID); err == nil && f.repeats(before) {
		f.Reviews = before.Reviews // what was decided stands
	}
	return f, d.Store.PutFeedback(ctx, f)
}

// make makes what is stored of what was sent, and of the exchange if it is
// remembered. Without consent that is a count.
func (d *Desk) make(ctx context.Context, c serving.Caller, g Given, x *exchange) Feedback {
	f := Feedback{ID: id(tenantOf(c), c.Name, g.Exchange, g.Person), Time: time.Now().UTC().Truncate(time.Millisecond), Tenant: tenantOf(c), Key: c.Name,
		Rating: g.Rating, Reasons: g.Reasons}
	if x != nil {
		f.Language, f.Script = x.plan.Language.Tag, x.plan.Language.Script
	} else if !blank(g.Question) {
		l := d.Knows.Detect([]string{g.Question})[0]
		f.Language, f.Script = l.Tag, l.Script
	}
	f.Language = cmp.Or(f.Language, lang.Und)
	if !g.Consent.Training {
		f.Time, f.Script = f.Time.Truncate(24*time.Hour), ""
		return f
	}
	f.Consent, f.Licence = g.Consent, d.Licence
	f.Exchange, f.Person, f.Conversation = g.Exchange, g.Person, g.Conversation
	f.Question, f.Answer = g.Question, g.Answer
	if x != nil {
		f.FollowUp, f.Before = x.followUp, x.before
		f.Adapter, f.AdapterDigest = x.plan.Adapter, x.digests.Adapter
		f.Model, f.ModelDigest, f.Degraded = x.plan.Model, x.digests.Model, x.plan.Degraded
		f.Passages = d.versioned(ctx, c, x.passages)
	}
	if x != nil && x.words {
		f.Verified, f.Question, f.Answer = true, x.question, x.answer
	}
	f.Correction, f.Comment = g.Correction, g.Comment
	return f.masked(d.Mask)
}

// repeats reports whether f says what was said before.
func (f Feedback) repeats(before Feedback) bool {
	return f.Consent == before.Consent && f.revision(f.Correction) == before.revision(before.Correction)
}

// patience is how long feedback waits to learn versions of knowledge bases.
const patience = 2 * time.Second

// versioned says of each passage which version of its knowledge base is in
// force. A store that cannot be asked now leaves them unknown: the hashes of
// the documents say what was read all the same.
func (d *Desk) versioned(ctx context.Context, c serving.Caller, list []Passage) []Passage {
	list = slices.Clone(list)
	if len(list) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	bases, err := d.Knows.Knowledge(ctx, c)
	if err != nil {
		cmp.Or(d.Log, slog.Default()).Warn("feedback without versions of knowledge bases", "err", err)
	}
	for i, p := range list {
		for _, kb := range bases {
			if kb.Name == p.KB {
				list[i].Version = kb.Version
			}
		}
	}
	return list
}

// List returns the feedback of the caller's tenant that a query asks for.
func (d *Desk) List(ctx context.Context, c serving.Caller, q Query) ([]Feedback, error) {
	q.Tenant = tenantOf(c)
	return d.Store.ListFeedback(ctx, q)
}

// Review adds a review to feedback of the caller's tenant, by the name of the
// caller's key, and returns the feedback as it stands then.
func (d *Desk) Review(ctx context.Context, c serving.Caller, id string, r Review) (Feedback, error) {
	r.By = c.Name
	r.Correction = d.Mask(r.Correction)
	return AddReview(ctx, d.Store, tenantOf(c), id, r)
}

// AddReview adds a review to feedback in a store.
func AddReview(ctx context.Context, s Store, tenant, id string, r Review) (Feedback, error) {
	f, err := s.Feedback(ctx, tenant, id)
	if err != nil {
		return f, err
	}
	if r, err = f.review(r); err != nil {
		return f, err
	}
	r.Time = time.Now().UTC().Truncate(time.Millisecond)
	if err := s.ReviewFeedback(ctx, tenant, id, r); err != nil {
		return f, err
	}
	f.Reviews = append(f.Reviews, r)
	return f, nil
}

// id names the feedback of one person on one exchange. It can be computed again,
// and tells nothing to who does not know the exchange's random id.
func id(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		sum := sha256.Sum256([]byte(p))
		h.Write(sum[:])
	}
	return "fb-" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:15]))
}
