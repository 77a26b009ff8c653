package locale

import "time"

// A calendar counts years, months and days.
type calendar string

const (
	gregorian calendar = ""
	buddhist  calendar = "buddhist" // of Thailand: Gregorian days, other years
	persian   calendar = "persian"  // of Iran and Afghanistan
)

type day struct{ year, month, day int }

func (c calendar) day(t time.Time) day {
	year, month, d := t.Date()
	switch {
	case c == buddhist:
		return day{year + 543, int(month), d}
	case c == persian && persianFrom <= year && year <= persianTo:
		return persianDay(year, t.YearDay())
	}
	return day{year, int(month), d}
}

// In these Gregorian years the leap years by the rule of 33 are those of the
// astronomers in Tehran, whose spring begins the year. Others stay Gregorian.
const (
	persianFrom = 1925 // the calendar became law
	persianTo   = 2088
)

// persianDay returns the Persian date of a day of a Gregorian year, counted
// from 1.
func persianDay(gregorianYear, yearDay int) day {
	year := gregorianYear - 621
	n := yearDay - newYear(year) // days since 1 Farvardin
	if n < 0 {
		year--
		n = yearDay + yearLen(gregorianYear-1) - newYear(year)
	}
	if n < 6*31 {
		return day{year, n/31 + 1, n%31 + 1}
	}
	n -= 6 * 31
	return day{year, n/30 + 7, n%30 + 1}
}

// newYear returns the day of the Gregorian year on which a Persian one begins:
// 20, 21 or 22 March. Known is 1 Farvardin 1403, 20 March 2024.
func newYear(year int) int {
	yearDay := 80
	for y := 1403; y < year; y++ {
		yearDay += persianLen(y) - yearLen(y+621)
	}
	for y := 1402; y >= year; y-- {
		yearDay -= persianLen(y) - yearLen(y+621)
	}
	return yearDay
}

func persianLen(year int) int {
	if (25*year+11)%33 < 8 {
		return 366
	}
	return 365
}

func yearLen(year int) int { return time.Date(year, time.December, 31, 0, 0, 0, 0, time.UTC).YearDay() }
