package locale

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/BurntSushi/toml"

	"tilgate/internal/lang"
)

//go:embed dates.toml
var datesTOML string

// dates is how one language writes dates.
type dates struct {
	Months   []string `toml:"months"` // twelve, in the form that Long wants; none if it has none
	Long     string   `toml:"long"`
	Short    string   `toml:"short"`
	First    string   `toml:"first"`    // {day} on the first of a month, if it is not 1
	Calendar calendar `toml:"calendar"` // empty is Gregorian
}

// readDates panics on our own mistakes in dates.toml, which the tests find.
var readDates = sync.OnceValue(func() map[lang.Tag]dates {
	var m map[lang.Tag]dates
	meta, err := toml.Decode(datesTOML, &m)
	if err == nil && len(meta.Undecoded()) > 0 {
		err = fmt.Errorf("unknown keys %v", meta.Undecoded())
	}
	if err != nil {
		panic(fmt.Errorf("reading dates.toml: %w", err))
	}
	return m
})

// A Style is how much of a date is in words.
type Style string

// The styles of dates.
const (
	Long  Style = "long"  // 2026-жылдын 27-ноябры
	Short Style = "short" // 27.11.2026
)

// Date writes the day of t, in t's own time zone, in the language, its digits
// and the calendar that its offices use: Thai years are Buddhist ones, Persian
// and Pashto dates those of the Persian calendar. In a language without
// patterns it is an ISO 8601 date, 2026-11-27.
func Date(tag lang.Tag, t time.Time, style Style) string {
	d, ok := datesOf(tag)
	if !ok {
		return t.Format(time.DateOnly)
	}
	pattern := d.Long
	if style == Short {
		pattern = d.Short
	}
	return lang.LocalDigits(tag, fill(pattern, d, d.Calendar.day(t)))
}

func datesOf(tag lang.Tag) (dates, bool) {
	all := readDates()
	for ; tag != ""; tag = tag.Parent() {
		if d, ok := all[tag]; ok {
			return d, true
		}
	}
	return dates{}, false
}

func fill(pattern string, d dates, on day) string {
	name, first := "", strconv.Itoa(on.day)
	if len(d.Months) >= on.month {
		name = d.Months[on.month-1]
	}
	if on.day == 1 && d.First != "" {
		first = d.First
	}
	return strings.NewReplacer("{month}", name, "{year}", strconv.Itoa(on.year), "{day}", first,
		"{m}", strconv.Itoa(on.month), "{d}", strconv.Itoa(on.day),
		"{mm}", fmt.Sprintf("%02d", on.month), "{dd}", fmt.Sprintf("%02d", on.day)).Replace(pattern)
}
