package lang

import (
	"slices"
	"strings"
	"testing"
)

// TestSentenceEnds: in each row, " | " stands where one sentence ends and the
// next begins.
func TestSentenceEnds(t *testing.T) {
	for _, tt := range []struct {
		tag  Tag
		text string
	}{
		// Cyrillic
		{"ky", "Дарегибиз: Бишкек ш., Чүй пр., Манас көч. Келиңиз!"},
		{"ky", "Жөлөкпул 3 миң. Сом менен төлөнөт."},
		{"kk", "Мекенжайы: Абай көш. Нөмірі 12. | Бізге келіңіз."},
		{"kk", "Т. Рысқұлов көшесі қайда? | Мен білмеймін."},
		{"ru", "Приём ведёт проф. Иванова в каб. 5. | Запись по тел. Не опаздывайте."},
		{"ru", "Посёлок: пос. Мирный, мкр. Южный. | Ждём вас."},
		{"tg", "Суроға: хиё. Рӯдакӣ, бинои 12. | Ба мо занг занед."},
		{"tg", "Сухангӯ проф. Раҳимов аст. | Ворид ройгон аст."},
		{"mn", "Хаяг: 3-р хор. Баянзүрх дүүрэг. | Манайд ирээрэй."},
		{"mn", "М.э.ө. III зуунд Хүннү улс байгуулагдсан. | Энэ бол түүх."},
		{"tt", "Адрес: Тукай ур. Казан шәһәре. | Рәхим итегез!"},
		{"tt", "Моны проф. Закиев язган. | Китап китапханәдә бар."},
		{"ba", "Адрес: Пушкин ур. Өфө ҡалаһы. | Рәхим итегеҙ!"},
		{"ba", "Уны акад. Ғәлләмов әйткән. | Һорауҙарығыҙ бармы?"},
		{"sr", "Обратите се др Марку у ул. Кнеза Милоша бр. 5. | Пријем је бесплатан."},
		{"sr-Latn", "Predaje prof. Petrović u 10 časova. | Ulaz je slobodan."},
		{"uz-Cyrl", "Манзил: Навоий кўч. Тошкент шаҳри. | Марҳамат!"},
		// Latin, Turkic
		{"uz", "Manzil: Navoiy ko‘ch. Toshkent shahri. | Marhamat!"},
		{"uz", "Bu haqda prof. Karimov yozgan. | Kirish bepul."},
		{"tk", "Salgymyz: Magtymguly köç. Aşgabat şäheri. | Bize geliň."},
		{"tk", "Muny prof. Orazow aýtdy. | Giriş mugt."},
		{"az", "Ünvan: Nizami küç. Bakı şəhəri. | Bizə gəlin."},
		{"az", "Bunu prof. Əliyev deyib. | Giriş pulsuzdur."},
		{"tr", "Adres: Atatürk Cad. No. 5. | Bize gelin."},
		{"tr", "Randevuyu Doç. Dr. Yılmaz verir. | Ücret yoktur."},
		// Latin, Europe
		{"en", "Ask Dr. Osmonova at 5 p.m. today. | It is free."},
		{"en", "See vol. II of the law. | It costs 3.50 tanga."},
		{"fr", "Voir art. L.123 et Mme. Diop au 1er étage. | C'est gratuit."},
		{"fr", "Contactez le Dr. Ndiaye, bd. Pasteur. | Apportez une photo."},
		{"hu", "Keresse dr. Kovács Annát a hivatalban. | Az ügyintézés ingyenes."},
		{"hu", "Az ügyfélfogadás kb. Hat óráig tart. | Hozzon fényképet!"},
		{"cs", "Obraťte se na Ing. Nováka v ul. Dlouhá č. 5. | Je to zdarma."},
		{"cs", "Přednáší doc. Svobodová. | Vstup je volný."},
		{"vi", "Văn phòng ở Tp. Hồ Chí Minh. | Xin mang theo giấy tờ."},
		{"vi", "Người phụ trách là PGS. TS. Lan. | Đăng ký miễn phí."},
		// Latin, Asia
		{"id", "Kantor di Jl. Merdeka No. 5, Kec. Menteng. | Pendaftaran gratis."},
		{"id", "Biayanya Rp. 5.000 per orang. | Bawa foto."},
		{"ms", "Sila hubungi Pn. Aminah di Jln. Ampang. | Pendaftaran percuma."},
		{"ms", "Pegawainya En. Razak. | Bawa kad pengenalan."},
		{"jv", "Kantoré ing Jl. Malioboro, Kec. Gedongtengen. | Ndaftar gratis."},
		{"jv", "Takon marang Dr. Suharti. | Gawanen layang-layangmu."},
		{"tl", "Hanapin si Gng. Reyes sa Brgy. San Jose. | Libre ang pagpaparehistro."},
		{"tl", "Tumawag kay Atty. Cruz. | Magdala ng litrato."},
		// Latin, Africa
		{"sw", "Muulize Bw. Juma au Bi. Asha. | Usajili ni bure."},
		{"sw", "Kliniki ya Dkt. Mwangi iko wapi? | Iko sokoni."},
		{"ha", "Ka tambayi Alh. Musa a ofis. | Rajista kyauta ne."},
		{"ha", "Likita Dr. Amina tana nan. | Ku zo da katin shaida."},
		{"yo", "Ẹ bá Ọ̀gb. Adé sọ̀rọ̀. | Ọ̀fẹ́ ni."},
		{"yo", "Dkt. Ọlá wà ní ilé ìwòsàn. | Ẹ wá ní òwúrọ̀."},
		{"ig", "Jụọ Maz. Okafor n'ụlọ ọrụ. | Ọ bụ n'efu."},
		{"ig", "Dkt. Ada nọ n'ụlọ ọgwụ. | Bịa n'ụtụtụ."},
		{"zu", "Buza uMnu. Dlamini ehhovisi. | Kumahhala."},
		{"zu", "Thintana noNkk. Zulu. | Letha umazisi wakho."},
		{"om", "Obb. Tolasaa gaafadhaa. | Galmeen bilisa."},
		{"om", "Waajjirri bara 2010 A.L.I. Finfinneetti baname. | Kottaa."},
		{"so", "La xiriir Md. Cali ee xafiiska. | Diiwaangelintu waa bilaash."},
		{"so", "Dr. Xaliimo ayaa jooga. | Keen kaarkaaga."},
		{"rw", "Mubaze Bw. Mugabo ku biro. | Kwiyandikisha ni ubuntu."},
		{"rw", "Dr. Uwase arahari. | Muzane indangamuntu."},
		{"rn", "Mubaze Bw. Ndayizeye ku biro. | Kwiyandikisha ni ku buntu."},
		{"rn", "Dr. Niyonzima arahari. | Muzane ikarata karangamuntu."},
		{"ln", "Tuna Mr. Mbuyi na biro. | Ekomeli ezali ofele."},
		{"ln", "Dr. Ilunga azali awa. | Memá fotó na yo."},
		{"wo", "Laajal Mme. Ndiaye ci biro bi. | Amul fey."},
		{"wo", "Dr. Faye mu ngi fi. | Indil sa kart."},
		// Arabic script
		{"ar", "يستقبلكم أ.د. محمود في المكتب. | التسجيل مجاني."},
		{"ar", "العنوان: ص.ب. 1234 القاهرة. | هل لديكم سؤال؟ | اتصلوا بنا."},
		{"fa", "این قانون در سال ۱۳۸۰ ه.ش. تصویب شد. | ثبت\u200cنام رایگان است."},
		{"fa", "برای جزئیات ر.ک. صفحهٔ بعد. | آیا پرسشی دارید؟ | تماس بگیرید."},
		{"ckb", "پرسیار لە پ.ی.د. ئازاد بکە. | تۆمارکردن بێبەرامبەرە."},
		{"ckb", "شارەکە لە ساڵی ٣٠٠ پ.ز. دروست کراوە. | کەی دێیت؟ | چاوەڕێین."},
		{"ps", "دا قانون په ۱۳۸۰ ه.ش. کال تصویب شو. | نوم لیکنه وړیا ده."},
		{"ps", "ښار په ۳۰۰ ق.م. کې جوړ شوی. | پوښتنه لرئ؟ | زنګ ووهئ."},
		{"sd", "هي شهر ٣٠٠ ق.م. کان آباد آهي. | داخلا مفت آهي."},
		{"sd", "پتو: ص.ب. 12 حيدرآباد. | ڇا توهان ايندا؟ | اسان انتظار ۾ آهيون."},
		{"ur", "یہ شہر 300 ق.م. سے آباد ہے۔ | کیا آپ آئیں گے؟ | اندراج مفت ہے۔"},
		{"ur", "درخواست جمع کرائیں۔ | فیس 200 روپے ہے۔"},
		{"ug", "پروف. تۇرسۇن سۆزلەيدۇ. | كىرىش ھەقسىز."},
		{"ug", "شەھەر م.ب. 300-يىلى قۇرۇلغان. | سوئالىڭىز بارمۇ؟ | كېلىڭ."},
		// Indic
		{"hi", "डॉ. शर्मा आज मिलेंगे। | शुल्क रु. 200 है।"},
		{"hi", "यह नगर ई.पू. तीसरी सदी का है। | क्या आप आएँगे? | हाँ।"},
		{"ne", "डा. अर्याल आज भेटिन्छन्। | शुल्क रु. २०० हो।"},
		{"ne", "यो कानुन वि.सं. २०७२ मा आयो। | दर्ता निःशुल्क छ।"},
		{"bn", "ডা. রহমান আজ আছেন। | নিবন্ধন বিনামূল্যে।"},
		{"bn", "মো. করিমের সঙ্গে কথা বলুন। | আপনি কি আসবেন?"},
		{"ta", "திரு. முருகன் அலுவலகத்தில் இருக்கிறார். | பதிவு இலவசம்."},
		{"ta", "கட்டணம் ரூ. 200 ஆகும். | அடையாள அட்டை கொண்டு வாருங்கள்."},
		{"te", "డా. రావు ఈరోజు ఉంటారు. | నమోదు ఉచితం."},
		{"te", "రుసుము రూ. 200 మాత్రమే. | గుర్తింపు కార్డు తీసుకురండి."},
		{"si", "ගාස්තුව රු. 200 කි. | ලියාපදිංචිය නොමිලේ."},
		{"si", "කාර්යාලය පෙ.ව. 8 ට විවෘත වේ. | කරුණාකර පැමිණෙන්න."},
		// South-East Asia
		{"th", "พบ ดร. สมชาย ที่สำนักงาน"},
		{"th", "จดทะเบียนปี พ.ศ. 2569 ที่อำเภอ โทร. 1509"},
		{"lo", "ພົບ ດຣ. ສົມໄຊ ຢູ່ຫ້ອງການ. | ລົງທະບຽນບໍ່ເສຍຄ່າ."},
		{"lo", "ກົດໝາຍປີ ຄ.ສ. 2026 ມີຜົນແລ້ວ. | ເຊີນມາ."},
		{"km", "យកសៀវភៅ ប៊ិច ។ល។ | សូមអញ្ជើញមក។"},
		{"km", "តម្លៃ ៣.៥០០ រៀល។ | តើអ្នកមកទេ? | មក។"},
		{"my", "အခမဲ့ဖြစ်သည်။ | ၁၅၀၉ သို့ ဖုန်းဆက်ပါ။"},
		{"my", "ကတ်ပြား၊ ဓာတ်ပုံ ယူလာပါ။ | ဘယ်အချိန်လာမလဲ။"},
		// Ethiopia, Eritrea
		{"am", "በ2018 ዓ.ም. ተከፈተ። | መመዝገብ ነጻ ነው።"},
		{"am", "ዶ.ር. አበበ ዛሬ አሉ። | ይመጣሉ?"},
		{"ti", "ብ2018 ዓ.ም. ተኸፊቱ። | ምዝገባ ብነጻ እዩ።"},
		{"ti", "ዶ.ር. ኣብርሃ ሎሚ ኣሎ። | ክትመጹ ዲኹም?"},
		// East Asia
		{"zh", "免费登记。 | 请带证件！ | 谢谢。"}, {"zh", "费用是3.50元。 | 您来吗？"},
		{"ko", "등록은 무료입니다. | 신분증을 가져오세요."}, {"ko", "수수료는 3.5달러입니다. | 오시겠어요?"},
	} {
		want := strings.Split(tt.text, " | ")
		got := slices.Collect(Sentences(tt.tag, strings.ReplaceAll(tt.text, " | ", " ")))
		if !slices.Equal(got, want) {
			t.Errorf("in %s, the sentences are\n\t%q, want\n\t%q", tt.tag, got, want)
		}
	}
}
