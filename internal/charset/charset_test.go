package charset

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"tilgate/internal/fault"
)

// encode writes text in a named encoding.
func encode(t testing.TB, name, text string) string {
	t.Helper()
	c, ok := named(name)
	if !ok {
		t.Fatalf("%q is not known", name)
	}
	data, err := c.encoding.NewEncoder().String(text)
	if err != nil {
		t.Fatalf("%q in %s: %v", text, name, err)
	}
	return data
}

const (
	inRussian    = "Заявление о регистрации рождения подаётся в течение месяца со дня рождения ребёнка."
	inUkrainian  = "Заяву про реєстрацію народження подають протягом місяця; її можна надіслати поштою."
	inKazakh     = "Баланың тууын тіркеу туралы өтініш бір ай ішінде беріледі, қызмет ақысыз көрсетіледі."
	inKyrgyz     = "Баланын төрөлүшүн каттоо жөнүндө арыз бир айдын ичинде берилет, кызмат көрсөтүү акысыз."
	inTatar      = "Баланың тууын теркәү турында гариза бер ай эчендә бирелә, хезмәт өчен түләү алынмый."
	inTurkish    = "Doğum kaydı için başvuru bir ay içinde yapılır, çocuğun adı ve doğum yeri yazılır."
	inPolish     = "Wniosek o zarejestrowanie urodzenia składa się w ciągu miesiąca, usługa jest bezpłatna."
	inFrench     = "La déclaration de naissance doit être faite à la mairie; elle est gratuite, même après un délai."
	inVietnamese = "Việc đăng ký khai sinh được thực hiện miễn phí tại ủy ban nhân dân xã trong vòng một tháng."
	inArabic     = "يقدم طلب تسجيل المولود خلال شهر من تاريخ الولادة، والخدمة مجانية لجميع المواطنين."
	inUrdu       = "بچے کی پیدائش کا اندراج ایک ماہ کے اندر کرائیں، یہ خدمت تمام شہریوں کے لیے مفت ہے۔"
	inThai       = "ต้องแจ้งการเกิดของเด็กภายในหนึ่งเดือน ณ สำนักงานเขต โดยไม่เสียค่าธรรมเนียม"
	inChinese    = "出生登记应当在一个月内办理，家长可以到派出所提交申请，服务是免费的。"
	inTaiwanese  = "出生登記應當在一個月內辦理，家長可以到戶政事務所提出申請，服務是免費的。"
	inKorean     = "출생 신고는 한 달 이내에 해야 하며, 신청은 동사무소에서 무료로 할 수 있습니다."
	inJapanese   = "出生届は十四日以内に市役所へ提出してください。手続きは無料です。"
	inAmharic    = "የልደት ምዝገባ ማመልከቻ በአንድ ወር ውስጥ መቅረብ አለበት።"
	inKhmer      = "ពាក្យសុំចុះបញ្ជីកំណើតត្រូវដាក់ក្នុងរយៈពេលមួយខែ។ សេវានេះឥតគិតថ្លៃ។"
)

