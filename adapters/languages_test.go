package adapters_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"tilgate/adapters"
	"tilgate/internal/lang"
	"tilgate/internal/lid"
)

func bundled(t *testing.T) (*adapters.Set, []*adapters.Adapter) {
	t.Helper()
	set, err := adapters.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	var all []*adapters.Adapter
	for _, tag := range set.Tags() {
		a, _ := set.For(tag)
		all = append(all, a)
	}
	return set, all
}

// sentences are the texts that end in a full stop; leads introduce what
// follows and end in a colon.
func sentences(a *adapters.Adapter) []string {
	return append(strings.Split(strings.TrimSpace(a.System), "\n"), a.Insist,
		a.Say.NotFound, a.Say.Translated, a.Say.Blocked, a.Say.Handover, a.Say.Unable)
}

func leads(a *adapters.Adapter) []string { return []string{a.Terms, a.Say.Quoting} }

func texts(a *adapters.Adapter) []string { return append(sentences(a), leads(a)...) }

// The languages that Tilgate is made for, and those that stand beside them.
const served = "am ar az ba bn ckb cs en es fa fr ha hi hu id ig jv kk km ko ky ln lo mn ms my ne om ps pt rn ru rw " +
	"sd si so sr sw ta te tg th ti tk tl tr tt ug uk ur uz vi wo yo zh zu"

func TestServed(t *testing.T) {
	set, _ := bundled(t)
	var tags []string
	for _, tag := range set.Tags() {
		tags = append(tags, string(tag))
	}
	if got := strings.Join(tags, " "); got != served {
		t.Errorf("served are %s, want %s", got, served)
	}
}

// The script of a language's texts is the first of those that people type, and
// no letter of another has slipped in: a Latin a in a Cyrillic word.
func TestScripts(t *testing.T) {
	_, all := bundled(t)
	for _, a := range all {
		script := a.Scripts[0]
		if script == "Kore" {
			script = "Hang"
		}
		for _, text := range texts(a) {
			if got := lang.ScriptOf(text); got != a.Scripts[0] {
				t.Errorf("%s: %q is written in %s, want %s", a.Tag, text, got, a.Scripts[0])
			}
			for _, r := range text {
				if got := lang.ScriptOfRune(r); got != lang.Zyyy && got != script {
					t.Errorf("%s: %q has %q, a letter of %s", a.Tag, text, r, got)
				}
			}
		}
	}
}

// The letters of each alphabet beside a to z, or а to я.
var alphabets = map[lang.Tag]string{
	// Latin
	"az": "çəğıöşüi̇", "cs": "áčďéěíňóřšťúůýž", "en": "", "es": "áéíñóúü", "fr": "àâæçéèêëîïôœùûüÿ", "ha": "ɓɗƙƴ",
	"hu": "áéíóöőúüű", "id": "", "ig": "ịọụṅ", "jv": "éè", "ln": "", "ms": "", "om": "", "pt": "áâãàçéêíóôõú", "rn": "",
	"rw": "", "so": "", "sw": "", "tk": "äçňöşüýž", "tl": "ñ", "tr": "çğıöşü", "uz": "",
	"vi": "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ",
	"wo": "àéëñŋó", "yo": "àáèéẹìíòóọùúṣńǹ\u0300\u0301", "zu": "",
	// Cyrillic
	"ba": "әғҙҡңөҫүһ", "kk": "әғқңөұүһі", "ky": "ңөү", "mn": "өү", "ru": "", "sr": "ђјљњћџ", "tg": "ғӣқӯҳҷ", "tt": "әҗңөүһ", "uk": "ґєії",
	// Arabic
	"ar":  "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي\u064b\u064f\u0651",
	"ckb": "ئابپتجچحخدرڕزژسشعغفڤقکگلڵمنهەوۆۇیێ",
	"fa":  "ءآئابپتثجچحخدذرزژسشصضطظعغفقکگلمنهویۀ\u0654\u064b",
	"ps":  "ءآئابپتټثجځچڅحخدډذرړزژږسشښصضطظعغفقکګلمنڼهوياېۍیئ",
	"sd":  "ءآابٻڀتٿٽٺثپجڄجهڃچڇحخدڌڏڊڍذرڙزسشصضطظعغفڦقڪکگڳڱلمنڻوهيئ۽۾\u064e\u0650",
	"ug":  "ئابپتجچخدرزژسشغفقكگڭلمنھوۇۆۈۋېەىي",
	"ur":  "ءآئابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھیےۓؤ\u0650\u064f",
}

