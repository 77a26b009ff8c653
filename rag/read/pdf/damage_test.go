package pdf

import (
	"slices"
	"strings"
	"testing"
)

// TestDamage reads pages of one text each, in a font of the given name.
func TestDamage(t *testing.T) {
	for _, tt := range []struct {
		name, font, text string
		want             []string // notes
		read             string   // empty if all of it is refused
	}{
		{"Devanagari typed for Kruti Dev, under another name", "Mangal",
			"ljdkj us dgk gS fd ;g dkuwu lHkh ukxfjdksa ds fy, gSA vkosnu djus ds fy, vki dks vius {ks= ds dk;kZy; esa tkuk gksxkA",
			[]string{"legacy_font page 1"}, ""},
		{"the same, short, under its name", "KrutiDev010", "jktLFkku ljdkj", []string{"legacy_font page 1"}, ""},
		{"Nepali typed for Preeti", "Preeti", "g]kfn ;/sf/", []string{"legacy_font page 1"}, ""},
		{"Bengali typed for Bijoy", "SutonnyMJ", "Avgv‡`i †`‡ki gvbyl", []string{"legacy_font page 1"}, ""},
		{"Windows-1251 named as Latin-1", "Times", "Ïðèêàç î ïîðÿäêå âûäà÷è åæåìåñÿ÷íûõ ïîñîáèé",
			[]string{"encoding page 1"}, "Приказ о порядке выдачи ежемесячных пособий"},
		{"letters of private use", "Custom", "\uE001\uE002\uE003 \uE004\uE005\uE006\uE007 \uE008\uE009\uE00A", []string{"legacy_font page 1"}, ""},
		{"letters without a name", "Custom", strings.Repeat("¤", 30), []string{"legacy_font page 1"}, ""},
		{"a mark of a list from Wingdings", "Wingdings", "\uF0B7\uF0B7", nil, "• •"},
		{"Burmese in Zawgyi", "Zawgyi", "ကေလးေထာက္ပံ့ေၾကး ေလွ်ာက္ထားျခင္း", []string{"encoding page 1"}, "ကလေးထောက်ပံ့ကြေး လျှောက်ထားခြင်း"},
		{"Hindi with signs where they are painted", "Mangal", "िनणर्य और िवकास का कायर्", []string{"encoding page 1"}, "निर्णय और विकास का कार्य"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPDF()
			p.page(func(d *drawing) { d.text(40, 700, 9, tt.font, tt.text) })
			item := p.read(t)
			if got := notes(item); !slices.Equal(got, tt.want) {
				t.Errorf("notes %v, want %v", item.Notes, tt.want)
			}
			if item.Text != tt.read {
				t.Errorf("read %q, want %q", item.Text, tt.read)
			}
		})
	}
}

// TestCleanText has nothing to complain of.
func TestCleanText(t *testing.T) {
	for _, text := range []string{
		"Арыз башкармалыкка тапшырылат, ал он жумуш күнүнүн ичинде каралат жана төлөм которулат.",
		"Өтініш әлеуметтік қорғау басқармасына тапсырылады және он жұмыс күні ішінде қаралады.",
		"Ariza ijtimoiy himoya boʻlimiga topshiriladi va oʻn ish kuni ichida koʻrib chiqiladi.",
		"Arza durmuş taýdan goraglylyk bölümine tabşyrylýar we on iş gününiň içinde seredilýär.",
		"Đơn được nộp tại phòng lao động và xã hội nơi cư trú, và được giải quyết trong mười ngày làm việc.",
		"Ẹ fi ìwé ìbéèrè náà sí ọ́fíìsì ìdàgbàsókè àwùjọ ní àdúgbò yín, ẹ ó rí èsì gbà láàárín ọjọ́ mẹ́wàá.",
		"A kérelmet a lakóhely szerinti hivatalhoz kell benyújtani, amely tíz munkanapon belül dönt róla.",
		"Žádost se podává na úřadě práce v místě bydliště; úřad o ní rozhodne do deseti dnů. Smrt, krk, čtvrt, prst, vlk.",
		"Il n'a pas été possible d'évaluer l'intérêt général; « où » et « déjà » ont été vérifiés à l'échéance prévue.",
		"No. 12 kg 3.5 mm 44 pcs 17 km/h 9 GHz 21 NaCl pH 7.4 mmHg 120/80 vs std dev 0.3 ppm 15 mg/L 2.1 m3/s 8 kWh",
		"The form XR-7b (see https://example.org/forms/xr7b) costs 12 USD; write to help@example.org or call 0312 661223.",
	} {
		if v := judge("NotoSans", text); v != fine {
			t.Errorf("%q is judged %d", text, v)
		}
		if paintedSigns(text) || backwards(text) {
			t.Errorf("%q would be turned around", text)
		}
	}
	for _, file := range []string{"निर्णय दस कार्य दिवसों में होगा।", "بدل الطفل شهادة ميلاد على إلى الوزارة", "درخواست دفتر میں دی جاتی ہے۔"} {
		if paintedSigns(file) || backwards(file) {
			t.Errorf("%q would be turned around", file)
		}
	}
}

func TestLogicalSigns(t *testing.T) {
	for painted, want := range map[string]string{
		"िनणर्य":    "निर्णय",
		"कायर्क्रम": "कार्यक्रम",
		"पिरिस्थित": "परिस्थिति",
		"েদশ":       "দেশ",
		"েকাথায়":   "কোথায়",
		"ெபயர்":     "பெயர்",
	} {
		if got := logicalSigns(painted); got != want {
			t.Errorf("%q: %q, want %q", painted, got, want)
		}
	}
}

func TestBackwards(t *testing.T) {
	text := "ةداهش دلاوم ةقيثو ةيلام ىلع ىلإ ةرازو لفطلا"
	if !backwards(text) {
		t.Fatal("not found out")
	}
	if got, want := reversed("ةداهش 25 دلاوملا"), "الموالد 25 شهادة"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
