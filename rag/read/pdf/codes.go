package pdf

import "tilgate/internal/lang"

// tesseractCodes are what tesseract calls languages, where that is not their
// tag in three letters. Those with another script come first.
var tesseractCodes = map[lang.Tag]string{
	"uz-Cyrl": "uzb_cyrl", "az-Cyrl": "aze_cyrl", "sr-Latn": "srp_latn", "zh-Hant": "chi_tra", "kmr": "kmr", "ku": "kmr", "ckb": "ckb",
	"af": "afr", "am": "amh", "ar": "ara", "as": "asm", "az": "aze", "be": "bel", "bg": "bul", "bn": "ben", "bo": "bod", "bs": "bos",
	"ca": "cat", "ceb": "ceb", "cs": "ces", "cy": "cym", "da": "dan", "de": "deu", "dv": "div", "dz": "dzo", "el": "ell", "en": "eng",
	"eo": "epo", "es": "spa", "et": "est", "eu": "eus", "fa": "fas", "fi": "fin", "fil": "fil", "fo": "fao", "fr": "fra", "ga": "gle",
	"gl": "glg", "gu": "guj", "he": "heb", "hi": "hin", "hr": "hrv", "ht": "hat", "hu": "hun", "hy": "hye", "id": "ind", "is": "isl",
	"it": "ita", "iu": "iku", "ja": "jpn", "jv": "jav", "ka": "kat", "kk": "kaz", "km": "khm", "kn": "kan", "ko": "kor", "ky": "kir",
	"lo": "lao", "lt": "lit", "lv": "lav", "mi": "mri", "mk": "mkd", "ml": "mal", "mn": "mon", "mr": "mar", "ms": "msa", "mt": "mlt",
	"my": "mya", "nb": "nor", "ne": "nep", "nl": "nld", "nn": "nor", "no": "nor", "or": "ori", "pa": "pan", "pl": "pol", "prs": "fas",
	"ps": "pus", "pt": "por", "qu": "que", "ro": "ron", "ru": "rus", "sa": "san", "sd": "snd", "si": "sin", "sk": "slk", "sl": "slv",
	"sq": "sqi", "sr": "srp", "su": "sun", "sv": "swe", "sw": "swa", "ta": "tam", "te": "tel", "tg": "tgk", "th": "tha", "ti": "tir",
	"tl": "fil", "to": "ton", "tr": "tur", "tt": "tat", "ug": "uig", "uk": "ukr", "ur": "urd", "uz": "uzb", "vi": "vie", "yi": "yid",
	"yo": "yor", "zh": "chi_sim",
}

// tesseractCode returns what tesseract calls a language; nothing if it has
// none.
func tesseractCode(tag lang.Tag) string {
	for _, t := range []lang.Tag{tag, tag.Base().In(tag.Script()), tag.Base()} {
		if code, ok := tesseractCodes[t]; ok {
			return code
		}
	}
	return ""
}
