package translit

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tilgate/internal/lang"
)

func TestTo(t *testing.T) {
	for _, tt := range []struct {
		tag        lang.Tag
		script     lang.Script
		text, want string
	}{
		{"ky", "Latn", "Кыргызстандын эли", "Kırgızstandın eli"},
		{"ky", "Latn", "Шаар ШААР, Щетка, ЖӨӨ", "Şaar ŞAAR, Şçetka, JÖÖ"},
		{"ky", "Latn", "проект, Европа, поэма, эмне", "proyekt, Yevropa, poema, emne"},
		{"ky", "Cyrl", "Kırgızstandın eli. İş, ış.", "Кыргызстандын эли. Иш, ыш."},
		{"ky", "Cyrl", "men kandaysyz dep jazdym, chay ich", "мен кандайсыз деп жаздым, чай ич"}, // as in chats
		{"ky", "Arab", "Бардык адамдар өз беделинде жана укуктарында эркин", "باردىق ادامدار ۅز بەدەلىندە جانا ۇقۇقتارىندا ەركىن"},
		{"ky", "Cyrl", "باردىق ادامدار بئر تۇۇعاندىق", "бардык адамдар бир туугандык"},
		{"ky-Cyrl", "Latn", "баш", "baş"},
		{"kk", "Latn", "Барлық адамдар тумысынан азат және қадір-қасиеті мен құқықтары тең болып дүниеге келеді.",
			"Barlyq adamdar tumysynan azat jäne qadır-qasietı men qūqyqtary teñ bolyp düniege keledı."},
		{"kk", "Latn", "Иә, ҚАЗАҚСТАН іні", "İä, QAZAQSTAN ını"},
		{"kk", "Cyrl", "qadır-qasietı, tiıs, ūiym, ziian", "қадір-қасиеті, тиіс, ұйым, зиян"},
		{"kk", "Cyrl", "Qazaqstannyń azamattary, týraly, shekara", "Қазақстанның азаматтары, туралы, шекара"}, // the alphabet of 2018
		{"kk", "Cyrl", "Qazaqstannyn' a'leyʼmettik ko'mek", "Қазақстанның әлеуметтік көмек"},                  // and of 2017
		{"kk", "Arab", "Бұл кітап, бір үй, мәселе", "بۇل كىتاپ، ٴبىر ٴۇي، ماسەلە"},
		{"kk", "Cyrl", "بۇل كىتاپ، ٴبىر ٴۇي، ماسەلە، بالالارمەن", "бұл кітап, бір үй, мәселе, балалармен"},
		{"kk", "Latn", "ٴبىر ٴۇي", "bır üi"}, // through Cyrillic
		{"uz", "Cyrl", "Oʻzbekiston o‘quv yo'li, g`isht, ta’lim", "Ўзбекистон ўқув йўли, ғишт, таълим"},
		{"uz", "Cyrl", "yer, yetti, oyed, poyezd, obyekt, eshik, poema, men", "ер, етти, оед, поезд, объект, эшик, поэма, мен"},
		{"uz", "Cyrl", "SHAHAR, Shahar, CHORSU, sirk, funksiya, pensiya, konstitutsiya, ketsa, Is'hoq", "ШАҲАР, Шаҳар, ЧОРСУ, цирк, функция, пенсия, конституция, кетса, Исҳоқ"},
		{"uz", "Latn", "Ер, елка, поезд, шаҳар, ШАҲАР, Шаҳар, аъло, Исҳоқ, цирк, акция, ўғил, АҚШнинг", "Yer, yelka, poyezd, shahar, SHAHAR, Shahar, aʼlo, Isʼhoq, sirk, aksiya, oʻgʻil, AQSHning"},
		{"uz-Cyrl", "Latn", "ўзбек", "oʻzbek"},
		{"uz", "Cyrl", "'bog'dan' 'bog' bog'", "'боғдан' 'бог' боғ"},
		{"tg", "Latn", "Тоҷикистон, маъно, ёрӣ, эҳтиром, еврей", "Tojikiston, maʼno, yorī, ehtirom, yevrey"},
		{"tg", "Cyrl", "Tojikiston, maʼno, yorī", "Тоҷикистон, маъно, ёрӣ"},
		{"tt", "Latn", "Татарстан, вакыт, авыл, тау, ел, яшь, яз, кыз, гыйлем, Казан", "Tatarstan, waqıt, awıl, taw, yel, yäş, yaz, qız, ğıylem, Qazan"},
		{"tt", "Cyrl", "waqıt, awıl, taw, qız, Qazan, däwlät", "вакыт, авыл, тау, кыз, Казан, дәүләт"},
		{"ba", "Latn", "Башҡортостан Өфө", "Başqortostan Öfö"},
		{"mn", "Latn", "Монгол хүн, ийн, цаг, чи, шар, ёс, ер, энэ", "Mongol khün, iin, tsag, chi, shar, yos, yer, ene"},
		{"mn", "Cyrl", "Mongol khün, iin, tsag", "Монгол хүн, ийн, цаг"},
		{"sr", "Latn", "Његош, ЉУБАВ, инјекција, надживети, џеп, ђак", "Njegoš, LJUBAV, injekcija, nadživeti, džep, đak"},
		{"sr", "Cyrl", "Njegoš, LJUBAV, injekcija, nadživeti, džep, đak, konjunktura", "Његош, ЉУБАВ, инјекција, надживети, џеп, ђак, конјунктура"},
		{"ug", "Latn", "ئىنسانلار ئائىلىسى، مەسئۇل، يېڭى، ئىنگلىز، باشقا", "insanlar ailisi, mesʼul, yëngi, inʼgliz, bashqa"},
		{"ug", "Arab", "insanlar ailisi, mesʼul, yéngi, in'gliz", "ئىنسانلار ئائىلىسى، مەسئۇل، يېڭى، ئىنگلىز"},
		{"ug", "Cyrl", "ئىنسانلار ئائىلىسى، يۇرت، ياخشى", "инсанлар аилиси, юрт, яхши"},
		{"az", "Cyrl", "İstanbulda ışıq, gəlin, çay, yaxşı", "Истанбулда ышыг, ҝәлин, чај, јахшы"},
		{"az", "Latn", "Истанбулда ышыг, ҝәлин", "İstanbulda ışıq, gəlin"},
		{"tk", "Cyrl", "ýer, aýal, ýyl, eje, Aşgabat, žurnal", "ер, аял, йыл, эҗе, Ашгабат, журнал"},
		{"tk", "Latn", "ер, аял, йыл, эҗе", "ýer, aýal, ýyl, eje"},
		{"ms", "Arab", "Saya makan di rumah, dan dia pergi ke sekolah.", "ساي ماکن د رومه، دان دي ڤرݢي ک سکوله."},
		{"ms", "Arab", "bantuan, negara, bunga, tidak, mata, pintu, bulan, kebebasan, diperlukan", "بنتوان، نݢارا، بوڠا، تيدق، مات، ڤينتو، بولن، کبيبسن، دڤرلوکن"},
		// not of the source script, or not to be touched
		{"uz", "Cyrl", "Sayt: https://my.gov.uz/uz va info@gov.uz, gov.uz [1].", "Сайт: https://my.gov.uz/uz ва info@gov.uz, gov.uz [1]."},
		{"uz", "Cyrl", "COVID-19 va B2B, mp3, 5ta, 10-dekabrda, XX-asr", "COVID-19 ва B2B, mp3, 5та, 10-декабрда, XX-аср"},
		{"uz", "Cyrl", "`go test` va ```x := y``` kod, o`zbek tili va o`quv", "`go test` ва ```x := y``` код, ўзбек тили ва ўқув"},
		{"ky", "Latn", "WhatsApp 0312, № 5 — 中文", "WhatsApp 0312, № 5 — 中文"},
		{"ky", "Latn", "", ""}, {"ky", "Latn", "123 …", "123 …"}, {"ky", "Latn", "a\xffб баш", "a\uFFFDb baş"},
		{"ky", "Latn", "salam", "salam"},
	} {
		if got, ok := To(tt.tag, tt.script, tt.text); !ok || got != tt.want {
			t.Errorf("To(%s, %s, %q) =\n%q, %v, want\n%q", tt.tag, tt.script, tt.text, got, ok, tt.want)
		}
	}
}

