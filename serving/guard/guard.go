// Package guard decides what may be asked and what may be said.
//
// An answer arrives in pieces, but "reply in the language of the question" can
// only be judged on enough of it. A Filter therefore keeps text back until a
// sentence ends or 80 characters have come, judges that, cleans it, and lets
// it go; serving calls Release when the reader has waited for 1.5 s. What the
// Filter finds in the wrong language or script it reports as a *serving.Miss;
// what to do about it is serving's to say.
//
// The judge is made to be wrong about good answers very rarely: names, units
// and quotations in other languages stand in most answers. It therefore says
// that text is in another language only when it is nearly certain, and keeps
// quiet about a few words.
package guard

import (
	"tilgate/internal/personal"
	"tilgate/serving"
)

var _ serving.Guard = (*Policy)(nil)

// Options of a Policy. The zero value guards the language and nothing else.
type Options struct {
	// Personal finds the personal data to hide; nil hides none.
	Personal *personal.Finder
	// MaskAsked hides it in questions, MaskSaid in answers. What stands in the
	// passages of an answer is never hidden there: a service desk must be able
	// to give its telephone number.
	MaskAsked, MaskSaid bool
}

// A Policy is the guard in force. It is safe for concurrent use.
type Policy struct {
	detector serving.Detector
	opts     Options
}

// New returns a guard that tells languages with d.
func New(d serving.Detector, o Options) *Policy { return &Policy{d, o} }

// Mask hides the personal data in a question, and counts it.
func (p *Policy) Mask(text string) (string, int) {
	if p.opts.Personal == nil || !p.opts.MaskAsked {
		return text, 0
	}
	masked, found := p.opts.Personal.Mask(text)
	return masked, len(found)
}

// Filter returns the filter for one attempt at an answer.
func (p *Policy) Filter(r serving.Rule) serving.Filter {
	f := &filter{rule: r, judge: judge{detector: p.detector, tag: r.Adapter.Tag, scripts: r.Scripts}}
	f.report.Terms = len(r.Terms)
	if p.opts.Personal != nil && p.opts.MaskSaid {
		f.personal = p.opts.Personal
		for _, passage := range r.Passages {
			f.publish(passage.Title + "\n" + passage.Text)
		}
	}
	return f
}
