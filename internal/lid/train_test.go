package lid

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// writeSource writes a source of made-up sentences over the words of a few
// languages.
func writeSource(t *testing.T, dir string) {
	t.Helper()
	words := map[string]string{
		"kir_Cyrl": "баланын күбөлүк жөнүндө кайдан алсам болот мугалим эртең мектепке керек жардам үчүн кандай ооба жок",
		"kk":       "баланың куәлік туралы қайдан алуға болады мұғалім ертең мектепке керек көмек үшін қандай иә жоқ",
		"rus":      "ребёнка свидетельство получить где можно учитель завтра школу нужно помощь для какой да нет",
		"swa":      "mtoto cheti kupata wapi naweza mwalimu kesho shule lazima msaada kwa gani ndiyo hapana",
		"und":      "аба баба",
	}
	f, err := os.Create(filepath.Join(dir, "made.tsv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	rng := random(7)
	for _, label := range sortedKeys(words) {
		list := strings.Fields(words[label])
		for range 120 {
			shuffle(&rng, list)
			fmt.Fprintf(z, "%s\t%s\n", label, strings.Join(list[:min(6, len(list))], " "))
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTrain(t *testing.T) {
	dir := t.TempDir()
	writeSource(t, dir)
	o := TrainOptions{Dim: 16, Rows: 4000, Rounds: 3, PerRound: 200}
	first, err := Train(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Train(t.Context(), dir, o)
	if err != nil || !bytes.Equal(first.Weights, again.Weights) {
		t.Errorf("training twice gave %d and %d bytes that differ, %v", len(first.Weights), len(again.Weights), err)
	}
	o.Seed = 1
	if other, err := Train(t.Context(), dir, o); err != nil || bytes.Equal(first.Weights, other.Weights) {
		t.Errorf("another seed gave the same bytes, %v", err)
	}
	d, err := Load(bytes.NewReader(first.Weights))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.Labels(), []lang.Tag{"kk", "ky", "ru", "sw"}; !slices.Equal(got, want) {
		t.Errorf("labels = %v, want %v", got, want)
	}
	for tag, text := range map[lang.Tag]string{"ky": "баланын күбөлүгү жөнүндө", "kk": "баланың куәлігі туралы", "ru": "где получить помощь",
		"sw": "naweza kupata cheti wapi"} {
		if g := d.Detect(text, Options{Floor: -1}); g.Tag != tag {
			t.Errorf("Detect(%q) = %v, want %s", text, g, tag)
		}
	}
}

func TestTrainErrors(t *testing.T) {
	if _, err := Train(t.Context(), t.TempDir(), TrainOptions{}); err == nil {
		t.Error("an empty folder is no error")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.tsv.gz"), []byte("no gzip"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Train(t.Context(), dir, TrainOptions{}); err == nil {
		t.Error("a source that is no gzip is no error")
	}
	if _, err := Train(t.Context(), dir, TrainOptions{Dim: 20}); !fault.Invalid.Is(err) {
		t.Errorf("20 dimensions: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Train(ctx, dir, TrainOptions{}); err == nil {
		t.Error("a canceled context is no error")
	}
}

func TestTagOf(t *testing.T) {
	for label, want := range map[string]lang.Tag{"kir": "ky", "kir_Cyrl": "ky", "uz-Cyrl": "uz", "zho-TW": "zh", "wuu": "zh", "prs": "fa",
		"fuc": "ff", "nob": "no", "nno": "nn", "tzm-Tfng": "zgh", "tzm": "tzm", "swh_Latn": "sw", "azb-Latn": "az", "azb": "azb", "nbl": "nr"} {
		if got, ok := tagOf(label); !ok || got != want {
			t.Errorf("tagOf(%q) = %s, %v, want %s", label, got, ok, want)
		}
	}
	for _, label := range []string{"und", "qq", "not", "", "no such label"} {
		if got, ok := tagOf(label); ok {
			t.Errorf("tagOf(%q) = %s", label, got)
		}
	}
}

func TestConversions(t *testing.T) {
	for _, tt := range []struct {
		tag      lang.Tag
		to       lang.Script
		in, want string
	}{
		{"ky", "Latn", "Жаңы күбөлүк", "jany kuboluk"},
		{"mn", "Latn", "Сайн байна уу", "sain baina uu"},
		{"uz", "Cyrl", "Oʻzbekiston gʻalaba", "ўзбекистон ғалаба"},
		{"ug", "Latn", "ياخشىمۇسىز", "yaxshimusiz"},
		{"hi", "Latn", "नमस्ते भारत", "namaste bharat"},
		{"bn", "Latn", "ভারত", "bharot"},
		{"ta", "Latn", "வணக்கம்", "vanakkam"},
		{"kk", "Arab", "қазақ", "قازاق"},
	} {
		var got []string
		for _, c := range conversions() {
			if c.tag == tt.tag && c.to == tt.to {
				got = append(got, c.write(tt.in))
			}
		}
		if !slices.Contains(got, tt.want) {
			t.Errorf("%s in %s: %q became %q, want %q among them", tt.tag, tt.to, tt.in, got, tt.want)
		}
	}
	if got, ok := mistyped("ky", "Cyrl", "Жаңы күбөлүк"); got != "Жаны куболук" || !ok {
		t.Errorf("mistyped Kyrgyz = %q, %v", got, ok)
	}
	if got, ok := mistyped("yo", "Latn", "ẹ káàárọ̀"); got != "e kaaaro" || !ok {
		t.Errorf("mistyped Yoruba = %q, %v", got, ok)
	}
	if _, ok := mistyped("ru", "Cyrl", "Документы"); ok {
		t.Error("Russian has letters that the Russian keyboard lacks")
	}
}

func TestEvaluate(t *testing.T) {
	r := Evaluate(Default(), strings.NewReader("kir\tБаланын күбөлүгүн кайдан алсам болот?\nrus\tГде получить справку для школы?\n"+
		"ky\tWhere can I get a copy of the birth certificate?\nund\tx\nno tab\n"), Options{})
	if r.Lines != 3 || r.Skipped != 2 || r.Macro != 0.75 || len(r.Languages) != 2 || r.Languages[0].Wrong[0] != (Confusion{"en", 1}) {
		t.Errorf("Evaluate = %+v", r)
	}
	if table := r.String(); !strings.Contains(table, "ky        2 lines   50.0 %  en 1") {
		t.Errorf("table:\n%s", table)
	}
	if data, err := json.Marshal(r); err != nil || !strings.Contains(string(data), `"macro":0.75`) {
		t.Errorf("JSON: %s, %v", data, err)
	}
}

// shared returns the folder of data sets that are not part of this repository.
func shared(tb testing.TB) string {
	dir := os.Getenv("TILGATE_SHARED")
	if dir == "" {
		tb.Skip("TILGATE_SHARED does not say where the shared data sets are")
	}
	return dir
}

func TestTrainSharedTwice(t *testing.T) {
	dir := t.TempDir()
	const source = "african_storybook.tsv.gz"
	data, err := os.ReadFile(filepath.Join(shared(t), "data/lid", source))
	if err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile(filepath.Join(dir, source), data, 0o600); err != nil {
		t.Fatal(err)
	}
	var weights [2][]byte
	for i := range weights {
		made, err := Train(t.Context(), dir, TrainOptions{Dim: 16, Rows: 20_000, Rounds: 1, PerRound: 40})
		if err != nil {
			t.Fatal(err)
		}
		weights[i] = made.Weights
	}
	if !bytes.Equal(weights[0], weights[1]) {
		t.Error("training twice gave different bytes")
	}
}

// sibSentences returns label and text of SIB-200's test split.
func sibSentences(tb testing.TB, edit func(string) string) string {
	paths, err := filepath.Glob(filepath.Join(shared(tb), "data/evals/sib200/data/annotated/*/test.tsv"))
	if err != nil || len(paths) == 0 {
		tb.Skip("the shared data sets have no SIB-200")
	}
	coreSet := setOf(core)
	var out strings.Builder
	for _, path := range paths {
		label := filepath.Base(filepath.Dir(path))
		if tag, ok := tagOf(label); !ok || !coreSet[tag] {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			tb.Fatal(err)
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if row := strings.Split(lines.Text(), "\t"); row[0] != "index_id" {
				fmt.Fprintf(&out, "%s\t%s\n", label, edit(row[len(row)-1]))
			}
		}
		f.Close()
	}
	return out.String()
}

func TestAccuracy(t *testing.T) {
	whole := sibSentences(t, func(s string) string { return s })
	short := sibSentences(t, func(s string) string { return middle(s, 20) })
	for _, tt := range []struct {
		name, lines string
		o           Options
		want        float64
	}{
		{"sentences", whole, Options{}, 0.98},
		{"sentences of the large", whole, Options{Set: everyday()}, 0.985},
		{"20 characters", short, Options{}, 0.90},
		{"20 characters of the large", short, Options{Set: everyday()}, 0.93},
	} {
		r := Evaluate(Default(), strings.NewReader(tt.lines), tt.o)
		if t.Logf("%s: %s", tt.name, strings.SplitN(r.String(), "\n", 2)[0]); r.Macro < tt.want {
			t.Errorf("%s: macro %.3f, want %.3f\n%s", tt.name, r.Macro, tt.want, r)
		}
	}
}

// BenchmarkKept reports, as metrics, the macro accuracy of the embedded
// weights on the training sources' sentences that are kept aside.
func BenchmarkKept(b *testing.B) {
	kept, err := Measure(b.Context(), Default(), filepath.Join(shared(b), "data/lid"), "")
	if err != nil {
		b.Fatal(err)
	}
	reportKept(b, kept)
}

// BenchmarkUnseenSource trains without NTREX, as the embedded weights were
// trained otherwise, and reports on all of NTREX.
func BenchmarkUnseenSource(b *testing.B) {
	dir := filepath.Join(shared(b), "data/lid")
	made, err := Train(b.Context(), dir, TrainOptions{Without: []string{"ntrex"}, Logf: b.Logf})
	if err != nil {
		b.Fatal(err)
	}
	d, err := Load(bytes.NewReader(made.Weights))
	if err != nil {
		b.Fatal(err)
	}
	kept, err := Measure(b.Context(), d, dir, "ntrex")
	if err != nil {
		b.Fatal(err)
	}
	reportKept(b, kept)
}

func reportKept(b *testing.B, kept []Kept) {
	for _, k := range kept {
		b.Logf("%s: %s", k.Name, k.Report)
		b.ReportMetric(100*k.Report.Macro, strings.ReplaceAll(k.Name, " ", "-")+"-%")
	}
	b.ReportMetric(0, "ns/op")
}
