package personal

import (
	"fmt"
	"regexp/syntax"
)

// A shape is what can be told of a candidate without looking closely: its
// length in bytes and how many of them are digits.
type shape struct{ len, digits int }

// shapesOf returns the shapes of the texts that a pattern matches. It is an
// error if they can be longer than any number is.
func shapesOf(pattern string) (map[shape]bool, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	return shapesIn(re.Simplify())
}

func shapesIn(re *syntax.Regexp) (map[shape]bool, error) {
	switch re.Op {
	case syntax.OpLiteral:
		return shapesOfLiteral(re.Rune)
	case syntax.OpCharClass:
		return shapesOfClass(re.Rune)
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return map[shape]bool{{}: true}, nil
	case syntax.OpCapture:
		return shapesIn(re.Sub[0])
	case syntax.OpConcat:
		return shapesOfConcat(re.Sub)
	case syntax.OpAlternate:
		return union(re.Sub)
	case syntax.OpQuest:
		sub, err := shapesIn(re.Sub[0])
		if err == nil {
			sub[shape{}] = true
		}
		return sub, err
	}
	return nil, fmt.Errorf("%s can match any length; say how often with {m,n}, and which characters with [...]", re)
}

func shapesOfLiteral(runes []rune) (map[shape]bool, error) {
	s := shape{}
	for _, r := range runes {
		if r >= 0x80 {
			return nil, fmt.Errorf("%q is not ASCII; a rule with such letters needs anywhere = true", r)
		}
		s.len++
		if digit(byte(r)) {
			s.digits++
		}
	}
	return map[shape]bool{s: true}, nil
}

func shapesOfClass(ranges []rune) (map[shape]bool, error) {
	set := map[shape]bool{}
	for i := 0; i < len(ranges); i += 2 {
		if ranges[i+1] >= 0x80 {
			return nil, fmt.Errorf("a class has %q, which is not ASCII; a rule with such letters needs anywhere = true", ranges[i+1])
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if digit(byte(r)) {
				set[shape{1, 1}] = true
			} else {
				set[shape{1, 0}] = true
			}
		}
	}
	return set, nil
}

func shapesOfConcat(subs []*syntax.Regexp) (map[shape]bool, error) {
	all := map[shape]bool{{}: true}
	for _, sub := range subs {
		next, err := shapesIn(sub)
		if err != nil {
			return nil, err
		}
		sums := map[shape]bool{}
		for a := range all {
			for b := range next {
				if a.len+b.len > maxLen {
					return nil, fmt.Errorf("it can match more than %d characters, which no number has", maxLen)
				}
				sums[shape{a.len + b.len, a.digits + b.digits}] = true
			}
		}
		all = sums
	}
	return all, nil
}

func union(subs []*syntax.Regexp) (map[shape]bool, error) {
	all := map[shape]bool{}
	for _, sub := range subs {
		next, err := shapesIn(sub)
		if err != nil {
			return nil, err
		}
		for s := range next {
			all[s] = true
		}
	}
	return all, nil
}
