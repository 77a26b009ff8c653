package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A reader reads files, and remembers which.
type reader struct {
	fs.FS
	read []string // digest and name
}

// file reads a text. What is not UTF-8 is refused with its line.
func (r *reader) file(name string) ([]byte, error) {
	data, err := fs.ReadFile(r.FS, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	r.read = append(r.read, fmt.Sprintf("%s %s\n", hex.EncodeToString(sum[:]), name))
	if !utf8.Valid(data) {
		n := 1
		for line := range bytes.Lines(data) {
			if !utf8.Valid(line) {
				return nil, fault.Invalid.Errorf("%s:%d: the line is not UTF-8", name, n)
			}
			n++
		}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, fault.Invalid.Errorf("%s is empty", name)
	}
	return data, nil
}

// digest is the SHA-256 over the digests and names of what was read, in the
// order of the names.
func (r *reader) digest() string {
	slices.SortFunc(r.read, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(r.read), "")))
	return hex.EncodeToString(sum[:])
}

func (r *reader) has(name string) bool {
	_, err := fs.Stat(r.FS, name)
	return err == nil
}

// licences are phrases that a licence's text or a README has, with its name.
var licences = []struct{ phrase, name string }{
	{"Attribution-NonCommercial-ShareAlike 4.0", "CC BY-NC-SA 4.0"}, {"Attribution-NonCommercial 4.0", "CC BY-NC 4.0"},
	{"Attribution-ShareAlike 4.0", "CC BY-SA 4.0"}, {"Attribution 4.0 International", "CC BY 4.0"}, {"CC0 1.0", "CC0 1.0"},
	{"MIT License", "MIT"}, {"Apache License", "Apache-2.0"},
}

// licence names the licences in the folder's licence files, or else those that
// its README names, and then that of the texts if it is another.
func (r *reader) licence(texts string) string {
	names := r.licences("LICEN[CS]E*", "*/LICEN[CS]E*", "COPYING*", "CC-*")
	if names == "" {
		names = r.licences("README*")
	}
	if names == "" && texts == "" {
		return "not stated in the folder"
	}
	return strings.Join(slices.DeleteFunc([]string{names, texts}, blank), "; ")
}

func (r *reader) licences(patterns ...string) string {
	var all []byte
	for _, p := range patterns {
		files, _ := fs.Glob(r.FS, p) // the patterns are well formed
		for _, f := range files {
			data, _ := fs.ReadFile(r.FS, f) // a folder of that name says nothing
			all = append(append(all, data...), '\n')
		}
	}
	var names []string
	for _, l := range licences {
		if bytes.Contains(all, []byte(l.phrase)) {
			names = append(names, l.name)
		}
	}
	return strings.Join(names, " and ")
}

// wanted reports whether a language is among those asked for.
func wanted(tag lang.Tag, langs []lang.Tag) bool {
	return len(langs) == 0 || slices.ContainsFunc(langs, func(l lang.Tag) bool { return l.Base() == tag.Base() })
}

// codes are those of data sets that are not tags at all.
var codes = map[string]lang.Tag{"gsw-ZH": "gsw"} // NTREX's German of Zürich

// tagOf reads the code of a language, such as "kir_Cyrl" or "zho-TW". A script
// that the language is usually in is left out.
func tagOf(code string) (lang.Tag, error) {
	if t, ok := codes[code]; ok {
		return t, nil
	}
	tag, err := lang.ParseTag(code)
	if err != nil {
		return tag, err
	}
	if usual, _ := language.Make(string(tag.Base())).Script(); tag.Script() == lang.Script(usual.String()) && tag.Parent() == tag.Base() {
		return tag.Base(), nil
	}
	return tag, nil
}

// eachFolder makes a part of each folder in dir that is named after a language
// that is wanted; file is the file in it, in which * stands for the code.
func eachFolder(r *reader, dir, file string, langs []lang.Tag, made func(lang.Tag) part) ([]part, error) {
	folders, err := fs.ReadDir(r.FS, dir)
	if err != nil {
		return nil, err
	}
	var parts []part
	for _, f := range folders {
		tag, err := tagOf(f.Name())
		if !f.IsDir() || err != nil || !wanted(tag, langs) {
			continue
		}
		p := made(tag)
		p.code, p.file = f.Name(), path.Join(dir, f.Name(), strings.ReplaceAll(file, "*", f.Name()))
		parts = append(parts, p)
	}
	return parts, nil
}

// eachFile makes a part of each file that fits the pattern, the * of which is
// the code of a language that is wanted: "mgsm_*.tsv".
func eachFile(r *reader, pattern string, langs []lang.Tag, made func(lang.Tag) part) ([]part, error) {
	files, err := fs.Glob(r.FS, pattern)
	if err != nil {
		return nil, err
	}
	before, after, _ := strings.Cut(pattern, "*")
	var parts []part
	for _, f := range files {
		code := strings.TrimSuffix(strings.TrimPrefix(f, before), after)
		if tag, err := tagOf(code); err == nil && wanted(tag, langs) {
			p := made(tag)
			p.code, p.file = code, f
			parts = append(parts, p)
		}
	}
	return parts, nil
}

// textLines reads lines, without what ends them.
func (r *reader) textLines(name string) ([]string, error) {
	data, err := r.file(name)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines, nil
}

// jsonLines reads a JSON object of each line.
func jsonLines[T any](r *reader, name string, each func(at string, row T) error) error {
	lines, err := r.textLines(name)
	if err != nil {
		return err
	}
	for i, l := range lines {
		at := fmt.Sprintf("%s:%d", name, i+1)
		var row T
		if err := json.Unmarshal([]byte(l), &row); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if err := each(at, row); err != nil {
			return err
		}
	}
	return nil
}

// jsonFault says where in a file of JSON the fault is, if that is known.
func jsonFault(name string, data []byte, err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%s:%d: %w", name, 1+bytes.Count(data[:syntax.Offset], []byte("\n")), err)
	}
	return fmt.Errorf("%s: %w", name, err)
}
