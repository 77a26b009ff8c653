package serving

import (
	"cmp"
	"slices"

	"tilgate/adapters"
	"tilgate/internal/lang"
)

// Who names a language names that of the answer. The question may be in
// another: a Russian speaker helps a neighbour who reads Kyrgyz. What it is
// written in is searched too, first of all, since its words are found there;
// and it says nothing about the script that the answer should be in.

// foreign notes the language that a question is written in where that is not
// the one its caller named.
func (s *Service) foreign(set *adapters.Set, r Request, f *found) {
	if f.language.By != ByCaller {
		return
	}
	named := f.language.Tag
	f.language.Script = cmp.Or(named.Script(), f.language.Script)
	before := s.conversation(r.Messages, set.Tags())
	odds := priors(before, r.Caller.Language)
	odds[named.Base()] = max(odds[named.Base()], 1) * oddsOfConversation
	is := s.parts.Detector.Detect(f.question, set.Tags(), odds)
	if is.Tag == lang.Und {
		if is = s.parts.Detector.Detect(f.question, nil, nil); is.Confidence < certain {
			return
		}
	}
	if is.Tag == lang.Und || is.Tag.Base() == named.Base() {
		return
	}
	f.also = slices.Concat([]lang.Tag{f.searched}, f.also)
	f.asked, f.searched = is.Tag, is.Tag
	f.language.Script = cmp.Or(named.Script(), f.chain[0].Scripts[0])
}
