package personal

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"tilgate/internal/fault"
)

func finder(t testing.TB, countries ...string) *Finder {
	t.Helper()
	f, err := New(countries, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestMask(t *testing.T) {
	f := finder(t)
	for _, tt := range []struct{ text, want string }{
		// telephones, in words of their country
		{"Менин номерим 0700 123 456, ПИН 21503199000123.", "Менин номерим [phone], ПИН [national_id]."},
		{"+996 (312) 66-12-34 же 0555123456 номерине чалыңыз.", "[phone] же [phone] номерине чалыңыз."},
		{"700 123 456 номерине чалыңыз.", "[phone] номерине чалыңыз."},
		{"700 123 456, 555 12 34 56 номерлерине чалыңыз.", "[phone], [phone] номерлерине чалыңыз."},
		{"Мой телефон 8 (916) 123-45-67, почта ivan.petrov+1@mail.example.", "Мой телефон [phone], почта [email]."},
		{"Звоните: 8-800-555-35-35 или 79161234567.", "Звоните: [phone] или [phone]."},
		{"Telefon raqamim 90 123 45 67.", "Telefon raqamim [phone]."},
		{"آمریکا: +1 202 555 0123، تهران: ۰۹۱۲۳۴۵۶۷۸۹", "آمریکا: [phone]، تهران: [phone]"},
		{"رقمي ٠١٠٠١٢٣٤٥٦٧ اتصل بي", "رقمي [phone] اتصل بي"},
		{"আমার নম্বর ০১৭১২-৩৪৫৬৭৮।", "আমার নম্বর [phone]।"},
		{"मेरा नंबर 98765 43210 है।", "मेरा नंबर [phone] है।"},
		{"मेरो नम्बर ९८४१२३४५६७ हो।", "मेरो नम्बर [phone] हो।"},
		{"میرا نمبر 0300-1234567 ہے۔", "میرا نمبر [phone] ہے۔"},
		{"លេខទូរស័ព្ទ០១២ ៣៤៥ ៦៧៨។", "លេខទូរស័ព្ទ[phone]។"},
		{"ဖုန်း၀၉ ၇၈၉ ၁၂၃ ၄၅၆ သို့", "ဖုန်း[phone] သို့"},
		{"โทร081-234-5678นะครับ", "โทร[phone]นะครับ"},
		{"ສາຍ 020 5512 3456 ໄດ້", "ສາຍ [phone] ໄດ້"},
		{"ስልኬ 0911 23 45 67 ነው።", "ስልኬ [phone] ነው።"},
		{"Piga simu 0712 345 678 au +255 754 123 456.", "Piga simu [phone] au [phone]."},
		{"Number mi ni 0803 123 4567.", "Number mi ni [phone]."},
		{"Sama telefon bi 77 123 45 67 la.", "Sama telefon bi [phone] la."},
		{"Appelez le 06.12.34.56.78 svp", "Appelez le [phone] svp"},
		{"Hívj: 06 30 123 4567!", "Hívj: [phone]!"},
		{"Volejte 601 123 456.", "Volejte [phone]."},
		{"Зови 011/123-4567.", "Зови [phone]."},
		{"전화 010-1234-5678로 주세요", "전화 [phone]로 주세요"},
		{"我的手机是13812345678。", "我的手机是[phone]。"},
		{"Mobil (0812) 3456-7890", "Mobil [phone]"},
		{"00996700123456", "[phone]"},
		{"+49 30 901820", "[phone]"},
		{"Утас: 9911-2233", "Утас: [phone]"},
		{"Ring (+44 20 7946 0958).", "Ring ([phone])."},
		// marks without width, other dashes and spaces
		{"Тел. +996\u00a0700\u2011123\u2011456\u200e.", "Тел. [phone]\u200e."},
		{"ИИН 860115\u200b300013", "ИИН [national_id]"},
		// cards and accounts
		{"Kartam 8600 1234 5678 9012, muddati 12/28", "Kartam [card], muddati 12/28"},
		{"Карта 4111-1111-1111-1111.", "Карта [card]."},
		{"४१११ १११১ ১১১১ ১১১১", "[card]"}, // digits of two scripts
		{"IBAN: KZ86 125K ZT50 0410 0100", "IBAN: [iban]"},
		{"TR330006100519786457841326 hesabına", "[iban] hesabına"},
		{"Счёт GB82 WEST 1234 5698 7654 32.", "Счёт [iban]."},
		// addresses
		{"ส่งที่help@desk.exampleนะ", "ส่งที่[email]นะ"},
		{"Пишите на почта@пример.испытание!", "Пишите на [email]!"},
		{"<a.b-c_d@mail.desk.example>, (x@y.example)", "<[email]>, ([email])"},
		// several, and bytes that are no text
		{"\xff 0700123456\xff x@y.example \xc0", "\xff [phone]\xff [email] \xc0"},
	} {
		got, _ := f.Mask(tt.text)
		if got != tt.want {
			t.Errorf("Mask(%q)\n = %q,\nwant %q", tt.text, got, tt.want)
		}
		if again, found := f.Mask(got); again != got || len(found) > 0 {
			t.Errorf("Mask(%q) finds more: %q", got, again)
		}
	}
}

// TestFind: where, of which country, by which name.
func TestFind(t *testing.T) {
	for _, tt := range []struct {
		countries []string
		text      string
		want      Match
	}{
		{[]string{"KG"}, "ПИН: 21503199000123", Match{8, 22, NationalID, "KG", "PIN (ПИН, ЖИН)", checked}},
		{nil, "тел. ０７００１２３４５６", Match{8, 38, Phone, "", "", plain}}, // full width; the number may be of many countries
		{[]string{"KG", "KZ"}, "+77011234567", Match{0, 12, Phone, "KZ", "", sure}},
		{[]string{"KG"}, "+998901234567", Match{0, 13, Phone, "UZ", "", sure}}, // with + of any country
		{[]string{"KG"}, "4111111111111111", Match{0, 16, Card, "", "Visa", checked}},
		{[]string{"KG"}, "KZ86125KZT5004100100", Match{0, 20, IBAN, "KZ", "IBAN", sure}},
	} {
		got := finder(t, tt.countries...).Find(tt.text)
		if !slices.Equal(got, []Match{tt.want}) {
			t.Errorf("Find(%q) = %+v, want %+v", tt.text, got, tt.want)
		}
	}
	if got := finder(t, "KG").Find("ЖСН 860115300013"); len(got) != 0 {
		t.Errorf("asked for the numbers of Kyrgyzstan only, it finds %+v", got)
	}
}

// TestCountries: the examples of each file, which were tried with their own
// rule when it was read, hold among all the others too.
func TestCountries(t *testing.T) {
	f := finder(t)
	all, err := readBundled()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 45 {
		t.Errorf("there are files of %d countries", len(all))
	}
	for code, c := range all {
		if c.Name == "" || c.Calling == "" || len(c.Phone) == 0 || len(c.ID) == 0 {
			t.Errorf("%s lacks a name, a calling code, telephones or numbers", code)
		}
		for _, r := range c.ID {
			for _, text := range r.Valid {
				if found := f.Find(text); len(found) != 1 || found[0].Kind != r.Kind {
					t.Errorf("%s: in %q, %+v is found, want one %s", code, text, found, r.Kind)
				}
			}
		}
	}
}

// TestClean: sentences of public offices, without personal data.
func TestClean(t *testing.T) {
	f := finder(t)
	for _, text := range []string{
		"Кайрылуу үчүн 1509 же 104 номерине чалыңыз [1]. Жөлөкпул 12 000 сом, 2026-жылдын 27-ноябрына чейин.",
		"Өкмөттүн 2021-жылдын 15-мартындагы № 1234567 токтому, 12.05.2026, саат 14:30.",
		"Звоните 112, 103 или 0700. Штраф 2 500 000 рублей, счёт № 20260115-0042, статья 128.1 [2][3].",
		"ГОСТ 12345-2026, версия 10.15.7, IP 192.168.100.200, порт 443, 1 234 567 890 рублей.",
		"Жарғы 2019-2026 жылдары күшінде болды, 5 000 000 000 теңге бөлінді. 1414 нөміріне қоңырау шалыңыз.",
		"Ariza raqami 2026/0115-77, toʻlov 1 250 000 soʻm, 1000 raqamiga qoʻngʻiroq qiling.",
		"Call 1509 before 2026-05-12 at 17:00. The fee is $12,500,000.50 (see section 4.2.1.10 [4, 5]).",
		"Between 8000-9000 people came; 20 000 000 were asked in 1990-2020. Order 2026-000123, ISO 9001:2015, RFC 5321.",
		"Version 1.2.3.4, commit 9f8e7d6c5b4a39281706, id 550e8400-e29b-41d4-a716-446655440000, hash 0123456789abcdef0123.",
		"See https://desk.namuna.example/en/2026/05/12/article-20260512?id=15 or desk.example.",
		"التسجيل مجاني حتى ٢٠٢٦/١١/٢٧، والرسوم ٢٬٥٠٠٬٠٠٠ جنيه. اتصل بالرقم ١٥٠٩ [١].",
		"هزینه ۲٬۵۰۰٬۰۰۰ ریال است؛ تا ۱۴۰۵/۰۹/۰۶ ساعت ۱۴:۳۰ با ۱۱۵ تماس بگیرید [1].",
		"فیس 25,00,000 روپے ہے۔ 1509 پر کال کریں۔ تاریخ 27-11-2026۔",
		"নিবন্ধন ফি ২,৫০,০০,০০০ টাকা, ২৭/১১/২০২৬ তারিখে, ৩৩৩ নম্বরে কল করুন [২]।",
		"शुल्क ₹ 9876543210 नहीं, ₹1,25,00,000 है। 1077 पर कॉल करें। दिनांक 27.11.2026।",
		"ថ្លៃ ២.៥០០.០០០ រៀល មុនថ្ងៃទី២៧ ខែ១១ ឆ្នាំ២០២៦ សូមទូរស័ព្ទទៅលេខ ១៥០៩។",
		"အခကြေးငွေ ၂,၅၀၀,၀၀၀ ကျပ်၊ ၂၇-၁၁-၂၀၂၆ မတိုင်မီ ၁၅၀၉ သို့ ဖုန်းဆက်ပါ။",
		"ค่าธรรมเนียม 2,500,000 บาท ภายใน 27/11/2569 โทร 1509 มาตรา 112",
		"ክፍያው 2,500,000 ብር ነው፤ እስከ 27/11/2026 በ1509 ይደውሉ [3]።",
		"Piga 1509. Ada ni shilingi 2,500,000 hadi 27/11/2026. Sheria Na. 12 ya 2019.",
		"Phí 2.500.000.000 đồng, hạn 27/11/2026, gọi 1509. Nghị định 123/2026/NĐ-CP.",
		"Biaya Rp 2.500.000.000, hubungi 112. UU No. 24/2013, Permendagri 108/2019.",
		"Начислено 601 123 456 сум за 2025-2026 гг., код 0101-2020.",
		"Poplatek je 601 123 456 Kč. Zákon č. 111/2009 Sb., tel. 112.",
		"Ücret 5.321.234.567 TL, 1990-2026 arası, 182'yi arayın.",
		"費用は2500000円、2026年11月27日まで。电话12345。费用15000000元。",
		"2026-11-27T14:30:00Z 20261127143000 27112026 05122026 05.12.2026 14:30:15",
		"[1] [2, 3] [12345678] [0] № 1234567 §12 1/2 3.14159265358979 -273.15 1e10 100%",
		"@desk, name@host, a@b@c, @@@, user@1.2, x@.example",
		"",
	} {
		if found := f.Find(text); len(found) > 0 {
			for _, m := range found {
				t.Errorf("in %q, %q is taken for a %s of %q", text, text[m.Start:m.End], m.Kind, m.Country)
			}
		}
	}
}

// TestSample: the articles and questions of the knowledge base that comes with
// Tilgate have no personal data.
func TestSample(t *testing.T) {
	f, files := finder(t), 0
	err := filepath.WalkDir("../../rag/sample", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" && filepath.Ext(path) != ".jsonl" {
			return err
		}
		files++
		text, err := os.ReadFile(path)
		for _, m := range f.Find(string(text)) {
			t.Errorf("in %s, %q is taken for a %s of %q", path, text[m.Start:m.End], m.Kind, m.Country)
		}
		return err
	})
	if err != nil || files < 50 {
		t.Errorf("read %d files: %v", files, err)
	}
}

