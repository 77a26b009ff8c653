package personal

import (
	"slices"
	"strings"
)

// phones says how telephone numbers of a country begin.
type phones struct {
	Starts []string `toml:"starts"` // without the trunk prefix or the calling code
	Digits []int    `toml:"digits"` // how many there are then
	Bare   bool     `toml:"bare"`   // people write them so, without a 0 or a code, and they can be told from other numbers
}

const (
	minPhone = 7 // digits; official short numbers have fewer
	maxPhone = 15
	minTrunk = 9 // digits with the trunk prefix: 05122026 is a date
)

// A phoneBook knows the beginnings of numbers, as people write them.
type phoneBook struct {
	calling map[string][]string    // calling code to countries
	trunk   map[string][]beginning // 0 700
	coded   map[string][]beginning // 996 700, without +
	bare    map[string][]beginning // 98765, of a country that writes so
	local   map[string][]beginning // 700, where words beside it say that it is a telephone
	longest int                    // beginning
}

type beginning struct {
	country string
	digits  int  // of the whole number
	open    bool // the country has no trunk prefix
}

func newPhoneBook() phoneBook {
	return phoneBook{map[string][]string{}, map[string][]beginning{}, map[string][]beginning{}, map[string][]beginning{}, map[string][]beginning{}, 0}
}

func (b *phoneBook) addCalling(code string, c *country) {
	if c.Calling != "" {
		b.calling[c.Calling] = append(b.calling[c.Calling], code)
		slices.Sort(b.calling[c.Calling])
	}
}

func (b *phoneBook) add(code string, c *country) {
	put := func(m map[string][]beginning, start string, digits int) {
		m[start] = append(m[start], beginning{code, digits, c.Trunk == ""})
		b.longest = max(b.longest, len(start))
	}
	for _, p := range c.Phone {
		for _, start := range p.Starts {
			for _, n := range p.Digits {
				put(b.coded, c.Calling+start, n+len(c.Calling))
				put(b.local, start, n)
				if c.Trunk != "" {
					put(b.trunk, c.Trunk+start, n+len(c.Trunk))
				}
				if p.Bare {
					put(b.bare, start, n)
				}
			}
		}
	}
}

// phone finds telephone numbers. With a + any is one; without, it must begin
// as its country's do, and must not look like a sum, a date or an address.
func (f *Finder) phone(t *folded, c candidate) (Match, bool) {
	if c.digits < minPhone || c.digits > maxPhone+2 {
		return Match{}, false
	}
	start := openingOf(t.text, c)
	country, certainty := f.callable(t, c, start)
	if certainty == 0 || !wellGrouped(t.text[start:c.end]) {
		return Match{}, false
	}
	from, to := t.original(start, c.end)
	return Match{from, to, Phone, country, "", certainty}, true
}

// callable returns the country of a telephone number, if it is known, and how
// certain it is that the candidate is one; 0 if it is none. What costs most is
// asked last: nearly all candidates begin as no telephone does.
func (f *Finder) callable(t *folded, c candidate, start int) (country string, certainty int) {
	digits := c.compact
	switch {
	case len(digits) != c.digits:
		return "", 0
	case strings.Contains(t.text[start:c.start], "+"):
		if c.digits == minPhone || c.digits > maxPhone || digits[0] == '0' {
			return "", 0
		}
		return f.phones.countryOf(digits), sure
	case c.digits >= 10 && strings.HasPrefix(digits, "00"):
		if country, ok := f.phones.find(f.phones.coded, digits[2:], nil); ok {
			return country, told
		}
		return "", 0
	}
	country, certain := f.phones.national(c, digits)
	local := certain
	if !certain {
		country, local = f.phones.find(f.phones.local, digits, nil)
	}
	switch {
	case !local || isDay(c.text) || endOfSum(t.text, c) || moneyBefore(t.text[:start]):
		return "", 0
	case certain:
		return country, plain
	case f.words.besideNumber(t, c.start, c.end):
		return country, told
	}
	return "", 0
}

// national finds the country of a number that is written as people write one
// at home, and as they write nothing else.
func (b *phoneBook) national(c candidate, digits string) (string, bool) {
	sum := sumLike(c)
	if country, ok := b.find(b.trunk, digits, nil); ok && len(digits) >= minTrunk && (digits[0] == '0' || !sum) {
		return country, true
	}
	if sum {
		return "", false
	}
	if country, ok := b.find(b.coded, digits, func(s beginning) bool { return s.digits >= 11 }); ok {
		return country, true
	}
	if country, ok := b.find(b.bare, digits, nil); ok {
		return country, true
	}
	if !pairs(c) {
		return "", false
	}
	return b.find(b.local, digits, func(s beginning) bool { return s.open && s.digits >= 8 })
}

