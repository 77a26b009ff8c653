package lang

import "strings"

// abbreviations that a capital letter, a number or, in a script without
// capitals, any word may follow, by language; those under "" hold for all.
// They stand without their last full stop, in lower case. Words that as often
// end a sentence (итд., stb., dll.) are left out: a sentence cut in two is
// read more easily than two run together.
var abbreviations = map[Tag]map[string]bool{
	"":    set("e.g i.e etc no nr vol pp"),
	"am":  set("ዓ.ም ዓ.ዓ ዶ.ር ፕ.ር ት.ቤት ጽ.ቤት"),
	"ar":  set("أ.د ص.ب ق.م ب.م ج.م هـ.ش ه.ق"),
	"az":  set("prof dos akad dr küç pr rəh mln mlrd min b.e b.e.ə r-n"),
	"ba":  set("проф акад ур урам тел мең млн млрд һ.б б.э б.э.т р-н"),
	"bn":  set("ডা মো মোছা মোসা অধ্যা খ্রি লি রু কি.মি"),
	"ckb": set("پ.د پ.ی.د پ.ز د.ز م.ز"),
	"cs":  set("ing mgr mudr judr mvdr bc phdr rndr doc prof př tzv např č čp ul nám tř sv st str tel tis mil mld"),
	"en":  set("mr mrs ms dr prof st jr sr vs u.s u.k jan feb aug sept oct nov dec gen col lt sen rep inc ltd co"),
	"fa":  set("ه.ش هـ.ش ه.ق ق.م ب.م ر.ک پ.ن ص.پ"),
	"fr":  set("mm mme mmes mlle dr pr me st ste av bd art fig réf tél cf env éd chap"),
	"ha":  set("dr alh haj mal prof barr engr"),
	"hi":  set("डॉ श्री प्रो पं रु रू क्र ई.पू कि.मी पृ"),
	"hu":  set("dr prof özv ifj id kb pl ún ld krt tel"),
	"id":  set("dr drs dra ir jl no tn ny hj kab kec kel rp hlm tlp prof"),
	"ig":  set("maz dr dkt prof nze"),
	"jv":  set("dr drs jl tn ny kab kec rp prof"),
	"kk":  set("ж жж қ көш даң тел проф акад млн млрд мың обл т.б б.э"),
	"ky":  set("ж жж к көч проф акад млн млрд миң обл р-н м.с б.а ж.б"),
	"ln":  set("mr mme dr prof"),
	"lo":  set("ດຣ ຮສ ພ.ສ ຄ.ສ ໂທ"),
	"mn":  set("проф акад хор дүүр тел м.э м.э.ө н.т.з"),
	"ms":  set("dr en pn tn hj hjh jln prof kpt ir tel"),
	"ne":  set("डा प्रा रु नं पृ वि.सं ई.पू कि.मी चि.नं"),
	"om":  set("obb add dr prof fkn a.l.i"),
	"ps":  set("ه.ش هـ.ش ق.م ل.ل"),
	"rn":  set("bw mad dr prof"),
	"ru":  set("г гг ул д кв т др пр им проф акад см стр рис каб руб тыс млн млрд обл р-н мкр корп пос наб пл тел"),
	"rw":  set("bw md dr prof urug"),
	"sd":  set("ق.م ب.م ص.ب"),
	"si":  set("රු ක්\u200dරි.ව ක්\u200dරි.පූ ප.ව පෙ.ව කි.මී ආචා"),
	"so":  set("dr md mw prof tel"),
	"sr":  set("др проф гђа ул бр тзв стр нпр дин тел св dr prof gđa ul br tzv str npr din tel sv"),
	"sw":  set("bw bi dkt prof k.m n.k"),
	"ta":  set("திரு திருமதி டாக்டர் பேரா ரூ எண் கி.மு கி.பி கி.மீ எ.கா மு.ப பி.ப"),
	"te":  set("డా శ్రీ ప్రొ రూ నం క్రీ.శ క్రీ.పూ కి.మీ"),
	"tg":  set("проф акад дот хиё кӯч саҳ ниг тел млн млрд"),
	"th":  set("ดร รศ ผศ นพ พญ น.ส ด.ช ด.ญ พ.ศ ค.ศ โทร รพ กม ม.ค ก.พ มี.ค เม.ย พ.ค มิ.ย ก.ค ส.ค ก.ย ต.ค พ.ย ธ.ค"),
	"ti":  set("ዓ.ም ዶ.ር ፕ.ር"),
	"tk":  set("prof akad köç şäh tel mln mlrd b.e.öň"),
	"tl":  set("gng bb kgg dr dra atty engr hon brgy sta sto blg"),
	"tr":  set("dr prof doç av cad sok mah apt blv no bkz vb vs yy sn hz yrd öğr gör"),
	"tt":  set("проф акад ур тел мең млн млрд һ.б б.э б.э.к р-н"),
	"ug":  set("پروف دوك م.ب ۋ.ب"),
	"ur":  set("ق.م ب.م"),
	"uz":  set("ko‘ch koʻch ch кўч prof akad mln mlrd yy v.b проф акад млн млрд"),
	"vi":  set("tp tx tt ts ths bs ks gs pgs"),
	"wo":  set("dr mme prof"),
	"yo":  set("dr dkt prof alh ọ̀gb"),
	"zu":  set("mnu umnu kumnu nomnu nkk unkk kunkk nonkk dkt udkt dr udr"),
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
