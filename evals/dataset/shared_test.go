package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tilgate/evals"
	"tilgate/internal/lang"
)

// described lists the tasks of a suite as "ID: items, examples, prompts", and
// renders all their cases.
func described(t *testing.T, s *evals.Suite) string {
	t.Helper()
	var list []string
	for _, task := range s.Tasks {
		list = append(list, fmt.Sprintf("%s: %d, %d, %d", task.ID(), len(task.Items), len(task.Shots), len(task.Prompts)))
		cases, err := task.Cases(-1)
		if err != nil || len(cases) != len(task.Items)*len(task.Prompts) {
			t.Errorf("%s: %d cases, %v", task.ID(), len(cases), err)
		}
	}
	return strings.Join(list, "; ")
}

// TestPublished reads every public data set as it is published, and counts.
func TestPublished(t *testing.T) {
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED is not set: no public data sets to read")
	}
	for _, tt := range []struct {
		format, dir, licence string
		langs                []lang.Tag
		items                string // of each task
	}{
		{"xcopa", "evals/xcopa", "CC BY 4.0", nil, "copa/et 500, copa/ht 500, copa/id 500, copa/it 500, copa/qu 500, copa/sw 500, copa/ta 500, copa/th 500, copa/tr 500, copa/vi 500, copa/zh 500"},
		{"copal", "evals/copal-id", "CC BY-SA 4.0 and MIT; the texts CC BY-SA 4.0", nil, "colloquial/id 559, standard/id 559"},
		{"sib200", "evals/sib200", "Apache-2.0; the texts, of FLORES-200, CC BY-SA 4.0", nil, "topic/am 204, topic/ar 204, topic/az 204, topic/bn 204, topic/bo 204, topic/en 204, topic/ht 204, topic/ha 204, topic/hi 204, topic/ig 204, topic/id 204, topic/ka 204, topic/kk 204, topic/km 204, topic/ky 204, topic/lo 204, topic/my 204, topic/qu 204, topic/sw 204, topic/ta 204, topic/tt 204, topic/te 204, topic/th 204, topic/ti 204, topic/tr 204, topic/ug 204, topic/ur 204, topic/uz 204, topic/vi 204, topic/yo 204"},
		{"nusax", "evals/nusax", "Apache-2.0; the texts CC BY-SA 4.0", nil, "sentiment/ace 400, sentiment/bug 400, sentiment/id 400, sentiment/jv 400, sentiment/min 400, sentiment/su 400"},
		{"americasnli", "evals/americasnli", "CC BY-SA 4.0; made from XNLI, which is CC BY-NC 4.0", nil, "nli/ay 750, nli/gn 750, nli/qu 750"},
		{"uzlib", "evals/uzlib", "MIT", nil, "uzlib/uz 1861"},
		{"mgsm", "evals/mgsm", "CC BY 4.0", nil, "sums/bn 250, sums/en 250, sums/sw 250, sums/te 250, sums/th 250"},
		{"squad", "evals/xquad", "CC BY-SA 4.0", nil, "qa/ar 1190, qa/en 1190, qa/hi 1190, qa/th 1190"},
		{"squad", "evals/amqa", "MIT", nil, "qa/am 299"},
		{"squad", "evals/uquad", "CC0 1.0", nil, "qa/ur 139"},
		{"afriqa", "evals/afriqa", "CC BY 4.0", nil, "open/ak 490, passage/ak 486, open/bem 314, passage/bem 308, open/fon 386, passage/fon 386, open/ha 300, passage/ha 300, open/ig 407, passage/ig 409, open/rw 347, passage/rw 345, open/sw 302, passage/sw 295, open/wo 328, open/yo 326, passage/yo 253, open/zu 324, passage/zu 325"},
		{"ntrex", "evals/ntrex", "CC BY-SA 4.0", nil, "en/am 1997, en/bn 1997, en/ha 1997, en/ig 1997, en/kk 1997, en/km 1997, en/ky 1997, en/lo 1997, en/my 1997, en/sw 1997, en/ta 1997, en/th 1997, en/ur 1997, en/uz 1997, en/yo 1997"},
		{"xwmt", "evals/xwmt", "MIT", nil, "en/az 600, en/ba 1000, en/kaa 300, en/kk 700, en/ky 500, ru/ky 500, en/sah 300, en/tr 700, en/uz 900"},
		{"xwmt", "evals/xwmt", "MIT", []lang.Tag{"tr", "uz", "kk"}, "en/kk 700, ky/kk 500, en/tr 700, ky/tr 400, en/uz 900, ky/uz 500"},
		{"beir", "retrieval/amqa-am", "not stated in the folder", nil, "rag/am 899"},
		{"beir", "retrieval/afriqa-x", "not stated in the folder", nil, "rag/ak 486, rag/bem 308, rag/fon 386, rag/ha 300, rag/ig 409, rag/rw 345, rag/sw 295, rag/yo 253, rag/zu 325"},
		{"beir", "retrieval/xquad-ar", "not stated in the folder", nil, "rag/ar 1190"},
		{"beir", "retrieval/xquad-en", "not stated in the folder", nil, "rag/en 1190"},
		{"beir", "retrieval/xquad-hi", "not stated in the folder", nil, "rag/hi 1190"},
		{"beir", "retrieval/xquad-th", "not stated in the folder", nil, "rag/th 1190"},
	} {
		s, err := Suite(tt.format, os.DirFS(filepath.Join(shared, "data", tt.dir)), tt.langs)
		if err != nil {
			t.Errorf("%s: %v", tt.dir, err)
			continue
		}
		described(t, s)
		var items []string
		for _, task := range s.Tasks {
			items = append(items, fmt.Sprintf("%s/%s %d", task.Name, task.Lang, len(task.Items)))
		}
		if got := strings.Join(items, ", "); got != tt.items || s.Licence != tt.licence {
			t.Errorf("%s: %s: %s, want %s: %s", tt.dir, s.Licence, got, tt.licence, tt.items)
		}
	}
}

