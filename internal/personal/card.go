package personal

// A network of bank cards: how its numbers begin, and how long they are.
type network struct {
	Name    string   `toml:"name"`
	Starts  []string `toml:"starts"` // "4", or a range of equally long ones, "2221-2720"
	Lengths []int    `toml:"lengths"`
}

func (n network) has(digits string) bool {
	for _, length := range n.Lengths {
		if len(digits) != length {
			continue
		}
		for _, s := range n.Starts {
			first, last := s, s
			if k := len(s) / 2; len(s)%2 == 1 && s[k] == '-' {
				first, last = s[:k], s[k+1:]
			}
			if start := digits[:len(first)]; first <= start && start <= last {
				return true
			}
		}
	}
	return false
}

// How people group the digits of a card; "" is in one piece.
var cardGroups = map[string]bool{"": true, "4444": true, "465": true, "44443": true, "4446": true, "64444": true}

// card finds bank cards: a known network, digits in one piece or grouped as
// they are on the card, and Luhn's check.
func (f *Finder) card(t *folded, c candidate) (Match, bool) {
	if c.digits < 13 || c.digits > 19 {
		return Match{}, false
	}
	digits := c.compact
	if len(digits) != c.digits || !luhn(digits) {
		return Match{}, false
	}
	if groups, ok := grouping(c); !ok || !cardGroups[groups] {
		return Match{}, false
	}
	for _, n := range f.cards {
		if n.has(digits) {
			start, end := t.original(c.start, c.end)
			return Match{start, end, Card, "", n.Name, checked}, true
		}
	}
	return Match{}, false
}

// grouping returns the lengths of a candidate's groups, "" if it has one. They
// must stand apart by one space, or one dash.
func grouping(c candidate) (string, bool) {
	if len(c.atoms) == 1 {
		return "", true
	}
	b := make([]byte, 0, maxAtoms)
	for i, a := range c.atoms {
		if i > 0 {
			prev := c.atoms[i-1].end
			mark := c.text[prev-c.start]
			if a.start != prev+1 || mark != ' ' && mark != '-' || mark != c.text[c.atoms[0].end-c.start] {
				return "", false
			}
		}
		if a.end-a.start > 9 {
			return "", false
		}
		b = append(b, byte('0'+a.end-a.start))
	}
	return string(b), true
}
