package langchain_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/tmc/langchaingo/schema"
	"github.com/tmc/langchaingo/vectorstores"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/rag/engine"
	"tilgate/rag/langchain"
	"tilgate/rag/qdrant"
)

// open returns a store over an embedded engine in a folder.
func open(folder string) (*langchain.Store, func(), error) {
	e, err := engine.Open(folder, engine.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, err
	}
	client, err := e.Client()
	if err != nil {
		return nil, nil, err
	}
	index := qdrant.New(client, qdrant.Options{}).For(rag.DefaultTenant)
	store := langchain.New(index, rag.NewRetriever(index, rag.Options{}), langchain.Options{KB: "desk", Lang: "ky"})
	return store, func() { client.Close(); e.Close() }, nil
}

var desk = []schema.Document{
	{PageContent: "Пенсия алтымыш үч жаштан дайындалат.", Metadata: map[string]any{"id": "pension", "title": "Пенсия", "sector": "social"}},
	{PageContent: "Паспорт он жылга берилет.", Metadata: map[string]any{"id": "passport", "title": "Паспорт", "sector": "civil"}},
	{PageContent: "Пенсия по возрасту назначается с 63 лет.", Metadata: map[string]any{"id": "pension", "lang": "ru", "sector": "social"}},
}

func Example() {
	folder, err := os.MkdirTemp("", "tilgate")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	store, done, err := open(folder)
	if err != nil {
		panic(err)
	}
	defer done()

	ctx := context.Background()
	if _, err := store.AddDocuments(ctx, desk); err != nil {
		panic(err)
	}
	var retriever schema.Retriever = vectorstores.ToRetriever(store, 1)
	docs, err := retriever.GetRelevantDocuments(ctx, "Пенсия канча жаштан чыгат?")
	if err != nil {
		panic(err)
	}
	for _, d := range docs {
		fmt.Println(d.Metadata["title"], "|", d.PageContent)
	}
	// Output: Пенсия | Пенсия алтымыш үч жаштан дайындалат.
}

func TestSimilaritySearch(t *testing.T) {
	store, done, err := open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for range 2 { // the second time, nothing is doubled
		if ids, err := store.AddDocuments(t.Context(), desk); err != nil || len(ids) != 3 {
			t.Fatalf("ids %v, %v", ids, err)
		}
	}
	for _, tt := range []struct {
		question string
		options  []vectorstores.Option
		want     []string
		kind     fault.Kind // of the error, if want is nil
	}{
		{"Пенсия канча жаштан?", nil, []string{"ky pension"}, 0},
		{"Пенсия жана паспорт", []vectorstores.Option{vectorstores.WithFilters(langchain.Filters{Sector: "civil"})}, []string{"ky passport"}, 0},
		{"Со скольких лет пенсия?", []vectorstores.Option{vectorstores.WithFilters(langchain.Filters{Lang: "ru"})}, []string{"ru pension"}, 0},
		{"Пенсия канча жаштан?", []vectorstores.Option{vectorstores.WithScoreThreshold(1)}, []string{}, 0},
		{"Пенсия канча жаштан?", []vectorstores.Option{vectorstores.WithScoreThreshold(2)}, nil, fault.Invalid},
		{"Пенсия канча жаштан?", []vectorstores.Option{vectorstores.WithFilters(map[string]any{"a": 1})}, nil, fault.Invalid},
		{"Пенсия канча жаштан?", []vectorstores.Option{vectorstores.WithNameSpace("laws")}, nil, fault.NotFound},
	} {
		docs, err := store.SimilaritySearch(t.Context(), tt.question, 5, tt.options...)
		if tt.want == nil {
			if !tt.kind.Is(err) {
				t.Errorf("%q: %v, want %v", tt.question, err, tt.kind)
			}
			continue
		}
		got := []string{}
		for _, d := range docs {
			got = append(got, fmt.Sprintf("%s %s", d.Metadata["lang"], d.Metadata["id"]))
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%q: %q, %v, want %q", tt.question, got, err, tt.want)
		}
	}
}

func TestAddDocumentsRefuses(t *testing.T) {
	store, done, err := open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for _, d := range []schema.Document{
		{PageContent: "Сөз."},
		{PageContent: " ", Metadata: map[string]any{"id": "a"}},
		{PageContent: "Сөз.", Metadata: map[string]any{"id": "a", "lang": "not a tag"}},
	} {
		if ids, err := store.AddDocuments(t.Context(), []schema.Document{d}); err == nil {
			t.Errorf("%+v is taken as %v", d, ids)
		}
	}
}
