package lid

import (
	"strings"
	"sync"
	"testing"

	"tilgate/internal/lang"
)

// Sentences of the kind that reach a public service.
var sentences = []struct {
	tag  lang.Tag
	text string
}{
	{"ky", "Баланын туулгандыгы жөнүндө күбөлүктү кайдан алсам болот?"},
	{"ky", "Мугалимдер эртең мектепке эрте келиши керек."},
	{"kk", "Баланың туу туралы куәлігін қайдан алуға болады?"},
	{"kk", "Дәрігерге жазылу үшін қандай құжаттар қажет?"},
	{"uz", "Bolaning tug‘ilganlik haqidagi guvohnomasini qayerdan olsam bo‘ladi?"},
	{"uz", "Shifokorga yozilish uchun qanday hujjatlar kerak?"},
	{"uz", "Шифокорга ёзилиш учун қандай ҳужжатлар керак?"},
	{"tg", "Барои ба духтур навишта шудан кадом ҳуҷҷатҳо лозиманд?"},
	{"tg", "Мактаби деҳаи мо имсол нав сохта шуд."},
	{"tk", "Lukmana ýazylmak üçin haýsy resminamalar gerek?"},
	{"tk", "Biziň obamyzdaky mekdep şu ýyl täzeden guruldy."},
	{"mn", "Эмчид үзүүлэхийн тулд ямар бичиг баримт хэрэгтэй вэ?"},
	{"mn", "Манай сумын сургууль энэ жил шинээр баригдсан."},
	{"ug", "دوختۇرغا كۆرۈنۈش ئۈچۈن قايسى ھۆججەتلەر كېرەك؟"},
	{"ug", "بىزنىڭ كەنتتىكى مەكتەپ بۇ يىل يېڭىدىن سېلىندى."},
	{"az", "Həkimə yazılmaq üçün hansı sənədlər lazımdır?"},
	{"az", "Kəndimizdəki məktəb bu il yenidən tikildi."},
	{"tt", "Табибка язылу өчен нинди документлар кирәк?"},
	{"tt", "Безнең авылдагы мәктәп быел яңадан төзелде."},
	{"ba", "Табипҡа яҙылыу өсөн ниндәй документтар кәрәк?"},
	{"ba", "Беҙҙең ауылдағы мәктәп быйыл яңынан төҙөлдө."},
	{"ne", "डाक्टरलाई भेट्न कुन कागजातहरू चाहिन्छ?"},
	{"ne", "हाम्रो गाउँको विद्यालय यस वर्ष नयाँ बनाइयो।"},
	{"si", "වෛද්\u200dයවරයා හමුවීමට අවශ්\u200dය ලියකියවිලි මොනවාද?"},
	{"si", "අපේ ගමේ පාසල මේ අවුරුද්දේ අලුතින් ඉදි කළා."},
	{"bn", "ডাক্তার দেখাতে কোন কোন কাগজপত্র লাগবে?"},
	{"bn", "আমাদের গ্রামের স্কুলটি এ বছর নতুন করে তৈরি হয়েছে।"},
	{"ta", "மருத்துவரைப் பார்க்க என்ன ஆவணங்கள் தேவை?"},
	{"ta", "எங்கள் கிராமத்துப் பள்ளி இந்த ஆண்டு புதிதாகக் கட்டப்பட்டது."},
	{"te", "వైద్యుడిని కలవడానికి ఏ పత్రాలు కావాలి?"},
	{"te", "మా గ్రామంలోని పాఠశాల ఈ సంవత్సరం కొత్తగా నిర్మించబడింది."},
	{"ur", "ڈاکٹر سے ملنے کے لیے کون سے کاغذات درکار ہیں؟"},
	{"ur", "ہمارے گاؤں کا اسکول اس سال نیا بنایا گیا ہے۔"},
	{"ps", "ډاکټر ته د تلو لپاره کوم اسناد پکار دي؟"},
	{"ps", "زموږ د کلي ښوونځی سږ کال له سره جوړ شو."},
	{"sd", "ڊاڪٽر سان ملڻ لاءِ ڪهڙا ڪاغذ گهربل آهن؟"},
	{"sd", "اسان جي ڳوٺ جو اسڪول هن سال نئون ٺاهيو ويو آهي."},
	{"km", "តើត្រូវការឯកសារអ្វីខ្លះដើម្បីជួបគ្រូពេទ្យ?"},
	{"km", "សាលារៀនក្នុងភូមិយើងត្រូវបានសាងសង់ថ្មីនៅឆ្នាំនេះ។"},
	{"lo", "ຕ້ອງໃຊ້ເອກະສານຫຍັງແດ່ເພື່ອໄປພົບທ່ານໝໍ?"},
	{"lo", "ໂຮງຮຽນໃນບ້ານຂອງພວກເຮົາຖືກສ້າງໃໝ່ໃນປີນີ້."},
	{"my", "ဆရာဝန်နှင့်တွေ့ရန် မည်သည့်စာရွက်စာတမ်းများ လိုအပ်သနည်း။"},
	{"my", "ကျွန်ုပ်တို့ရွာက ကျောင်းကို ဒီနှစ် အသစ်ပြန်ဆောက်ခဲ့သည်။"},
	{"th", "ต้องใช้เอกสารอะไรบ้างในการพบแพทย์"},
	{"th", "โรงเรียนในหมู่บ้านของเราสร้างใหม่ในปีนี้"},
	{"vi", "Cần những giấy tờ gì để đi khám bác sĩ?"},
	{"vi", "Trường học ở làng chúng tôi được xây mới trong năm nay."},
	{"ms", "Apakah dokumen yang diperlukan untuk berjumpa doktor di hospital kerajaan?"},
	{"ms", "Bolehkah saya membuat aduan kerana pejabat itu tidak menjawab panggilan?"},
	{"id", "Dokumen apa saja yang dibutuhkan untuk bertemu dokter di rumah sakit?"},
	{"id", "Kenapa pendaftaran sekolah anak saya belum bisa diproses karena berkasnya kurang?"},
	{"tl", "Anong mga dokumento ang kailangan para makita ang doktor?"},
	{"tl", "Bagong gawa ang paaralan sa aming baryo ngayong taon."},
	{"jv", "Dokumen apa wae sing dibutuhake kanggo ketemu dhokter?"},
	{"jv", "Sekolah ing desaku dibangun maneh taun iki."},
	{"am", "ሐኪም ለማግኘት የትኞቹ ሰነዶች ያስፈልጋሉ?"},
	{"am", "የመንደራችን ትምህርት ቤት በዚህ ዓመት እንደገና ተሠራ።"},
	{"ti", "ንሓኪም ንምርካብ ኣየኖት ሰነዳት የድልዩ?"},
	{"ti", "ናይ ዓድና ቤት ትምህርቲ ሎሚ ዓመት ሓድሽ ተሃኒጹ ኣሎ።"},
	{"om", "Doktara arguuf sanadoota akkamii barbaachisu?"},
	{"om", "Manni barumsaa ganda keenyaa bara kana haaraa ijaarame."},
	{"so", "Dukumentiyada noocee ah ayaa loo baahan yahay si dhakhtarka loo arko?"},
	{"so", "Dugsiga tuuladayada ayaa sannadkan dib loo dhisay."},
	{"sw", "Ni nyaraka gani zinahitajika ili kumwona daktari hospitalini?"},
	{"sw", "Shule ya kijiji chetu imejengwa upya mwaka huu."},
	{"ha", "Wace irin takardu ake bukata domin ganin likita a asibiti?"},
	{"ha", "An sake gina makarantar ƙauyenmu a wannan shekara."},
	{"yo", "Àwọn ìwé wo ni mo nílò láti rí dókítà ní ilé ìwòsàn?"},
	{"yo", "Wọ́n tún ilé ẹ̀kọ́ abúlé wa kọ́ ní ọdún yìí."},
	{"ig", "Kedu akwụkwọ ndị dị mkpa iji hụ dọkịta n'ụlọ ọgwụ?"},
	{"ig", "E wughariri ụlọ akwụkwọ obodo anyị n'afọ a."},
	{"zu", "Yimaphi amaphepha adingekayo ukuze ngibone udokotela esibhedlela?"},
	{"zu", "Isikole sendawo yangakithi sakhiwe kabusha kulo nyaka."},
	{"rw", "Ndashaka kumenya aho nabona icyangombwa cy'amavuko cy'umwana wanjye."},
	{"rn", "Ndakeneye impapuro zo kwandikisha umwana wanje kw'ishure."},
	{"rw", "Ubuyobozi bw'umudugudu bwadusabye kuzana indangamuntu ejo mu gitondo."},
	{"ln", "Mikanda nini esengeli mpo na komona monganga na lopitalo?"},
	{"ln", "Eteyelo ya mboka na biso etongami lisusu na mbula oyo."},
	{"wo", "Yan kayit lañu soxla ngir gis doktoor bi ci loppitaan bi?"},
	{"wo", "Daara ju nekk ci sunu dëkk bi tabaxaat nañu ko ren."},
	{"ar", "ما هي الوثائق المطلوبة لزيارة الطبيب في المستشفى؟"},
	{"ar", "أعيد بناء مدرسة قريتنا هذا العام."},
	{"fa", "برای دیدن پزشک در بیمارستان چه مدارکی لازم است؟"},
	{"fa", "مدرسه روستای ما امسال دوباره ساخته شد."},
	{"ckb", "بۆ بینینی پزیشک لە نەخۆشخانە چ بەڵگەنامەیەک پێویستە؟"},
	{"ckb", "قوتابخانەی گوندەکەمان ئەمساڵ سەرلەنوێ دروست کرایەوە."},
	{"en", "Which documents do I need to see a doctor at the hospital?"},
	{"ru", "Какие документы нужны, чтобы записаться к врачу?"},
	{"fr", "Quels documents faut-il pour consulter un médecin à l'hôpital ?"},
	{"es", "¿Qué documentos necesito para ver al médico en el hospital?"},
	{"pt", "Quais documentos são necessários para consultar um médico?"},
	{"de", "Welche Unterlagen brauche ich für den Termin beim Arzt?"},
	{"it", "Quali documenti servono per vedere il medico in ospedale?"},
	{"tr", "Doktora görünmek için hangi belgeler gerekiyor?"},
	{"hi", "डॉक्टर से मिलने के लिए कौन से कागज़ात चाहिए?"},
	{"uk", "Які документи потрібні, щоб записатися до лікаря?"},
	{"pl", "Jakie dokumenty są potrzebne, żeby umówić się do lekarza?"},
	{"zh", "去医院看医生需要带哪些证件？"},
	{"ja", "病院で医者に診てもらうにはどの書類が必要ですか。"},
	{"ko", "병원에서 의사를 만나려면 어떤 서류가 필요합니까?"},
	{"el", "Ποια έγγραφα χρειάζονται για να δω τον γιατρό;"},
	{"he", "אילו מסמכים צריך כדי לראות רופא בבית החולים?"},
}

