package translit

import "strings"

// Kazakh has had three official Latin alphabets since 2017. They differ in
// few letters; all of them write и and й, and х and һ, the same, so that the
// way back has to look at the vowels around, and knows some words.
func kazakh() []spec {
	return []spec{
		{tag: "kk", main: "Cyrl", script: "Latn", name: "2021", both: kazakhLatin("ä ğ i ñ ö ü ū u ı y ş"),
			to: "ч tş " + kazakhTo("i u ş"), from: kazakhFrom("i u ş"), dotted: true, vowels: "aäeiıoöuūüy", marks: "ä ğ ñ ö ü ū ş"},
		{tag: "kk", main: "Cyrl", script: "Latn", name: "2018", both: kazakhLatin("á ǵ ı ń ó ú u ý i y sh ch"),
			to: kazakhTo("ı ý sh"), from: kazakhFrom("ı ý sh"), vowels: "aáeiıoóuúyý", marks: "á ǵ ń ó ú ý sh ch"},
		{tag: "kk", main: "Cyrl", script: "Latn", name: "2017", both: kazakhLatin("aʼ gʼ iʼ nʼ oʼ uʼ u yʼ i y sʼ cʼ"),
			to: kazakhTo("iʼ yʼ sʼ"), from: kazakhFrom("iʼ yʼ sʼ"), vowels: "aeiouy", marks: "aʼ gʼ iʼ nʼ oʼ uʼ yʼ sʼ cʼ a' g' i' n' o' u' y' s' c' a’ g’ i’ n’ o’ u’ y’ s’ c’"},
	}
}

func kazakhLatin(own string) string {
	var b strings.Builder
	latin := strings.Fields(own)
	cyrillic := strings.Fields("ә ғ и ң ө ү ұ у і ы ш ч")
	for i := range latin {
		b.WriteString(cyrillic[i] + " " + latin[i] + " ")
	}
	return b.String() + ` а a б b в v г g д d е e ж j з z к k қ q л l м m н n о o п p р r с s т t ф f х h `
}

// kazakhTo takes the letters for и, у and ш.
func kazakhTo(own string) string {
	return kazakhWith(own, ` й I я Ia ю IU ё Io ц ts щ SHSH э e һ h ъ - ь - `)
}

func kazakhFrom(own string) string {
	return kazakhWith(own, ` +I й ^Ia я +Ia я Ia иа IU ю ^Io йо +Io йо Io ио SHSH щ tsI ци ^ts ц ^tSH ч tSH тш x х w у
		^ekonom эконом ^eko эко ^elektr электр ^eksp эксп ^element элемент ^energ энерг ^etn этн ^epos эпос ^efir эфир ^etap этап
		^ekran экран ^estet эстет qahar қаһар jahan жаһан gauhar гауһар jIhaz жиһаз allah аллаһ `)
}

func kazakhWith(own, list string) string {
	f := strings.Fields(own)
	return strings.NewReplacer("I", f[0], "U", f[1], "SH", f[2]).Replace(list)
}
