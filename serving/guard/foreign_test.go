package guard

import (
	"errors"
	"testing"

	"tilgate/internal/lang"
	"tilgate/serving"
)

// realLife are good answers with what stands in answers of a service desk and
// is in no language, or in another for good reason.
var realLife = []struct {
	tag  lang.Tag
	text string
}{
	// Addresses of pages: long, with queries, without a scheme.
	{"ky", "Арызды https://portal.tunduk.kg/services/social/registration-of-pension-application?lang=ky&category=old-age&step=confirmation дарегинен жөнөтүңүз [1]."},
	{"ky", "Арызды portal.tunduk.kg/services/social/registration-of-pension-application?lang=ky&step=confirmation дарегинен жөнөтүңүз."},
	{"ky", "Баракча: https://www.gov.kg/ky/npa/s/registration-of-legal-entities-and-branches-representative-offices."},
	{"ky", "www.socfond.gov.kg/information/pension-calculator-for-individual-entrepreneurs-and-farmers"},
	{"ky", "Маалымат үч жерде бар: cbd.minjust.gov.kg/view/document/act-on-state-benefits, open.data.gov.kg/dataset/benefits-by-region жана nur.kg/applications/new."},
	{"kk", "Өтінішті https://egov.kz/cms/kk/services/pensions/pass_mtszn_appointment_of_pension_payments арқылы беріңіз [1]."},
	{"kk", "Толығырақ: adilet.zan.kz/kaz/docs/K2300000224/social-code-of-the-republic-of-kazakhstan#chapter-12"},
	{"mn", "Өргөдлөө e-mongolia.mn/service/social-insurance/apply-for-old-age-pension?source=home_page_banner хаягаар гаргана уу [1]."},
	{"mn", "Дэлгэрэнгүйг https://legalinfo.mn/mn/detail?lawId=16390268466081&type=social_insurance_general_law-ээс үзнэ үү."},
	{"ur", "درخواست https://www.eobi.gov.pk/benefits/old-age-pension/application-form-and-required-documents پر دیں [1]۔"},
	{"ur", "مزید معلومات: nadra.gov.pk/identity/identity-cnic/cnic-renewal-and-modification-procedure?lang=ur پر موجود ہیں۔"},
	{"fa", "برای ثبت درخواست به نشانی https://es.tamin.ir/services/retirement/register-request-for-pension بروید [1]."},
	{"ps", "غوښتنلیک په https://asan.gov.af/services/application-for-national-identity-card-renewal کې ولیکئ [1]."},
	{"km", "សូមដាក់ពាក្យនៅ https://www.nssf.gov.kh/services/pension-scheme/registration-of-self-employed-persons?lang=km។"},
	{"km", "សូមចូលទៅកាន់www.mfaic.gov.kh/consular-services/passport-application-and-renewal-requirementsដើម្បីដាក់ពាក្យ។"},
	{"th", "ยื่นคำขอได้ที่https://www.sso.go.th/eservices/esv/search_employee_pension_benefit_application.do?formType=oldage&step=confirmation ภายในสามสิบวัน [1]"},
	{"th", "ดูรายละเอียดที่ bora.dopa.go.th/CallCenter1548/index.php/menu-general/identification-card-renewal ครับ"},
	{"my", "လျှောက်လွှာကို https://www.myanmar.gov.mm/en/services/social-security/application-for-superannuation-pension-benefit တွင် တင်ပါ။"},
	{"lo", "ຍື່ນຄຳຮ້ອງໄດ້ທີ່ https://www.lsso.gov.la/services/old-age-pension/application-form-and-required-documents."},
	{"am", "ማመልከቻውን በ https://www.eservices.gov.et/service/renewal-of-residence-identification-card/requirements?region=addis ያስገቡ [1]።"},
	{"hi", "आवेदन https://services.india.gov.in/service/detail/apply-for-indira-gandhi-national-old-age-pension-scheme पर करें [1]।"},
	{"hi", "अधिक जानकारी nsap.nic.in/schemes/old-age-pension/eligibility-criteria-and-documents?state=bihar पर है।"},
	{"bn", "আবেদন করুন https://mis.bhata.gov.bd/onlineApplication/old-age-allowance-registration-form ঠিকানায় [1]।"},
	{"ne", "निवेदन https://donidcr.gov.np/social-security-allowance/application-for-senior-citizen-allowance मा दिनुहोस् [1]।"},
	{"ta", "விண்ணப்பத்தை https://www.tnesevai.tn.gov.in/citizen/registration/old-age-pension-application-form இல் அளிக்கவும் [1]."},
	{"ar", "قدّم الطلب عبر https://services.moi.gov.example/citizens/civil-status/renewal-of-national-identity-card?step=confirm في خلال شهر."},
	{"tg", "Дархостро тавассути https://nafaka.tj/services/appointment-of-old-age-pension/application-form-for-citizens фиристед [1]."},

	// Addresses in the letters of the language.
	{"ky", "Маалымат https://мыйзам.кг/карылык-боюнча-пенсия/арыз-берүү-тартиби барагында жана info@мыйзам.кг дарегинде бар."},
	{"hi", "जानकारी https://सेवा.सरकार.भारत/पेंशन/आवेदन-पत्र?lang=hindi-devanagari-script पर है।"},

	// E-mail.
	{"ky", "Катты citizens.appeals.department@socfond.gov.kg же hotline_pensions_and_benefits@tunduk.kg дарегине жазыңыз [1]."},
	{"km", "សូមផ្ញើអ៊ីមែលទៅpublic.information.department@mlvt.gov.kh ឬ complaints-and-suggestions@nssf.gov.kh។"},
	{"ur", "ای میل کریں: complaints.and.suggestions.cell@eobi.gov.pk یا facilitation.centre.islamabad@nadra.gov.pk۔"},
	{"th", "ส่งอีเมลไปที่ customer_service_department@sso.mail.go.th หรือ saraban-central-office@mol.mail.go.th"},

	// Files and codes.
	{"ky", "Бланктын аталышы: application_for_assignment_of_old_age_pension_v3.docx жана consent_to_processing_of_personal_data.pdf [1]."},
	{"mn", "Маягтыг татна уу: application_form_for_social_insurance_contribution_refund_2026.xlsx."},
	{"kk", "Төлем деректемелері: IBAN KZ86 125K ZT50 0410 0100, БСК KKMFKZ2A, KBE 16, KNP 094 [1]."},
	{"ky", "Эсеп: KG94 DEMI RBAN KGSB BISH KEKX XXPP, SWIFT коду DEMIKG22XXX."},
	{"am", "ክፍያውን ወደ CBETETAAXXX ሂሳብ ቁጥር ET21CBET0000001000123456789 ያስገቡ፤ ማጣቀሻ REF-CIVREG-2026-RENEWAL-FORM።"},
	{"hi", "फ़ॉर्म संख्या PFMS/NSAP/IGNOAPS-2026-REV-B और संदर्भ GSR-482(E)/MORTH/RT-11036 लिखें।"},

	// The law, organisations and products, by their own names.
	{"ky", "Бул маселе General Data Protection Regulation (EU) 2016/679 жана ISO/IEC 27001 талаптары менен жөнгө салынат [1]."},
	{"ky", "Качкындар United Nations High Commissioner for Refugees (UNHCR) бөлүмүнө кайрылышат."},
	{"mn", "Программ нь Microsoft Windows Server 2022 Datacenter Edition болон Oracle Database Enterprise Edition дээр ажиллана."},
	{"ur", "درخواست Benazir Income Support Programme Regional Headquarters Islamabad کے دفتر میں دیں [1]۔"},
	{"th", "ติดตั้งแอป Google Authenticator หรือ Microsoft Authenticator จาก Google Play Store หรือ Apple App Store"},
	{"km", "សូមប្រើកម្មវិធី Samsung Galaxy Store, Google Play Store ឬ Huawei AppGallery Connect។"},
	{"hi", "टीका Serum Institute Covishield या Bharat Biotech Covaxin का हो सकता है [1]।"},
	{"am", "ክትባቱ Johnson & Johnson Janssen ወይም Pfizer-BioNTech Comirnaty ሊሆን ይችላል።"},
	{"kk", "Құжат Hague Convention Abolishing the Requirement of Legalisation for Foreign Public Documents бойынша қабылданады."},

	// Chemistry and medicine.
	{"ky", "Дары: acidum acetylsalicylicum, paracetamolum, chloramphenicolum; дарыгердин рецепти керек."},
	{"mn", "Хориглосон бодис: dichlorodiphenyltrichloroethane (DDT), hexachlorocyclohexane, pentachlorophenol."},
	{"ur", "اس میں butylated hydroxyanisole اور tert-butylhydroquinone شامل نہیں ہونا چاہیے۔"},
	{"th", "ห้ามใช้ chlorpyrifos, paraquat dichloride และ glyphosate-isopropylammonium ในพื้นที่นี้ [1]"},
	{"km", "ហាមប្រើ methamidophos, monocrotophos និង parathion-methyl លើដំណាំ។"},

	// Lists of nothing but names.
	{"ky", "Банктар:\n- Demir Kyrgyz International Bank\n- Kompanion Bank\n- Optima Bank\n- Bai-Tushum Bank"},
	{"ur", "بینک:\n- Habib Bank Limited\n- United Bank Limited\n- National Bank of Pakistan"},
}