func TestDetect(t *testing.T) {
	for _, tt := range sentences {
		g := Default().Detect(tt.text, Options{})
		if g.Tag != tt.tag || g.Script != lang.ScriptOf(tt.text) {
			t.Errorf("Detect(%q) = %s in %s (%.2f), want %s; %v", tt.text, g.Tag, g.Script, g.Confidence, tt.tag,
				Default().Rank(tt.text, Options{}, 3))
		}
	}
}

func TestDetectSecondScript(t *testing.T) {
	for _, tt := range []struct {
		tag    lang.Tag
		script lang.Script
		text   string
	}{
		{"ky", "Latn", "Balanyn tuulgandygy jonundo kuboluktu kaidan alsam bolot?"},
		{"kk", "Latn", "Balanyng tuu turaly kualigin qaidan alugha bolady?"},
		{"kk", "Arab", "دارىگەرگە جازىلۋ ءۇشىن قانداي قۇجاتتار قاجەت؟"},
		{"uz", "Cyrl", "Боланинг туғилганлик ҳақидаги гувоҳномасини қаердан олсам бўлади?"},
		{"tg", "Latn", "Baroi ba dukhtur navishta shudan kadom hujjatho lozimand?"},
		{"tt", "Latn", "Tabibka yazılu öçen nindi dokumentlar kiräk?"},
		{"mn", "Latn", "Emchid uzuulehiin tuld yamar bichig barimt heregtei ve?"},
		{"ug", "Latn", "Doxturgha körünüsh üchün qaysi höjjetler kérek?"},
		{"ru", "Latn", "Kakie dokumenty nuzhny, chtoby zapisatsya k vrachu?"},
		{"hi", "Latn", "Kripya bataiye ki panjikaran ke liye kis karyalay mein jana hoga"},
		{"ne", "Latn", "Hamro gaunko vidyalaya yas barsa naya banaiyo"},
		{"bn", "Latn", "Amader gramer school ti e bochor notun kore toiri hoyeche"},
		{"ta", "Latn", "Maruthuvarai parkka enna aavanangal thevai endru sollungal"},
		{"ar", "Latn", "ma hiya al wathaiq al matluba liziyarat al tabib fi al mustashfa"},
	} {
		if g := Default().Detect(tt.text, Options{Floor: -1}); g.Tag != tt.tag || g.Script != tt.script {
			t.Errorf("Detect(%q) = %s in %s (%.2f), want %s in %s; %v", tt.text, g.Tag, g.Script, g.Confidence, tt.tag, tt.script,
				Default().Rank(tt.text, Options{}, 3))
		}
	}
}

