package office

import (
	"slices"
	"strings"

	"tilgate/internal/lang"
)

// headingNames are what programs call the styles of headings, in small
// letters, before the number of the level. Word itself stores the English
// name, whatever it shows; others store what they show.
var headingNames = []string{
	"heading", "titre", "título", "titulo", "titolo", "überschrift", "kop", "nagłówek", "nadpis", "naslov", "rubrik",
	"заголовок", "заглавие", "наслов", "загаловак", "гарчиг", "тақырып", "аталыш", "сарлавҳа", "сарлавха",
	"sarlavha", "sözbaşy", "başlık", "başlıq", "judul", "tajuk", "kichwa", "cinwaan", "tiêu đề", "đầu đề",
	"عنوان", "سرصفحه", "سرخی", "ہیڈنگ", "سرلیک", "כותרת", "शीर्षक", "শিরোনাম", "શીર્ષક", "ਸਿਰਲੇਖ", "தலைப்பு", "శీర్షిక",
	"ಶೀರ್ಷಿಕೆ", "ശീർഷകം", "සිරස්තලය", "หัวเรื่อง", "ຫົວຂໍ້", "ចំណងជើង", "ခေါင်းစဉ်", "ርዕስ", "სათაური", "վերնագիր", "επικεφαλίδα",
	"标题", "標題", "見出し", "제목",
}

// headingLevel returns the level of a heading by the name of its style; 0 if
// it is none.
func headingLevel(style string) int {
	name := lang.ASCIIDigits(strings.ToLower(strings.TrimSpace(style)))
	if name == "" {
		return 0
	}
	digit := name[len(name)-1]
	name = strings.TrimRight(name[:len(name)-1], " _-")
	if digit < '1' || digit > '9' {
		return 0
	}
	if !slices.Contains(headingNames, name) {
		return 0
	}
	return int(digit - '0')
}

func isContentsStyle(name string) bool {
	name = strings.ToLower(name)
	for _, prefix := range []string{"toc ", "contents ", "оглавление "} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && len(rest) == 1 {
			return true
		}
	}
	return false
}
