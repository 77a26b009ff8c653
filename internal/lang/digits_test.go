package lang

import (
	"strings"
	"testing"
)

func TestDigits(t *testing.T) {
	for tag, want := range map[Tag]string{
		"bn": "০১২৩৪৫৬৭৮৯", "ne": "०१२३४५६७८९", "my": "၀၁၂၃၄၅၆၇၈၉", "km": "០១២៣៤៥៦៧៨៩",
		"fa": "۰۱۲۳۴۵۶۷۸۹", "fa-AF": "۰۱۲۳۴۵۶۷۸۹", "ps": "۰۱۲۳۴۵۶۷۸۹", "ckb": "٠١٢٣٤٥٦٧٨٩", "sd": "٠١٢٣٤٥٦٧٨٩",
		"ar-EG": "٠١٢٣٤٥٦٧٨٩", "ar-IQ": "٠١٢٣٤٥٦٧٨٩", "ar": "0123456789", "ar-MA": "0123456789",
		"ur": "0123456789", "hi": "0123456789", "lo": "0123456789", "th": "0123456789", "am": "0123456789", "ky": "0123456789", "": "0123456789",
		"uz": "0123456789", "uz-Arab": "۰۱۲۳۴۵۶۷۸۹", "sd-Deva": "0123456789",
	} {
		if got := Digits(tag); got != want {
			t.Errorf("Digits(%s) = %s, want %s", tag, got, want)
		}
	}
}

func TestLocalDigits(t *testing.T) {
	for _, tt := range []struct {
		tag        Tag
		text, want string
	}{
		{"bn", "ফি 2,500 টাকা, 27.11.2026 তারিখের মধ্যে।", "ফি ২,৫০০ টাকা, ২৭.১১.২০২৬ তারিখের মধ্যে।"},
		{"bn", "1509 নম্বরে ফোন করুন [1]। আবেদন করুন [2, 3]।", "১৫০৯ নম্বরে ফোন করুন [1]। আবেদন করুন [2, 3]।"},
		{"ne", "सडक[12] 7 मिटर", "सडक[12] ७ मिटर"},
		{"ne", "[5 जना] र [ 6", "[५ जना] र [ ६"}, // brackets that cite nothing
		{"fa", "فرم A4 را از https://desk.example/fa/2026?id=15 بگیرید یا به help24@desk.example بنویسید، تا ساعت 15:30.",
			"فرم A4 را از https://desk.example/fa/2026?id=15 بگیرید یا به help24@desk.example بنویسید، تا ساعت ۱۵:۳۰."},
		{"ar-EG", "الخادم 10.0.0.1 يعمل منذ 3 أيام", "الخادم 10.0.0.1 يعمل منذ ٣ أيام"},
		{"my", "အသက် 18 နှစ်", "အသက် ၁၈ နှစ်"},
		{"km", "រយៈពេល 30 ថ្ងៃ។[1]", "រយៈពេល ៣០ ថ្ងៃ។[1]"},
		{"ky", "30 күн", "30 күн"},
		{"fa", "", ""},
		{"fa", "a\xff 1\xff", "a\xff ۱\xff"},
	} {
		got := LocalDigits(tt.tag, tt.text)
		if got != tt.want {
			t.Errorf("LocalDigits(%s, %q) = %q, want %q", tt.tag, tt.text, got, tt.want)
		}
		if back := ASCIIDigits(got); back != tt.text {
			t.Errorf("ASCIIDigits(%q) = %q, want %q", got, back, tt.text)
		}
	}
}

func FuzzLocalDigits(f *testing.F) {
	f.Add("ফি 2,500 টাকা [1] a1 \xff[")
	f.Fuzz(func(t *testing.T, text string) {
		plain := ASCIIDigits(text)
		for _, tag := range []Tag{"bn", "fa", "ky"} {
			if back := ASCIIDigits(LocalDigits(tag, plain)); back != plain {
				t.Errorf("in %s, %q comes back as %q", tag, plain, back)
			}
		}
	})
}

// TestLocalDigitsLinear: at the square of its length, a row would take minutes.
func TestLocalDigitsLinear(t *testing.T) {
	for _, s := range []string{strings.Repeat("[", 1<<18), strings.Repeat("[1", 1<<17), "[" + strings.Repeat("1 ", 1<<17), strings.Repeat(" ", 1<<18), strings.Repeat("1.", 1<<17)} {
		if ASCIIDigits(LocalDigits("bn", s)) != s {
			t.Errorf("%.9q does not come back", s)
		}
	}
}
