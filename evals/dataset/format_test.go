package dataset

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"tilgate/internal/lang"
)

func files(list map[string]string) fstest.MapFS {
	dir := fstest.MapFS{}
	for name, text := range list {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return dir
}

// One small folder of each format, as its publisher lays it out.
var small = map[string]map[string]string{
	"xcopa":       {"data/th/test.th.jsonl": `{"premise":"ฝนตก","choice1":"ถนนเปียก","choice2":"ถนนแห้ง","question":"effect","label":0,"idx":7}` + "\r\n"},
	"copal":       {"data/v1/test_copal.csv": "premise,choice1,choice2,question,idx,label\n\"Hujan, deras.\",Jalan basah.,Jalan kering.,effect,0,0\n", "data/v1/test_copal_colloquial.csv": "premise,choice1,choice2,question,idx,label\nUjan.,Basah.,Kering.,effect,0,0\n"},
	"sib200":      {"data/annotated/kir_Cyrl/test.tsv": "index_id\tcategory\ttext\n12\ttravel\t\"Тоого\" чыктык.\n"},
	"nusax":       {"datasets/sentiment/javanese/test.csv": "id,text,label\n1,\"Apik, tenan\",positive\n"},
	"americasnli": {"data/anli_final/test/quy.tsv": "id\tlanguage\tpremise\thypothesis\tlabel\n1\tquy\tWasiy hatun.\tWasiyuqmi kani.\tentailment\n"},
	"uzlib":       {"data/processed.csv": "question,option_1,option_2,option_3,option_4,source,answer,type,num_voters\n\"Suv\n\nsuv — bu...\",suyuqlik,tosh,,,x,1,meaning,[]\n"},
	"mgsm":        {"mgsm/mgsm_sw.tsv": "Ana vitabu 2, anapata 3. Vingapi?\t5\n"},
	"squad":       {"xquad.ar.json": `{"data":[{"paragraphs":{"context":"العاصمة كبيرة.","qas":[{"id":1,"question":"كيف العاصمة؟","answers":[{"text":"كبيرة"},{"text":"كبيرة"}]}]}}]}`},
	"afriqa":      {"data/gold_passages/hau/g.test.json": `{"id":"0","context":null,"question_lang":"Ina Kano take?","answer_lang":"arewa","answer_pivot":{"text":["north"]}}` + "\n" + `{"id":"1","context":"Kano is in the north.","question_lang":"Ina Kano?","answer_lang":"arewa","answer_pivot":{"text":["north"]}}`, "data/queries/hau/q.test.json": `{"id":0,"question":"Ina Kano take?","answers":"['arewa', \"ta'arewa\"]"}`},
	"ntrex":       {"NTREX-128/newstest2019-src.eng.txt": "A house.\n\n", "NTREX-128/newstest2019-ref.kir.txt": "Үй.\n\n"},
	"xwmt":        {"test/en-ky/en-ky.en": "A house .\n", "test/en-ky/en-ky.ky": "Үй .\n"},
	"beir":        {"corpus.jsonl": `{"id":"d","text":"Пенсия 58 жаштан берилет."}`, "queries.jsonl": `{"id":"q","text":"Аялдар канча жаштан пенсияга чыгат, ким билет?","answers":["58"]}`, "qrels.txt": "q 0 d 1\n"},
}

func TestFormats(t *testing.T) {
	tags := map[string]lang.Tag{"xcopa": "th", "copal": "id", "sib200": "ky", "nusax": "jv", "americasnli": "qu", "uzlib": "uz", "mgsm": "sw", "squad": "ar", "afriqa": "ha", "ntrex": "ky", "xwmt": "ky", "beir": "ky"}
	for _, name := range Formats() {
		s, err := Suite(name, files(small[name]), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		task := s.Tasks[0]
		if task.Lang != tags[name] || task.Suite != name || len(task.Items) != 1 {
			t.Errorf("%s: %+v", name, task)
		}
		if _, err := task.Cases(-1); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Suite(name, files(small[name]), []lang.Tag{"zu"}); err == nil {
			t.Errorf("%s has a task in Zulu", name)
		}
		if again, err := Suite(name, files(small[name]), []lang.Tag{tags[name]}); err != nil || again.Digest != s.Digest {
			t.Errorf("%s: another digest, or %v", name, err)
		}
	}
	item := func(format string, task int) (text, gold string) {
		s, err := Suite(format, files(small[format]), nil)
		if err != nil {
			t.Fatal(err)
		}
		i := s.Tasks[task].Items[0]
		return i.Text, strings.Join(i.Gold, "|")
	}
	for _, tt := range []struct {
		format     string
		task       int
		text, gold string
	}{
		{"xcopa", 0, "ฝนตก", "A"}, // the last letter stays
		{"sib200", 0, `"Тоого" чыктык.`, "travel"},
		{"uzlib", 0, "Suv\n\nsuv — bu...", "A"},
		{"squad", 0, "كيف العاصمة؟", "كبيرة"},
		{"afriqa", 0, "Ina Kano take?", "arewa|ta'arewa"}, // open
		{"afriqa", 1, "Ina Kano?", "arewa|north"},         // the one with a passage
		{"mgsm", 0, "Ana vitabu 2, anapata 3. Vingapi?", "5"},
		{"ntrex", 0, "A house.", "Үй."},
	} {
		if text, gold := item(tt.format, tt.task); text != tt.text || gold != tt.gold {
			t.Errorf("%s: %q, %q", tt.format, text, gold)
		}
	}
}

func TestFormatFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		format string
		files  map[string]string
		says   string
	}{
		"no format":     {"csv", nil, `no format "csv"`},
		"no label":      {"xcopa", map[string]string{"data/th/test.th.jsonl": `{"premise":"ก","choice1":"ข","choice2":"ค","question":"cause","idx":1}`}, "test.th.jsonl:1: label"},
		"choice 3 of 2": {"xcopa", map[string]string{"data/th/test.th.jsonl": `{"premise":"ก","choice1":"ข","choice2":"ค","question":"cause","idx":1,"label":2}`}, "number 2 of 2"},
		"twice":         {"mgsm", map[string]string{"a_sw.tsv": "a\t1\n", "mgsm/x": ""}, "nothing in these languages"},
		"no tab":        {"mgsm", map[string]string{"a_sw.tsv": "a 1\n"}, "a_sw.tsv:1"},
		"empty":         {"sib200", map[string]string{"data/annotated/kir_Cyrl/test.tsv": ""}, "is empty"},
		"odd label":     {"sib200", map[string]string{"data/annotated/kir_Cyrl/test.tsv": "index_id\tcategory\ttext\n1\tfood\tа\n"}, `test.tsv:2: the label "food"`},
		"no column":     {"sib200", map[string]string{"data/annotated/kir_Cyrl/test.tsv": "id\ttext\n"}, `no column "index_id"`},
		"cells":         {"sib200", map[string]string{"data/annotated/kir_Cyrl/test.tsv": "index_id\tcategory\ttext\n1\ttravel\n"}, ":2: 2 cells"},
		"id twice":      {"nusax", map[string]string{"datasets/sentiment/javanese/test.csv": "id,text,label\n1,a,positive\n1,b,neutral\n"}, "the id 1 is there twice"},
		"Latin-1":       {"nusax", map[string]string{"datasets/sentiment/javanese/test.csv": "id,text,label\n1,\xe4,positive\n"}, "test.csv:2: the line is not UTF-8"},
		"lines":         {"ntrex", map[string]string{"NTREX-128/newstest2019-src.eng.txt": "a\nb\n", "NTREX-128/newstest2019-ref.kir.txt": "а\n"}, "2 lines, but"},
		"no answer":     {"squad", map[string]string{"x.ar.json": `{"data":[{"paragraphs":[{"context":"c","qas":[{"id":"1","question":"q","answers":[]}]}]}]}`}, "data[0].paragraphs[0].qas[0]"},
	} {
		if s, err := Suite(tt.format, files(tt.files), nil); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, %v, want %q", name, s, err, tt.says)
		}
	}
}

func FuzzItems(f *testing.F) {
	names := Formats()
	for i, name := range names {
		for _, text := range small[name] {
			f.Add(i, text)
		}
	}
	f.Fuzz(func(t *testing.T, format int, text string) {
		name := names[(format%len(names)+len(names))%len(names)]
		items, err := Items(name, files(map[string]string{"f": text}), "f")
		if err == nil && slices.Contains([]string{"ntrex", "xwmt", "beir"}, name) {
			t.Errorf("%s reads one file: %v", name, items)
		}
	})
}
