package sources

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// wanted reports whether a path, with slashes, is among those that the source
// includes and does not exclude.
func (s Source) wanted(name string) bool {
	return (len(s.Include) == 0 || matchAny(s.Include, name)) && !matchAny(s.Exclude, name)
}

// checkPatterns names those that are none.
func checkPatterns(patterns []string) error {
	var faults []error
	for _, p := range patterns {
		if _, err := path.Match(strings.ReplaceAll(p, "**", "*"), "x"); err != nil {
			faults = append(faults, fmt.Errorf("%q is not a pattern such as **/*.pdf: %w", p, err))
		}
	}
	return errors.Join(faults...)
}

func matchAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if match(strings.Split(p, "/"), strings.Split(name, "/")) {
			return true
		}
		if !strings.Contains(p, "/") && match([]string{p}, []string{path.Base(name)}) {
			return true
		}
	}
	return false
}

// match matches names one by one; "**" stands for any number of them.
func match(patterns, names []string) bool {
	// at[i] says that the patterns so far can stand for the first i names.
	at := make([]bool, len(names)+1)
	at[0] = true
	for _, p := range patterns {
		next := make([]bool, len(names)+1)
		if p == "**" {
			reached := false
			for i := range at {
				reached = reached || at[i]
				next[i] = reached
			}
		} else {
			for i, name := range names {
				ok, _ := path.Match(p, name)
				next[i+1] = at[i] && ok
			}
		}
		at = next
	}
	return at[len(names)]
}