// wrongLife are answers that must be stopped, whatever addresses and names
// stand in them.
var wrongLife = []struct {
	tag  lang.Tag
	text string
}{
	{"ky", "Women may apply for the pension at the age of fifty-eight at https://portal.tunduk.kg/services/pension."},
	{"ky", "You can send the application to info@socfond.gov.kg or come to the office of your district in person."},
	{"ky", "Подайте заявление на портале https://portal.tunduk.kg/services/pension или придите в отделение лично."},
	{"km", "You can apply at https://www.nssf.gov.kh/services and bring the documents with you to the office."},
	{"km", "คุณสามารถยื่นคำขอได้ที่ https://www.nssf.gov.kh/services และนำเอกสารมาด้วย"},
	{"th", "請在https://www.sso.go.th/eservices申請，並攜帶文件到辦公室。"},
	{"th", "请在 https://www.sso.go.th/eservices 申请养老金，并携带所有需要的文件到办公室。"},
	{"ur", "Please send the form to complaints@eobi.gov.pk and wait for thirty days until you are called."},
	{"ur", "Aap darkhwast form bhar kar daftar mein jama karwa sakte hain aur tees din intezar karein."},
	{"hi", "Please fill in the form at nsap.nic.in and bring your identity card to the block office."},
	{"am", "Please bring your residence card to the kebele office and pay the fee of fifty birr there."},
	{"mn", "The form can be downloaded from e-mongolia.mn and must be signed by the head of the household."},
	{"kk", "Der Antrag kann bei der zuständigen Behörde gestellt werden, die innerhalb von zehn Tagen entscheidet."},
	{"ur", "Silakan ajukan permohonan di kantor terdekat dengan membawa kartu identitas dan dua lembar foto."},
	{"th", "Bạn có thể nộp đơn tại văn phòng gần nhất và mang theo chứng minh nhân dân cùng hai tấm ảnh."},
	{"ar", "Vous pouvez déposer la demande au bureau le plus proche avec votre carte d'identité et deux photos."},
	{"bn", "The Ministry of Social Welfare of Bangladesh will pay the allowance within three months after approval."},
	{"ky", "Аялдар элүү сегиз жашында пенсияга чыга алышат [1]. You can apply for it at portal.tunduk.kg or in the office of your district."},
	{"km", "ស្ត្រីអាចដាក់ពាក្យសុំប្រាក់សោធននៅអាយុ ៥៨ ឆ្នាំ។ You can apply for it at www.nssf.gov.kh or in the office of your district."},
	{"ky", "The State Registration Service under the Cabinet of Ministers of the Kyrgyz Republic issues passports."},
}

