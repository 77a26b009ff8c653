package serving

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
	"tilgate/internal/translit"
)

// Auto is the model name that leaves everything to Tilgate.
const Auto = "auto"

// Route says what a model name means. A plain model's exact name wins, since
// Ollama's names hold colons too. Otherwise the part after the last colon is a
// language if a language file has it, and what comes before is "auto" or the
// model to put that language's prompt before; a language alone will do as well.
func (s *Service) Route(ctx context.Context, model string) Route {
	if model == Auto {
		return Route{Auto: true}
	}
	name, tag, ok := s.parts.Adapters().Alias(model)
	if !ok {
		name, tag, ok = s.languageAlone(model)
	}
	if !ok {
		return Route{}
	}
	plain, _ := s.parts.Upstream.Models(ctx)
	has := func(name string) bool {
		return slices.ContainsFunc(plain, func(m ModelInfo) bool { return m.Name == name || m.Name == name+":latest" })
	}
	switch {
	case has(model):
		return Route{}
	case name == Auto:
		return Route{Auto: true, Language: tag}
	case has(name):
		return Route{Auto: true, Language: tag, Model: name}
	}
	return Route{}
}

// languageAlone reads "ky", which has an adapter, and "auto:fr", which asks for
// a language that may have none: that deserves to be told so.
func (s *Service) languageAlone(model string) (string, lang.Tag, bool) {
	rest, isAuto := strings.CutPrefix(model, Auto+":")
	if language, _, _ := strings.Cut(rest, "-"); len(language) > 3 {
		return "", "", false // as nearly all names of models
	}
	tag, err := lang.ParseTag(rest)
	if err != nil {
		return "", "", false
	}
	_, served := s.parts.Adapters().For(tag)
	return Auto, tag, isAuto || served
}

// found is what is known of a question before anything is searched.
type found struct {
	question string // as the guard and the keyboard leave it
	written  string // the same, in the script of the passages found
	language Language
	chain    []*adapters.Adapter // that may answer, the best first; never empty
	why      string              // the first of them may
	searched lang.Tag            // the language to search in
	also     []lang.Tag          // and those beside it
	asked    lang.Tag            // that the question is written in, if the caller named another
}

// find finds the language of the question and the adapters that may answer.
func (s *Service) find(r Request) (found, error) {
	set := s.parts.Adapters() // one set from beginning to end
	f := found{question: r.Messages[len(r.Messages)-1].Content, why: Own}
	if lang.IsZawgyi(f.question) {
		f.question = lang.FromZawgyi(f.question)
	}
	f.language = s.language(set, r, &f)
	if f.language.Tag == lang.Und {
		return f, fault.Unsupported.Field("tilgate.language",
			`the language of the question cannot be told; name it: "tilgate": {"language": "ky"}`)
	}
	if err := r.Caller.Scope.Language(f.language.Tag); err != nil {
		return f, err
	}
	if f.chain = set.Chain(f.language.Tag); len(f.chain) == 0 {
		return f, fault.Unsupported.Field("tilgate.language", "no adapter serves %s; served are: %s", f.language.Tag, joinTags(set.Tags()))
	}
	a := f.chain[0]
	f.searched, f.also = a.Tag, a.Retrieve.Also
	if own, _ := set.File(f.language.Tag); own != a {
		f.why = Fallback
		f.searched, f.also = own.Tag, append([]lang.Tag{a.Tag}, own.Retrieve.Also...)
	}
	s.foreign(set, r, &f)
	if by := f.language.By; by == ByKey || by == ByDefault {
		f.language.Tag = lang.Und // nobody said what it is in, only what to answer in
	}
	return f, nil
}

// certain is how sure the detector must be to refuse a question for its
// language.
const certain = 0.9

// language tells the language of the question among those that are served.
// Only a clear case of another language is taken for one.
func (s *Service) language(set *adapters.Set, r Request, f *found) Language {
	script := lang.ScriptOf(f.question)
	if r.Language != "" {
		return Language{Tag: r.Language, Script: script, Confidence: 1, By: ByCaller}
	}
	served := set.Tags()
	before := s.conversation(r.Messages, served)
	l := s.parts.Detector.Detect(f.question, served, priors(before, r.Caller.Language))
	l.By = ByText
	if l.Tag != lang.Und {
		return l
	}
	if other := s.parts.Detector.Detect(f.question, nil, nil); other.Tag != lang.Und && other.Confidence >= certain {
		other.By = ByText
		return other
	}
	if l, text := s.retyped(f.question, served); l.Tag != lang.Und {
		f.question = text
		return l
	}
	if before.Tag != lang.Und {
		return Language{Tag: before.Tag, Script: script, Confidence: before.Confidence, By: ByConversation}
	}
	for _, known := range []Language{{Tag: r.Caller.Language, By: ByKey}, {Tag: s.opts.Language, By: ByDefault}} {
		if _, ok := set.For(known.Tag); ok {
			known.Script, known.Confidence = script, l.Confidence
			return known
		}
	}
	return l
}

// lettersRetyped is how many letters a text must have for another keyboard to
// be tried: of two or three, nearly all are a word somewhere.
const lettersRetyped = 8

// retyped tells the language of a text that makes sense only as typed with the
// wrong keyboard layout on, and what it is then; Und if it makes none.
func (s *Service) retyped(text string, served []lang.Tag) (Language, string) {
	best, as := Language{Tag: lang.Und}, text
	if utf8.RuneCountInString(text) < lettersRetyped {
		return best, as
	}
	for _, c := range translit.Retyped(text) {
		l := s.parts.Detector.Detect(c.Text, served, nil)
		typed := len(c.Tags) == 0 || slices.Contains(c.Tags, l.Tag.Base())
		if c.Sound && typed && l.Tag != lang.Und && l.Confidence >= certain && l.Confidence > best.Confidence {
			best, as = l, c.Text
			best.By = ByKeyboard
		}
	}
	return best, as
}

// conversation tells what language the user's earlier turns are in.
func (s *Service) conversation(messages []Message, served []lang.Tag) Language {
	var said []string
	for _, m := range messages[:len(messages)-1] {
		if m.Role == "user" {
			said = append(said, m.Content)
		}
	}
	if len(said) == 0 {
		return Language{Tag: lang.Und}
	}
	return s.parts.Detector.Detect(strings.Join(said, "\n"), served, nil)
}

// How much likelier a language is that the conversation was in so far, and one
// that the key names. Both decide about a word or two; a sentence speaks for
// itself, with odds of thousands to one.
const (
	oddsOfConversation = 20
	oddsOfKey          = 5
)

func priors(before Language, key lang.Tag) map[lang.Tag]float64 {
	prior := map[lang.Tag]float64{}
	if key != "" {
		prior[key.Base()] = oddsOfKey
	}
	if before.Tag != lang.Und {
		prior[before.Tag.Base()] = max(prior[before.Tag.Base()], 1) * oddsOfConversation
	}
	return prior
}

func joinTags(tags []lang.Tag) string {
	var names []string
	for _, t := range tags {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}
