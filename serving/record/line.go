package record

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// A line is one object of JSON in the making, as slog writes them. A record of
// every request is written by hand: through slog it takes five times as long,
// which is a twelfth of what a plain request costs in all.
type line []byte

func newLine(to []byte, at time.Time, level, msg string) line {
	l := append(line(to), `{"time":"`...)
	l = at.AppendFormat(l, time.RFC3339Nano)
	l = append(l, `","level":"`...)
	l = append(l, level...)
	l = append(l, `","msg":"`...)
	l = append(l, msg...)
	return append(l, '"')
}

func (l line) key(name string) line {
	l = append(l, `,"`...)
	l = append(l, name...)
	return append(l, `":`...)
}

func (l line) str(name, value string) line { return append(l.key(name), '"').text(value).quote() }

func (l line) quote() line { return append(l, '"') }

// text appends what stands in a string.
func (l line) text(s string) line {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			l = append(l, '\\', c)
			i++
		case c < ' ':
			l = append(l, `\u00`...)
			l = append(l, hex[c>>4], hex[c&15])
			i++
		case c < utf8.RuneSelf:
			l = append(l, c)
			i++
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				l = append(l, `\ufffd`...)
			} else {
				l = append(l, s[i:i+size]...)
			}
			i += size
		}
	}
	return l
}

func (l line) num(name string, value int) line {
	return strconv.AppendInt(l.key(name), int64(value), 10)
}

func (l line) bool(name string, value bool) line { return strconv.AppendBool(l.key(name), value) }

// span appends a duration in nanoseconds, to the microsecond.
func (l line) span(name string, d time.Duration) line {
	return strconv.AppendInt(l.key(name), int64(d.Round(time.Microsecond)), 10)
}

func (l line) list(name string, values []string) line {
	l = append(l.key(name), '[')
	for i, v := range values {
		if i > 0 {
			l = append(l, ',')
		}
		l = append(l, '"').text(v).quote()
	}
	return append(l, ']')
}

func (l line) end() []byte { return append(l, "}\n"...) }
