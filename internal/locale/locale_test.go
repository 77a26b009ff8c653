package locale

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// TestLocale: a number, a date in words and in numbers, and 2,500 of the
// national currency. Spaces that do not break stand as spaces, and direction
// marks are left out.
func TestLocale(t *testing.T) {
	day := time.Date(2026, time.November, 27, 23, 30, 0, 0, time.UTC)
	for _, tt := range []struct {
		tag                        lang.Tag
		number, long, short, money string
	}{
		{"ky", "1 234 567,89", "2026-жылдын 27-ноябры", "27.11.2026", "2 500 сом"},
		{"kk", "1 234 567,89", "2026 жылғы 27 қараша", "27.11.2026", "2 500 ₸"},
		{"uz", "1 234 567,89", "2026-yil 27-noyabr", "27.11.2026", "2 500 soʻm"},
		{"uz-Cyrl", "1 234 567,89", "2026 йил 27 ноябрь", "27.11.2026", "2 500 сўм"},
		{"tg", "1 234 567,89", "27 ноябри соли 2026", "27.11.2026", "2 500 сомонӣ"},
		{"tk", "1 234 567,89", "27 noýabr 2026", "27.11.2026", "2 500 manat"},
		{"mn", "1,234,567.89", "2026 оны 11-р сарын 27", "2026.11.27", "₮ 2,500"},
		{"ug", "1,234,567.89", "2026-يىلى 27-نويابىر", "2026-11-27", "¥2,500"},
		{"az", "1.234.567,89", "27 noyabr 2026", "27.11.2026", "2.500 ₼"},
		{"tt", "1 234 567,89", "2026 елның 27 ноябре", "27.11.2026", "2 500 ₽"},
		{"ba", "1 234 567,89", "2026 йылдың 27 ноябре", "27.11.2026", "2 500 ₽"},
		{"ne", "१२,३४,५६७.८९", "२०२६ नोभेम्बर २७", "२०२६/११/२७", "नेरू २,५००"},
		{"si", "1,234,567.89", "2026 නොවැම්බර් 27", "2026-11-27", "රු.2,500"},
		{"bn", "১২,৩৪,৫৬৭.৮৯", "২৭ নভেম্বর ২০২৬", "২৭/১১/২০২৬", "২,৫০০৳"},
		{"ta", "12,34,567.89", "27 நவம்பர், 2026", "27/11/2026", "₹2,500"},
		{"te", "12,34,567.89", "27 నవంబర్, 2026", "27-11-2026", "₹2,500"},
		{"hi", "12,34,567.89", "27 नवंबर 2026", "27/11/2026", "₹2,500"},
		{"ur", "1,234,567.89", "27 نومبر 2026", "27/11/2026", "Rs 2,500"},
		{"ps", "۱٬۲۳۴٬۵۶۷٫۸۹", "د ۱۴۰۵ کال د لیندۍ ۶", "۱۴۰۵/۹/۶", "؋ ۲٬۵۰۰"},
		{"sd", "١٬٢٣٤٬٥٦٧.٨٩", "٢٧ نومبر ٢٠٢٦", "٢٧/١١/٢٠٢٦", "٢٬٥٠٠ Rs"},
		{"km", "១,២៣៤,៥៦៧.៨៩", "ថ្ងៃទី២៧ ខែវិច្ឆិកា ឆ្នាំ២០២៦", "២៧/១១/២០២៦", "២,៥០០៛"},
		{"lo", "1.234.567,89", "27 ພະຈິກ 2026", "27/11/2026", "₭2.500"},
		{"my", "၁,၂၃၄,၅၆၇.၈၉", "၂၀၂၆ ခုနှစ်၊ နိုဝင်ဘာလ ၂၇ ရက်", "၂၇-၁၁-၂၀၂၆", "၂,၅၀၀ K"},
		{"th", "1,234,567.89", "27 พฤศจิกายน 2569", "27/11/2569", "฿2,500"},
		{"vi", "1.234.567,89", "ngày 27 tháng 11 năm 2026", "27/11/2026", "2.500 ₫"},
		{"ms", "1,234,567.89", "27 November 2026", "27/11/2026", "RM 2,500"},
		{"id", "1.234.567,89", "27 November 2026", "27/11/2026", "Rp 2.500"},
		{"jv", "1.234.567,89", "27 November 2026", "27-11-2026", "Rp 2.500"},
		{"tl", "1,234,567.89", "Nobyembre 27, 2026", "11/27/2026", "₱2,500"},
		{"am", "1,234,567.89", "27 ኖቬምበር 2026", "27/11/2026", "ብር 2,500"},
		{"ti", "1,234,567.89", "27 ሕዳር 2026", "27/11/2026", "Br 2,500"},
		{"om", "1,234,567.89", "Sadaasa 27, 2026", "27/11/2026", "Br 2,500"},
		{"so", "1,234,567.89", "27 Nofembar 2026", "27/11/2026", "S 2,500"},
		{"sw", "1,234,567.89", "27 Novemba 2026", "27/11/2026", "TSh 2,500"},
		{"sw-KE", "1,234,567.89", "27 Novemba 2026", "27/11/2026", "Ksh 2,500"},
		{"ha", "1,234,567.89", "27 ga Nuwamba, 2026", "27/11/2026", "₦ 2,500"},
		{"yo", "1,234,567.89", "27 Oṣù Bélú 2026", "27/11/2026", "₦2,500"},
		{"ig", "1,234,567.89", "27 Novemba 2026", "27/11/2026", "₦2,500"},
		{"zu", "1,234,567.89", "Novemba 27, 2026", "27/11/2026", "R 2,500"},
		{"rw", "1.234.567,89", "27 Ugushyingo 2026", "27/11/2026", "Frw 2.500"},
		{"rn", "1.234.567,89", "27 Munyonyo 2026", "27/11/2026", "2.500 FBu"},
		{"ln", "1.234.567,89", "27 novɛ́mbɛ 2026", "27/11/2026", "2.500 FC"},
		{"wo", "1.234.567,89", "27 Nowàmbar 2026", "27-11-2026", "F CFA 2.500"},
		{"ar", "1,234,567.89", "27 نوفمبر 2026", "27/11/2026", "2,500 ج.م."},
		{"ar-EG", "١٬٢٣٤٬٥٦٧٫٨٩", "٢٧ نوفمبر ٢٠٢٦", "٢٧/١١/٢٠٢٦", "٢٬٥٠٠ ج.م."},
		{"ar-IQ", "١٬٢٣٤٬٥٦٧٫٨٩", "٢٧ تشرين الثاني ٢٠٢٦", "٢٧/١١/٢٠٢٦", "٢٬٥٠٠ د.ع."},
		{"fa", "۱٬۲۳۴٬۵۶۷٫۸۹", "۶ آذر ۱۴۰۵", "۱۴۰۵/۹/۶", "ریال ۲٬۵۰۰"},
		{"fa-AF", "۱٬۲۳۴٬۵۶۷٫۸۹", "۶ قوس ۱۴۰۵", "۱۴۰۵/۹/۶", "؋ ۲٬۵۰۰"},
		{"ckb", "١٬٢٣٤٬٥٦٧٫٨٩", "٢٧ی تشرینی دووەمی ٢٠٢٦", "٢٧/١١/٢٠٢٦", "٢٬٥٠٠ د.ع."},
		{"ru", "1 234 567,89", "27 ноября 2026 г.", "27.11.2026", "2 500 ₽"},
		{"en", "1,234,567.89", "27 November 2026", "27/11/2026", "$2,500"},
		{"en-KE", "1,234,567.89", "27 November 2026", "27/11/2026", "Ksh 2,500"},
		{"fr", "1 234 567,89", "27 novembre 2026", "27/11/2026", "2 500 €"},
		{"fr-SN", "1 234 567,89", "27 novembre 2026", "27/11/2026", "2 500 F CFA"},
		{"zh", "1,234,567.89", "2026年11月27日", "2026/11/27", "¥2,500"},
		{"ko", "1,234,567.89", "2026년 11월 27일", "2026. 11. 27.", "₩2,500"},
		{"tr", "1.234.567,89", "27 Kasım 2026", "27.11.2026", "₺2.500"},
		{"sr", "1.234.567,89", "27. новембра 2026.", "27.11.2026.", "2.500 RSD"},
		{"sr-Latn", "1.234.567,89", "27. novembra 2026.", "27.11.2026.", "2.500 RSD"},
		{"hu", "1 234 567,89", "2026. november 27.", "2026. 11. 27.", "2500 Ft"},
		{"cs", "1 234 567,89", "27. listopadu 2026", "27. 11. 2026", "2 500 Kč"},
	} {
		number, err := Number(tt.tag, "1234567.89", -1)
		if err != nil || plain(number) != tt.number {
			t.Errorf("in %s, the number is %q, %v, want %q", tt.tag, number, err, tt.number)
		}
		if got := Date(tt.tag, day, Long); got != tt.long {
			t.Errorf("in %s, the date in words is %q, want %q", tt.tag, got, tt.long)
		}
		if got := Date(tt.tag, day, Short); got != tt.short {
			t.Errorf("in %s, the date in numbers is %q, want %q", tt.tag, got, tt.short)
		}
		money, err := Money(tt.tag, "2500", Currency(tt.tag))
		if err != nil || plain(money) != tt.money {
			t.Errorf("in %s, the sum is %q, %v, want %q", tt.tag, money, err, tt.money)
		}
	}
}

