package serving

import "strings"

// An overlap takes away, from the beginning of a text that goes on with
// another, what repeats the end of that other: models that are asked to go on
// often say the last words again, or begin anew. While the text may still be
// a repetition it is held.
type overlap struct {
	said string // so far
	held string // of what follows
	open bool   // undecided
}

// repetition is the length in bytes from which a repetition is none by chance.
const repetition = 12

// add takes the next piece and returns what is new.
func (o *overlap) add(text string) string {
	if !o.open {
		return text
	}
	o.held += text
	if strings.Contains(o.said, o.held) || strings.Contains(o.said, strings.TrimSpace(o.held)) {
		return "" // it may be all a repetition
	}
	return o.end()
}

// end returns what is new of what is held.
func (o *overlap) end() string {
	if !o.open {
		return ""
	}
	held := o.held
	o.open, o.held = false, ""
	if n := repeated(o.said, held); n > 0 {
		return held[n:]
	}
	if trimmed := strings.TrimLeft(held, " \n"); len(trimmed) < len(held) {
		if n := repeated(o.said, trimmed); n > 0 {
			return trimmed[n:]
		}
	}
	if n := begunAnew(o.said, held); n > 0 {
		return held[n:]
	}
	return held
}

// begunAnew returns how many bytes two texts begin with in common, in whole
// code points; 0 if so few that it may be chance.
func begunAnew(said, text string) int {
	n := 0
	for i, r := range text {
		if !strings.HasPrefix(said[min(i, len(said)):], string(r)) {
			break
		}
		n = i + len(string(r))
	}
	if n < repetition {
		return 0
	}
	return n
}

// repeated returns how many bytes at the beginning of text repeat the end of
// said; 0 if so few that it may be chance.
func repeated(said, text string) int {
	for n := min(len(said), len(text)); n >= min(repetition, len(said)) && n > 0; n-- {
		if strings.HasSuffix(said, text[:n]) {
			return n
		}
	}
	return 0
}