func TestNew(t *testing.T) {
	if _, err := New([]string{"KG", "XX", "ky"}, nil); !fault.Invalid.Is(err) || !strings.Contains(err.Error(), `no file of personal data for "XX", "ky"; there are AE AF `) {
		t.Errorf("countries that are none: %v", err)
	}
	extra := fstest.MapFS{
		"XK.toml": {Data: []byte("name = \"Kosovo\"\ncalling = \"383\"\n[[id]]\nname = \"personal number\"\npattern = '[12][0-9]{9}'\ncontext = [\"numri personal\"]\nvalid = [\"numri personal 1234567890\"]\ninvalid = [\"1234567890\"]\n")},
		"KG.toml": {Data: []byte("[[id]]\nname = \"driving licence\"\npattern = 'KR ?[0-9]{6}'\nvalid = [\"KR 123456\"]\ninvalid = [\"KR 12345\"]\n")},
	}
	f, err := New([]string{"XK", "KG"}, extra)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := f.Mask("Numri personal 1234567890, KR 123456, ПИН 21503199000123"); got != "Numri personal [national_id], [national_id], ПИН [national_id]" {
		t.Errorf("with files of its own, it masks %q", got)
	}
	if got := finder(t, "KG").Find("KR 123456"); len(got) > 0 {
		t.Errorf("a file of one Finder is found by another: %v", got)
	}
}

