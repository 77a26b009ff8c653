package translit

import (
	"strings"
	"sync"

	"tilgate/internal/lang"
)

// A layout is what the 47 keys of a keyboard write, row by row from the upper
// left, without and with Shift. A key may write two letters (لا), or none (·).
type layout struct {
	name   string
	script lang.Script
	tags   []lang.Tag // the languages that are typed with it
	keys   string
	shift  string
}

const (
	qwertyKeys  = "` 1 2 3 4 5 6 7 8 9 0 - =  q w e r t y u i o p [ ] \\  a s d f g h j k l ; '  z x c v b n m , . /"
	qwertyShift = "~ ! @ # $ % ^ & * ( ) _ +  Q W E R T Y U I O P { } |  A S D F G H J K L : \"  Z X C V B N M < > ?"
	russianTop  = `Ё ! " № ; % : ? * ( ) `
)

// layouts are those that Windows calls by the language's name; Urdu's is the
// phonetic one. The Kyrgyz layout has its own letters on AltGr, which writes
// nothing in Latin: so typed, they come out as н, о and у.
var layouts = []layout{
	{"ru", "Cyrl", []lang.Tag{"ru", "ky", "uk", "bg"},
		"ё 1 2 3 4 5 6 7 8 9 0 - = й ц у к е н г ш щ з х ъ \\ ф ы в а п р о л д ж э я ч с м и т ь б ю .",
		russianTop + "_ + Й Ц У К Е Н Г Ш Щ З Х Ъ / Ф Ы В А П Р О Л Д Ж Э Я Ч С М И Т Ь Б Ю ,"},
	{"kk", "Cyrl", []lang.Tag{"kk"},
		"( \" ә і ң ғ , . ү ұ қ ө һ й ц у к е н г ш щ з х ъ \\ ф ы в а п р о л д ж э я ч с м и т ь б ю №",
		") ! Ә І Ң Ғ ; : Ү Ұ Қ Ө Һ Й Ц У К Е Н Г Ш Щ З Х Ъ / Ф Ы В А П Р О Л Д Ж Э Я Ч С М И Т Ь Б Ю ?"},
	{"uz-Cyrl", "Cyrl", []lang.Tag{"uz"},
		"ё 1 2 3 4 5 6 7 8 9 0 ғ ҳ й ц у к е н г ш ў з х ъ \\ ф қ в а п р о л д ж э я ч с м и т ь б ю .",
		russianTop + "Ғ Ҳ Й Ц У К Е Н Г Ш Ў З Х Ъ / Ф Қ В А П Р О Л Д Ж Э Я Ч С М И Т Ь Б Ю ,"},
	{"tg", "Cyrl", []lang.Tag{"tg"},
		"ё 1 2 3 4 5 6 7 8 9 0 ғ ӯ й қ у к е н г ш ҳ з х ъ \\ ф ҷ в а п р о л д ж э я ч с м и т ӣ б ю .",
		russianTop + "Ғ Ӯ Й Қ У К Е Н Г Ш Ҳ З Х Ъ / Ф Ҷ В А П Р О Л Д Ж Э Я Ч С М И Т Ӣ Б Ю ,"},
	{"tt", "Cyrl", []lang.Tag{"tt"},
		"һ 1 2 3 4 5 6 7 8 9 0 - = й ө у к е н г ш ә з х ү \\ ф ы в а п р о л д ң э я ч с м и т җ б ю .",
		`Һ ! " № ; % : ? * ( ) _ + Й Ө У К Е Н Г Ш Ә З Х Ү / Ф Ы В А П Р О Л Д Ң Э Я Ч С М И Т Җ Б Ю ,`},
	{"mn", "Cyrl", []lang.Tag{"mn"},
		"= № - \" ₮ : . _ , % ? е щ ф ц у ж э н г ш ү з к ъ \\ й ы б ө а х р о л д п я ч ё с м и т ь в ю",
		"+ 1 2 3 4 5 6 7 8 9 0 Е Щ Ф Ц У Ж Э Н Г Ш Ү З К Ъ | Й Ы Б Ө А Х Р О Л Д П Я Ч Ё С М И Т Ь В Ю"},
	{"ar", "Arab", []lang.Tag{"ar"},
		"ذ 1 2 3 4 5 6 7 8 9 0 - = ض ص ث ق ف غ ع ه خ ح ج د \\ ش س ي ب ل ا ت ن م ك ط ئ ء ؤ ر لا ى ة و ز ظ",
		"ّ ! @ # $ % ^ & * ) ( _ + َ ً ُ ٌ لإ إ ` ÷ × ؛ < > | ِ ٍ ] [ لأ أ ـ ، / : \" ~ ْ } { لآ آ ’ , . ؟"},
	{"fa", "Arab", []lang.Tag{"fa"},
		"÷ 1 2 3 4 5 6 7 8 9 0 - = ض ص ث ق ف غ ع ه خ ح ج چ \\ ش س ی ب ل ا ت ن م ک گ ظ ط ز ر ذ د پ و . /",
		"× ! @ # $ % ^ & * ) ( _ + ً ٌ ٍ · ، ؛ , ] [ } { · | َ ُ ِ ّ ۀ آ ـ « » : \" ة ي ژ ؤ إ أ ء < > ؟"},
	{"ur", "Arab", []lang.Tag{"ur"},
		"` 1 2 3 4 5 6 7 8 9 0 - = ق و ع ر ت ے ء ی ہ پ ] [ \\ ا س د ف گ ح ج ک ل ؛ ' ز ش چ ط ب ن م ، ۔ /",
		"~ ! @ # $ % ^ & * ) ( _ + · ؤ · ڑ ٹ َ ئ ِ ۃ ُ } { | آ ص ڈ · غ ھ ض خ · : \" ذ ژ ث ظ · ں · < > ؟"},
	{"ug", "Arab", []lang.Tag{"ug"},
		"` 1 2 3 4 5 6 7 8 9 0 - = چ ۋ ې ر ت ي ۇ ڭ و پ ] [ \\ ھ س د ا ە ى ق ك ل ؛ ' ز ش غ ۈ ب ن م ، . ئ",
		"~ ! @ # $ % ^ & * ) ( _ + · · · · · · · · · · » « | · · ژ ف گ خ ج ۆ · : \" · · · · · · · › ‹ ؟"},
	{"th", "Thai", []lang.Tag{"th"},
		"_ ๅ / - ภ ถ ุ ึ ค ต จ ข ช ๆ ไ ำ พ ะ ั ี ร น ย บ ล ฃ ฟ ห ก ด เ ้ ่ า ส ว ง ผ ป แ อ ิ ื ท ม ใ ฝ",
		"% + ๑ ๒ ๓ ๔ ู ฿ ๕ ๖ ๗ ๘ ๙ ๐ \" ฎ ฑ ธ ํ ๊ ณ ฯ ญ ฐ , ฅ ฤ ฆ ฏ โ ฌ ็ ๋ ษ ศ ซ . ( ) ฉ ฮ ฺ ์ ? ฒ ฬ ฦ"},
	{"hi", "Deva", []lang.Tag{"hi", "ne", "mr"},
		"ॊ 1 2 3 4 5 6 7 8 9 0 - ृ ौ ै ा ी ू ब ह ग द ज ड ़ ॉ ो े ् ि ु प र क त च ट ॆ ं म न व ल स , . य",
		"ऒ ऍ ॅ ्र र् ज्ञ त्र क्ष श्र ( ) ः ऋ औ ऐ आ ई ऊ भ ङ घ ध झ ढ ञ ऑ ओ ए अ इ उ फ ऱ ख थ छ ठ ऎ ँ ण ऩ ऴ ळ श ष । य़"},
	{"ko", "Hang", []lang.Tag{"ko"},
		"` 1 2 3 4 5 6 7 8 9 0 - = ㅂ ㅈ ㄷ ㄱ ㅅ ㅛ ㅕ ㅑ ㅐ ㅔ [ ] \\ ㅁ ㄴ ㅇ ㄹ ㅎ ㅗ ㅓ ㅏ ㅣ ; ' ㅋ ㅌ ㅊ ㅍ ㅠ ㅜ ㅡ , . /",
		"~ ! @ # $ % ^ & * ( ) _ + ㅃ ㅉ ㄸ ㄲ ㅆ ㅛ ㅕ ㅑ ㅒ ㅖ { } | ㅁ ㄴ ㅇ ㄹ ㅎ ㅗ ㅓ ㅏ ㅣ : \" ㅋ ㅌ ㅊ ㅍ ㅠ ㅜ ㅡ < > ?"},
}

// keymaps are the layouts as replacers: from QWERTY, and to it.
type keymap struct {
	layout
	from, to *strings.Replacer
}

var keymaps = sync.OnceValue(func() []keymap {
	var maps []keymap
	latin := append(strings.Fields(qwertyKeys), strings.Fields(qwertyShift)...)
	for _, l := range layouts {
		local := append(strings.Fields(l.keys), strings.Fields(l.shift)...)
		var from, long, to []string
		for i, key := range local {
			if key == "·" {
				continue
			}
			from = append(from, latin[i], key)
			switch n := len([]rune(key)); {
			case n == 1:
				to = append(to, key, latin[i])
			case i < len(latin)/2: // لا is more likely a b than a g and an h
				long = append(long, key, latin[i])
			}
		}
		maps = append(maps, keymap{l, strings.NewReplacer(from...), strings.NewReplacer(append(long, to...)...)})
	}
	return maps
})
