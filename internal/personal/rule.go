package personal

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A rule says what one number of a country looks like.
type rule struct {
	Name      string   `toml:"name"`
	Kind      string   `toml:"kind"`       // national_id, unless it says passport
	Pattern   string   `toml:"pattern"`    // RE2, of the whole number as it is written; ASCII digits stand for all
	Anywhere  bool     `toml:"anywhere"`   // the pattern has letters that are not ASCII: it is looked for in the whole text
	Check     string   `toml:"check"`      // the name of a check of its digits
	Birth     string   `toml:"birth"`      // where the letters and digits have D, M and Y of a birth date: "xDDMMYYYY"
	DayPlus   []int    `toml:"day_plus"`   // what may be added to the day, for women say
	MonthPlus []int    `toml:"month_plus"` // and to the month
	Context   []string `toml:"context"`    // words of which one must stand near; those all in capitals as they are
	Valid     []string `toml:"valid"`      // texts in which the rule must find one number
	Invalid   []string `toml:"invalid"`    // and texts in which it must not

	country string
	whole   *regexp.Regexp
	shapes  map[shape]bool
	check   check
	words   contextWords
}

// prepare makes the rule ready, and returns all that is wrong with it.
func (r *rule) prepare(country string) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	r.country, r.words = country, newContext(r.Context)
	if r.Name == "" {
		fail("name is missing")
	}
	if r.Kind == "" {
		r.Kind = NationalID
	}
	if r.Kind != NationalID && r.Kind != Passport {
		fail("kind %q is neither %s nor %s", r.Kind, NationalID, Passport)
	}
	if err := r.compile(); err != nil {
		fail("pattern: %w", err)
	}
	if r.check = checks[r.Check]; r.Check != "" && r.check.ok == nil {
		fail("check %q is none of %s", r.Check, strings.Join(sortedKeys(checks), ", "))
	}
	if strings.Trim(r.Birth, "xDMY") != "" || r.Birth != "" && (strings.Count(r.Birth, "D") != 2 || strings.Count(r.Birth, "M") != 2 || !slices.Contains([]int{2, 3, 4}, strings.Count(r.Birth, "Y"))) {
		fail("birth %q is not like xDDMMYYYY: two D, two M, two to four Y, and x for the rest", r.Birth)
	}
	if len(r.Valid) == 0 || len(r.Invalid) == 0 {
		fail("valid and invalid each need an example")
	}
	if len(errs) == 0 {
		errs = r.tryExamples()
	}
	return errors.Join(errs...)
}

func (r *rule) compile() (err error) {
	if r.Pattern == "" {
		return errors.New("it is missing")
	}
	if r.Anywhere {
		r.whole, err = regexp.Compile(r.Pattern)
		return err
	}
	if r.shapes, err = shapesOf(r.Pattern); err != nil {
		return err
	}
	r.whole, err = regexp.Compile(`^(?:` + r.Pattern + `)$`)
	return err
}

func (r *rule) tryExamples() (errs []error) {
	f := &Finder{shapes: map[shape][]*rule{}, phones: newPhoneBook()}
	f.add(r)
	for _, text := range r.Valid {
		if len(f.Find(text)) != 1 {
			errs = append(errs, fmt.Errorf("valid: it does not find one number in %q", text))
		}
	}
	for _, text := range r.Invalid {
		if len(f.Find(text)) != 0 {
			errs = append(errs, fmt.Errorf("invalid: it finds a number in %q", text))
		}
	}
	return errs
}

func (r *rule) match(t *folded, c candidate) (Match, bool) {
	if !r.whole.MatchString(c.text) {
		return Match{}, false
	}
	return r.judge(t, c.start, c.end)
}

func (r *rule) findAnywhere(t *folded, found []Match) []Match {
	for _, at := range r.whole.FindAllStringIndex(t.text, -1) {
		if at[0] == at[1] || insideWord(t.text, at[0], at[1]) {
			continue
		}
		if m, ok := r.judge(t, at[0], at[1]); ok {
			found = append(found, m)
		}
	}
	return found
}

// insideWord reports whether letters or digits go on before or after.
func insideWord(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return wordRune(before) || after >= '0' && after <= '9'
}

// judge decides whether what looks like the number is one.
func (r *rule) judge(t *folded, start, end int) (Match, bool) {
	number := t.text[start:end]
	certainty := plain
	if !r.born(number) || !r.check.passes(number) {
		return Match{}, false
	}
	if r.Birth != "" || r.Check != "" {
		certainty = checked
	}
	if len(r.Context) > 0 {
		if !r.words.near(t, start, end) {
			return Match{}, false
		}
		certainty = max(certainty, told)
	}
	from, to := t.original(start, end)
	return Match{from, to, r.Kind, r.country, r.Name, certainty}, true
}

// born reports whether the number has a birth date where the rule says.
func (r *rule) born(number string) bool {
	if r.Birth == "" {
		return true
	}
	var part [3]int // day, month, year
	runes := lettersAndDigits(number)
	for i, place := range r.Birth {
		k := strings.IndexRune("DMY", place)
		if i >= len(runes) || k >= 0 && (runes[i] < '0' || runes[i] > '9') {
			return false
		}
		if k >= 0 {
			part[k] = part[k]*10 + int(runes[i]-'0')
		}
	}
	for _, d := range append([]int{0}, r.DayPlus...) {
		for _, m := range append([]int{0}, r.MonthPlus...) {
			if isDate(part[0]-d, part[1]-m, part[2], strings.Count(r.Birth, "Y")) {
				return true
			}
		}
	}
	return false
}

func isDate(day, month, year, yearDigits int) bool {
	if yearDigits == 4 && (year < 1900 || year > 2099) {
		return false
	}
	if yearDigits < 4 {
		year += 2000 // 2000 was a leap year, as all of these two digits may be
		if year%4 != 0 && day == 29 && month == 2 {
			return false
		}
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return day >= 1 && month >= 1 && month <= 12 && t.Day() == day
}

func lettersAndDigits(s string) []rune {
	var out []rune
	for _, r := range s {
		if wordRune(r) {
			out = append(out, r)
		}
	}
	return out
}

// number returns the value of decimal digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // callers pass at most 18 digits
	return n
}
