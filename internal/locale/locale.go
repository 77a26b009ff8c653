// Package locale writes numbers, sums of money and dates as the readers of a
// language write them.
//
// What is CLDR's: separators, grouping, the place and symbol of a currency,
// the digits after its point, and each country's currency, all from
// github.com/bojanz/currency; the main country of a language, from
// golang.org/x/text. What is ours: dates.toml, with month names and date
// patterns; the conventions of languages that CLDR's data stops short of
// (standIns); names of currencies (symbols). Which digits a language writes is
// for lang.Digits to say.
package locale

import (
	"regexp"
	"strings"

	"github.com/bojanz/currency"
	"golang.org/x/text/language"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// standIns are locales of CLDR that group and point numbers as a language does
// that has no formats there, or English ones. The languages that do as English
// does need none.
var standIns = map[lang.Tag]string{
	"tg": "ru", "tt": "ru", "ba": "ru", "ckb": "ar-IQ",
	"rw": "sw-CD", "wo": "sw-CD", "rn": "az", "ln": "az",
}

// symbols of a currency in a language, where CLDR has only its code.
var symbols = map[lang.Tag]map[string]string{
	"ba": {"RUB": "₽"}, "tt": {"RUB": "₽"}, "tg": {"TJS": "сомонӣ", "RUB": "₽"}, "tk": {"TMT": "manat"},
	"uz-Cyrl": {"UZS": "сўм"}, "ug": {"CNY": "¥"}, "om": {"ETB": "Br"},
	"rw": {"RWF": "Frw"}, "rn": {"BIF": "FBu"}, "ln": {"CDF": "FC"},
}

// decimal is what Number and Money read. Sixteen digits are more than any sum.
var decimal = regexp.MustCompile(`^-?[0-9]{1,16}(\.[0-9]{1,9})?$`)

// Number writes a decimal such as "-1234567.89" in the language, rounded half
// up to so many digits after the point; fewer than 0 digits means as many as
// there are, up to nine. In a language without data of its own, English says
// how. The error is of kind fault.Invalid.
func Number(tag lang.Tag, number string, digits int) (string, error) {
	f := formatter(tag)
	f.CurrencyDisplay, f.MinDigits, f.MaxDigits = currency.DisplayNone, 0, 9
	if digits >= 0 {
		f.MinDigits = uint8(min(digits, 9))
		f.MaxDigits = f.MinDigits
	}
	s, err := format(tag, f, number, "USD")         // any would do: it is not shown
	return strings.TrimLeft(s, "\u200e\u200f"), err // they are there for the currency
}

// Money writes an amount such as "2500" or "2500.50" of a currency, by its ISO
// 4217 code. A whole amount goes without digits after the point, any other has
// as many as the currency does. The error is of kind fault.Invalid.
func Money(tag lang.Tag, amount, code string) (string, error) {
	f := formatter(tag)
	if f.MaxDigits = currency.DefaultDigits; !strings.Contains(amount, ".") {
		f.MinDigits, f.MaxDigits = 0, 0
	}
	if !currency.IsValid(code) {
		return "", fault.Invalid.Errorf("%q is no code of a currency; codes look like KGS or USD", code)
	}
	return format(tag, f, amount, code)
}

func format(tag lang.Tag, f *currency.Formatter, number, code string) (string, error) {
	if !decimal.MatchString(number) {
		return "", fault.Invalid.Errorf("%.40q is no number; numbers look like -1234.5, with up to 16 digits before the point and 9 after", number)
	}
	amount, err := currency.NewAmount(number, code)
	if err != nil {
		return "", fault.Invalid.Wrap(err, "the amount cannot be read")
	}
	return lang.LocalDigits(tag, f.Format(amount)), nil
}

func formatter(tag lang.Tag) *currency.Formatter {
	name := string(tag)
	if s, ok := standIns[tag.Base()]; ok {
		name = s
	}
	if _, err := language.Parse(name); err != nil {
		name = "en" // the formatter of a malformed tag writes nothing at all
	}
	f := currency.NewFormatter(currency.NewLocale(name))
	f.SymbolMap = symbols[tag]
	if f.SymbolMap == nil {
		f.SymbolMap = symbols[tag.Base()]
	}
	return f
}

// Country returns the ISO 3166 code of the country that the tag names, or of
// the one where CLDR finds most readers of the language; "" if it knows none.
func Country(tag lang.Tag) string {
	t, err := language.Parse(string(tag))
	if err != nil {
		return ""
	}
	region, certain := t.Region()
	if certain == language.No || !region.IsCountry() || tag.Base() == lang.Und && certain < language.Exact {
		return "" // for text in no language, CLDR says US
	}
	return region.String()
}

// Currency returns the ISO 4217 code of the currency of the tag's Country, or
// "".
func Currency(tag lang.Tag) string {
	code, _ := currency.ForCountryCode(Country(tag))
	return code
}
