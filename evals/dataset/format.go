package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A format is how a data set is published.
type format struct {
	licence string // by the data set's own word; a name
	// items reads one file, each item under the name of the file and its line.
	items func(r *reader, name string) ([]evals.Item, error)
	// tasks lists the parts of a folder; nil items of a part are read by items
	// from its file.
	tasks func(r *reader, langs []lang.Tag) ([]part, error)
}

// A part is a task, and the file that its items stand in.
type part struct {
	*evals.Task
	file string
}

var formats = map[string]format{
	"xcopa":       {"CC BY 4.0", xcopaItems, xcopaTasks},
	"copal":       {"CC BY-SA 4.0", copalItems, copalTasks},
	"sib200":      {"labels Apache-2.0, text CC BY-SA 4.0", sibItems, sibTasks},
	"nusax":       {"CC BY-SA 4.0", nusaxItems, nusaxTasks},
	"americasnli": {"CC BY-SA 4.0, out of XNLI (CC BY-NC 4.0)", nliItems, nliTasks},
	"uzlib":       {"MIT", uzlibItems, uzlibTasks},
	"mgsm":        {"CC BY 4.0", mgsmItems, mgsmTasks},
	"squad":       {"see the folder", squadItems, squadTasks},
	"afriqa":      {"CC BY 4.0", afriqaItems, afriqaTasks},
	"ntrex":       {"CC BY-SA 4.0", nil, ntrexTasks},
	"xwmt":        {"MIT", nil, xwmtTasks},
	"beir":        {"see the folder", nil, beirTasks},
}

// Formats are the names of the formats, in order.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// Items reads one file of a format.
func Items(name string, fsys fs.FS, file string) ([]evals.Item, error) {
	f, ok := formats[name]
	if !ok || f.items == nil {
		return nil, fault.Invalid.Errorf("the format %q has no file that is a list of items; those that have are not ntrex, xwmt and beir but the others of %s", name, strings.Join(Formats(), ", "))
	}
	items, err := f.items(&reader{FS: fsys}, file)
	if err != nil {
		return nil, err
	}
	return items, check(file, items)
}

// Suite reads a folder of a format as it is published: the test part, a task
// for each language that is there, or for each of langs. The digest is over the
// files that were read.
func Suite(name string, fsys fs.FS, langs []lang.Tag) (*evals.Suite, error) {
	f, ok := formats[name]
	if !ok {
		return nil, fault.Invalid.Errorf("there is no format %q; the formats are %s", name, strings.Join(Formats(), ", "))
	}
	r := &reader{FS: fsys}
	parts, err := f.tasks(r, langs)
	if err != nil {
		return nil, err
	}
	s := &evals.Suite{Name: name, Title: name, Licence: f.licence, Source: "the data set as it is published"}
	for _, p := range parts {
		if p.Items == nil {
			if p.Items, err = f.items(r, p.file); err != nil {
				return nil, err
			}
		}
		if err := check(p.file, p.Items); err != nil {
			return nil, err
		}
		p.Suite = name
		if p.Prompts == nil {
			p.Prompts = prompts(promptsOf(name, p.Task), p.Lang)
		}
		s.Tasks = append(s.Tasks, p.Task)
	}
	if len(s.Tasks) == 0 {
		return nil, fault.NotFound.Errorf("the folder has nothing in these languages in the format %s", name)
	}
	s.Digest = r.digest()
	return s, nil
}

// check finds what no item may have. Items know where they stand by their id.
func check(file string, items []evals.Item) error {
	if len(items) == 0 {
		return fault.Invalid.Errorf("%s has no items", file)
	}
	seen := map[string]bool{}
	for _, i := range items {
		switch {
		case seen[i.ID]:
			return fault.Invalid.Errorf("%s: the id %s is there twice", file, i.ID)
		case strings.TrimSpace(i.Text) == "":
			return fault.Invalid.Errorf("%s: item %s has no text", file, i.ID)
		case len(i.Gold) == 0 && !i.Refuse && len(i.Relevant) == 0:
			return fault.Invalid.Errorf("%s: item %s has no gold answer", file, i.ID)
		}
		seen[i.ID] = true
	}
	return nil
}

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
	return bytes.TrimPrefix(data, []byte("\ufeff")), nil
}

// digest is the SHA-256 over what was read, in the order of the names.
func (r *reader) digest() string {
	slices.SortFunc(r.read, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(r.read), "")))
	return hex.EncodeToString(sum[:])
}

// wanted reports whether a language is among those asked for.
func wanted(tag lang.Tag, langs []lang.Tag) bool {
	return len(langs) == 0 || slices.ContainsFunc(langs, func(l lang.Tag) bool { return l == tag || l.Base() == tag.Base() })
}

// tags are codes of data sets that ParseTag does not read as the language that
// they mean: those of three letters of what has one of two, and of a member of
// a macrolanguage.
var tags = map[string]lang.Tag{
	"amh": "am", "arb": "ar", "azj": "az", "aze": "az", "ben": "bn", "bod": "bo", "eng": "en", "hat": "ht", "hau": "ha", "hin": "hi", "ibo": "ig", "ind": "id",
	"kat": "ka", "kaz": "kk", "khm": "km", "kir": "ky", "lao": "lo", "mya": "my", "quy": "qu", "swh": "sw", "swa": "sw", "tam": "ta", "tat": "tt", "tel": "te",
	"tha": "th", "tir": "ti", "tur": "tr", "uig": "ug", "urd": "ur", "uzn": "uz", "uzb": "uz", "vie": "vi", "yor": "yo", "kin": "rw", "twi": "tw", "wol": "wo",
	"zul": "zu", "aym": "ay", "gn": "gn", "rus": "ru",
}

// tag reads the code of a language, such as "kir_Cyrl".
func tag(code string) (lang.Tag, error) {
	base, _, _ := strings.Cut(code, "_")
	if t, ok := tags[base]; ok {
		return t, nil
	}
	return lang.ParseTag(base)
}
