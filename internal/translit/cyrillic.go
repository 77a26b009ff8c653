package translit

// Tajik, Mongolian, Serbian: Cyrillic is the main script.
func otherCyrillic() []spec {
	return []spec{
		{tag: "tg", main: "Cyrl", script: "Latn", name: "scholarly", both: tajikBoth, to: turkicTo, from: turkicFrom,
			marks: "š č ž ī ū ğ x", vowels: "aeèiīìouūéæ", roundTrips: true, apart: true},
		{tag: "tg", main: "Cyrl", script: "Latn", name: "plain", both: "ж zh ҷ j ҳ h " + plainBoth, from: "gh ғ q қ +y й ^y й y й " + plainFrom,
			to: "ғ gh ӣ i қ q ӯ u " + plainTo, vowels: "aeiou", marks: "sh ch kh gh zh"},
		{tag: "mn", main: "Cyrl", script: "Latn", name: "standard", both: mongolianBoth, from: "h х c ц w в x х ",
			vowels: "aeèiïĭoöuüy", alsoVowels: "й", roundTrips: true, apart: true, marks: "ö ü ʹ kh"},
		{tag: "mn", main: "Cyrl", script: "Latn", name: "plain", both: "ц ts ы y " + plainBoth,
			to: "ъ i ь i щ sh й i ө u ү u " + plainTo, from: "ye е w в x х h х +i й +e э ^e э e э ", vowels: "aeiouy"},
		{tag: "sr", main: "Cyrl", script: "Latn", name: "gaj", both: serbian, from: serbianApart, vowels: "aeiou"},
	}
}

const (
	tajikBoth = ` ғ ğ ӣ ī қ q ӯ ū ҳ h ҷ j х x ж ž ч č ш š щ šč ъ ʼ ы ì ` + turkicBoth

	// After MNS 5217, with й, ъ and ь told from и: й is i after a vowel, where
	// и does not stand. э is e, and е is ye, everywhere.
	mongolianBoth = ` а a б b в v г g д d ё yo ж j з z +и ï и i +й i й ĭ к k л l м m н n о o ө ö п p р r с s т t у u ү ü ф f
		х kh ц ts ч ch ш sh щ shch ъ ʺ ы y ь ʹ ю yu я ya е ye э e `

	serbian = ` а a б b в v г g д d ђ đ е e ж ž з z и i ј j к k л l љ lj м m н n њ nj о o п p р r с s т t ћ ć у u ф f х h
		ц c ч č џ dž ш š `

	// Where two words or a prefix meet, nj, lj and dž are two letters each;
	// Read knows the words.
	serbianApart = ` ǌ њ ǉ љ ǆ џ ^injek инјек ^injunkt инјункт konjug конјуг konjunk конјунк ^tanjug танјуг vanjezič ванјезич
		^anjon анјон panjelin панјелин ^nadž надж podžanr поджанр podžup поджуп podžet поджет podžuti поджути predžet преджет
		^odžal оджал ^odživ оджив ^odžvać оджваћ ^odžde ожде `
)
