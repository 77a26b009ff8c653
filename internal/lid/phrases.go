package lid

import (
	"strings"

	"tilgate/internal/lang"
)

// greetings are what people begin a conversation with. The sources, which are
// news and encyclopedias, hardly have such words, and a single word is told
// apart only by having been seen.
const greetings = `
am	ሰላም/እንዴት ነህ/አመሰግናለሁ/እርዳታ እፈልጋለሁ
ar	مرحبا/السلام عليكم/شكرا/أحتاج مساعدة/صباح الخير
az	salam/necəsən/təşəkkür edirəm/sağ olun/kömək lazımdır
ba	сәләм/һаумыһығыҙ/рәхмәт/ярҙам кәрәк
bn	নমস্কার/আসসালামু আলাইকুম/কেমন আছেন/ধন্যবাদ/সাহায্য দরকার
bg	здравейте/здрасти/благодаря/моля
ckb	سڵاو/چۆنی/سوپاس/یارمەتیم دەوێت
cs	ahoj/dobrý den/děkuji/prosím
de	hallo/guten tag/danke/bitte/ich brauche hilfe
el	γεια σας/ευχαριστώ/καλημέρα/παρακαλώ
en	hello/hi/hi there/hey/good morning/thank you/thanks/please help/i need help/yes/how are you
es	hola/buenos días/gracias/por favor/necesito ayuda
fa	سلام/حال شما چطور است/ممنون/متشکرم/کمک لازم دارم
fr	bonjour/salut/merci/merci beaucoup/s'il vous plaît/bonsoir
ha	sannu/ina kwana/na gode/ina bukatar taimako/barka da safiya
he	שלום/תודה/בבקשה/בוקר טוב
hi	नमस्ते/नमस्कार/धन्यवाद/शुक्रिया/मदद चाहिए/आप कैसे हैं
hu	szia/jó napot/köszönöm/kérem
id	halo/selamat pagi/terima kasih/apa kabar/butuh bantuan/permisi
ig	ndewo/kedu/kedu ka ị mere/daalụ/imela/achọrọ m enyemaka
it	ciao/buongiorno/grazie/per favore/ho bisogno di aiuto
ja	こんにちは/ありがとう/おはよう/すみません
jv	sugeng enjing/piye kabare/matur nuwun/nyuwun tulung
kk	сәлем/сәлеметсіз бе/рақмет/рахмет/қалайсыз/көмек керек/кешіріңіз
km	សួស្តី/អរគុណ/សុខសប្បាយទេ/ជួយផង
ky	салам/саламатсызбы/рахмат/ыракмат/кандайсыз/жардам керек/кечиресиз/чоң рахмат
ln	mbote/mbote na yo/melesi/matondi/sangonini/nalingi lisalisi
lo	ສະບາຍດີ/ຂອບໃຈ/ຊ່ວຍແດ່
mn	сайн уу/сайн байна уу/баярлалаа/тусламж хэрэгтэй/уучлаарай
ms	hai/selamat pagi/terima kasih/apa khabar/perlukan bantuan/tolong saya/maafkan saya
my	မင်္ဂလာပါ/ကျေးဇူးတင်ပါတယ်/ကူညီပါ
ne	नमस्ते/नमस्कार/धन्यवाद/सहयोग चाहियो/कस्तो छ/मलाई मद्दत चाहिन्छ
nl	hallo/goedemorgen/dank je wel/alstublieft/bedankt
om	akkam/akkam jirta/galatoomi/nagaa/gargaarsa barbaada/akkam bulte
pl	cześć/dzień dobry/dziękuję/proszę
ps	سلام/څنګه یې/مننه/مرسته غواړم
pt	olá/bom dia/obrigado/obrigada/por favor/preciso de ajuda
rn	amahoro/bwakeye/murakoze/ndakeneye ubufasha/uraho
ro	bună/bună ziua/mulțumesc/vă rog
ru	привет/здравствуйте/добрый день/спасибо/спасибо большое/пожалуйста/помогите/нужна помощь/да/как дела
rw	muraho/mwaramutse/murakoze/amakuru/mfasha/nkeneye ubufasha
sd	سلام/توهان ڪيئن آهيو/مهرباني/مدد گهرجي
si	ආයුබෝවන්/ස්තුතියි/උදව් ඕනේ/කොහොමද
so	salaan/iska warran/mahadsanid/waan ka codsanayaa caawimaad/subax wanaagsan
sr	здраво/добар дан/хвала/молим
sv	hej/god morgon/tack/tack så mycket
sw	habari/hujambo/jambo/habari yako/asante/asante sana/naomba msaada/karibu/mambo
ta	வணக்கம்/நன்றி/உதவி தேவை/எப்படி இருக்கிறீர்கள்
te	నమస్కారం/ధన్యవాదాలు/సహాయం కావాలి/ఎలా ఉన్నారు
tg	салом/ассалому алайкум/раҳмат/ташаккур/шумо чӣ хел/кӯмак лозим
th	สวัสดี/ขอบคุณ/ช่วยด้วย
ti	ሰላም/ከመይ ኣለኻ/የቐንየለይ/ሓገዝ የድልየኒ
tk	salam/nähili/sag boluň/kömek gerek/salawmaleýkim
tl	kumusta/kamusta po/salamat/salamat po/magandang umaga/kailangan ko ng tulong/opo
tr	merhaba/selam/günaydın/teşekkürler/teşekkür ederim/nasılsın/nasılsınız/yardım lazım/lütfen
tt	сәлам/исәнмесез/рәхмәт/ярдәм кирәк/хәерле иртә
ug	ياخشىمۇسىز/رەھمەت/ياردەم كېرەك/ئەسسالامۇ ئەلەيكۇم
uk	привіт/добрий день/дякую/будь ласка/вітаю/потрібна допомога
ur	السلام علیکم/آپ کیسے ہیں/شکریہ/مدد چاہیے/مہربانی
uz	salom/assalomu alaykum/rahmat/katta rahmat/yaxshimisiz/yordam kerak/qalaysiz
vi	xin chào/cảm ơn/chào bạn/giúp tôi với/vâng/chào anh
wo	salaam aleekum/nanga def/jërëjëf/dama soxla ndimbal/na nga fanaane
yo	báwo ni/ẹ kú àárọ̀/ẹ ṣé/ẹ káàbọ̀/mo nílò ìrànlọ́wọ́/bawo ni/e se
zh	你好/您好/谢谢/请帮忙/早上好
zu	sawubona/sanibonani/unjani/ngiyabonga/ngicela usizo/ngidinga usizo
ko	안녕하세요/감사합니다/도와주세요
`

// greetingsIn returns the greetings by language, and those of other scripts
// that conversions make of them.
func greetingsIn(group lang.Script) map[lang.Tag][]string {
	in, made := map[lang.Tag][]string{}, conversions()
	for line := range strings.Lines(strings.TrimSpace(greetings)) {
		tag, list, _ := strings.Cut(strings.TrimSpace(line), "\t")
		for text := range strings.SplitSeq(list, "/") {
			if groupOf(lang.ScriptOf(text)) == group {
				in[lang.Tag(tag)] = append(in[lang.Tag(tag)], text)
			}
			for _, c := range made {
				if c.tag == lang.Tag(tag) && groupOf(c.to) == group {
					in[c.tag] = append(in[c.tag], c.write(text))
				}
			}
		}
	}
	return in
}
