package dataset

import (
	"slices"
	"strings"
	"testing"

	"tilgate/evals"
)

func TestFaults(t *testing.T) {
	const (
		thai    = "data/th/test.th.jsonl"
		kyrgyz  = "data/annotated/kir_Cyrl/test.tsv"
		head    = "index_id\tcategory\ttext\n"
		jv      = "datasets/sentiment/javanese/test.csv"
		uz      = "data/processed.csv"
		uzHead  = "question,option_1,option_2,option_3,option_4,answer,type\n"
		quy     = "data/anli_final/test/quy.tsv"
		quyHead = "id\tpremise\thypothesis\tlabel\n"
		copal   = "data/v1/test_copal.csv"
		source  = "NTREX-128/newstest2019-src.eng.txt"
		ref     = "NTREX-128/newstest2019-ref.kir.txt"
		hausa   = "data/queries/hau/q.test.json"
	)
	for what, tt := range map[string]struct {
		format string
		files  map[string]string
		says   string // at the beginning
	}{
		"no format":           {"csv", nil, `there is no format "csv"; the formats are afriqa, `},
		"no folder":           {"xcopa", nil, "open data: "},
		"no language":         {"sib200", map[string]string{"data/annotated/x/y": ""}, "the folder has nothing in the format sib200"},
		"empty":               {"sib200", map[string]string{kyrgyz: "\ufeff\r\n"}, kyrgyz + " is empty"},
		"only a head":         {"sib200", map[string]string{kyrgyz: head}, kyrgyz + " has no items"},
		"no label":            {"xcopa", map[string]string{thai: `{"premise":"ก","choice1":"ข","choice2":"ค","question":"cause","idx":1}`}, thai + ":1: label or idx is missing"},
		"choice 3 of 2":       {"xcopa", map[string]string{thai: `{"premise":"ก","choice1":"ข","choice2":"ค","question":"cause","idx":1,"label":2}`}, thai + ":1: the right choice is not among the 2"},
		"choice -1":           {"xcopa", map[string]string{thai: `{"premise":"ก","choice1":"ข","choice2":"ค","question":"cause","idx":1,"label":-1}`}, thai + ":1: the right choice"},
		"question":            {"xcopa", map[string]string{thai: `{"premise":"ก","choice1":"ข","choice2":"ค","question":"why","idx":1,"label":0}`}, thai + `:1: the question is "why"`},
		"no premise":          {"xcopa", map[string]string{thai: `{"choice1":"ข","choice2":"ค","question":"cause","idx":1,"label":1}`}, thai + ":1: there is no text"},
		"empty choice":        {"xcopa", map[string]string{thai: `{"premise":"ก","choice1":"ข","question":"cause","idx":1,"label":1}`}, thai + ":1: a choice is empty"},
		"no JSON":             {"xcopa", map[string]string{thai: "\n"}, thai + " is empty"},
		"half a JSON":         {"xcopa", map[string]string{thai: `{"premise":`}, thai + ":1: unexpected end"},
		"label in words":      {"copal", map[string]string{copal: "premise,choice1,choice2,question,idx,label\na,b,c,cause,1,one\n"}, copal + `:2: label "one" is no number`},
		"odd label":           {"sib200", map[string]string{kyrgyz: head + "1\tfood\tа\n"}, kyrgyz + `:2: the label "food" is none`},
		"no column":           {"sib200", map[string]string{kyrgyz: "id\ttext\n"}, kyrgyz + `:1: there is no column "index_id"`},
		"cells":               {"sib200", map[string]string{kyrgyz: head + "1\ttravel\ta\n2\ttravel\n"}, kyrgyz + ":3: wrong number of fields"},
		"quotes":              {"sib200", map[string]string{kyrgyz: head + "1\ttravel\t\"Тоого\" чыктык.\n"}, kyrgyz + ":2: extraneous or missing"},
		"no id":               {"sib200", map[string]string{kyrgyz: head + "\ttravel\ta\n"}, kyrgyz + ":2: there is no id"},
		"id twice":            {"nusax", map[string]string{jv: "id,text,label\n1,\"a\nb\",positive\n1,b,neutral\n"}, jv + `:4: the id "1" was there before, at ` + jv + ":2"},
		"odd sentiment":       {"nusax", map[string]string{jv: "id,text,label\n1,a,happy\n"}, jv + `:2: the label "happy"`},
		"Latin-1":             {"nusax", map[string]string{jv: "id,text,label\n1,\xe4,positive\n"}, jv + ":2: the line is not UTF-8"},
		"odd relation":        {"americasnli", map[string]string{quy: quyHead + "1\ta\tb\tmaybe\n"}, quy + `:2: the label "maybe"`},
		"no NLI premise":      {"americasnli", map[string]string{quy: quyHead + "1\t\tb\tneutral\n"}, quy + ":2: there is no premise"},
		"a tab too many":      {"americasnli", map[string]string{quy: quyHead + "1\ta\tb\tc\tneutral\n"}, quy + ":2: 5 cells, but 4 columns"},
		"answer 5 of 4":       {"uzlib", map[string]string{uz: uzHead + "q,a,b,c,d,5,meaning\n"}, uz + ":2: the right choice is not among the 4"},
		"answer B":            {"uzlib", map[string]string{uz: uzHead + "q,a,b,c,d,B,meaning\n"}, uz + `:2: answer "B" is no number`},
		"three options":       {"uzlib", map[string]string{uz: uzHead + "q,a,b,c,,1,meaning\n"}, uz + ":2: a choice is empty"},
		"no tab":              {"mgsm", map[string]string{"mgsm_sw.tsv": "a\t1\na 1\n"}, "mgsm_sw.tsv:2: 1 cells"},
		"no number":           {"mgsm", map[string]string{"mgsm_sw.tsv": "a\ttano\n"}, `mgsm_sw.tsv:1: the result "tano" is no number`},
		"no examples":         {"mgsm", map[string]string{"mgsm_sw.tsv": "a\t1\n", "exemplars.py": "import os\n"}, "exemplars.py: there is no MGSM_EXEMPLARS"},
		"lines":               {"ntrex", map[string]string{source: "a\nb\n", ref: "а\n"}, source + " has 2 lines, but " + ref + " has 1"},
		"a line is lost":      {"ntrex", map[string]string{source: "a\nb\n", ref: "а\n\n"}, ref + ":2: there is no answer"},
		"documents":           {"ntrex", map[string]string{source: "a\n", ref: "а\n", "DOCUMENT_IDS.tsv": "1\n1\n"}, ref + " has 1 lines, but DOCUMENT_IDS.tsv has 2"},
		"no source":           {"xwmt", map[string]string{"test/en-ky/en-ky.ky": "а\n"}, "open test/en-ky/en-ky.en: "},
		"no answer":           {"squad", map[string]string{"x.ar.json": `{"data":[{"paragraphs":[{"context":"c","qas":[{"id":"1","question":"q","answers":[]}]}]}]}`}, "x.ar.json: data[0].paragraphs[0].qas[0]: there is no answer"},
		"empty answer":        {"squad", map[string]string{"x.ar.json": `{"data":[{"paragraphs":[{"context":"c","qas":[{"id":"1","question":"q","answers":[{"text":" "}]}]}]}]}`}, "x.ar.json: data[0].paragraphs[0].qas[0]: there is no answer"},
		"no question id":      {"squad", map[string]string{"x.ar.json": `{"data":[{"paragraphs":[{"context":"c","qas":[{"question":"q","answers":[{"text":"c"}]}]}]}]}`}, "x.ar.json: data[0].paragraphs[0].qas[0]: there is no id"},
		"no passage":          {"squad", map[string]string{"x.ar.json": `{"data":[{"paragraphs":[{"qas":[{"id":"1","question":"q","answers":[{"text":"c"}]}]}]}]}`}, "x.ar.json: data[0].paragraphs[0].qas[0]: the passage has no text"},
		"paragraphs are text": {"squad", map[string]string{"x.ar.json": `{"data":[{"paragraphs":[]},{"paragraphs":"c"}]}`}, "x.ar.json: data[1].paragraphs: json: cannot unmarshal"},
		"broken JSON":         {"squad", map[string]string{"x.ar.json": "{\"data\":[\n{,}]}"}, "x.ar.json:2: invalid character"},
		"another JSON":        {"squad", map[string]string{"x.ar.json": `{"name":"tool"}`}, "x.ar.json: name is neither data nor the number of a passage"},
		"no list":             {"afriqa", map[string]string{hausa: `{"id":1,"question":"q","answers":"arewa","translated_answer":"[]"}`}, hausa + `:1: the answers "arewa" are not a list`},
		"what language":       {"squad", map[string]string{"x.json": `{"data":[{"paragraphs":[{"context":"7","qas":[{"id":"1","question":"7","answers":[{"text":"7"}]}]}]}]}`}, "x.json: the language of the questions cannot be told"},
		"no judgement":        {"beir", map[string]string{"corpus.jsonl": `{"id":"d","text":"a"}`, "queries.jsonl": `{"id":"q","text":"Аялдар канча жаштан пенсияга чыгат, ким билет?"}`, "qrels.txt": "q 0 d 0\n"}, "queries.jsonl:1: there is no answer"},
		"no corpus":           {"beir", map[string]string{"queries.jsonl": "{}"}, "open corpus.jsonl: "},
	} {
		if s, err := Suite(tt.format, files(tt.files), nil); err == nil || !strings.HasPrefix(err.Error(), tt.says) {
			t.Errorf("%s: %v, %v, want %s", what, s, err, tt.says)
		}
	}
	if _, err := Items("xwmt", files(map[string]string{"ky.txt": "а"}), "ky.txt"); err == nil || !strings.HasPrefix(err.Error(), "ky.txt: the name of the file is not a direction") {
		t.Errorf("a file of no direction: %v", err)
	}
}

// FuzzItems reads anything as the file of each format. What is read keeps the
// promises of an item, and what is not says in which file the fault is.
func FuzzItems(f *testing.F) {
	names := Formats()
	for i, format := range names {
		for _, text := range small[format] {
			f.Add(uint(i), text)
		}
	}
	f.Add(uint(slices.Index(names, "squad")), `{"1":{"context":"c","question":{"0":{"question":"q","answer":{"0":2}}}}}`)
	f.Fuzz(func(t *testing.T, n uint, text string) {
		format := names[n%uint(len(names))]
		dir := files(small[format])
		name := smallFile[format]
		dir[name].Data = []byte(text)
		items, err := Items(format, dir, name)
		if err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v does not name the file", format, err)
			}
			return
		}
		seen := map[string]bool{}
		for _, i := range items {
			letters := evals.Letters[:len(i.Choices)]
			if i.ID == "" || seen[i.ID] || i.Text == "" || len(i.Gold)+len(i.Relevant) == 0 && !i.Refuse || len(i.Choices) > 0 && !strings.Contains(letters, i.Gold[0]) {
				t.Errorf("%s: %+v", format, i)
			}
			seen[i.ID] = true
		}
	})
}
