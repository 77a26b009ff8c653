package serving

import (
	"strings"
	"testing"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// Who asks in one script of a language is answered in it, from documents and
// by models that are in another.
func TestScripts(t *testing.T) {
	const latin = "Ayaldar kança jaştan pensiyaga çıgat?"
	w := newWorld(t, Options{})
	w.detect = map[string]Language{latin: {Tag: "ky", Script: "Latn", Confidence: 0.99}, question: {Tag: "ky", Script: "Cyrl", Confidence: 0.99}}
	w.find = func(q rag.Query) ([]rag.Passage, error) {
		if strings.Contains(q.Text, "пенсияга") {
			return passages, nil
		}
		return nil, nil
	}
	w.model = says("Аялдар 58 жаштан ", "чыгат [1]. ", "WhatsApp аркылуу.")
	a := w.ask(t.Context(), user(latin))
	if lang.ScriptOf(a.text) != "Latn" || !strings.Contains(a.text, "[1]") || !strings.Contains(a.text, "WhatsApp") {
		t.Errorf("asked in Latin letters, answered %q (%v)", a.text, a.err)
	}
	if c := a.done.Citations; len(c) != 1 || string([]rune(a.text)[c[0].Start:c[0].End]) != "[1]" {
		t.Errorf("the citation is at %+v of %q", c, a.text)
	}
	w.model = says("Ayaldar 58 jaştan çıgat [1].")
	w.detect["Ayaldar 58 jaştan çıgat [1]."] = Language{Tag: "ky", Confidence: 0.9}
	if a := w.ask(t.Context(), user(question)); lang.ScriptOf(a.text) != "Cyrl" {
		t.Errorf("asked in Cyrillic, answered %q", a.text)
	}
	w.model = says("WhatsApp, Telegram [1].")
	if a := w.ask(t.Context(), user(question)); a.text != "WhatsApp, Telegram [1]." {
		t.Errorf("names became %q", a.text)
	}
	w.model = nil // what is quoted, and what Tilgate itself says
	if a := w.ask(t.Context(), user(latin)); lang.ScriptOf(a.text) != "Latn" {
		t.Errorf("quoted as %q", a.text)
	}
	scripts := w.rules[0].Scripts
	if len(scripts) < 3 || scripts[0] != "Latn" {
		t.Errorf("a model may answer in %v", scripts)
	}
}