func TestDetectShort(t *testing.T) {
	set := []lang.Tag{"ky", "ru", "en", "uz", "kk", "tg", "tr"}
	for _, tt := range []struct {
		tag  lang.Tag
		text string
	}{
		{"ky", "кандайсыз"}, {"ky", "кечиресиз, жардам бериңизчи"}, {"ru", "здравствуйте"}, {"ru", "спасибо большое"}, {"en", "thank you"},
		{"uz", "rahmat sizga"}, {"uz", "yordam kerak"}, {"kk", "рақмет сізге"}, {"kk", "көмектесіңізші"}, {"tr", "teşekkürler"},
		{"tg", "раҳмати калон"},
	} {
		if g := Default().Detect(tt.text, Options{Set: set}); g.Tag != tt.tag {
			t.Errorf("Detect(%q) = %s (%.2f), want %s; %v", tt.text, g.Tag, g.Confidence, tt.tag, Default().Rank(tt.text, Options{Set: set}, 3))
		}
	}
}

func TestDetectUnknown(t *testing.T) {
	for _, text := range []string{"", "   ", "12345", "+996 555 12-34-56", "😀👍🏽", "!?…", "\xff\xfe\xfd", "\u200d\u0301", "x"} {
		if g := Default().Detect(text, Options{}); g.Tag != lang.Und {
			t.Errorf("Detect(%q) = %s (%.2f), want und", text, g.Tag, g.Confidence)
		}
	}
	ky := Options{Set: []lang.Tag{"ky"}}
	if g := Default().Detect("Welche Unterlagen brauche ich für den Termin beim Arzt?", ky); g.Tag != lang.Und {
		t.Errorf("German among {ky} = %s (%.2f), want und", g.Tag, g.Confidence)
	}
	if g := Default().Detect("ต้องใช้เอกสารอะไรบ้าง", ky); g.Tag != lang.Und || g.Script != "Thai" {
		t.Errorf("Thai among {ky} = %s in %s, want und in Thai", g.Tag, g.Script)
	}
}

