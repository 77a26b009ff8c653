package translit

// Uzbek, Azerbaijani, Turkmen: Latin is the main script, and what comes back
// from Cyrillic exactly is Latin text.
func mainLatin() []spec {
	return []spec{
		{tag: "uz", main: "Latn", script: "Cyrl", name: "1940", both: uzbekBoth, to: uzbekTo, from: uzbekFrom, vowels: "aeiouʻ",
			roundTrips: true},
		{tag: "az", main: "Latn", script: "Cyrl", name: "1958", both: azeriBoth, from: azeriFrom, dotted: true, roundTrips: true},
		{tag: "tk", main: "Latn", script: "Cyrl", name: "1940", both: turkmenBoth, to: turkmenTo, from: turkmenFrom,
			vowels: "aäeioöuüy", roundTrips: true},
	}
}

const (
	uzbekBoth = ` oʻ ў gʻ ғ sh ш ch ч sʼh сҳ yoʻ йў ya я yo ё yu ю a а b б d д f ф g г h ҳ i и j ж k к l л m м n н o о p п q қ
		r р s с t т u у v в x х y й z з ʼ ъ `

	// ц is s, and ts after a vowel. е is ye where a word begins and after a vowel, and э is e there. Both
	// letters are e after a consonant, where е is by far the more frequent.
	uzbekTo = ` ye ъе ^ye е +ye е ʼye ъйе ^e э +e э e е ʼe ъэ +tsiya ция +tsion цион +tsiy ций +tsent цент ^pensi пенси ^ekspansi экспанси ksiya кция nsiya нция psiya пция
		ksion кцион nsion нцион prinsip принцип ^sirk цирк ^sement цемент ^sentner центнер w в c с `
	uzbekFrom = ` ъе ye ъй ʼy ъэ ʼe ^е ye +е ye е e э e ц s +ц ts щ sh ы i ь - `

	azeriBoth = ` a а b б c ҹ ç ч d д e е ə ә f ф g ҝ ğ ғ h һ x х ı ы i и j ж k к q г l л m м n н o о ö ө p п r р s с ş ш t т
		u у ü ү v в y ј z з `
	azeriFrom = ` э e я ya ё yo ю yu й y ц ts щ şç ь - ъ - `

	turkmenBoth = ` ýa я ýu ю ýo ё a а b б ç ч d д ä ә f ф g г h х i и j җ ž ж k к l л m м n н ň ң o о ö ө p п r р s с ş ш t т u у
		ü ү w в y ы ý й z з `
	turkmenTo   = ` ýe ъе ^ýe е +ýe е ^e э +e э e е v в `
	turkmenFrom = ` ъе ýe ^е ýe +е ýe е e э e ц s щ şç ь - ъ - `
)
