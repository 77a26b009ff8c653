package lang

import "testing"

func TestDirection(t *testing.T) {
	for _, tt := range []struct{ want, text string }{
		{"rtl", "بچے کی پیدائش کا اندراج کیسے ہوتا ہے؟"},
		{"rtl", "iPhone من روشن نمی\u200cشود، چه کنم؟"}, // begins with a Latin name
		{"rtl", "iPhone 15 Pro Max چقدر است؟"},          // and has more of them
		{"rtl", "WhatsApp و Telegram کار نمی\u200cکند"}, //
		{"rtl", "به https://desk.example/fa/birth-registration-form و help@desk.example مراجعه کنید"},
		{"rtl", "فایل form-2026.pdf را از desk.example بگیرید"},
		{"rtl", "1509 شماره\u200cی ماست"},
		{"rtl", "ދިވެހި"},
		{"rtl", "ADSL كۇپىيە قىلىش"},
		{"ltr", "The word سلام is a greeting in Persian."},
		{"ltr", "سلام means hello in Persian"},
		{"ltr", "Слово سلام значит привет"},
		{"ltr", "Баланын туулгандыгы жөнүндө күбөлүк"},
		{"ltr", "ការចុះបញ្ជីកំណើត"},
		{"ltr", "https://desk.example/fa"},
		{"", "2026 — 15% [1]"},
		{"", ""},
	} {
		if got := Direction(tt.text); got != tt.want {
			t.Errorf("Direction(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