var plain = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u200e", "", "\u200f", "", "\u061c", "").Replace

func TestNumber(t *testing.T) {
	for _, tt := range []struct {
		tag    lang.Tag
		number string
		digits int
		want   string
	}{
		{"ky", "1234.5", 2, "1 234,50"}, {"ky", "0.125", 2, "0,13"}, {"ky", "-1234.5", 0, "-1 235"}, {"ky", "5", -1, "5"},
		{"bn", "-0.5", -1, "-০.৫"}, {"hu", "1234", -1, "1234"}, {"hu", "12345", -1, "12 345"}, {"en", "3.50", -1, "3.5"},
		{"ar-EG", "-7", -1, "-٧"}, {"xx", "1234.5", -1, "1,234.5"}, {"", "1", 99, "1.000000000"}, {"-0A-", "1", 0, "1"}, {"und-KG", "1", 0, "1"},
	} {
		if got, err := Number(tt.tag, tt.number, tt.digits); err != nil || plain(got) != tt.want {
			t.Errorf("Number(%s, %s, %d) = %q, %v, want %q", tt.tag, tt.number, tt.digits, got, err, tt.want)
		}
	}
	for _, bad := range []string{"", "-", "1e9", "NaN", "1,5", "1.", ".5", "٣", "12345678901234567", "0x1F", " 1", "1\n"} {
		if got, err := Number("ky", bad, -1); !fault.Invalid.Is(err) {
			t.Errorf("Number(%q) = %q, %v, want an error that says so", bad, got, err)
		}
	}
}

