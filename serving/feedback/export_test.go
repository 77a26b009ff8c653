package feedback_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tilgate/evals"
	"tilgate/evals/dataset"
	"tilgate/evals/suites"
	"tilgate/internal/lang"
	"tilgate/internal/personal"
	. "tilgate/serving/feedback"
)

var update = flag.Bool("update", false, "write the golden files anew")

func mask(t testing.TB) func(string) string {
	t.Helper()
	find, err := personal.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) string {
		masked, _ := find.Mask(text)
		return masked
	}
}

// row is feedback on which as many people agree as it has reviewers.
func row(id string, tag lang.Tag, script lang.Script, question, answer string, rating int, correction string, reviewers ...string) Feedback {
	f := Feedback{ID: id, Time: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC), Tenant: "moh", Key: "page", Exchange: "chatcmpl-" + id, Person: "p-" + id,
		Conversation: "c", Rating: rating, Correction: correction, Consent: Consent{true, tag, "1"}, Verified: true, Question: question, Answer: answer,
		Language: tag, Script: script, Adapter: tag.Base(), AdapterDigest: "digest-of-" + string(tag), Model: "qwen3:8b", Licence: "CC-BY-4.0",
		Passages: []Passage{{"civil", 3, "birth", "p1", "h1", true}, {"civil", 3, "the fees", "p2", "h2", true}, {"civil", 3, "seen", "p3", "h3", false}}}
	for _, name := range reviewers {
		f.Reviews = append(f.Reviews, Review{By: name, Verdict: Agree, Revision: f.Revision()})
	}
	return f
}

func reason(f Feedback, r Reason) Feedback {
	f.Reasons = []Reason{r}
	for i := range f.Reviews {
		f.Reviews[i].Revision = f.Revision()
	}
	return f
}

// examples are rows as they come; testdata shows what becomes of them.
func examples() []Feedback {
	silent := row("silent", "ky", "Cyrl", "Бул сөз эч жакка барбайт", "Барбайт", 1, "", "aida", "bek")
	silent.Consent.Training = false
	rejected := row("rejected", "ky", "Cyrl", "Ким каршы?", "Эч ким.", 1, "", "aida", "bek")
	rejected.Reviews = append(rejected.Reviews, Review{By: "cholpon", Verdict: Reject, Revision: rejected.Revision()})
	early := row("early", "am", "Ethi", "ልደት ለማስመዝገብ ምን ያስፈልጋል?", "የወላጆች መታወቂያ [1]።", 1, "", "aida", "bek")
	early.Time = early.Time.Add(-time.Hour)
	edited := row("edited", "km", "Khmr", "តើត្រូវបង់ប្រាក់ប៉ុន្មាន?", "មិនដឹងទេ។", -1, "ឥតគិតថ្លៃ។")
	edit := Review{By: "aida", Verdict: Edit, Correction: "មិនបង់ប្រាក់ទេ។"}
	edited.Reviews = []Review{edit}
	edited.Reviews = []Review{{By: "aida", Verdict: Edit, Correction: edit.Correction, Revision: edited.Revision()}, {By: "bek", Verdict: Agree, Revision: edited.Revision()}}
	quoted := row("quoted", "ky", "Cyrl", "Ким жооп берет?", "Азыр модель жок.", 1, "", "aida", "bek")
	quoted.Degraded, quoted.Passages = "no_model", nil
	followed := row("followed", "ky", "Cyrl", "Ал эми балага?", "Он төрт жаштан.", 1, "")
	followed.FollowUp, followed.Before = true, []Message{{"user", "Паспорт канча жаштан берилет?"}, {"assistant", "Он алты жаштан [1]."}}
	followed.Reviews = []Review{{By: "aida", Verdict: Agree, Revision: followed.Revision()}, {By: "bek", Verdict: Agree, Revision: followed.Revision()}}
	torn := row("torn", "ky", "Cyrl", "Ал кайда?", "Ошто.", 1, "", "aida", "bek")
	torn.FollowUp = true
	return []Feedback{
		row("good", "ky", "Cyrl", "Баланы каттатуу канча турат?", "Каттоо акысыз [1].", 1, "", "aida", "bek"),
		row("corrected", "ur", "Arab", "پیدائش کا اندراج کہاں ہوتا ہے؟ میرا نمبر +92 300 1234567 ہے۔", "معلوم نہیں۔", -1, "یونین کونسل کے دفتر میں۔ a@b.pk", "aida", "bek"),
		reason(row("wrong", "ky-Latn", "Latn", "Pensiya kachan?", "Ertang [2].", -1, "", "aida", "bek"), WrongSource),
		row("bad", "ky", "Cyrl", "Эмне үчүн?", "Билбейм.", -1, "", "aida", "bek"),
		row("once", "ky", "Cyrl", "Бир гана киши макулбу?", "Ооба.", 1, "", "aida"),
		silent, rejected, early, edited, quoted, followed, torn,
	}
}

