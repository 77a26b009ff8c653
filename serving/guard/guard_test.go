package guard

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
	"tilgate/internal/personal"
	"tilgate/rag"
	"tilgate/serving"
)

// detector is the embedded detector, as serving asks it.
type detector struct{ *lid.Detector }

func (d detector) Detect(text string, set []lang.Tag, prior map[lang.Tag]float64) serving.Language {
	g := d.Detector.Detect(text, lid.Options{Set: set, Prior: prior})
	return serving.Language{Tag: g.Tag, Script: g.Script, Confidence: g.Confidence}
}

var bundledSet = sync.OnceValues(adapters.Bundled)

func bundled(t testing.TB, tag lang.Tag) *adapters.Adapter {
	t.Helper()
	set, err := bundledSet()
	if err != nil {
		t.Fatal(err)
	}
	a, ok := set.For(tag)
	if !ok {
		t.Fatalf("no adapter for %s", tag)
	}
	return a
}

var twoPassages = []rag.Passage{{Title: "Пенсия", Text: "Аялдар 58 жаштан пенсияга чыгат. Телефон: 1509."}, {Text: "Билет он беш сом турат."}}

func newFilter(t testing.TB, tag lang.Tag, o Options) *filter {
	t.Helper()
	return New(detector{lid.Default()}, o).Filter(serving.Rule{Adapter: bundled(t, tag), Scripts: bundled(t, tag).Scripts, Passages: twoPassages}).(*filter)
}

// feed gives a filter text in pieces of so many bytes, and returns what it
// shows, piece by piece.
func feed(f *filter, text string, size int) (shown []string, err error) {
	for text != "" && err == nil {
		n := min(size, len(text))
		var show string
		if show, err = f.Add(text[:n]); show != "" {
			shown = append(shown, show)
		}
		text = text[n:]
	}
	if err == nil {
		var show string
		if show, err = f.End(); show != "" {
			shown = append(shown, show)
		}
	}
	return shown, err
}

func TestHold(t *testing.T) {
	for _, tt := range []struct {
		tag  lang.Tag
		text string
		want []string
	}{
		{"ky", "Аялдар 58 жаштан чыгат [1]. Билет он беш сом турат [2]. Ооба.",
			[]string{"Аялдар 58 жаштан чыгат [1].", " Билет он беш сом турат [2].", " Ооба."}},
		{"en", "Call the office of your district, which decides within fifteen working days about each application that it gets",
			[]string{"Call the office of your district, which decides within fifteen working days", " about each application that it gets"}},
		{"am", "ሴቶች በ58 ዓመታቸው ጡረታ ይወጣሉ። ወንዶች በ63።", []string{"ሴቶች በ58 ዓመታቸው ጡረታ ይወጣሉ።", " ወንዶች በ63።"}},
		// A citation or a number is never cut in two.
		{"en", "Ask at the office of your district on any working day, and they will help you [1] there", []string{"Ask at the office of your district on any working day, and they will help you", " [1] there"}},
		{"en", "If nobody opens the door of the office in your district, then call 0555 12 34 56 please", []string{"If nobody opens the door of the office in your district, then call ", "0555 12 34 56 please"}},
	} {
		shown, err := feed(newFilter(t, tt.tag, Options{}), tt.text, 1)
		if err != nil || strings.Join(shown, "|") != strings.Join(tt.want, "|") {
			t.Errorf("%s: %q, %v, want %q", tt.text, shown, err, tt.want)
		}
	}
}

// When the reader has waited long enough, what is held goes, whatever it is.
func TestRelease(t *testing.T) {
	f := newFilter(t, "ky", Options{})
	if show, err := f.Add("Аялдар 58 жаштан [1"); show != "" || err != nil || !f.Holding() {
		t.Fatalf("%q, %v", show, err)
	}
	if show, err := f.Release(); show != "Аялдар 58 жаштан" || err != nil || !f.Holding() {
		t.Errorf("released %q, %v; a mark in the making stays", show, err)
	}
	if show, err := f.Add("] чыгат."); show != "" || err != nil {
		t.Errorf("%q, %v", show, err)
	}
	if show, err := f.End(); show != " [1] чыгат." || err != nil || f.Holding() {
		t.Errorf("%q, %v at the end", show, err)
	}
}

