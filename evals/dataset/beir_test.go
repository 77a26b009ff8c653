package dataset

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"tilgate/evals"
)

func folder(corpus, queries, qrels string) fstest.MapFS {
	return fstest.MapFS{"corpus.jsonl": {Data: []byte(corpus)}, "queries.jsonl": {Data: []byte(queries)}, "qrels.txt": {Data: []byte(qrels)}}
}

const (
	corpus  = `{"id":"birth","title":"Каттоо","text":"Каттоо акысыз."}` + "\n" + `{"id":"water","text":"Баасы 40 танга.","extra":1}` + "\n"
	queries = `{"id":"q1","text":"Каттоо канча турат?","answers":["акысыз"]}` + "\n" + `{"id":"q2","text":"Ким утту?"}`
	judged  = "q1 0 birth 1\nq1\t0\twater 0\n\nq2 0 water -1\n"
)

func TestBEIR(t *testing.T) {
	want := evals.Collection{
		Docs:      []evals.Doc{{ID: "birth", Title: "Каттоо", Text: "Каттоо акысыз."}, {ID: "water", Text: "Баасы 40 танга."}},
		Questions: []evals.Question{{ID: "q1", Text: "Каттоо канча турат?", Answers: []string{"акысыз"}}, {ID: "q2", Text: "Ким утту?"}},
		Relevant:  map[string]map[string]int{"q1": {"birth": 1, "water": 0}, "q2": {"water": -1}},
	}
	crlf := func(s string) string { return "\ufeff" + strings.ReplaceAll(s, "\n", "\r\n") }
	for what, fsys := range map[string]fstest.MapFS{
		"as it is": folder(corpus, queries, judged), "with BOM and CRLF": folder(crlf(corpus), crlf(queries), crlf(judged)),
	} {
		got, err := BEIR(fsys)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

func TestBEIRFaults(t *testing.T) {
	for _, tt := range []struct{ corpus, queries, qrels, want string }{
		{corpus + "{", queries, judged, "corpus.jsonl:3: "},
		{corpus + `["id"]`, queries, judged, "corpus.jsonl:3: "},
		{corpus + "\n" + corpus, queries, judged, "corpus.jsonl:3: the line is empty"},
		{corpus + corpus, queries, judged, `corpus.jsonl:3: the id "birth" is empty or was there before`},
		{corpus + `{"text":"Ким?"}`, queries, judged, `corpus.jsonl:3: the id "" is empty`},
		{corpus, queries + "\n{", judged, "queries.jsonl:3: "},
		{corpus, queries + "\n" + queries, judged, `queries.jsonl:3: the id "q1" is empty or was there before`},
		{corpus, queries, judged + "q1 birth 1", "qrels.txt:5: 3 columns, want question, 0, document, grade"},
		{corpus, queries, judged + "q1 0 birth yes", `qrels.txt:5: grade "yes" is not a whole number`},
		{corpus, queries, judged + "q1 0 " + strings.Repeat("x", 1<<17) + " 1", "qrels.txt:5: "},
	} {
		_, err := BEIR(folder(tt.corpus, tt.queries, tt.qrels))
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%v, want %q", err, tt.want)
		}
	}
	for _, name := range []string{"corpus.jsonl", "queries.jsonl", "qrels.txt"} {
		fsys := folder(corpus, queries, judged)
		delete(fsys, name)
		if _, err := BEIR(fsys); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

func FuzzQrels(f *testing.F) {
	f.Add(judged)
	f.Add("q1 0 d1 1\nq1 0 d1 99999999999999999999")
	f.Add("\ufeffq1 0 d1 -2\r\n\xff\x00 0 0 0")
	f.Fuzz(func(t *testing.T, text string) {
		relevant, err := readQrels(strings.NewReader(text), "qrels.txt")
		if err != nil && !strings.HasPrefix(err.Error(), "qrels.txt:") {
			t.Errorf("the error %q does not name the file", err)
		}
		for question, docs := range relevant {
			for doc := range docs {
				if question == "" || doc == "" || strings.ContainsAny(question+doc, " \t\n") {
					t.Errorf("question %q, document %q", question, doc)
				}
			}
		}
	})
}