func TestToUnknown(t *testing.T) {
	for _, tt := range []struct {
		tag    lang.Tag
		script lang.Script
		text   string
	}{{"en", "Cyrl", "hello"}, {"ky", "Thai", "баш"}, {"mn", "Mong", "морь"}, {"ky", "Latn", "สวัสดี"}, {"ky", "Cyrl", "สวัสดี"}, {"az", "Arab", "gəlin"}, {"ms", "Latn", "ساي"}} {
		if got, ok := To(tt.tag, tt.script, tt.text); ok || got != tt.text {
			t.Errorf("To(%s, %s, %q) = %q, %v", tt.tag, tt.script, tt.text, got, ok)
		}
	}
}

func TestScripts(t *testing.T) {
	for tag, want := range map[lang.Tag][]lang.Script{
		"ky": {"Cyrl", "Latn", "Arab"}, "kk-Latn": {"Cyrl", "Latn", "Arab"}, "uz": {"Latn", "Cyrl"}, "ug": {"Arab", "Latn", "Cyrl"}, "en": nil,
	} {
		if got := Scripts(tag); !slices.Equal(got, want) {
			t.Errorf("Scripts(%s) = %v, want %v", tag, got, want)
		}
	}
}

// TestGrowth: a long text of one character takes no longer than another, and
// does not grow out of hand. Were all of it looked at once more for
// each character, this would take minutes.
func TestGrowth(t *testing.T) {
	for _, a := range []Alphabet{alphabet(t, "ky", "Latn", "turkic"), alphabet(t, "uz", "Cyrl", "1940"), alphabet(t, "tt", "Latn", "zamanalif"),
		alphabet(t, "kk", "Arab", "tote"), alphabet(t, "ug", "Latn", "uly"), alphabet(t, "ms", "Arab", "jawi")} {
		for _, c := range []string{"ш", "a", "ʼ", "'", "`", "`a1 ", "yʼ", "ئ", "ى", "щ", "a1", "@.", "nya", "\xff"} {
			text := strings.Repeat(c, 1<<15/len(c))
			for _, convert := range []func(string) string{a.Write, a.Read} {
				start := time.Now()
				got := convert(text)
				if d := time.Since(start); d > 5*time.Second {
					t.Errorf("%s in %s, %s: much of %q took %v", a.Tag, a.Script, a.Name, c, d)
				}
				if len(got) > maxGrowth*len(text) {
					t.Errorf("%s in %s, %s: much of %q became %d bytes of %d", a.Tag, a.Script, a.Name, c, len(got), len(text))
				}
			}
		}
	}
}

