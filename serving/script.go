package serving

import (
	"slices"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/internal/translit"
)

// Many of our languages are written in two scripts or three. Who asks in one
// of them is answered in it, whatever the model and the documents are written
// in, as long as there is a way from script to script.

// answerScript returns the script that an answer should be in: the question's,
// if the adapter's language can be written in it, else its usual one.
func answerScript(a *adapters.Adapter, question lang.Script) lang.Script {
	if slices.Contains(a.Scripts, question) && slices.Contains(translit.Scripts(a.Tag), question) {
		return question
	}
	return a.Scripts[0]
}

// answerScripts returns the scripts that a model may answer in: the one that
// the answer should be in, those that can be written in it, and the question's
// own, which romanised Hindi is in.
func answerScripts(a *adapters.Adapter, question lang.Script) []lang.Script {
	scripts := []lang.Script{answerScript(a, question)}
	if convertible := translit.Scripts(a.Tag); slices.Contains(convertible, scripts[0]) {
		scripts = append(scripts, convertible...)
	}
	if slices.Contains(a.Scripts, question) {
		scripts = append(scripts, question)
	}
	return scripts
}

// write returns text of an answer in the script it should be in. Other
// languages' names and words stand in most answers, so what is in another
// script is written in this one only where it is text of the language.
func (s *Service) write(a *adapters.Adapter, script lang.Script, text string) string {
	from := lang.ScriptOf(text)
	if from == script || from == lang.Zyyy || !slices.Contains(translit.Scripts(a.Tag), from) {
		return text
	}
	if from != a.Scripts[0] && s.parts.Detector.Detect(text, nil, nil).Tag.Base() != a.Tag.Base() {
		return text
	}
	if written, ok := translit.To(a.Tag, script, text); ok {
		return written
	}
	return text
}

// forms returns a question in the scripts that passages may be written in: the
// usual one of its language, the one it was asked in, and a further one.
func forms(tag lang.Tag, question string) []string {
	scripts := translit.Scripts(tag)
	if len(scripts) == 0 {
		return []string{question}
	}
	var out []string
	for _, script := range scripts {
		if text, ok := translit.To(tag, script, question); ok && !slices.Contains(out, text) {
			out = append(out, text)
		}
		if len(out) == maxForms {
			break
		}
	}
	if !slices.Contains(out, question) {
		out = append(out, question)
	}
	return out
}

// maxForms bounds how often a question is searched for that nothing answers.
const maxForms = 2
