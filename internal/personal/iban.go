package personal

import "strings"

const minIBAN = 15

// iban finds accounts: in one piece or in fours, of their country's length if
// we know it, with ISO 13616's check.
func (f *Finder) iban(t *folded, c candidate) (Match, bool) {
	if len(c.text) < minIBAN || c.digits < 2 || !letter(c.text[0]) || !letter(c.text[1]) || !digit(c.text[2]) || !digit(c.text[3]) {
		return Match{}, false
	}
	groups, ok := grouping(c)
	if full := strings.TrimLeft(groups, "4"); !ok && len(c.atoms) > 1 || len(full) > 1 || full > "4" {
		return Match{}, false
	}
	number := strings.ToUpper(c.compact)
	if length := f.ibans[number[:2]]; length != 0 && length != len(number) || len(number) < minIBAN || len(number) > 34 || !mod97(number) {
		return Match{}, false
	}
	start, end := t.original(c.start, c.end)
	return Match{start, end, IBAN, number[:2], "IBAN", sure}, true
}
