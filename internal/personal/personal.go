// Package personal finds personal data in text: national numbers of people,
// telephone numbers, bank cards, accounts, e-mail addresses, passports.
//
// What each country's numbers look like is data: one file per country under
// countries, which says what it knows, by which check digits, and shows
// examples that are tried whenever it is read. Digits of any script count.
//
// Numbers are looked for only where digits are: a candidate is a short run of
// letters and digits with single marks between them, and only the rules that
// can match so many characters with so many digits are tried on it. So time
// is linear in the text, whatever stands in it.
package personal

import (
	"cmp"
	"io/fs"
	"slices"
	"strings"
)

// The kinds of personal data.
const (
	NationalID = "national_id"
	Passport   = "passport"
	Phone      = "phone"
	Card       = "card"
	IBAN       = "iban"
	Email      = "email"
)

// A Match is personal data at text[Start:End].
type Match struct {
	Start, End int    // in bytes
	Kind       string // one of the kinds above
	Country    string // ISO 3166 code; empty if none or several
	Name       string // of the number, as its country's file says: "PIN", or of a card's network

	certainty int // of two that overlap, the more certain stays, then the longer
}

const (
	plain   = iota + 1 // it looks like one
	told               // and words beside it say so
	checked            // or its check digits or its birth date do
	sure               // it can hardly be anything else
)

// A Finder finds personal data. It may be used by several goroutines at once.
type Finder struct {
	shapes   map[shape][]*rule // for candidates
	anywhere []*rule           // for the whole text
	phones   phoneBook
	cards    []network
	ibans    map[string]int // lengths, by country
	words    contextWords   // that speak of telephones
}

// New returns a Finder of the numbers of some countries, by ISO 3166 code; of
// all that there are files for if countries is empty. Cards, accounts, e-mail
// addresses and telephone numbers with a + are found in any case.
//
// The files of extra, if it is not nil, are named like those of countries:
// XX.toml adds a country, or adds to one. The error tells every fault of every
// file, and is of kind fault.Invalid.
func New(countries []string, extra fs.FS) (*Finder, error) {
	all, err := load(extra)
	if err != nil {
		return nil, err
	}
	chosen, err := choose(all, countries)
	if err != nil {
		return nil, err
	}
	return newFinder(all, chosen)
}

func newFinder(all, chosen map[string]*country) (*Finder, error) {
	shared, err := readShared()
	if err != nil {
		return nil, err
	}
	f := &Finder{shapes: map[shape][]*rule{}, cards: shared.Network, ibans: map[string]int{}, words: newContext(shared.PhoneWords), phones: newPhoneBook()}
	for code, c := range all {
		f.phones.addCalling(code, c)
		if c.IBAN > 0 {
			f.ibans[code] = c.IBAN
		}
	}
	for _, code := range sortedKeys(chosen) {
		f.phones.add(code, chosen[code])
		for i := range chosen[code].ID {
			f.add(&chosen[code].ID[i])
		}
	}
	return f, nil
}

func (f *Finder) add(r *rule) {
	if r.Anywhere {
		f.anywhere = append(f.anywhere, r)
		return
	}
	for s := range r.shapes {
		f.shapes[s] = append(f.shapes[s], r)
	}
}

// Find returns the personal data in text, in order, none overlapping another.
// Text that arrives in pieces is best given a sentence at a time: a number that
// is cut in two is not found, and the words that say what it is stand in its
// sentence.
func (f *Finder) Find(text string) []Match {
	var found []Match
	if strings.IndexByte(text, '@') >= 0 {
		found = emails(text)
	}
	if t := fold(text); t.digits > 0 {
		found = f.numbers(t, found)
	}
	return settle(found)
}

// Mask returns text with the name of its kind in brackets, such as [phone], in
// the place of each of the matches, which it returns too. All else stays byte
// for byte.
func (f *Finder) Mask(text string) (masked string, found []Match) {
	found = f.Find(text)
	if len(found) == 0 {
		return text, nil
	}
	var b strings.Builder
	at := 0
	for _, m := range found {
		b.WriteString(text[at:m.Start] + "[" + m.Kind + "]")
		at = m.End
	}
	b.WriteString(text[at:])
	return b.String(), found
}

// settle chooses among matches that overlap: the most certain, then the
// longest, then the first.
func settle(found []Match) []Match {
	if len(found) < 2 {
		return found
	}
	slices.SortStableFunc(found, func(a, b Match) int {
		return cmp.Or(b.certainty-a.certainty, (b.End-b.Start)-(a.End-a.Start), a.Start-b.Start)
	})
	end := 0
	for _, m := range found {
		end = max(end, m.End)
	}
	taken := make([]bool, end) // a match is short, so to walk over it is cheap
	kept := found[:0]
	for _, m := range found {
		if !slices.Contains(taken[m.Start:m.End], true) {
			kept = append(kept, m)
			for i := m.Start; i < m.End; i++ {
				taken[i] = true
			}
		}
	}
	slices.SortFunc(kept, func(a, b Match) int { return a.Start - b.Start })
	return kept
}