// pairs reports whether the groups of a number are those of a telephone's that
// has no 0 to tell it by: three to five of two to four digits, 77 123 45 67.
func pairs(c candidate) bool {
	threes := 0
	for _, a := range c.atoms {
		n := a.end - a.start
		if n < 2 || n > 4 {
			return false
		}
		if n == 3 {
			threes++
		}
	}
	return len(c.atoms) >= 3 && len(c.atoms) <= 5 && threes < len(c.atoms)
}

// find returns the country whose numbers begin as digits does and are as long,
// or "" if there are several.
func (b *phoneBook) find(m map[string][]beginning, digits string, want func(beginning) bool) (country string, ok bool) {
	for n := 1; n <= min(b.longest, len(digits)); n++ {
		for _, s := range m[digits[:n]] {
			if s.digits != len(digits) || want != nil && !want(s) {
				continue
			}
			if ok && s.country != country {
				return "", true
			}
			country, ok = s.country, true
		}
	}
	return country, ok
}

// countryOf returns the country of a number with its calling code, or "".
func (b *phoneBook) countryOf(digits string) string {
	if country, ok := b.find(b.coded, digits, nil); ok {
		return country
	}
	for n := 1; n <= 3; n++ {
		if list := b.calling[digits[:n]]; len(list) == 1 {
			return list[0]
		}
	}
	return ""
}

// openingOf returns where a candidate begins if a + or ( before it belongs to
// it.
func openingOf(text string, c candidate) int {
	start := c.start
	for start > 0 && (text[start-1] == '+' || text[start-1] == '(') && c.start-start < 2 {
		start--
	}
	if strings.HasPrefix(text[start:], "(") && !strings.Contains(c.text, ")") { // (0700123456) stands in brackets
		start++
	}
	return start
}

// wellGrouped reports whether the marks in a number are such as telephone
// numbers have: brackets in one pair, no two marks alike in a row.
func wellGrouped(s string) bool {
	open, closed := strings.Count(s, "("), strings.Count(s, ")")
	if open != closed || open > 1 || open == 1 && strings.IndexByte(s, ')') < strings.IndexByte(s, '(') || strings.Count(s, "/") > 1 {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] == s[i-1] && !digit(s[i]) {
			return false
		}
	}
	return true
}

// sumLike reports whether digits are grouped in thousands, as 12 500 000 is,
// and do not begin with 0.
func sumLike(c candidate) bool {
	if len(c.atoms) == 1 || c.text[0] == '0' {
		return false
	}
	for i, a := range c.atoms {
		if n := a.end - a.start; i == 0 && n > 3 || i > 0 && n != 3 {
			return false
		}
	}
	return true
}

// endOfSum reports whether a candidate is the thousands of a sum that begins
// before it: 070 123 456 of 5 070 123 456.
func endOfSum(text string, c candidate) bool {
	if c.start < 2 || text[c.start-1] != ' ' || !digit(text[c.start-2]) {
		return false
	}
	for _, a := range c.atoms {
		if a.end-a.start != 3 {
			return false
		}
	}
	return true
}

// isDay reports whether s is a date in numbers, or begins or ends with one.
func isDay(s string) bool {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	for i := 0; i+3 <= len(parts); i++ {
		a, m, z := parts[i], parts[i+1], parts[i+2]
		year := len(a) == 4 && (a[:2] == "19" || a[:2] == "20") && len(z) <= 2 || len(z) == 4 && (z[:2] == "19" || z[:2] == "20") && len(a) <= 2
		if year && len(m) <= 2 {
			return true
		}
	}
	return false
}

// moneyBefore reports whether a sign of a currency stands at the end of text.
func moneyBefore(text string) bool {
	text = strings.TrimRight(text, " ")
	for _, sign := range []string{"$", "€", "£", "¥", "₽", "₸", "₹", "₩", "₺", "₮", "₦", "₫", "₱", "৳", "؋", "₭", "฿", "Rp", "Rs", "№", "#"} {
		if strings.HasSuffix(text, sign) {
			return true
		}
	}
	return false
}