func TestMoney(t *testing.T) {
	for _, tt := range []struct {
		tag          lang.Tag
		amount, code string
		want         string
	}{
		{"ky", "2500.5", "KGS", "2 500,50 сом"}, {"ky", "10", "USD", "10 $"}, {"vi", "2500.5", "VND", "2.501 ₫"}, {"ar-IQ", "1.5", "IQD", "١٫٥٠٠ د.ع."},
		{"bn", "-2500", "BDT", "-২,৫০০৳"}, {"tg", "0.05", "TJS", "0,05 сомонӣ"}, {"ky", "1000", "JPY", "1 000 JP¥"},
	} {
		if got, err := Money(tt.tag, tt.amount, tt.code); err != nil || plain(got) != tt.want {
			t.Errorf("Money(%s, %s, %s) = %q, %v, want %q", tt.tag, tt.amount, tt.code, got, err, tt.want)
		}
	}
	for _, code := range []string{"", "XYZ", "kgs", "сом"} {
		if got, err := Money("ky", "1", code); !fault.Invalid.Is(err) {
			t.Errorf("Money of %q = %q, %v, want an error that says so", code, got, err)
		}
	}
}

func TestCountry(t *testing.T) {
	for tag, want := range map[lang.Tag]string{
		"ky": "KG", "uz-Cyrl": "UZ", "sw": "TZ", "sw-KE": "KE", "ckb": "IQ", "tl": "PH", "ti": "ET", "ti-ER": "ER", "ta-LK": "LK", "und": "", "": "", "und-KG": "KG", "ar-001": "", "кыргызча": "",
	} {
		if got := Country(tag); got != want {
			t.Errorf("Country(%q) = %q, want %q", tag, got, want)
		}
	}
}

