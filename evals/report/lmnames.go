package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// lmName is a task's name as lm-eval takes it: letters, digits, marks, and
// what does not part names in a file's.
func lmName(id string) string {
	return short(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.L, unicode.M, unicode.N) || strings.ContainsRune("-.", r) {
			return r
		}
		return '_'
	}, strings.ToValidUTF8(id, "_")))
}

// forbidden is what lm-eval replaces in the name of a model's folder.
var forbidden = regexp.MustCompile(`["<>:/|\\?*\[\]\pC]+`)

// fileName is the name of a model's folder.
func fileName(model string) string {
	name := strings.TrimSpace(forbidden.ReplaceAllString(strings.ToValidUTF8(model, "_"), "__"))
	if strings.Trim(name, ". ") == "" {
		return "model" + strings.ReplaceAll(name, ".", "_")
	}
	return short(name)
}

// short keeps a name to what a file's can hold, with what is added to it. A
// name that is too long ends with its own digest.
func short(name string) string {
	const most = 180 // bytes
	if len(name) <= most {
		return name
	}
	sum := hash(name)[:12]
	return strings.ToValidUTF8(name[:most], "") + "_" + sum
}

// unlike returns a function that numbers names which it has seen. Names are
// the same if they differ in case alone: on some disks they are.
func unlike(seen map[string]bool) func(string) string {
	return func(name string) string {
		unique := name
		for i := 2; seen[strings.ToLower(unique)]; i++ {
			unique = fmt.Sprintf("%s_%d", name, i)
		}
		seen[strings.ToLower(unique)] = true
		return unique
	}
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
