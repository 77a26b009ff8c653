package sample

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tilgate/evals"
	"tilgate/evals/metric"
	"tilgate/internal/lang"
	"tilgate/rag"
	"tilgate/rag/engine/enginetest"
	"tilgate/rag/ingest"
	"tilgate/rag/qdrant"
	"tilgate/serving/extract"
)

var update = flag.Bool("update", false, "rewrite testdata")

func languages(t testing.TB) []lang.Tag {
	t.Helper()
	tags, err := Langs()
	if err != nil {
		t.Fatal(err)
	}
	return tags
}

// articles returns the articles in one language, by id.
func articles(t testing.TB, tag lang.Tag) map[string]rag.Document {
	t.Helper()
	docs := map[string]rag.Document{}
	for item, err := range Documents(tag) {
		if err != nil {
			t.Fatal(err)
		}
		docs[item.ID] = item.Document
	}
	return docs
}

func questions(t testing.TB, tag lang.Tag) []Question {
	t.Helper()
	qs, err := Questions(tag)
	if err != nil {
		t.Fatal(err)
	}
	return qs
}

func TestArticles(t *testing.T) {
	sectors := map[string]string{} // by id: parallel articles agree
	for id, d := range articles(t, "en") {
		sectors[id] = d.Sector
	}
	for _, tag := range languages(t) {
		docs := articles(t, tag)
		if len(docs) != len(sectors) {
			t.Errorf("%d articles in %s, %d in English", len(docs), tag, len(sectors))
		}
		for id, d := range docs {
			if d.Title == "" || d.Sector != sectors[id] || len(d.Date) != len("2026-01-01") || d.Lang != tag {
				t.Errorf("%s in %s: title %q, sector %q, date %q, language %s", id, tag, d.Title, d.Sector, d.Date, d.Lang)
			}
			if want := fmt.Sprintf("https://desk.namuna.example/%s/%s", tag, id); d.Source != want {
				t.Errorf("%s in %s: source %s, want %s", id, tag, d.Source, want)
			}
			if got, want := lang.ScriptOf(d.Text), lang.ScriptOf(docs["clean-water"].Text); got != want {
				t.Errorf("%s in %s is in script %s, others in %s", id, tag, got, want)
			}
		}
	}
}

func TestQuestions(t *testing.T) {
	english := questions(t, "en")
	for _, tag := range languages(t) {
		docs, qs := articles(t, tag), questions(t, tag)
		if len(qs) != len(english) {
			t.Fatalf("%d questions in %s, %d in English", len(qs), tag, len(english))
		}
		for i, q := range qs {
			if want := fmt.Sprintf("%s-%02d", tag, i+1); q.ID != want || q.Doc != english[i].Doc {
				t.Errorf("question %s about %q, want %s about %q, as in English", q.ID, q.Doc, want, english[i].Doc)
			}
			if q.Doc == "" {
				continue
			}
			if d := docs[q.Doc]; q.Answer == "" || !strings.Contains(d.Text, q.Answer) {
				t.Errorf("%s: the answer %q does not stand in %s", q.ID, q.Answer, q.Doc)
			}
		}
	}
	if qs, err := Questions("xx"); err == nil {
		t.Errorf("%d questions in a language that is not there", len(qs))
	}
}

// Shares of the questions that have an answer.
type shares struct {
	first  float64 // its article is first
	kept   float64 // relevance is over rag.DefaultThreshold
	quoted float64 // the answer stands in what extract quotes
}

// What is wanted in every language, and what is asked for the time being where
// that is not reached. Take a language out when its questions pass; never put
// one in without saying so in the commit.
var (
	wanted = shares{first: 0.9, kept: 0.9, quoted: 0.7}
	owing  = map[lang.Tag]shares{
		"am": {0.9, 0.75, 0.7},
		"en": {0.9, 0.83, 0.7},
		"ky": {0.9, 0.75, 0.7},
		"ur": {0.9, 0.83, 0.66},
	}
)