// TestNewFaults: every fault of every file is told.
func TestNewFaults(t *testing.T) {
	extra := fstest.MapFS{
		"kosovo.toml": {Data: []byte(`calling = "+383"
trunk = "zero"
iban = 99
[[phone]]
starts = ["4x"]
digits = [3]
[[id]]
kind = "licence"
pattern = '[0-9]+'
check = "mod12"
birth = "DDMM"
`)},
		"AA.toml": {Data: []byte("nam = 1\nname = \"A\"")},
		"BB.toml": {Data: []byte("name = ")},
		"DD.toml": {Data: []byte("[[id]]\nname = \"a\"\npattern = '[0-9]{7}('\nvalid = [\"1\"]\ninvalid = [\"2\"]")},
		"EE.toml": {Data: []byte("[[id]]\nname = \"a\"\npattern = '[0-9]{7}'\nvalid = [\"123456\"]\ninvalid = [\"1234567\"]\n[[id]]\nname = \"b\"\npattern = 'ÄÖ[0-9]{7}'\nvalid = [\"1\"]\ninvalid = [\"2\"]\n[[id]]\nname = \"c\"\npattern = '[0-9]{90}'\nvalid = [\"1\"]\ninvalid = [\"2\"]\n")},
	}
	_, err := New(nil, extra)
	if !fault.Invalid.Is(err) {
		t.Fatalf("New = %v, want an error that says what is invalid", err)
	}
	for _, want := range []string{
		`reading kosovo.toml: "kosovo" is no ISO 3166 code`, `calling "+383" is not 1 to 3 digits`, `trunk "zero" is not digits`, "iban 99 is not in 15..34",
		`phone 1: "4x" in starts is not 1 to 6 digits`, "phone 1: starts and digits need something each, and digits must be in 7..15",
		`id 1, "": name is missing`, `kind "licence" is neither national_id nor passport`, "pattern: [0-9]+ can match any length", `check "mod12" is none of cn_id, `, `birth "DDMM" is not like xDDMMYYYY`, "valid and invalid each need an example",
		"reading AA.toml: unknown keys nam", "reading BB.toml: toml:", "reading DD.toml: id 1, \"a\": pattern: error parsing regexp: missing closing )",
		`valid: it does not find one number in "123456"`, `invalid: it finds a number in "1234567"`, `'Ä' is not ASCII; a rule with such letters needs anywhere = true`, "it can match more than 48 characters",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
}

// TestChecks: no check panics on letters or digits of another number.
func TestChecks(t *testing.T) {
	for name, c := range checks {
		for _, s := range []string{"", "1", "123456789012345678901234567890", "ABCDEFGHIJKLMNOPQR", "000000000000000000", "1234567890123X", "12A45678901234567"} {
			for n := range len(s) + 1 {
				c.passes(s[:n])
			}
		}
		if c.passes("") {
			t.Errorf("%s passes nothing at all", name)
		}
	}
	for _, tt := range []struct {
		number string
		ok     func(string) bool
	}{
		{"79927398713", luhn}, {"2363", verhoeff}, {"GB82WEST12345698765432", mod97}, {"10000000146", trTCKN}, {"11010519491231002X", cnID}, {"11223344595", checks["ru_snils"].ok},
	} {
		if !tt.ok(tt.number) {
			t.Errorf("%s, which its own standard gives as an example, does not pass", tt.number)
		}
	}
}

// TestFindLinear: at the square of its length, a row would take minutes.
func TestFindLinear(t *testing.T) {
	f := finder(t)
	for _, unit := range []string{"1", "0", "1 ", "12 ", "0-", "07 ", "0700 ", "(0", "+", "1.", "9/", "@", "a@", "a@b.", ".a@", "AB12 ", "١", "၁၂/က", "အ(", "тел. 1234567 ", "\xff1", "NID 12345678 "} {
		text := strings.Repeat(unit, 1<<16/len(unit))
		masked, found := f.Mask(text)
		if len(found) > 0 && masked == text || len(found) == 0 && masked != text {
			t.Errorf("of %q, %d numbers are found, and the text is %.20q", unit, len(found), masked)
		}
	}
}

func FuzzFind(f *testing.F) {
	all := finder(f)
	for _, s := range []string{"тел. +996 (700) 12-34-56 x@y.example", "KZ86 125K ZT50 0410 0100 4111 1111 1111 1111", "၁၂/ကမရ(နိုင်)၁၂၃၄၅၆ УБ91010112", "\xff1\u200b2٣", "I-AŞ № 123456", "@.@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, m := range all.Find(text) {
			if m.Start < at || m.End <= m.Start || m.End > len(text) || m.Kind == "" {
				t.Fatalf("in %q, a match is %+v after %d", text, m, at)
			}
			at = m.End
		}
	})
}

func FuzzReadCountry(f *testing.F) {
	list, err := fs.Glob(bundled, "countries/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range list {
		data, err := fs.ReadFile(bundled, file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, data string) {
		c, err := readCountry("KG", data)
		if err != nil {
			return
		}
		all := map[string]*country{"KG": c}
		found, err := newFinder(all, all)
		if err != nil {
			t.Fatal(err)
		}
		found.Find("тел. 0700 123 456, A1234567, 12345678901234, 1-2-3")
	})
}

func BenchmarkFind(b *testing.B) {
	f := finder(b)
	for name, text := range map[string]string{
		"prose":   "Жаңы төрөлгөн баланын күбөлүгүн алуу үчүн арыз бериңиз. ",
		"numbers": "Жөлөкпул 12 000 сом, 27.11.2026 чейин, 1509 номерине чалыңыз [1]. ",
		"phones":  "Менин номерим 0700 123 456, ПИН 21503199000123. ",
		"digits":  "1",
		"pairs":   "12 ",
		"fours":   "0700 ",
	} {
		b.Run(name, func(b *testing.B) {
			text := strings.Repeat(text, 1<<20/len(text))
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				f.Find(text)
			}
		})
	}
}