func TestSetOfOtherForms(t *testing.T) {
	o := Options{Set: []lang.Tag{"prs", "sr-Latn", "uz-Cyrl-UZ"}}
	for tag, text := range map[lang.Tag]string{"fa": "برای دیدن پزشک در بیمارستان چه مدارکی لازم است؟",
		"sr": "Koja su dokumenta potrebna za zakazivanje kod lekara?", "uz": "Shifokorga yozilish uchun qanday hujjatlar kerak?"} {
		if g := Default().Detect(text, o); g.Tag != tag {
			t.Errorf("Detect(%q) among %v = %v, want %s", text, o.Set, g, tag)
		}
	}
}

func TestPrior(t *testing.T) {
	const text = "салам"
	likely := func(o Options, tag lang.Tag) float64 {
		for _, g := range Default().Rank(text, o, 1000) {
			if g.Tag == tag {
				return g.Confidence
			}
		}
		return 0
	}
	before, after := likely(Options{}, "ky"), likely(Options{Prior: map[lang.Tag]float64{"ky": 20}}, "ky")
	if after <= before {
		t.Errorf("a prior of 20 moved ky from %.3f to %.3f", before, after)
	}
	if never := likely(Options{Prior: map[lang.Tag]float64{"ky": 0}}, "ky"); never != 0 {
		t.Errorf("a prior of 0 left %.3f", never)
	}
}

func TestRank(t *testing.T) {
	ranked := Default().Rank("Doktora görünmek için hangi belgeler gerekiyor?", Options{}, 5)
	total := 0.0
	for i, g := range ranked {
		if total += g.Confidence; i > 0 && g.Confidence > ranked[i-1].Confidence {
			t.Errorf("rank %d is likelier than rank %d: %v", i, i-1, ranked)
		}
	}
	if len(ranked) != 5 || ranked[0].Tag != "tr" || total > 1.001 {
		t.Errorf("Rank = %v, want 5 guesses with tr first", ranked)
	}
	if got := Default().Rank("123", Options{}, 3); len(got) != 0 {
		t.Errorf("Rank of digits = %v", got)
	}
}

