package bundle

import (
	"io/fs"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"tilgate/internal/fault"
)

// maxName is the longest name in bytes; file systems take no longer one.
const maxName = 200

// maxDepth is how many folders deep a file may lie.
const maxDepth = 8

// wellNamed reports whether a file can have this name on any system, and none
// that hides it, leads elsewhere, or reads as another on the screen.
func wellNamed(name string) bool {
	return printable(name) && !strings.ContainsAny(name, `/\:*?"<>|`) &&
		!strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".") && !isDevice(name)
}

// printable reports whether text is one line to print: letters of any script,
// with the joiners that some need, but nothing that steers a terminal or turns
// the direction of what stands beside it.
func printable(text string) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	if text == "" || len(text) > maxName || !utf8.ValidString(text) || strings.TrimSpace(text) != text {
		return false
	}
	for _, r := range text {
		if !unicode.IsPrint(r) && r != nonJoiner && r != joiner {
			return false
		}
	}
	return true
}

// isDevice reports names under which Windows has devices: CON, nul.txt, com1.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem = strings.TrimSpace(stem); stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	port := len(stem) > 3 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT"))
	return port && strings.Trim(stem[3:], "0123456789¹²³") == ""
}

// wellPlaced reports whether a path stays in the folder that it is put in.
func wellPlaced(file string) bool {
	elements := strings.Split(file, "/")
	if !fs.ValidPath(file) || len(elements) > maxDepth {
		return false
	}
	for _, e := range elements {
		if !wellNamed(e) {
			return false
		}
	}
	return true
}

// clashes looks for names that are one name where letters have no case, and
// for files that lie in a file.
func clashes(parts []Part) error {
	const aFile, aFolder = 1, 2
	seen := map[string]int{}
	for _, p := range parts {
		for at, is := p.place(), aFile; at != "."; at, is = path.Dir(at), aFolder {
			folded := strings.ToLower(strings.ToUpper(at))
			if was := seen[folded]; was == aFile || was == aFolder && is == aFile {
				return fault.Invalid.Errorf("%s cannot lie beside the other files of the bundle: they have its name", p.ID())
			}
			seen[folded] = is
		}
	}
	return nil
}

// place is where a part lies beside all others. What is about languages goes
// into one folder.
func (p Part) place() string {
	switch p.Kind {
	case Adapter, Languages:
		return path.Join("languages", p.File)
	}
	return path.Join(string(p.Kind), p.Name, p.File)
}

func isDigest(text string) bool {
	return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}