// TestDates: every language of the file can write every day of a year.
func TestDates(t *testing.T) {
	for tag, d := range readDates() {
		if len(d.Months) != 12 && strings.Contains(d.Long+d.Short, "{month}") {
			t.Errorf("%s has %d months", tag, len(d.Months))
		}
		if !slices.Contains([]calendar{gregorian, buddhist, persian}, d.Calendar) {
			t.Errorf("%s has the calendar %q, which is none", tag, d.Calendar)
		}
		seen := map[string]bool{}
		for i := range 365 {
			for _, style := range []Style{Long, Short} {
				s := Date(tag, time.Date(2026, time.January, 1+i, 0, 0, 0, 0, time.UTC), style)
				if seen[s] || s == "" || strings.ContainsAny(s, "{}") {
					t.Errorf("in %s, a date is %q, twice or with a brace", tag, s)
				}
				seen[s] = style == Long
			}
		}
	}
	if got := Date("fr", time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC), Long); got != "1er mars 2026" {
		t.Errorf("the first of March is %q in French", got)
	}
	if got := Date("xx", time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC), Long); got != "2026-03-01" {
		t.Errorf("the first of March is %q in a language we do not know", got)
	}
}

// TestPersian: days that are in every almanac.
func TestPersian(t *testing.T) {
	for iso, want := range map[string]day{
		"1979-02-11": {1357, 11, 22}, "2000-03-20": {1379, 1, 1}, "2021-03-20": {1399, 12, 30}, "2021-03-21": {1400, 1, 1},
		"2024-03-19": {1402, 12, 29}, "2024-03-20": {1403, 1, 1}, "2025-03-20": {1403, 12, 30}, "2025-03-21": {1404, 1, 1},
		"2026-03-20": {1404, 12, 29}, "2026-03-21": {1405, 1, 1}, "2026-09-22": {1405, 6, 31}, "2026-09-23": {1405, 7, 1}, "2026-12-31": {1405, 10, 10},
		"1925-04-01": {1304, 1, 12}, "1800-01-01": {1800, 1, 1},
	} {
		on, err := time.Parse(time.DateOnly, iso)
		if err != nil {
			t.Fatal(err)
		}
		if got := persian.day(on); got != want {
			t.Errorf("%s is %v, want %v", iso, got, want)
		}
	}
}

func FuzzNumber(f *testing.F) {
	f.Add("ky", "-1234.5", 2)
	f.Add("ckb", "1e9", -1)
	f.Fuzz(func(t *testing.T, tag, number string, digits int) {
		s, err := Number(lang.Tag(tag), number, digits)
		if (err == nil) != decimal.MatchString(number) || err == nil && s == "" {
			t.Errorf("Number(%q, %q, %d) = %q, %v", tag, number, digits, s, err)
		}
		if _, err := Money(lang.Tag(tag), number, "KGS"); (err == nil) != decimal.MatchString(number) {
			t.Errorf("Money(%q, %q) = %v", tag, number, err)
		}
		Date(lang.Tag(tag), time.Unix(int64(digits), 0), Long)
	})
}

func TestEnglish(t *testing.T) {
	for tag, want := range map[lang.Tag]string{"ky": "Kyrgyz", "uz-Cyrl": "Uzbek (Cyrillic)", "ckb": "Central Kurdish", "xx": "xx", "": "", lang.Und: string(lang.Und), "no such": "no such"} {
		if got := English(tag); got != want {
			t.Errorf("%q is %q, want %q", tag, got, want)
		}
	}
}