func TestDecode(t *testing.T) {
	for _, tt := range []struct{ encoding, text string }{
		{"windows-1251", inRussian}, {"koi8-r", inRussian}, {"ibm866", inRussian}, {"iso-8859-5", inRussian},
		{"windows-1251", inUkrainian}, {"koi8-u", inUkrainian}, {"x-mac-cyrillic", inUkrainian},
		{"kz-1048", inKazakh}, {"pt154", inKazakh}, {"pt154", inKyrgyz}, {"pt154", inTatar},
		{"windows-1254", inTurkish}, {"windows-1250", inPolish}, {"iso-8859-2", inPolish}, {"windows-1252", inFrench},
		{"viscii", inVietnamese}, {"windows-1256", inArabic}, {"iso-8859-6", inArabic},
		{"windows-1256", strings.NewReplacer("ی", "ي", "۔", ".").Replace(inUrdu)},
		{"windows-874", inThai}, {"gb18030", inChinese}, {"big5", inTaiwanese}, {"euc-kr", inKorean},
		{"shift_jis", inJapanese}, {"euc-jp", inJapanese},
		{"utf-8", inAmharic}, {"utf-16le", inAmharic}, {"utf-16be", inKhmer}, {"utf-32le", inUrdu}, {"utf-32be", inThai},
		{"utf-16le", "The office is open from 9 to 17.\n"}, {"utf-16be", inChinese + "\n"}, {"utf-16le", inJapanese + "\n"},
	} {
		text, encoding, sure, err := Decode([]byte(encode(t, tt.encoding, tt.text)), "")
		if text != tt.text || encoding != tt.encoding || !sure || err != nil {
			t.Errorf("%s: %q in %s, sure %t, %v; want %q", tt.encoding, text, encoding, sure, err, tt.text)
		}
	}
	for _, tt := range []struct {
		what, data, declared string
		text, encoding       string
		sure                 bool
	}{
		{"nothing", "", "", "", "utf-8", true},
		{"ASCII", "Fee: 40", "", "Fee: 40", "utf-8", true},
		{"UTF-8 with a mark", "\xef\xbb\xbfСуу", "windows-1251", "Суу", "utf-8", true},
		{"UTF-16 with a mark", "\xff\xfe\x21\x04\x43\x04\x43\x04", "", "Суу", "utf-16le", true},
		{"UTF-32 with a mark", "\xff\xfe\x00\x00\x21\x04\x00\x00", "", "С", "utf-32le", true},
		{"the author knows better than we", "\xd1\xf3\xf3", "cp1251", "Суу", "windows-1251", true},
		{"names of Turkic encodings", "\x8d\xb3\xb7\x8a\xbf\xb0", "ptcp154", "Қі·Ҡҝ°", "pt154", true},
		{"a name that means nothing", encode(t, "windows-1251", inRussian), "martian", inRussian, "windows-1251", true},
		{"a name that is plainly wrong", encode(t, "windows-1251", inRussian), "iso-8859-1", inRussian, "windows-1251", true},
		{"UTF-8 that calls itself otherwise", inKyrgyz, "windows-1251", inKyrgyz, "utf-8", true},
		{"UTF-8 that does not say so", inKyrgyz, "utf-8", inKyrgyz, "utf-8", true},
		{"one broken character in UTF-8", inKyrgyz + "\xd1", "", inKyrgyz + "\ufffd", "utf-8", false},
		{"ASCII throughout, and still not", "\x1b$B@8\x1b(B", "iso-2022-jp", "生", "iso-2022-jp", true},
		{"accents of their own", "Vi\xea\xf2c", "windows-1258", "Việc", "windows-1258", true},
		{"too little to be sure", "caf\xe9", "", "café", "windows-1252", false},
	} {
		text, encoding, sure, err := Decode([]byte(tt.data), tt.declared)
		if text != tt.text || encoding != tt.encoding || sure != tt.sure || err != nil {
			t.Errorf("%s: %q in %s, sure %t, %v; want %q in %s, sure %t", tt.what, text, encoding, sure, err, tt.text, tt.encoding, tt.sure)
		}
	}
}

func TestDecodeFaults(t *testing.T) {
	noise := make([]byte, 3000)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(random.IntN(256))
	}
	high := bytes.Clone(noise)
	for i := range high {
		high[i] |= 0x80
	}
	georgian := []byte{}
	for _, r := range strings.Repeat("დაბადების რეგისტრაცია უფასოა და ერთი თვის ვადაში უნდა მოხდეს. ", 3) {
		if r >= 'ა' {
			georgian = append(georgian, byte(r-'ა'+0xc0)) // as in GEOSTD8
		} else {
			georgian = append(georgian, byte(r))
		}
	}
	hindi := []byte{}
	for _, r := range strings.Repeat("जन्म का पंजीकरण एक महीने के भीतर कराना आवश्यक है और यह सेवा निःशुल्क है। ", 3) {
		if r >= 0x900 {
			hindi = append(hindi, byte(r-0x900+0xa0)) // nearly ISCII
		} else {
			hindi = append(hindi, byte(r))
		}
	}
	for _, tt := range []struct {
		what string
		data []byte
		want string
	}{
		{"zero bytes", []byte("a\x00b"), "it holds zero bytes, so it is not text"},
		{"zero bytes in UTF-8", []byte("Суу\x00"), "it holds zero bytes, so it is not text"},
		{"noise", noise, "it holds zero bytes, so it is not text"},
		{"noise without ASCII", high, "convert it first, for example with iconv -t UTF-8"},
		{"Georgian before Unicode", georgian, "convert it first"},
		{"Hindi before Unicode", hindi, "convert it first"},
	} {
		text, encoding, _, err := Decode(tt.data, "")
		if !fault.Invalid.Is(err) || !strings.Contains(err.Error(), tt.want) || text != "" {
			t.Errorf("%s: %.80q in %s, %v; want %q", tt.what, text, encoding, err, tt.want)
		}
	}
}

