package translit

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestRetyped(t *testing.T) {
	for _, tt := range []struct{ text, layout, want string }{
		{"ghbdtn? rfr ltkf&", "ru", "привет, как дела?"}, // what was typed as ? is a comma there
		{"руддщ, цщкдв!", "en", "hello? world!"},
		{"cfkfv? rfylfqcsp&", "ru", "салам, кандайсыз?"},
		{"c2ktv6 0fkfqcs4/", "kk", "сәлем, қалайсың№"}, {"0fpf0cnfy", "kk", "қазақстан"},
		{"fccfkjve fkfqrev", "uz-Cyrl", "ассалому алайкум"}, {"sfylfq", "uz-Cyrl", "қандай"},
		{"sfvjfn", "tg", "ҷамоат"}, {"wxty", "tt", "өчен"},
		{"vgay dgayg ee", "mn", "сайн байна уу"},
		{"hgsghl ugd;l", "ar", "السلام عليكم"}, {"lvpfh", "ar", "مرحبا"}, {"sghl", "fa", "سلام"}, {"slam", "ur", "سلام"}, {"sflfm", "ug", "سالام"},
		{"l;ylfu", "th", "สวัสดี"}, {"้ำสสน", "en", "hello"}, {"vcmdls", "hi", "नमस्ते"},
		{"dkssudgktpdy", "ko", "안녕하세요"}, {"rksek", "ko", "간다"}, {"dlfrek", "ko", "읽다"}, {"ehkrh", "ko", "돠고"}, {"wjswkwjdqn", "ko", "전자정부"},
		{"ㅗ디ㅣㅐ", "en", "hello"}, {"인터넷", "en", "dlsxjspt"},
		{"اثممخ", "en", "hello"}, {"حمثشسث", "en", "please"},
	} {
		found := map[string]bool{}
		for _, c := range Retyped(tt.text) {
			found[c.Text] = true
			if c.Layout == tt.layout && c.Layout != "en" && c.Text != tt.want {
				t.Errorf("%q with the layout %s is %q, want %q", tt.text, tt.layout, c.Text, tt.want)
			}
		}
		if !found[tt.want] {
			t.Errorf("%q with the layout %s is not %q", tt.text, tt.layout, tt.want)
		}
	}
}

func TestSound(t *testing.T) {
	for text, want := range map[string]bool{
		"สวัสดีครับ": true, "ภาษาไทยเรียบง่าย น้ำเย็น เพราะ": true, "เ้ิกะื": false, "กาหหีกเาะยกั": false, "อแทกสห": false, "แดาดอดืหยสหมหฦ พดัสดๆ": false,
		"नमस्ते, मेरा नाम क्या है? हिंदी": true, "हारघो": true, "ैाक": false, "नकुुगे": false,
		"안녕하세요": true, "호ㅠㅇ수": false, "salom": true, "mp3": true, "B2B": false, "je;;o": false, "о2м": false, "": true,
	} {
		if got := sound(text); got != want {
			t.Errorf("sound(%q) = %v", text, got)
		}
	}
}

func TestRetypedNone(t *testing.T) {
	for _, text := range []string{"", "123", "…", "ខ្មែរ"} {
		if got := Retyped(text); len(got) != 0 {
			t.Errorf("Retyped(%q) = %v", text, got)
		}
	}
}

// TestLayouts: every layout has all the keys, and what is typed on QWERTY with
// each of its letters comes back.
func TestLayouts(t *testing.T) {
	if len(strings.Fields(qwertyKeys)) != 47 || len(strings.Fields(qwertyShift)) != 47 {
		t.Fatal("QWERTY does not have 47 keys")
	}
	for _, l := range layouts {
		if n, m := len(strings.Fields(l.keys)), len(strings.Fields(l.shift)); n != 47 || m != 47 {
			t.Errorf("%s has %d keys, and %d with Shift", l.name, n, m)
		}
	}
	for _, m := range keymaps() {
		rapid.Check(t, func(t *rapid.T) {
			text := rapid.StringMatching(`[a-z]{1,20}`).Draw(t, "text")
			if m.name == "ar" {
				text = strings.ReplaceAll(text, "gh", "g") // لا has a key of its own
			}
			if got := m.toQwerty(m.fromQwerty(text)); got != text {
				t.Fatalf("%s: %s is %s, and that %s", m.name, text, m.fromQwerty(text), got)
			}
		})
	}
}

func FuzzRetyped(f *testing.F) {
	for _, s := range []string{"ghbdtn", "dkssud", "안녕", "सलाम", "สวัสดี", "لا", "ㅗ\u1100\uAC00\uD7A3", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range Retyped(text) {
			if utf8.ValidString(text) && !utf8.ValidString(c.Text) || len(c.Text) > 9*len(text) {
				t.Errorf("Retyped(%q) has %q", text, c.Text)
			}
		}
	})
}
