package dataset

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"tilgate/evals"
	"tilgate/internal/lang"
)

func files(list map[string]string) fstest.MapFS {
	dir := fstest.MapFS{}
	for name, text := range list {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return dir
}

// One small folder of each format, as its publisher lays it out. The file that
// Items reads is that in smallFile.
var small = map[string]map[string]string{
	"xcopa": {"data/th/test.th.jsonl": `{"premise":"ฝนตก","choice1":"ถนนเปียก","choice2":"ถนนแห้ง","question":"effect","label":0,"idx":7}` + "\n"},
	"copal": {
		"data/v1/test_copal.csv":            "premise,choice1,choice2,question,idx,label\n\"Hujan, deras.\",Jalan basah.,Jalan kering.,effect,0,0\n",
		"data/v1/test_copal_colloquial.csv": "premise,choice1,choice2,question,idx,label\nUjan.,Basah.,Kering.,effect,0,1\n"},
	"sib200":      {"data/annotated/kir_Cyrl/test.tsv": "index_id\tcategory\ttext\n12\ttravel\t\"\"\"Тоого\"\" чыктык.\"\n"},
	"nusax":       {"datasets/sentiment/javanese/test.csv": "id,text,label\n1,\"Apik, tenan\",positive\n"},
	"americasnli": {"data/anli_final/test/quy.tsv": "id\tlanguage\tpremise\thypothesis\tlabel\n1\tquy\t\"Wasiy hatun\" nin.\tWasiyuqmi kani.\tentailment\n"},
	"uzlib":       {"data/processed.csv": "question,option_1,option_2,option_3,option_4,source,answer,type,num_voters\n\"Suv\n\nsuv — bu...\",tosh,suyuqlik,olov,havo,x,2,meaning,[]\n"},
	"mgsm": {"mgsm/mgsm_sw.tsv": "Ana vitabu 2, anapata 3. Vingapi?\t5\n",
		"mgsm/exemplars.py": "# Prompts.\nMGSM_EXEMPLARS = {\n    \"sw\": {\n        \"1\": {\n            \"q\": \"Swali: Ana \"\n                 \"\\u00bd na 1/2?\",\n            \"a\":\n                \"Jibu: Ni 1.\",\n        },\n    },\n}\n"},
	"squad": {"xquad.ar.json": `{"data":[{"paragraphs":{"context":"العاصمة كبيرة.","qas":[{"id":1,"question":"كيف العاصمة؟","answers":[{"text":"كبيرة"},{"text":"كبيرة"}]}]}}]}`},
	"afriqa": {
		"data/gold_passages/hau/g.test.json": `{"id":"0","context":null,"question_lang":"Ina Kano take?","answer_lang":"arewa","answer_pivot":{"text":["north"]}}` + "\n" +
			`{"id":"1","context":"Kano is in the north.","question_lang":"Ina Kano?","answer_lang":"arewa","answer_pivot":{"text":["north"]}}` + "\n",
		"data/queries/hau/q.test.json": `{"id":0,"question":"Ina Kano take?","answers":"['ta'arewa', 'arewa']","translated_answer":"['north']"}` + "\n" +
			`{"id":1,"question":"Me ya sa?","answers":"[]","translated_answer":"[]"}` + "\n"},
	"ntrex": {"NTREX-128/newstest2019-src.eng.txt": "A house.\nA dog.\n", "NTREX-128/newstest2019-ref.kir.txt": "Үй.\nИт.\n", "NTREX-128/newstest2019-ref.rus.txt": "Дом.\nСобака.\n",
		"DOCUMENT_IDS.tsv": "bbc.1\nbbc.1\n"},
	"xwmt": {"test/en-ky/en-ky.en": "A house .\n", "test/en-ky/en-ky.ky": "Үй .\n", "test/kk-ky/kk-ky.kk": "Үйі .\n", "test/kk-ky/kk-ky.ky": "Үй .\n"},
	"beir": {"corpus.jsonl": `{"id":"d","text":"Пенсия 58 жаштан берилет."}` + "\n", "queries.jsonl": `{"id":"q","text":"Аялдар канча жаштан пенсияга чыгат, ким билет?","answers":["58"]}` + "\n", "qrels.txt": "q 0 d 1\n"},
}

var smallFile = map[string]string{"xcopa": "data/th/test.th.jsonl", "copal": "data/v1/test_copal.csv", "sib200": "data/annotated/kir_Cyrl/test.tsv", "nusax": "datasets/sentiment/javanese/test.csv",
	"americasnli": "data/anli_final/test/quy.tsv", "uzlib": "data/processed.csv", "mgsm": "mgsm/mgsm_sw.tsv", "squad": "xquad.ar.json", "afriqa": "data/gold_passages/hau/g.test.json",
	"ntrex": "NTREX-128/newstest2019-ref.kir.txt", "xwmt": "test/en-ky/en-ky.ky", "beir": "queries.jsonl"}

func TestItems(t *testing.T) {
	for format, want := range map[string][]evals.Item{
		"xcopa":       {{ID: "7", Text: "ฝนตก", Choices: []string{"ถนนเปียก", "ถนนแห้ง"}, Gold: evals.Texts{"A"}, Fields: map[string]string{"question": "effect"}}}, // the last letter stays
		"copal":       {{ID: "0", Text: "Hujan, deras.", Choices: []string{"Jalan basah.", "Jalan kering."}, Gold: evals.Texts{"A"}, Fields: map[string]string{"question": "effect"}}},
		"sib200":      {{ID: "12", Text: `"Тоого" чыктык.`, Gold: evals.Texts{"travel"}}},
		"nusax":       {{ID: "1", Text: "Apik, tenan", Gold: evals.Texts{"positive"}}},
		"americasnli": {{ID: "1", Text: "Wasiyuqmi kani.", Context: `"Wasiy hatun" nin.`, Gold: evals.Texts{"entailment"}, Cluster: `"Wasiy hatun" nin.`}},
		"uzlib":       {{ID: "1", Text: "Suv\n\nsuv — bu...", Choices: []string{"tosh", "suyuqlik", "olov", "havo"}, Gold: evals.Texts{"B"}, Fields: map[string]string{"type": "meaning"}}},
		"mgsm":        {{ID: "1", Text: "Ana vitabu 2, anapata 3. Vingapi?", Gold: evals.Texts{"5"}}},
		"squad":       {{ID: "1", Text: "كيف العاصمة؟", Context: "العاصمة كبيرة.", Gold: evals.Texts{"كبيرة"}, Cluster: "1"}},
		"afriqa": {{ID: "0", Text: "Ina Kano take?", Gold: evals.Texts{"arewa", "north"}},
			{ID: "1", Text: "Ina Kano?", Context: "Kano is in the north.", Gold: evals.Texts{"arewa", "north"}}},
		"ntrex": {{ID: "1", Text: "A house.", Gold: evals.Texts{"Үй."}}, {ID: "2", Text: "A dog.", Gold: evals.Texts{"Ит."}}},
		"xwmt":  {{ID: "1", Text: "A house .", Gold: evals.Texts{"Үй ."}}},
		"beir":  {{ID: "q", Text: "Аялдар канча жаштан пенсияга чыгат, ким билет?", Gold: evals.Texts{"58"}, Relevant: []string{"d"}}},
	} {
		windows := maps.Clone(small[format])
		for name, text := range windows {
			windows[name] = "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n")
		}
		for what, dir := range map[string]map[string]string{"as it is": small[format], "with BOM and CRLF": windows} {
			got, err := Items(format, files(dir), smallFile[format])
			if err != nil {
				t.Errorf("%s, %s: %v", format, what, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", format, what, diff)
			}
		}
	}
	queries, err := Items("afriqa", files(small["afriqa"]), "data/queries/hau/q.test.json")
	want := []evals.Item{{ID: "0", Text: "Ina Kano take?", Gold: evals.Texts{"ta'arewa", "arewa", "north"}}} // the row without an answer is left out
	if diff := cmp.Diff(want, queries); err != nil || diff != "" {
		t.Errorf("afriqa's queries: %v (-want +got):\n%s", err, diff)
	}
}

func TestSuite(t *testing.T) {
	for _, tt := range []struct {
		format string
		langs  []lang.Tag
		tasks  string // ID: items, examples, prompts
	}{
		{"xcopa", nil, "xcopa/copa/th: 1, 0, 3"},
		{"copal", nil, "copal/colloquial/id: 1, 0, 3; copal/standard/id: 1, 0, 3"},
		{"sib200", []lang.Tag{"ky-KG"}, "sib200/topic/ky: 1, 0, 3"},
		{"nusax", nil, "nusax/sentiment/jv: 1, 0, 3"},
		{"americasnli", nil, "americasnli/nli/qu: 1, 0, 2"},
		{"uzlib", []lang.Tag{"uz-Cyrl"}, "uzlib/uzlib/uz: 1, 0, 3"},
		{"mgsm", nil, "mgsm/sums/sw: 1, 1, 3"},
		{"squad", nil, "squad/qa/ar: 1, 0, 3"},
		{"afriqa", nil, "afriqa/open/ha: 1, 0, 3; afriqa/passage/ha: 1, 0, 3"},
		{"ntrex", nil, "ntrex/en/ky: 2, 0, 3; ntrex/en/ru: 2, 0, 3"},
		{"ntrex", []lang.Tag{"ky"}, "ntrex/en/ky: 2, 0, 3; ntrex/ru/ky: 2, 0, 3"},
		{"xwmt", nil, "xwmt/en/ky: 1, 0, 3"},
		{"xwmt", []lang.Tag{"ky"}, "xwmt/en/ky: 1, 0, 3; xwmt/kk/ky: 1, 0, 3"},
		{"beir", nil, "beir/rag/ky: 1, 0, 4"},
	} {
		s, err := Suite(tt.format, files(small[tt.format]), tt.langs)
		if err != nil {
			t.Errorf("%s: %v", tt.format, err)
			continue
		}
		if got := described(t, s); got != tt.tasks {
			t.Errorf("%s, %v: %s, want %s", tt.format, tt.langs, got, tt.tasks)
		}
		if again, err := Suite(tt.format, files(small[tt.format]), tt.langs); err != nil || again.Digest != s.Digest {
			t.Errorf("%s: another digest, or %v", tt.format, err)
		}
		changed := maps.Clone(small[tt.format])
		changed[smallFile[tt.format]] += "\n" // is in no item, or is a fault
		if again, err := Suite(tt.format, files(changed), tt.langs); err == nil && again.Digest == s.Digest {
			t.Errorf("%s: the digest of changed files is the same", tt.format)
		}
		if s, err := Suite(tt.format, files(small[tt.format]), []lang.Tag{"cy"}); err == nil {
			t.Errorf("%s has a task in Welsh: %s", tt.format, described(t, s))
		}
	}
}

func TestSuiteFields(t *testing.T) {
	shots := suite(t, "mgsm", small["mgsm"]).Tasks[0].Shots
	if want := []evals.Item{{ID: "example-1", Text: "Ana ½ na 1/2?", Gold: evals.Texts{"Ni 1."}}}; !cmp.Equal(shots, want) {
		t.Errorf("mgsm's examples: %v", cmp.Diff(want, shots))
	}
	ntrex := suite(t, "ntrex", small["ntrex"]).Tasks[0]
	if ntrex.From != "en" || ntrex.Items[1].Cluster != "bbc.1" {
		t.Errorf("ntrex: from %s, %+v", ntrex.From, ntrex.Items)
	}
	thai := suite(t, "xcopa", small["xcopa"]).Tasks[0]
	c, err := thai.Case(thai.Prompts[2], &thai.Items[0], nil)
	if want := "ฝนตก\nข้อใดน่าจะเป็นผลที่ตามมามากกว่ากัน\nA. ถนนเปียก\nB. ถนนแห้ง\nตอบด้วยตัวอักษรเท่านั้น"; err != nil || c.Turns[0].Text != want {
		t.Errorf("xcopa in Thai: %v, %q", err, c.Turns)
	}
	mixed := suite(t, "beir", map[string]string{"corpus.jsonl": `{"id":"d","text":"a"}`, "qrels.txt": "1 0 d 1\n2 0 d 1\n3 0 d 1\n",
		"queries.jsonl": `{"id":"1","lang":"zul","text":"Ubani?","answer_lang":"cha","answers_pivot":["no"]}` + "\n" + `{"id":"2","lang":"bem","text":"Nani?"}` + "\n" + `{"id":"3","lang":"zul","text":"Kuphi?"}`})
	if got, want := described(t, mixed), "beir/rag/bem: 1, 0, 3; beir/rag/zu: 2, 0, 4"; got != want || !slices.Equal(mixed.Tasks[1].Items[0].Gold, evals.Texts{"cha", "no"}) {
		t.Errorf("beir in several languages: %s, want %s: %+v", got, want, mixed.Tasks[1].Items)
	}
	dialects := suite(t, "sib200", map[string]string{
		"data/annotated/aka_Latn/test.tsv": "index_id\tcategory\ttext\n1\ttravel\ta\n", "data/annotated/twi_Latn/test.tsv": "index_id\tcategory\ttext\n1\ttravel\tb\n",
		"data/annotated/ace_Arab/test.tsv": "index_id\tcategory\ttext\n1\ttravel\tc\n", "data/annotated/labels.txt": "travel\n"})
	if got, want := described(t, dialects), "sib200/topic/ace-Arab: 1, 0, 2; sib200/topic/ak: 1, 0, 2; sib200/topic-twi_Latn/ak: 1, 0, 2"; got != want {
		t.Errorf("sib200: %s, want %s", got, want)
	}
}

// TestSquadFiles tells which files of a folder are asked, and in which language.
func TestSquadFiles(t *testing.T) {
	const (
		kyrgyz = `{"data":[{"paragraphs":[{"context":"Бишкек — борбор шаар.","qas":[{"id":"1","question":"Кыргызстандын борбор шаары кайсы, билесиңби?","answers":[{"text":"Бишкек"}]},{"id":"2","question":"Аны ким курган, ал жазылганбы?","is_impossible":true,"answers":[]}]}]}]}`
		urdu   = `{"2":{"context":"لاہور بڑا شہر ہے۔","question":{"0":{"question":"کون سا شہر بڑا ہے؟ ","answer":{"0":"لاہور","1":2}}}},"10":{"context":"کراچی سمندر پر ہے۔","question":{"0":{"question":"سمندر پر کون سا شہر ہے؟","answer":{"0":"کراچی "}}}}}`
	)
	for _, tt := range []struct {
		files map[string]string
		tasks string
	}{
		{map[string]string{"train_data.json": "{", "dev_data.json": "{", "test_data.json": kyrgyz}, "squad/qa/ky: 2, 0, 3"},
		{map[string]string{"train-v1.json": "{", "dev-v1.json": kyrgyz}, "squad/qa/ky: 2, 0, 3"},
		{map[string]string{"my.dev.json": kyrgyz}, "squad/qa/ky: 2, 0, 3"}, // dev is a language too, but not here
		{map[string]string{"UQAD.json": urdu}, "squad/qa/ur: 2, 0, 3"},
		{map[string]string{"a.kir.json": kyrgyz, "b.ky.json": kyrgyz}, "squad/qa/ky: 2, 0, 3; squad/qa-b.ky/ky: 2, 0, 3"},
	} {
		if got := described(t, suite(t, "squad", tt.files)); got != tt.tasks {
			t.Errorf("%v: %s, want %s", slices.Collect(maps.Keys(tt.files)), got, tt.tasks)
		}
	}
	items, err := Items("squad", files(map[string]string{"u.json": urdu}), "u.json")
	want := []evals.Item{
		{ID: "2-0", Text: "کون سا شہر بڑا ہے؟", Context: "لاہور بڑا شہر ہے۔", Gold: evals.Texts{"لاہور", "2"}, Cluster: "2"},
		{ID: "10-0", Text: "سمندر پر کون سا شہر ہے؟", Context: "کراچی سمندر پر ہے۔", Gold: evals.Texts{"کراچی"}, Cluster: "10"},
	}
	if diff := cmp.Diff(want, items); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestLicence(t *testing.T) {
	for want, list := range map[string]map[string]string{
		"CC BY-SA 4.0":             {"LICENSE.md": "Attribution-ShareAlike 4.0 International\n"},
		"CC BY 4.0":                {"mgsm/LICENSE": "Creative Commons Attribution 4.0 International Public License (CC-BY)"},
		"CC BY 4.0 and MIT":        {"LICENCE": "MIT License\n", "CC-BY.txt": "Attribution 4.0 International", "README.md": "CC0 1.0"},
		"CC0 1.0":                  {"README.md": "It is CC0 1.0."},
		"not stated in the folder": {"README.md": "Read me."},
	} {
		if got := (&reader{FS: files(list)}).licence(""); got != want {
			t.Errorf("licence %q, want %q", got, want)
		}
		if got := (&reader{FS: files(list)}).licence("the texts are free"); !strings.HasSuffix(got, "the texts are free") {
			t.Errorf("licence %q", got)
		}
	}
}

func suite(t *testing.T, format string, list map[string]string) *evals.Suite {
	t.Helper()
	s, err := Suite(format, files(list), nil)
	if err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return s
}

func TestTagOf(t *testing.T) {
	for code, want := range map[string]lang.Tag{
		"kir_Cyrl": "ky", "arb_Arab": "ar", "arb_Latn": "ar-Latn", "uzn_Latn": "uz", "ace_Arab": "ace-Arab", "zho_Hans": "zh", "zho_Hant": "zh-Hant", // SIB-200
		"aze-Latn": "az", "srp-Cyrl": "sr", "srp-Latn": "sr-Latn", "zho-TW": "zh-TW", "por-BR": "pt-BR", "gsw-BE": "gsw-BE", "gsw-ZH": "gsw", "nob": "no", // NTREX
		"quy": "qu", "aym": "ay", "gn": "gn", "swa": "sw", "twi": "ak", "kin": "rw", "sah": "sah", // the others
	} {
		if got, err := tagOf(code); err != nil || got != want {
			t.Errorf("tagOf(%q) = %s, %v, want %s", code, got, err, want)
		}
	}
	if tag, err := tagOf("labels.txt"); err == nil {
		t.Errorf("labels.txt is %s", tag)
	}
}