// TestRanks asks every question of the whole sample, and compares what is
// found with testdata/ranks.golden. A change of retrieval is reviewed by
// reading the ranks that it moved.
func TestRanks(t *testing.T) {
	retriever := rag.NewRetriever(index(t), rag.Options{})
	var golden strings.Builder
	for _, tag := range languages(t) {
		var rows strings.Builder
		var first, mrr, kept, quoted, answerable float64
		for _, q := range questions(t, tag) {
			query := rag.Query{Text: q.Text, Lang: tag}
			found, err := retriever.Find(t.Context(), query)
			if err != nil {
				t.Fatal(err)
			}
			verdict := "kept"
			if found.Relevance < rag.DefaultThreshold {
				verdict = "refused"
			}
			if q.Doc == "" {
				if verdict != "refused" {
					t.Errorf("%s has no answer, yet its relevance is %.2f: %s", q.ID, found.Relevance, q.Text)
				}
				fmt.Fprintf(&rows, "%s rank -  relevance %.2f %-7s        %s\n", q.ID, found.Relevance, verdict, q.Text)
				continue
			}
			answerable++
			ranked, relevant := byDocument(found.Passages), map[string]int{q.Doc: 1}
			first += metric.Recall(ranked, relevant, 1)
			mrr += metric.MRR(ranked, relevant, rag.DefaultK)
			rank := "-"
			if i := slices.IndexFunc(ranked, func(r evals.Ranked) bool { return r.Doc == q.Doc }); i >= 0 {
				rank = fmt.Sprint(i + 1)
			}
			says := "missed"
			if slices.ContainsFunc(extract.Quotes(query, found.Best(rag.DefaultK)), func(s rag.Quote) bool { return strings.Contains(s.Text, q.Answer) }) {
				quoted++
				says = "quoted"
			}
			if verdict == "kept" {
				kept++
			}
			fmt.Fprintf(&rows, "%s rank %-2s relevance %.2f %-7s %s %s\n", q.ID, rank, found.Relevance, verdict, says, q.Text)
		}
		first, mrr, kept, quoted = first/answerable, mrr/answerable, kept/answerable, quoted/answerable
		fmt.Fprintf(&golden, "%s: recall@1 %.3f, MRR@10 %.3f, kept %.3f, answer quoted %.3f\n%s\n", tag, first, mrr, kept, quoted, rows.String())
		floors := wanted
		if owed, ok := owing[tag]; ok {
			floors = owed
			t.Logf("%s owes: kept %.3f, answers quoted %.3f, want %.2f and %.2f", tag, kept, quoted, wanted.kept, wanted.quoted)
		}
		if got := (shares{first, kept, quoted}); got.first < floors.first || got.kept < floors.kept || got.quoted < floors.quoted {
			t.Errorf("%s: of the questions with an answer %+.3f, want %+.3f at least", tag, got, floors)
		}
	}
	file := filepath.Join("testdata", "ranks.golden")
	if *update {
		if err := os.WriteFile(file, []byte(golden.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(golden.String(), "\n")); diff != "" {
		t.Errorf("ranks moved (-was +is); -update rewrites them:\n%s", diff)
	}
}

// index returns the sample in an engine of its own.
func index(t *testing.T) *qdrant.Index {
	t.Helper()
	_, client := enginetest.Open(t)
	x := qdrant.New(client, qdrant.Options{}).For(rag.DefaultTenant)
	for _, tag := range languages(t) {
		report, err := ingest.Run(t.Context(), x, Documents(tag), ingest.Options{KB: KB, Langs: languages(t)})
		if err != nil || report.Err() != nil || report.Added != len(articles(t, tag)) {
			t.Fatal(report, err)
		}
	}
	return x
}

// byDocument ranks documents by their best passage.
func byDocument(passages []rag.Passage) (ranked []evals.Ranked) {
	for _, p := range passages {
		if !slices.ContainsFunc(ranked, func(r evals.Ranked) bool { return r.Doc == p.Doc }) {
			ranked = append(ranked, evals.Ranked{Doc: p.Doc, Score: p.Score})
		}
	}
	return ranked
}
