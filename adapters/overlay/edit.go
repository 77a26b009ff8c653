package overlay

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"

	"tilgate/adapters"
)

// edit returns the language file text with what says how a model is made to
// speak the language changed to that of a. The rest, comments and all, stays
// as the linguist wrote it, unless it is written so that only writing it all
// anew is sure to be right.
func edit(text []byte, a *adapters.Adapter) ([]byte, error) {
	edited := []byte(replaceKeys(string(text), lines(a)))
	if got, faults := adapters.Parse(edited); len(faults) == 0 && reflect.DeepEqual(got, a) {
		return edited, nil
	}
	var b bytes.Buffer
	enc := toml.NewEncoder(&b)
	enc.Indent = ""
	if err := enc.Encode(a); err != nil {
		return nil, err
	}
	if _, faults := adapters.Parse(b.Bytes()); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return b.Bytes(), nil
}

// lines are the keys that edit replaces.
func lines(a *adapters.Adapter) string {
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%-8s = %s\n", key, value) }
	line("kind", quote(string(a.Kind)))
	if a.Model != "" {
		line("model", quote(a.Model))
	}
	if w := a.LoRA; w != nil {
		value := fmt.Sprintf("{ file = %s, sha256 = %s, licence = %s", quote(w.File), quote(w.SHA256), quote(w.Licence))
		if w.Scale != 0 {
			value += fmt.Sprintf(", scale = %f", w.Scale)
		}
		line("lora", value+" }")
	}
	if a.Gate != adapters.Open {
		line("gate", quote(string(a.Gate)))
	}
	return b.String()
}

// quote writes a string as TOML has it; Go's own quotes know escapes that TOML
// does not.
func quote(s string) string {
	text, err := toml.Marshal(map[string]string{"s": s})
	if err != nil {
		return `""` // which the comparison in edit finds
	}
	return strings.TrimSpace(strings.TrimPrefix(string(text), "s = "))
}

var (
	aTable  = regexp.MustCompile(`^\s*\[`)
	theLoRA = regexp.MustCompile(`^\s*\[\s*lora\s*\]`)
	theKeys = regexp.MustCompile(`^\s*(kind|model|lora|gate)\s*=`)
)

// replaceKeys puts lines where the first of the keys stands that they replace.
// It knows as much of TOML as tidy files need: edit compares the result.
func replaceKeys(text, lines string) string {
	var b strings.Builder
	multi := "" // the quotes that end the string we are in
	top, dropping, placed := true, false, false
	for line := range strings.Lines(text) {
		if multi == "" && aTable.MatchString(line) {
			top, dropping = false, theLoRA.MatchString(line)
		}
		begins := multi == ""
		multi = stringAfter(multi, line)
		if dropping {
			continue
		}
		if top && begins && theKeys.MatchString(line) {
			if !placed {
				b.WriteString(lines)
				placed = true
			}
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

// stringAfter says whether a line leaves a string of several lines open.
func stringAfter(open, line string) string {
	for {
		if open != "" {
			i := strings.Index(line, open)
			if i < 0 {
				return open
			}
			line, open = line[i+3:], ""
			continue
		}
		i, j := strings.Index(line, `"""`), strings.Index(line, "'''")
		switch {
		case i < 0 && j < 0:
			return ""
		case j < 0 || i >= 0 && i < j:
			line, open = line[i+3:], `"""`
		default:
			line, open = line[j+3:], "'''"
		}
	}
}
