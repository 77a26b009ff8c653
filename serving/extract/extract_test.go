package extract

import (
	"strings"
	"testing"

	"tilgate/adapters"
	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/serving"
)

var passages = []rag.Passage{
	{Doc: "pension", Lang: "ky", Score: 22, Text: "Эркектер 63 жашында, аялдар 58 жашында\nпенсияга чыга алышат. Пенсияга арызды аялдар үч ай мурун беришет. Кеминде он жыл төлөнгөн стаж керек."},
	{Doc: "water", Lang: "ky", Score: 3, Text: "Сугат суусунун баасы 40 танга. Төлөмдү эки бөлүп төлөсө болот."},
}

func withScore(p rag.Passage, score float64) rag.Passage {
	p.Score = score
	return p
}

func TestChat(t *testing.T) {
	ky := &adapters.Adapter{Tag: "ky", Say: adapters.Say{Quoting: "Модель иштебей жатат; макалалардан үзүндү:"}}
	for _, tt := range []struct {
		question string
		passages []rag.Passage
		want     string
	}{
		// Neighbours become one quote, as they stand; a line break becomes a space.
		{"Аялдар канча жашында пенсияга чыгат?", passages,
			"Модель иштебей жатат; макалалардан үзүндү:\n\n“Эркектер 63 жашында, аялдар 58 жашында пенсияга чыга алышат. Пенсияга арызды аялдар үч ай мурун беришет.” [1]"},
		// The number is the passage's place in the prompt.
		{"Сугат суусунун баасы канча?", []rag.Passage{withScore(passages[0], 3), withScore(passages[1], 22)},
			"Модель иштебей жатат; макалалардан үзүндү:\n\n“Сугат суусунун баасы 40 танга. Төлөмдү эки бөлүп төлөсө болот.” [2]"},
		{"Суу", passages[1:2], "Модель иштебей жатат; макалалардан үзүндү:\n\n“Сугат суусунун баасы 40 танга. Төлөмдү эки бөлүп төлөсө болот.” [1]"},
	} {
		var got strings.Builder
		finish := 0
		for chunk, err := range (Model{}).Chat(t.Context(), serving.Prompt{Question: tt.question, Passages: tt.passages, Adapter: ky}) {
			if err != nil || finish > 0 {
				t.Fatalf("%q: %v after %d ends", tt.question, err, finish)
			}
			got.WriteString(chunk.Text)
			if chunk.Finish == "stop" {
				finish++
			}
		}
		if got.String() != tt.want || finish != 1 {
			t.Errorf("%q is answered\n%s\nwant\n%s", tt.question, got.String(), tt.want)
		}
	}
	for chunk, err := range (Model{}).Chat(t.Context(), serving.Prompt{Question: "Суу", Adapter: ky}) {
		if !fault.Unavailable.Is(err) || chunk.Text != "" {
			t.Errorf("with nothing to quote: %q, %v", chunk.Text, err)
		}
	}
	for stop := range 3 { // the reader may leave at any chunk
		n := 0
		for range (Model{}).Chat(t.Context(), serving.Prompt{Question: "Суу", Passages: passages, Adapter: ky}) {
			if n++; n > stop {
				break
			}
		}
		if n != stop+1 {
			t.Errorf("%d chunks after the reader left at %d", n, stop+1)
		}
	}
}

func TestQuotes(t *testing.T) {
	q := rag.Query{Text: "Аялдар канча жашында пенсияга чыгат?", Lang: "ky"}
	for _, tt := range []struct {
		what     string
		passages []rag.Passage
		want     []int // passage of each quote
	}{
		{"nothing", nil, nil},
		{"one sentence", []rag.Passage{{Lang: "ky", Text: "Аялдар 58 жашында чыгат.", Score: 5}}, []int{0}},
		{"the second is near", []rag.Passage{{Lang: "ky", Text: "Аялдар 58 жашында пенсияга чыгат.", Score: 9}, {Lang: "ky", Text: "Пенсияга аялдар 58 жашында чыгат.", Score: 8}}, []int{0, 1}},
		{"the second is about something else", []rag.Passage{{Lang: "ky", Text: "Аялдар 58 жашында пенсияга чыгат.", Score: 22}, {Lang: "ky", Text: "Суунун баасы 40 танга.", Score: 3}}, []int{0}},
	} {
		var got []int
		for _, quote := range Quotes(q, tt.passages) {
			got = append(got, quote.Passage)
		}
		if len(got) != len(tt.want) || len(got) > Sentences {
			t.Errorf("%s: quotes from %v, want %v", tt.what, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%s: quotes from %v, want %v", tt.what, got, tt.want)
			}
		}
	}
}

func TestRender(t *testing.T) {
	for _, tt := range []struct {
		quotes []rag.Quote
		want   string
	}{
		{[]rag.Quote{{Passage: 0, Sentence: 1, Text: "Эки."}, {Passage: 0, Sentence: 0, Text: "Бир."}}, "“Бир. Эки.” [1]"},
		{[]rag.Quote{{Passage: 0, Sentence: 0, Text: "Бир."}, {Passage: 0, Sentence: 1, Text: "Эки."}}, "“Бир. Эки.” [1]"},
		{[]rag.Quote{{Passage: 0, Sentence: 3, Text: "Төрт."}, {Passage: 0, Sentence: 0, Text: "Бир."}}, "“Төрт.” [1]|“Бир.” [1]"},
		{[]rag.Quote{{Passage: 4, Sentence: 0, Text: "Бир."}, {Passage: 1, Sentence: 1, Text: "Эки."}}, "“Бир.” [5]|“Эки.” [2]"},
		{[]rag.Quote{{Passage: 1, Sentence: 0, Text: " پانی\n\tکی  قیمت "}}, "“پانی کی قیمت” [2]"},
		{nil, ""},
	} {
		var got []string
		for _, r := range render(tt.quotes) {
			got = append(got, strings.TrimPrefix(r, "\n\n"))
		}
		if s := strings.Join(got, "|"); s != tt.want {
			t.Errorf("render(%v) = %s, want %s", tt.quotes, s, tt.want)
		}
	}
}