func TestAlphabets(t *testing.T) {
	_, all := bundled(t)
	basic := map[lang.Script]string{"Latn": "abcdefghijklmnopqrstuvwxyz", "Cyrl": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "Arab": ""}
	for _, a := range all {
		letters, ok := basic[a.Scripts[0]]
		if !ok {
			continue // the script has no letters of other languages that look alike
		}
		more, ok := alphabets[a.Tag]
		if !ok {
			t.Errorf("%s has no alphabet here", a.Tag)
		}
		for _, text := range texts(a) {
			for _, r := range strings.ToLower(text) {
				if (unicode.IsLetter(r) || unicode.IsMark(r)) && !strings.ContainsRune(letters+more, r) {
					t.Errorf("%s: %q has %q (%U), which is not in its alphabet", a.Tag, text, r, r)
				}
			}
		}
	}
}

// How a sentence ends, and a text that introduces what follows.
var marks = map[lang.Script][2]string{
	"Deva": {"।", ":"}, "Beng": {"।", ":"}, "Khmr": {"។", "៖"}, "Mymr": {"။", ":"}, "Ethi": {"።", "፦"}, "Hani": {"。", "："},
	"Thai": {"", ":"}, // Thai ends a sentence with a space
}

func TestPunctuation(t *testing.T) {
	_, all := bundled(t)
	for _, a := range all {
		mark, ok := marks[a.Scripts[0]]
		if !ok {
			mark = [2]string{".", ":"}
		}
		if a.Tag == "ur" {
			mark[0] = "۔"
		}
		for _, text := range sentences(a) {
			if last, _ := strings.CutSuffix(text, mark[0]); strings.HasSuffix(last, " ") || mark[0] != "" && last == text {
				t.Errorf("%s: %q does not end in %q", a.Tag, text, mark[0])
			}
		}
		for _, text := range leads(a) {
			if !strings.HasSuffix(text, mark[1]) {
				t.Errorf("%s: %q does not end in %q", a.Tag, text, mark[1])
			}
		}
	}
}

// A text that two languages share was copied and not translated.
func TestNoTextTwice(t *testing.T) {
	_, all := bundled(t)
	seen := map[string]lang.Tag{}
	for _, a := range all {
		for _, text := range append(texts(a), "name: "+a.Name, "english: "+a.English) {
			if first, ok := seen[text]; ok {
				t.Errorf("%s and %s both say %q", first, a.Tag, text)
			}
			seen[text] = a.Tag
		}
	}
}

// A fallback leads to other languages that are served, and never back.
func TestFallback(t *testing.T) {
	set, all := bundled(t)
	var visit func(a *adapters.Adapter, path []lang.Tag)
	visit = func(a *adapters.Adapter, path []lang.Tag) {
		if slices.Contains(path, a.Tag) {
			t.Errorf("the fallback of %s leads back to it: %v", a.Tag, path)
			return
		}
		for _, tag := range a.Fallback {
			next, ok := set.For(tag)
			if !ok || next.Tag != tag {
				t.Errorf("%s falls back to %s, which is not served", a.Tag, tag)
				continue
			}
			visit(next, append(slices.Clone(path), a.Tag))
		}
	}
	for _, a := range all {
		visit(a, nil)
	}
}

// Passages of another language are read in the script of one's own.
func TestAlso(t *testing.T) {
	set, all := bundled(t)
	for _, a := range all {
		for _, tag := range a.Retrieve.Also {
			other, ok := set.For(tag)
			if !ok || other.Tag == a.Tag || other.Scripts[0] != a.Scripts[0] {
				t.Errorf("%s also reads %s, which is not another language in %s", a.Tag, tag, a.Scripts[0])
			}
		}
	}
}

// The detector knows each system prompt as text of its language. Where it does
// not, look at the text first.
func TestDetected(t *testing.T) {
	_, all := bundled(t)
	for _, a := range all {
		if got := lid.Default().Detect(a.System, lid.Options{}); got.Tag != a.Tag || got.Confidence < 0.9 {
			t.Errorf("the system prompt of %s is taken for %s, with confidence %.2f", a.Tag, got.Tag, got.Confidence)
		}
	}
}