func TestSpans(t *testing.T) {
	for _, tt := range []struct {
		text  string
		set   string
		wants []string // tag and the words it starts with
	}{
		{"Мен эртең келем, бирок документтерди кайда тапшырам? Пожалуйста, скажите, когда открывается поликлиника",
			"ky ru en uz kk", []string{"ky Мен", "ru Пожалуйста,"}},
		{"Ninahitaji msaada wako leo asubuhi. Please tell me when the office opens tomorrow morning",
			"sw en fr", []string{"sw Ninahitaji", "en Please"}},
		{"ডাক্তার দেখাতে কোন কাগজপত্র লাগবে? I need an appointment tomorrow morning", "bn en hi", []string{"bn ডাক্তার", "en I"}},
		{"Doktora görünmek için hangi belgeler gerekiyor?", "tr az en", []string{"tr Doktora"}},
		{"PIN код деген эмне экенин түшүндүрүп бериңизчи", "ky ru en", []string{"ky PIN"}},
		{"2024", "ky", nil},
	} {
		spans := Default().Spans(tt.text, Options{Set: setTags(tt.set)})
		var got []string
		for i, s := range spans {
			first, _, _ := strings.Cut(tt.text[s.Start:s.End], " ")
			got = append(got, string(s.Tag)+" "+first)
			if i > 0 && spans[i-1].End != s.Start {
				t.Errorf("Spans(%q): a gap before %d", tt.text, s.Start)
			}
		}
		if strings.Join(got, "|") != strings.Join(tt.wants, "|") {
			t.Errorf("Spans(%q) = %q, want %q", tt.text, got, tt.wants)
		}
		if len(spans) > 0 && (spans[0].Start != 0 || spans[len(spans)-1].End != len(tt.text)) {
			t.Errorf("Spans(%q) do not cover the text: %v", tt.text, spans)
		}
	}
}

func TestSpansOutsideSet(t *testing.T) {
	o := Options{Set: []lang.Tag{"ky"}, Floor: -1}
	for _, s := range Default().Spans("ต้องใช้เอกสารอะไรบ้าง in the ምን hospital 北京", o) {
		if s.Tag != lang.Und && s.Tag != "ky" {
			t.Errorf("a span of %s, which the set does not have", s.Tag)
		}
	}
}

func setTags(tags string) (set []lang.Tag) {
	for _, t := range strings.Fields(tags) {
		set = append(set, lang.Tag(t))
	}
	return set
}

func TestLabels(t *testing.T) {
	labels := Default().Labels()
	have := map[lang.Tag]bool{}
	for _, tag := range labels {
		have[tag] = true
		if again, err := lang.ParseTag(string(tag)); err != nil || again != tag {
			t.Errorf("label %s is %s to ParseTag, %v", tag, again, err)
		}
	}
	for _, tag := range everyday() {
		if !have[tag] {
			t.Errorf("no label %s", tag)
		}
	}
	if len(embedded) > 4<<20 {
		t.Errorf("the weights have %d bytes, want at most 4 MB", len(embedded))
	}
}

func TestAlphabet(t *testing.T) {
	a := newAlphabet()
	for r := rune(0); r < 0x10000; r++ {
		if script := lang.ScriptOfRune(r); a.class[r] >= classScript && a.names[a.class[r]-classScript] != script ||
			a.class[r] == classBreak && script != lang.Zyyy {
			t.Errorf("%U is of class %d, but in %s", r, a.class[r], script)
		}
	}
	for upper, lower := range map[rune]rune{'Ң': 'ң', 'Ə': 'ə', 'İ': 'i', 'I': 'i', 'ẞ': 'ß', 'Ԥ': 'ԥ', 'ʻ': '\'', 0x09DC: 0x09A1} {
		if got := a.fold(upper); got != lower {
			t.Errorf("fold(%c) = %c, want %c", upper, got, lower)
		}
	}
}

func TestLongText(t *testing.T) {
	for _, text := range []string{strings.Repeat("ж", 1<<20), strings.Repeat("\x80", 1<<20), strings.Repeat("a", 1<<20),
		strings.Repeat("Баланын туулгандыгы жөнүндө күбөлүк. ", 30000)} {
		Default().Detect(text, Options{})
		Default().Spans(text, Options{})
	}
}

func TestConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, tt := range sentences[:20] {
				Default().Detect(tt.text, Options{})
				Default().Spans(tt.text, Options{})
			}
		})
	}
	wg.Wait()
}

// Where only near languages are left, the likelier is answered.
func TestNear(t *testing.T) {
	for _, text := range []string{"Siapa juara Piala Dunia sepak bola tahun lalu?", "Siapa yang memenangkan Piala Dunia sepak bola tahun lalu?"} {
		g := Default().Detect(text, Options{Set: []lang.Tag{"id", "ms", "en", "tl"}})
		if !lang.Near("id", g.Tag) || g.Confidence < 0.5 {
			t.Errorf("%q is %+v", text, g)
		}
	}
}