func TestMiss(t *testing.T) {
	const russian = "Женщины выходят на пенсию в пятьдесят восемь лет, если есть стаж работы."
	for _, tt := range []struct {
		tag  lang.Tag
		text string
		what string // of the miss; empty passes
	}{
		{"ky", "Аялдар элүү сегиз жашында пенсияга чыга алышат.", ""},
		{"ky", russian, "language"},
		{"ky", "Women may apply for the pension at the age of fifty-eight.", "language"}, // Latin is a script of Kyrgyz
		{"ky", "女性可以在五十八岁申请养老金，请联系社会基金办公室。", "script"},
		{"ky", "Ооба.", ""},
		{"ky", "Yes, of course.", ""}, // too short to say
		{"ky", "WhatsApp же Telegram аркылуу кайрылсаңыз болот: https://desk.example/contact/form", ""},
		{"ky", "https://desk.example/a/very/long/address/in/english/for/the/pension", ""},
		{"ur", "خواتین اٹھاون سال کی عمر میں پنشن کے لیے درخواست دے سکتی ہیں۔", ""},
		{"ur", "महिलाएं अट्ठावन वर्ष की आयु में पेंशन के लिए आवेदन कर सकती हैं।", "script"},
		{"am", "ሴቶች በሃምሳ ስምንት ዓመታቸው ጡረታ መውጣት ይችላሉ።", ""},
		{"am", "Women may apply for the pension at the age of fifty-eight.", "language"},
		{"km", "ស្ត្រីអាចដាក់ពាក្យសុំប្រាក់សោធននៅអាយុ ៥៨ ឆ្នាំ។", ""},
		{"sw", "Wanawake wanaweza kuomba pensheni wakiwa na umri wa miaka 58.", ""},
		{"sw", russian, "script"},
		{"en", "Women may apply for the pension at the age of 58.", ""},
	} {
		_, err := feed(newFilter(t, tt.tag, Options{}), tt.text, 7)
		var miss *serving.Miss
		errors.As(err, &miss)
		if (miss == nil) != (tt.what == "") || miss != nil && miss.What != tt.what {
			t.Errorf("%s: %q: %v, want a miss of %q", tt.tag, tt.text, err, tt.what)
		}
	}
}

// Every sentence of the sample passes in its own language, and hardly any in
// that of another.
func TestSample(t *testing.T) {
	dirs, err := filepath.Glob("../../rag/sample/kb/*")
	if err != nil || len(dirs) == 0 {
		t.Fatal(dirs, err)
	}
	sentences := map[lang.Tag][]string{}
	for _, dir := range dirs {
		tag := lang.Tag(filepath.Base(dir))
		files, _ := filepath.Glob(dir + "/*.md")
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, body, _ := strings.Cut(strings.TrimPrefix(string(data), "---\n"), "\n---\n")
			for s := range lang.Sentences(tag, body) {
				sentences[tag] = append(sentences[tag], s)
			}
		}
	}
	d := detector{lid.Default()}
	for tag := range sentences {
		a := bundled(t, tag)
		wrong, foreign, caught := 0, 0, 0
		for other, list := range sentences {
			for _, s := range list {
				j := judge{detector: d, tag: tag, scripts: a.Scripts}
				err := j.pass(s)
				switch {
				case other == tag && err != nil:
					wrong++
					t.Logf("%s: %q: %v", tag, s, err)
				case other != tag && countLetters(s) >= lettersForLanguage:
					foreign++
					if err != nil {
						caught++
					}
				}
			}
		}
		t.Logf("%s: %d of %d own sentences held wrong, %d of %d others caught", tag, wrong, len(sentences[tag]), caught, foreign)
		if wrong > 0 || float64(caught) < 0.97*float64(foreign) {
			t.Errorf("%s: %d own sentences held wrong; %d of %d others caught, want 97 %%", tag, wrong, caught, foreign)
		}
	}
}

// An answer that begins well and turns to another language is found out later.
func TestMissLater(t *testing.T) {
	f := newFilter(t, "ky", Options{})
	shown, err := feed(f, "Аялдар элүү сегиз жашында пенсияга чыга алышат. Мужчины выходят на пенсию в шестьдесят три года при наличии стажа.", 5)
	var miss *serving.Miss
	if !errors.As(err, &miss) || miss.Got.Tag != "ru" || len(shown) != 1 {
		t.Errorf("%q, %v", shown, err)
	}
}

func TestCitations(t *testing.T) {
	for text, want := range map[string]string{
		"Бир [1]. Эки [2]. Үч [3].":      "Бир [1]. Эки [2]. Үч.",
		"Бир [0] жана [ 1 ], [৩].":       "Бир жана [ 1 ],.",
		"Бир [1][2][99].":                "Бир [1][2].",
		"Бул тизме [а] жана [2026].":     "Бул тизме [а] жана [2026].",
		"Аягы ачык [":                    "Аягы ачык [",
		"৫৮ жаш [১]":                     "৫৮ жаш [১]",
		strings.Repeat("[9]", 200):       "",
		"[1] " + strings.Repeat("а", 90): "[1] " + strings.Repeat("а", 90),
	} {
		for _, size := range []int{1, 3, 1000} {
			f := newFilter(t, "ky", Options{})
			shown, err := feed(f, text, size)
			if got := strings.Join(shown, ""); err != nil || got != want {
				t.Errorf("%q in pieces of %d: %q, %v, want %q", text, size, got, err, want)
			}
		}
	}
	f := newFilter(t, "ky", Options{})
	feed(f, "Бир [3], эки [4].", 2)
	if f.Report().Dropped != 2 {
		t.Errorf("%+v, want 2 dropped", f.Report())
	}
}

