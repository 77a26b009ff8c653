package sheet

import (
	"strings"
	"unicode"
)

// A column is what a column of a table of questions may have.
type column int

const (
	question column = iota
	answer
	title
	language
	id
	date
	sector
	edition
	replaces
	replacedBy
	columns
)

// called are the names of columns. Numbers of rows are no ids: they change when
// a row is inserted.
var called = [columns]string{
	question: "question|questions|q|вопрос|вопросы|суроо|суроолор|сұрақ|сұрақтар|сорау|һорау|savol|savollar|савол|саволлар|саволҳо|sual|suallar|soru|sorular|sorag|сорағ|асуулт|" +
		"питання|запитання|пытанне|въпрос|прашање|питање|pitanje|pytanie|otázka|pregunta|pergunta|frage|domanda|întrebare|kérdés|klausimas|jautājums|küsimus|ερώτηση|შეკითხვა|კითხვა|հարց|" +
		"سؤال|السؤال|الأسئلة|سوال|سوالات|پرسش|پوښتنه|سوئال|پرسیار|pirs|שאלה|प्रश्न|सवाल|প্রশ্ন|ਸਵਾਲ|પ્રશ્ન|கேள்வி|ప్రశ్న|ಪ್ರಶ್ನೆ|ചോദ്യം|ප්\u200dරශ්නය|ප්රශ්නය|คำถาม|ຄຳຖາມ|ຄໍາຖາມ|សំណួរ|မေးခွန်း|" +
		"câu hỏi|pertanyaan|soalan|tanong|pitakon|ጥያቄ|ሕቶ|swali|maswali|tambaya|ìbéèrè|ajụjụ|su'aal|gaaffii|umbuzo|ikibazo|问题|問題|質問|질문",
	answer: "answer|answers|a|ответ|ответы|жооп|жооптор|жауап|жауаптар|җавап|яуап|javob|javoblar|жавоб|жавоблар|ҷавоб|ҷавобҳо|cavab|cavablar|cevap|yanıt|jogap|хариулт|" +
		"відповідь|адказ|отговор|одговор|odgovor|odpowiedź|odpověď|respuesta|resposta|réponse|antwort|risposta|răspuns|válasz|atsakymas|atbilde|vastus|απάντηση|პასუხი|պատասխան|" +
		"جواب|الجواب|إجابة|الإجابة|جوابات|پاسخ|ځواب|جاۋاب|وەڵام|bersiv|תשובה|उत्तर|जवाब|উত্তর|ਜਵਾਬ|જવાબ|பதில்|సమాధానం|ಉತ್ತರ|ഉത്തരം|පිළිතුර|คำตอบ|ຄຳຕອບ|ຄໍາຕອບ|ចម្លើយ|အဖြေ|" +
		"câu trả lời|trả lời|jawaban|jawapan|sagot|wangsulan|መልስ|መልሲ|jibu|majibu|amsa|ìdáhùn|azịza|jawaab|deebii|impendulo|igisubizo|答案|回答|答え|답변|답",
	title:      "title|headline|аталышы|тақырыбы|название|заголовок|sarlavha|başlıq|başlık|عنوان|शीर्षक|শিরোনাম|ርዕስ|judul",
	edition:    "edition|version|редакция|издание|версия|басылыш|басылым|nashr|nəşr|sürüm|baskı|إصدار|نسخه|संस्करण|সংস্করণ|versi",
	replaces:   "replaces|supersedes|заменяет|алмаштырат|алмастырады|almashtiradi|يحل محل",
	replacedBy: "replaced by|replaced_by|superseded by|superseded_by|заменён|заменен|заменено на|алмаштырылды|ауыстырылды|استبدل ب",
	language:   "lang|language|язык|тил|тили|тіл|тілі|тел|til|tili|dil|dili|забон|хэл|мова|мов|език|idioma|langue|sprache|lingua|زبان|لغة|اللغة|ژبه|تىل|भाषा|ভাষা|மொழி|ภาษา|ພາສາ|ភាសា|ဘာသာစကား|ngôn ngữ|bahasa|wika|ቋንቋ|lugha|harshe|èdè|asụsụ|luqad|afaan|语言|語言|言語|언어",
	id:         "id|uid|uuid|code|key|код|идентификатор|kod|رمز|کد|ኮድ",
	date:       "date|дата|күнү|датасы|күні|sana|tarix|tarih|сана|огноо|fecha|data|datum|تاریخ|تاريخ|التاريخ|نېټه|तारीख|दिनांक|তারিখ|วันที่|ວັນທີ|កាលបរិច្ឆេទ|ရက်စွဲ|ngày|tanggal|tarikh|petsa|ቀን|tarehe|kwanan wata|taariikh|日期|日付|날짜",
	sector:     "sector|сектор|сфера|тармак|сала|sektor|soha|sahə|قطاع|القطاع|شعبه|بخش|क्षेत्र|খাত|ዘርፍ|sekta",
}

// header says where the columns of a table of questions stand; -1 is nowhere.
type header [columns]int

// headerOf finds the columns in a row that may head a table of questions, and
// reports whether it does.
func headerOf(cells []string, o Options) (h header, ok bool) {
	names := [columns]string{question: o.Question, answer: o.Answer, title: o.Title, language: o.Lang, id: o.ID, date: o.Date, sector: o.Sector,
		edition: o.Edition, replaces: o.Replaces, replacedBy: o.ReplacedBy}
	for c := range h {
		h[c] = -1
		if name := names[c]; name != "" {
			h[c] = named(cells, name)
			continue
		}
		for i, cell := range cells {
			if h[c] < 0 && known(column(c), plainly(cell)) {
				h[c] = i
			}
		}
	}
	return h, h[question] >= 0 && h[answer] >= 0 && h[question] != h[answer]
}

// named returns the column that somebody named, by its header or its letter.
func named(cells []string, name string) int {
	for i, cell := range cells {
		if plainly(cell) == plainly(name) {
			return i
		}
	}
	return byLetter(name)
}

// known reports whether a column with that header is called so in some
// language.
func known(c column, header string) bool {
	for name := range strings.SplitSeq(called[c], "|") {
		if header == name {
			return true
		}
	}
	return false
}

// plainly returns a header in small letters, without what is said of it in
// brackets or behind a stroke: "Вопрос (текст):" is "вопрос".
func plainly(header string) string {
	if at := strings.IndexAny(header, "([/\n"); at > 0 {
		header = header[:at]
	}
	return strings.ToLower(strings.TrimFunc(header, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) }))
}

// byLetter returns the column of a letter or three, or -1.
func byLetter(name string) int {
	if name == "" || len(name) > 3 {
		return -1
	}
	n := 0
	for _, r := range strings.ToUpper(name) {
		if r < 'A' || r > 'Z' {
			return -1
		}
		n = n*26 + int(r-'A') + 1
	}
	return n - 1
}

// of returns the cell of a column, or "" where there is none.
func (h header) of(cells []string, c column) string {
	if at := h[c]; at >= 0 && at < len(cells) {
		return strings.TrimSpace(cells[at])
	}
	return ""
}
