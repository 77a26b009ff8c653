package lid

import (
	"strings"

	"tilgate/internal/lang"
)

// merged gives the label that stands for another one, where people write the
// two nearly alike or sources disagree about which of them a text is in.
var merged = map[lang.Tag]lang.Tag{
	// Chinese as written in regions; Cantonese has characters of its own and stays.
	"wuu": "zh", "gan": "zh", "hak": "zh", "nan": "zh", "hsn": "zh", "cjy": "zh",
	// Arabic as spoken in regions; Dari; Malay.
	"ary": "ar", "arz": "ar", "apc": "ar", "apd": "ar", "acm": "ar", "acq": "ar", "aeb": "ar", "ajp": "ar", "ars": "ar",
	"mey": "ar", "prs": "fa", "zlm": "ms", "azb-Latn": "az", "zyb": "za",
	// Quechua of the provinces.
	"qug": "qu", "qva": "qu", "qxn": "qu", "qvn": "qu", "qvc": "qu", "qvm": "qu", "qwh": "qu", "qvh": "qu", "quz": "qu",
	"qxu": "qu", "quh": "qu", "qul": "qu",
	// Fula, Kanuri, Kongo, Akan, Sardinian, Hmong, Tamazight in Tifinagh.
	"fuc": "ff", "fuf": "ff", "knc": "kr", "kng": "kg", "ktu": "kg", "fat": "ak", "src": "sc", "sro": "sc", "sdc": "sc",
	"hnj": "hmn", "tzm-Tfng": "zgh", "cnr": "sr",
	// Caribbean Hindustani, which looks like romanised Hindi.
	"hns": "hi",
	// Codes that sources use for the same language.
	"nbl": "nr", "dik": "din", "ydd": "yi", "oki": "kln", "tw": "ak", "iii": "ii",
}

// noise are labels that name no one language.
var noise = map[string]bool{"und": true, "qq": true, "not": true, "mul": true, "zxx": true}

// tagOf returns the tag, without a script, that a label of any source stands
// for: "kir" and "kir_Cyrl" are ky. It reports false for labels that are
// noise or no tag at all.
func tagOf(label string) (lang.Tag, bool) {
	if noise[label] {
		return lang.Und, false
	}
	tag, err := lang.ParseTag(strings.ReplaceAll(label, "_", "-"))
	if err != nil || tag == lang.Und {
		return lang.Und, false
	}
	return labelOf(tag), true
}

// labelOf returns the label that a tag stands for: its base, or what that is
// merged with.
func labelOf(tag lang.Tag) lang.Tag {
	if to, ok := merged[tag]; ok {
		return to
	}
	if to, ok := merged[tag.Base()]; ok {
		return to
	}
	return tag.Base()
}

// core are the languages that Tilgate is made for, and large the ones that
// stand beside them in most deployments. They weigh more in training, so that
// a short text is not taken for one of the hundreds of rarer ones.
const (
	core = "ky kk uz tg tk mn ug az tt ba ne si bn ta te ur ps sd km lo my th vi ms id tl jv am ti om so sw ha yo ig zu " +
		"rw rn ln wo ar fa ckb"
	large = "en ru fr es pt de it zh ja ko hi tr uk pl nl sr hu cs he el ro bg sv hr no"
)

func setOf(tags string) map[lang.Tag]bool {
	set := map[lang.Tag]bool{}
	for _, t := range strings.Fields(tags) {
		set[lang.Tag(t)] = true
	}
	return set
}
