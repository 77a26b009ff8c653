package lora

import (
	"fmt"
	"strings"

	"tilgate/internal/fault"
)

// faults gathers what is wrong. A fault that hundreds of tensors share is
// said once, with the first of them and how many others.
type faults struct {
	said  []string
	where map[string][]string
}

// add notes a fault of the part of the file that is named, if it is one part's.
func (f *faults) add(where, format string, args ...any) {
	text, where := fmt.Sprintf(format, args...), brief(where)
	if f.where == nil {
		f.where = map[string][]string{}
	}
	if _, known := f.where[text]; !known {
		f.said = append(f.said, text)
	}
	f.where[text] = append(f.where[text], where)
}

func (f *faults) none() bool { return len(f.said) == 0 }

func (f *faults) String() string {
	const most = 20
	var lines []string
	for i, text := range f.said {
		if i == most {
			lines = append(lines, fmt.Sprintf("and %d more faults", len(f.said)-most))
			break
		}
		where := f.where[text]
		switch {
		case where[0] == "":
			lines = append(lines, text)
		case len(where) == 1:
			lines = append(lines, fmt.Sprintf("%s: %s", where[0], text))
		default:
			lines = append(lines, fmt.Sprintf("%s and %d more: %s", where[0], len(where)-1, text))
		}
	}
	return strings.Join(lines, "\n")
}

// err returns all faults as one, nil if there are none.
func (f *faults) err() error {
	if f.none() {
		return nil
	}
	return fault.Invalid.Errorf("%s", f)
}