func TestTerms(t *testing.T) {
	a := *bundled(t, "ky")
	a.Glossary = adapters.NewGlossary("ky", []adapters.Term{{Source: "пенсия", Target: "жөлөк пул"}, {Source: "билет", Target: "жүрүм баракчасы"}})
	p := New(detector{lid.Default()}, Options{})
	f := p.Filter(serving.Rule{Adapter: &a, Scripts: a.Scripts, Terms: a.Glossary.In("Пенсияга билет керекпи?")}).(*filter)
	feed(f, "Жөлөк пулга эч нерсе керек эмес.", 4)
	if r := f.Report(); r.Terms != 2 || r.MissedTerms != 1 {
		t.Errorf("%+v, want 1 of 2 missed", r)
	}
}

// Personal data is hidden from models and readers, but not what the passages
// say themselves.
func TestPersonal(t *testing.T) {
	finder, err := personal.New([]string{"KG"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := New(detector{lid.Default()}, Options{Personal: finder, MaskAsked: true, MaskSaid: true})
	if got, n := p.Mask("Менин номерим +996 555 123 456, пенсия канча?"); got != "Менин номерим [phone], пенсия канча?" || n != 1 {
		t.Errorf("%q, %d", got, n)
	}
	office := []rag.Passage{{Text: "Телефон: +996 312 66 00 99."}}
	f := p.Filter(serving.Rule{Adapter: bundled(t, "ky"), Scripts: []lang.Script{"Cyrl"}, Passages: office}).(*filter)
	shown, err := feed(f, "Бөлүмдүн телефону +996 312 66 00 99 [1], же +996 (312) 660-099. Айгүлдүкү +996 555 123 456. Калганы 1509.", 3)
	if got, want := strings.Join(shown, ""), "Бөлүмдүн телефону +996 312 66 00 99 [1], же +996 (312) 660-099. Айгүлдүкү [phone]. Калганы 1509."; got != want || err != nil {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if f.Report().Masked != 1 {
		t.Errorf("%+v", f.Report())
	}
	off := New(detector{lid.Default()}, Options{Personal: finder})
	if got, n := off.Mask("+996 555 123 456"); got != "+996 555 123 456" || n != 0 {
		t.Errorf("not asked to, it hides %q", got)
	}
}

// However text is cut into pieces, the same comes out, and nothing is lost.
func TestPieces(t *testing.T) {
	const text = "Аялдар 58 жаштан [1] чыгат. Т. Айтматов көчөсү 12, телефон +996 312 12-34-56. Эркектер 63 жашта [2]!  \n\n- Биринчи\n- Экинчи [7]…"
	want, _ := feed(newFilter(t, "ky", Options{}), text, 1<<20)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		f := newFilter(t, "ky", Options{})
		var got strings.Builder
		for rest := text; rest != ""; {
			n := min(1+rng.IntN(20), len(rest))
			for !utf8.RuneStart((rest + "x")[n]) {
				n++
			}
			show, err := f.Add(rest[:n])
			if err != nil {
				t.Fatal(err)
			}
			got.WriteString(show)
			rest = rest[n:]
			if rng.IntN(10) == 0 {
				show, _ := f.Release()
				got.WriteString(show)
			}
		}
		show, _ := f.End()
		if got.WriteString(show); got.String() != strings.Join(want, "") {
			t.Fatalf("%q, want %q", got.String(), strings.Join(want, ""))
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("Аялдар 58 жаштан [1] чыгат.", 3)
	f.Add("[[[1]]] \xff\xfe", 1)
	f.Fuzz(func(t *testing.T, text string, size int) {
		filter := newFilter(t, "ky", Options{})
		shown, err := feed(filter, text, max(1, size%50))
		if err == nil && filter.Holding() {
			t.Errorf("%q is held at the end", filter.held)
		}
		if out := strings.Join(shown, ""); !utf8.ValidString(out) {
			t.Errorf("%q is not UTF-8", out)
		}
	})
}

// BenchmarkToken is what the guard costs for a token of an answer.
func BenchmarkToken(b *testing.B) {
	words := strings.SplitAfter(twoPassages[0].Text+" "+strings.Repeat("Пенсия үчүн райондук бөлүмгө үч ай калганда кайрылыңыз. ", 20), " ")
	f := newFilter(b, "ky", Options{})
	for i := 0; b.Loop(); i++ {
		if _, err := f.Add(words[i%len(words)]); err != nil {
			b.Fatal(err)
		}
	}
}