// maxGrowth is the most bytes that a byte can become.
const maxGrowth = 4

func FuzzTo(f *testing.F) {
	for tag, list := range sentences {
		for _, s := range list {
			f.Add(string(tag), s)
		}
	}
	f.Add("uz", "`a ``b ʼoʻ' [1] a@b.cd 'bog' \xff IIʼ")
	f.Fuzz(func(t *testing.T, tag, text string) {
		for _, a := range Alphabets(lang.Tag(tag)) {
			for _, got := range []string{a.Write(text), a.Read(text)} {
				if !utf8.ValidString(got) {
					t.Errorf("%s in %s, %s: %q becomes %q, which is not UTF-8", tag, a.Script, a.Name, text, got)
				}
				if len(got) > maxGrowth*len(text) {
					t.Errorf("%s in %s, %s: %q becomes %d bytes", tag, a.Script, a.Name, text, len(got))
				}
			}
			for _, script := range []lang.Script{"Latn", "Cyrl", "Arab", "Zyyy", ""} {
				if got, ok := To(lang.Tag(tag), script, text); !ok && got != text {
					t.Errorf("To(%s, %s, %q) = %q, false", tag, script, text, got)
				}
			}
		}
	})
}

func BenchmarkTo(b *testing.B) {
	for _, tt := range []struct {
		tag    lang.Tag
		script lang.Script
	}{{"ky", "Latn"}, {"kk", "Arab"}, {"uz", "Cyrl"}, {"ug", "Latn"}, {"tt", "Latn"}} {
		b.Run(string(tt.tag)+"-"+string(tt.script), func(b *testing.B) {
			text := strings.Repeat(strings.Join(sentences[tt.tag], " ")+" ", 20)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				To(tt.tag, tt.script, text)
			}
		})
	}
}
