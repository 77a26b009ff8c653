package serving

// Answers that were given can be kept, and given again to who asks the same.
// Only those are kept that are whole and had nothing wrong with them.
//
// What is kept is text alone. Language, adapter and passages are found anew for
// each question, with the rights of who asks, and are part of the key: an answer
// is given again only to a caller who has just been shown the same passages, in
// the same words. A knowledge base that changed, a version that was rolled back
// or a scope that was taken away is another key, at once.

// Answers keeps answers. It must not block and must be safe for concurrent use;
// it may forget at any time.
type Answers interface {
	Get(Key) (Kept, bool)
	Put(Key, Kept)
}

// Kept is an answer as its reader saw it.
type Kept struct {
	Pieces []string
	Shown  int // how many passages stood in the prompt, which it may cite
	Finish string
	Usage  Usage // of the model, when it answered
}

// keyed reports whether the answer may be kept and a kept one given, and makes
// its key.
func (sp *speech) keyed(c Choice) bool {
	if sp.s.opts.Answers == nil || !keeps(sp.request) || c.Own || sp.x.Plan.Degraded != "" {
		return false
	}
	sp.key = sp.s.key(sp.request, sp.found, sp.passages, c)
	return sp.key != nil
}

// keeps reports whether the caller wants it so. Without a word of the caller
// it is so where the model is told to leave nothing to chance.
func keeps(r Request) bool {
	if r.Keep != nil {
		return *r.Keep
	}
	return r.Params.Temperature != nil && *r.Params.Temperature == 0
}

// keep keeps an answer that is whole and that the guard left as it was. One
// that max_bytes ended is as whole as its reader wants it; one that the model
// broke off is not.
func (sp *speech) keep(t attempt, done Done) {
	guarded := sp.x.Guard
	ended := done.Finish == "stop" || sp.enough
	if sp.key == nil || t.did != "" || t.choice.Own || !ended || sp.x.Plan.Degraded != "" || guarded.Dropped > 0 || guarded.MissedTerms > 0 {
		return
	}
	sp.s.opts.Answers.Put(*sp.key, Kept{Pieces: sp.pieces, Shown: t.prompt.Shown, Finish: done.Finish, Usage: done.Usage})
}

// again gives a kept answer. The caller learns what it took to make it; the
// record counts no tokens, since none were spent.
func (sp *speech) again(k Kept) error {
	sp.key = nil
	sp.x.Plan.Cached = true
	if !sp.yield(sp.x.Plan) {
		return errReaderGone
	}
	for _, piece := range k.Pieces {
		if err := sp.tell(piece); err != nil {
			return err
		}
	}
	done := Done{Finish: k.Finish, Usage: k.Usage, Plan: sp.x.Plan, Citations: citations(sp.shown.String(), sp.passages[:k.Shown])}
	sp.x.Citations = len(done.Citations)
	if !sp.yield(done) {
		return errReaderGone
	}
	return nil
}