func TestExport(t *testing.T) {
	for _, form := range Forms {
		var rows, questions bytes.Buffer
		n, err := Export{Form: form, Agreements: 2, Mask: mask(t), Questions: &questions}.Write(&rows, examples())
		if err != nil {
			t.Fatal(err)
		}
		if got := bytes.Count(rows.Bytes(), []byte("\n")); got != n {
			t.Errorf("%s: %d rows are said, %d are there", form, n, got)
		}
		golden(t, "testdata/"+string(form)+".golden", rows.String()+questions.String())
		back := examples()
		slices.Reverse(back)
		var again bytes.Buffer
		if _, err := (Export{Form: form, Agreements: 2, Mask: mask(t), Questions: &bytes.Buffer{}}).Write(&again, back); err != nil || again.String() != rows.String() {
			t.Errorf("%s: the order of the rows depends on how they came: %v", form, err)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil || got != string(want) {
		t.Errorf("%s: %v, got\n%s\nwant\n%s", name, err, got, want)
	}
}

// Reviews can be done without, consent and objections cannot.
func TestExportAgreements(t *testing.T) {
	for _, tt := range []struct {
		agreements int
		want       string
	}{
		{3, ""},
		{2, "early edited corrected good followed"},
		{1, "early edited corrected good followed once"},
		{0, "early edited corrected good followed once"},
	} {
		var rows bytes.Buffer
		if _, err := (Export{Form: SFT, Agreements: tt.agreements, Mask: mask(t)}).Write(&rows, examples()); err != nil {
			t.Fatal(err)
		}
		var ids []string
		for line := range strings.Lines(rows.String()) {
			var r struct{ About struct{ Feedback string } }
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, r.About.Feedback)
		}
		want := strings.Fields(tt.want)
		slices.Sort(want)
		if slices.Sort(ids); !slices.Equal(ids, want) {
			t.Errorf("with %d agreements: %q, want %q", tt.agreements, ids, want)
		}
	}
}

func TestExportForm(t *testing.T) {
	_, err := Export{Form: "parquet", Mask: mask(t)}.Write(&bytes.Buffer{}, examples())
	if err == nil || !strings.Contains(err.Error(), `there is no form "parquet"`) {
		t.Errorf("parquet: %v", err)
	}
}

// readBack reads an export with the readers that it is for.
func readBack(t *testing.T, form Form, rows, questions []byte, n int) {
	t.Helper()
	switch form {
	case Eval:
		for _, kind := range []evals.Kind{evals.RAG, evals.Open} {
			items, err := suites.Items(rows, "export", &evals.Task{Name: "feedback", Kind: kind})
			if n > 0 && (err != nil || len(items) != n) {
				t.Errorf("%d items of %d, as %s: %v\n%s", len(items), n, kind, err, rows)
			}
		}
	case Qrels:
		c, err := dataset.BEIR(fstest.MapFS{"corpus.jsonl": {}, "queries.jsonl": {Data: questions}, "qrels.txt": {Data: rows}})
		judged := 0
		for _, docs := range c.Relevant {
			judged += len(docs)
		}
		if err != nil || judged != n || len(c.Questions) != len(c.Relevant) {
			t.Errorf("%d judgements of %d on %d questions: %v\n%q", judged, n, len(c.Questions), err, rows)
		}
	default:
		for line := range bytes.Lines(rows) {
			var row map[string]any
			if err := json.Unmarshal(line, &row); err != nil {
				t.Errorf("%s: %v\n%s", form, err, line)
			}
		}
	}
}

// FuzzExport checks that whatever people write can be read again, row for row,
// by the readers that the exports are for.
func FuzzExport(f *testing.F) {
	f.Add("Баланы каттатуу канча турат?", "Каттоо акысыз [1].", "", "birth", true)
	f.Add("q\n", "a\r\n{\"id\":1}", "c\u2028\u0085", "the fees\t\u00a0.pdf", false)
	f.Add("\ufeff", "\xff\xfe", "</script>", "", true)
	f.Fuzz(func(t *testing.T, question, answer, correction, doc string, good bool) {
		rating := -1
		if good {
			rating = 1
		}
		a := row("a", "ky", "Cyrl", question, answer, rating, correction, "aida", "bek")
		a.Passages[0].Document, a.Passages[1].Document = doc, doc+"2"
		if !good {
			a = reason(a, WrongSource)
		}
		list := []Feedback{row("b", "ky", "Cyrl", "Качан?", "Эртең [1].", 1, "", "aida", "bek"), a}
		for _, form := range Forms {
			var rows, questions bytes.Buffer
			n, err := Export{Form: form, Agreements: 2, Mask: strings.Clone, Questions: &questions}.Write(&rows, list)
			if err != nil {
				t.Fatal(err)
			}
			readBack(t, form, rows.Bytes(), questions.Bytes(), n)
		}
	})
}