// stopped counts the answers that are stopped, cut into pieces in several ways.
func stopped(t *testing.T, tag lang.Tag, text string) (n, of int) {
	t.Helper()
	for _, size := range []int{1, 7, 40, 1000} {
		for _, release := range []int{0, 60} {
			of++
			if err := said(newFilter(t, tag, Options{}), text, size, release); err != nil {
				var miss *serving.Miss
				if !errors.As(err, &miss) {
					t.Fatal(err)
				}
				n++
			}
		}
	}
	return n, of
}

// said gives a filter text in pieces, and lets it go after each so many bytes,
// as serving does for readers who have waited; 0 never does.
func said(f *filter, text string, size, release int) error {
	at := 0
	for text != "" {
		n := min(size, len(text))
		if _, err := f.Add(text[:n]); err != nil {
			return err
		}
		if at += n; release > 0 && at >= release {
			at = 0
			if _, err := f.Release(); err != nil {
				return err
			}
		}
		text = text[n:]
	}
	_, err := f.End()
	return err
}

// TestRealLife: addresses, names and codes stop no answer, and hide none in
// another language.
func TestRealLife(t *testing.T) {
	total, wrong := 0, 0
	for _, tt := range realLife {
		n, of := stopped(t, tt.tag, tt.text)
		if total, wrong = total+of, wrong+n; n > 0 {
			t.Errorf("%s: stopped in %d of %d ways to cut it: %s", tt.tag, n, of, tt.text)
		}
	}
	foreign, caught := 0, 0
	for _, tt := range wrongLife {
		n, of := stopped(t, tt.tag, tt.text)
		if foreign, caught = foreign+of, caught+n; n < of {
			t.Logf("%s: stopped in %d of %d ways to cut it only: %s", tt.tag, n, of, tt.text)
		}
	}
	if caught*100 < 98*foreign {
		t.Error("want 98 % of those in another language stopped")
	}
	t.Logf("%d of %d good ones stopped, %d of %d others", wrong, total, caught, foreign)
}