func TestMojibake(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"Ð‘Ð°Ð»Ð°Ð½Ñ‹Ð½ Ñ‚Ó©Ñ€Ó©Ð»Ò¯ÑˆÒ¯", "Баланын төрөлүшү"},
		{"РљР°С‚С‚РѕРѕ Р°РєС‹СЃС‹Р·", "Каттоо акысыз"},
		{"Ðàçìåð ïëàòû çà âîäó óñòàíàâëèâàåò ìèíèñòåðñòâî.", "Размер платы за воду устанавливает министерство."},
		{"La dÃ©claration est gratuite", "La déclaration est gratuite"},
		{"La dÃƒÂ©claration est gratuite", "La déclaration est gratuite"}, // read wrongly twice
		{"Itâ€™s free", "It’s free"},
	} {
		if got, ok := Mojibake(tt.text); got != tt.want || !ok {
			t.Errorf("Mojibake(%q) = %q, %t; want %q", tt.text, got, ok, tt.want)
		}
	}
	for _, text := range []string{
		"", "Fee: 40", "é", "à", "SÃO TOMÉ", "NÃO", "Señor Ñandú", "Â", "Çağrı", "Þórður fór í Ísafjörð",
		"Рів", "Сіль", "Љубљана", inRussian, inUkrainian, inKazakh, inKyrgyz, inTurkish, inPolish, inFrench, inVietnamese, inUrdu, inKhmer, inChinese,
		"Сначала Ð°, потом б", // half of it is well
	} {
		if got, ok := Mojibake(text); ok || got != text {
			t.Errorf("%q was made %q", text, got)
		}
	}
}

func TestNewReader(t *testing.T) {
	long := strings.Repeat(inRussian+"\n", 2000)
	for _, tt := range []struct{ what, data, declared, text, encoding string }{
		{"nothing", "", "", "", "utf-8"},
		{"a mark", "\ufeffСуу", "", "Суу", "utf-8"},
		{"short", encode(t, "koi8-r", inRussian), "", inRussian, "koi8-r"},
		{"long, one byte a character", encode(t, "windows-1251", long), "", long, "windows-1251"},
		{"long, cut within a character", strings.Repeat("ү", sniffed), "", strings.Repeat("ү", sniffed), "utf-8"},
		{"long, cut within another", "a" + strings.Repeat("ү", sniffed), "", "a" + strings.Repeat("ү", sniffed), "utf-8"},
		{"long UTF-16", encode(t, "utf-16le", long), "", long, "utf-16le"},
		{"declared", encode(t, "kz-1048", inKazakh), "kz-1048", inKazakh, "kz-1048"},
		{"ASCII, then more", strings.Repeat("a\n", sniffed) + "Суу", "", strings.Repeat("a\n", sniffed) + "Суу", "utf-8"},
	} {
		r, encoding, err := NewReader(iotest.HalfReader(strings.NewReader(tt.data)), tt.declared)
		if err != nil {
			t.Errorf("%s: %v", tt.what, err)
			continue
		}
		text, err := io.ReadAll(r)
		if string(text) != tt.text || encoding != tt.encoding || err != nil {
			t.Errorf("%s: %d bytes in %s, %v; want %d in %s", tt.what, len(text), encoding, err, len(tt.text), tt.encoding)
		}
	}
	if _, _, err := NewReader(strings.NewReader("%PDF\x00\x01\x02"), ""); !fault.Invalid.Is(err) {
		t.Errorf("a binary file: %v", err)
	}
	if _, _, err := NewReader(iotest.ErrReader(io.ErrUnexpectedEOF), ""); err != io.ErrUnexpectedEOF {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(inKyrgyz), "")
	f.Add([]byte(encode(f, "kz-1048", inKazakh)), "windows-1251")
	f.Add([]byte(encode(f, "utf-16be", inUrdu)), "utf-16")
	f.Add([]byte(encode(f, "shift_jis", inJapanese)), "iso-2022-jp")
	f.Add([]byte("\xff\xfe\x00\x00\x00"), "viscii")
	f.Fuzz(func(t *testing.T, data []byte, declared string) {
		text, encoding, _, err := Decode(data, declared)
		if (encoding == "") != (err != nil) || err != nil && !fault.Invalid.Is(err) {
			t.Errorf("in %q, %v", encoding, err)
		}
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) || len(text) > 4*len(data)+16 {
			t.Errorf("%q is not text, or too long for %d bytes", text, len(data))
		}
		r, streamed, err := NewReader(bytes.NewReader(data), declared)
		if err == nil {
			more, err := io.ReadAll(r)
			if err != nil || encoding != "" && (streamed != encoding || string(more) != text) {
				t.Errorf("streamed: %q in %s, %v; want %q in %s", more, streamed, err, text, encoding)
			}
		}
		if repaired, ok := Mojibake(text); !utf8.ValidString(repaired) || ok != (repaired != text) {
			t.Errorf("%q was made %q, %t", text, repaired, ok)
		}
	})
}