// TestPublishedTraps reads what other readers of these files get wrong.
func TestPublishedTraps(t *testing.T) {
	shared := os.Getenv("TILGATE_SHARED")
	if shared == "" {
		t.Skip("TILGATE_SHARED is not set: no public data sets to read")
	}
	for _, tt := range []struct {
		format, file string
		n            int    // items
		id           string // of one
		text, gold   string
	}{
		{"squad", "amqa/train_data.json", 1723, "282020", "የታክስ ገቢ ከ2010-2012 በመቶኛ የምን ያህል መጠን እድገት አሳየ?", "የ36 በመቶ"},
		{"squad", "amqa/dev_data.json", 600, "207308", "ቢል ክሊንተን መቼ ተወለደ?", "በነሐሴ 13 ቀን፣ 1938 ዓ.ም.(1946 እ.ኤ.አ.)"}, // with one paragraph that is in no list
		{"sib200", "sib200/data/annotated/eng_Latn/test.tsv", 204, "997", `"We now have 4-month-old mice that are non-diabetic that used to be diabetic," he added.`, "health"},
		{"afriqa", "afriqa/data/queries/fon/queries.afriqa.fon.fr.test.json", 386, "288", "", "Côte d'Ivoire"},               // the apostrophe ends nothing
		{"afriqa", "afriqa/data/gold_passages/bem/gold_span_passages.afriqa.bem.en.test.json", 309, "312", "", "1300|1,300"}, // without a passage
		{"uzlib", "uzlib/data/processed.csv", 1861, "1", "1918-yil 21-iyunda “Ishtirokiyun” gazetasining ilk soni chop etildi.\n\nIshtirokiyun — bu...", "B"},
	} {
		items, err := Items(tt.format, os.DirFS(filepath.Join(shared, "data/evals")), tt.file)
		if err != nil || len(items) != tt.n {
			t.Errorf("%s: %d items, %v, want %d", tt.file, len(items), err, tt.n)
		}
		i := slices.IndexFunc(items, func(i evals.Item) bool { return i.ID == tt.id })
		if i < 0 || tt.text != "" && items[i].Text != tt.text || strings.Join(items[i].Gold, "|") != tt.gold {
			t.Errorf("%s: %s is not %q, %q", tt.file, tt.id, tt.text, tt.gold)
		}
	}
}
