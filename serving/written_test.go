package serving

import (
	"slices"
	"strings"
	"testing"

	"tilgate/internal/lang"
	"tilgate/rag"
)

// Who chooses another language for a question has it answered in that, from
// documents in both.
func TestOtherLanguage(t *testing.T) {
	const (
		russian = "Во сколько лет женщины выходят на пенсию?"
		english = "When do women retire?"
		latin   = "Ayollar necha yoshda pensiyaga chiqadi?" // Uzbek
		german  = "Wann gehen Frauen in Rente, und wie viel bekommen sie dann?"
	)
	for _, tt := range []struct {
		name     string
		question string
		named    lang.Tag
		searched []lang.Tag // first of all
		text     string     // that is searched for first
		script   lang.Script
	}{
		{"the language that it is in", question, "ky", []lang.Tag{"ky"}, question, "Cyrl"},
		{"Russian, answered in Kyrgyz", russian, "ky", []lang.Tag{"ru", "ky"}, russian, "Cyrl"},
		{"English, answered in Kyrgyz: not in Latin letters", english, "ky", []lang.Tag{"en", "ky"}, english, "Cyrl"},
		{"Kyrgyz, answered in Urdu", question, "ur", []lang.Tag{"ky", "ur"}, question, "Arab"},
		{"Uzbek, whose documents may be in Cyrillic", latin, "ky", []lang.Tag{"uz", "ky"}, latin, "Cyrl"},
		{"Russian, answered in Latin Kyrgyz", russian, "ky-Latn", []lang.Tag{"ru", "ky"}, russian, "Latn"},
		{"Kyrgyz, answered in its Latin letters", question, "ky-Latn", []lang.Tag{"ky"}, question, "Latn"},
		{"Russian, answered in Uzbek: in its usual letters", russian, "uz", []lang.Tag{"ru", "uz"}, russian, "Latn"},
		{"Russian, answered in Cyrillic Uzbek", russian, "uz-Cyrl", []lang.Tag{"ru", "uz"}, russian, "Cyrl"},
		{"a language that nobody serves", german, "ky", []lang.Tag{"de", "ky"}, german, "Cyrl"},
		{"nobody can tell", "1234?", "ky", []lang.Tag{"ky"}, "1234?", lang.Zyyy},
	} {
		w := newWorld(t, Options{})
		w.detect[russian], w.detect[english], w.detect[latin], w.detect[german] =
			Language{Tag: "ru", Confidence: 0.99}, Language{Tag: "en", Confidence: 0.99}, Language{Tag: "uz", Confidence: 0.99}, Language{Tag: "de", Confidence: 0.99}
		w.model = says("Жооп [1].")
		r := user(tt.question)
		r.Language = tt.named
		a := w.ask(t.Context(), r)
		if a.err != nil {
			t.Errorf("%s: %v", tt.name, a.err)
			continue
		}
		q := w.queries[0]
		if got := languagesOf(q); !slices.Equal(got[:min(len(got), len(tt.searched))], tt.searched) || q.Text != tt.text {
			t.Errorf("%s: searched in %v for %q, want %v, %q", tt.name, got, q.Text, tt.searched, tt.text)
		}
		if l := a.plan.Language; l.Tag != tt.named || l.By != ByCaller || l.Script != tt.script {
			t.Errorf("%s: taken for %+v, want %s", tt.name, l, tt.script)
		}
		found, err := w.Search(t.Context(), Caller{}, Search{Query: tt.question, Language: tt.named})
		if err != nil || found.Language.Tag != tt.named || !slices.Equal(languagesOf(w.queries[1]), languagesOf(q)) {
			t.Errorf("%s: a search alone: %+v, %v, of %v", tt.name, found.Language, err, w.queries[1])
		}
	}
}

func languagesOf(q rag.Query) []lang.Tag { return append([]lang.Tag{q.Lang.Base()}, q.Also...) }

// TestOtherLanguageForms: a question in another language is searched for in all
// scripts of that, and not as if it were the named one's.
func TestOtherLanguageForms(t *testing.T) {
	const latin = "Ayollar necha yoshda pensiyaga chiqadi?"
	w := newWorld(t, Options{})
	w.detect[latin] = Language{Tag: "uz", Script: "Latn", Confidence: 0.99}
	w.find = func(q rag.Query) ([]rag.Passage, error) {
		if q.Text == "Аёллар неча ёшда пенсияга чиқади?" {
			return passages, nil
		}
		return nil, nil
	}
	w.model = says("Жооп [1].")
	r := user(latin)
	r.Language = "ky"
	if a := w.ask(t.Context(), r); a.err != nil || !a.plan.Grounded {
		t.Errorf("%+v; searched for %v", a, w.queries)
	}
}

// TestOtherLanguageTranslated: it is translated into the named language, from
// what it is in.
func TestOtherLanguageTranslated(t *testing.T) {
	const russian = "Во сколько лет женщины выходят на пенсию?"
	w := newWorld(t, Options{Translate: true})
	w.detect[russian] = Language{Tag: "ru", Confidence: 0.99}
	w.model = says("Аялдар канча жаштан?")
	r := user(russian)
	r.Language = "ky"
	w.ask(t.Context(), r)
	q := w.queries[0]
	if q.In["ky"] != "Аялдар канча жаштан?" || q.In["ru"] != "" {
		t.Errorf("In = %q", q.In)
	}
	if got := w.prompts[0].Messages[0].Content; !strings.Contains(got, "from Russian into Kyrgyz") {
		t.Errorf("the model is told %q", got)
	}
}
