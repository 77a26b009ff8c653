package dataset

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"tilgate/evals"
	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// A format is how a data set is published.
type format struct {
	title string
	texts string // licence of the texts, where the folder's licence file is about the rest
	// items reads one file.
	items func(r *reader, name string) ([]placed, error)
	// tasks lists what a folder has to ask; nil items of a part are read by
	// items from its file.
	tasks func(r *reader, langs []lang.Tag) ([]part, error)
}

// A placed item knows where it stands: file and line, or file and JSON path.
type placed struct {
	evals.Item
	at string
}

// A part is a task, and where its items come from.
type part struct {
	*evals.Task
	prompts string // file of its prompts
	file    string
	code    string // what the data set calls the language, or else the file
	items   []placed
}

var formats = map[string]format{
	"xcopa":       {"XCOPA", "", xcopaItems, xcopaTasks},
	"copal":       {"COPAL-ID", "the texts CC BY-SA 4.0", copalItems, copalTasks},
	"sib200":      {"SIB-200", "the texts, of FLORES-200, CC BY-SA 4.0", sibItems, sibTasks},
	"nusax":       {"NusaX", "the texts CC BY-SA 4.0", nusaxItems, nusaxTasks},
	"americasnli": {"AmericasNLI", "made from XNLI, which is CC BY-NC 4.0", nliItems, nliTasks},
	"uzlib":       {"UzLiB", "", uzlibItems, uzlibTasks},
	"mgsm":        {"MGSM", "", mgsmItems, mgsmTasks},
	"squad":       {"Questions on passages", "", squadItems, squadTasks},
	"afriqa":      {"AfriQA", "", afriqaItems, afriqaTasks},
	"ntrex":       {"NTREX-128", "", ntrexItems, ntrexTasks},
	"xwmt":        {"X-WMT", "", xwmtItems, xwmtTasks},
	"beir":        {"Questions to a knowledge base", "", beirItems, beirTasks},
}

// Formats are the names of the formats, in order.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

func formatOf(name string) (format, error) {
	f, ok := formats[name]
	if !ok {
		return f, fault.Invalid.Errorf("there is no format %q; the formats are %s", name, strings.Join(Formats(), ", "))
	}
	return f, nil
}

// Items reads one file of a format. What stands in two files is named by one of
// them, and the other is looked for beside it: for ntrex and xwmt that is the
// translation, for beir the questions.
func Items(format string, fsys fs.FS, name string) ([]evals.Item, error) {
	f, err := formatOf(format)
	if err != nil {
		return nil, err
	}
	items, err := f.items(&reader{FS: fsys}, name)
	if err != nil {
		return nil, err
	}
	return check(name, items)
}

// Suite reads a folder of a format as it is published: the test part, a task
// for each language that is there, or for each of langs. Of translations it
// reads those from English, and for langs also those from Russian and whatever
// else there is. The digest is over the files that items came from.
func Suite(format string, fsys fs.FS, langs []lang.Tag) (*evals.Suite, error) {
	f, err := formatOf(format)
	if err != nil {
		return nil, err
	}
	r := &reader{FS: fsys}
	parts, err := f.tasks(r, langs)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, fault.NotFound.Errorf("the folder has nothing in the format %s%s", format, inLangs(langs))
	}
	s := &evals.Suite{Name: format, Title: f.title, Licence: r.licence(f.texts), Source: "the data set as it is published"}
	seen := map[string]bool{}
	for _, p := range parts {
		if p.items == nil {
			if p.items, err = f.items(r, p.file); err != nil {
				return nil, err
			}
		}
		if p.Items, err = check(p.file, p.items); err != nil {
			return nil, err
		}
		p.Suite = format
		if seen[p.ID()] { // two codes may be one language to us, as aka and twi are
			p.Name += "-" + p.code
		}
		if seen[p.ID()] {
			return nil, fault.Invalid.Errorf("%s: there are two tasks %s", p.file, p.ID())
		}
		seen[p.ID()] = true
		setPrompts(p)
		s.Tasks = append(s.Tasks, p.Task)
	}
	s.Digest = r.digest()
	return s, nil
}

func inLangs(langs []lang.Tag) string {
	if len(langs) == 0 {
		return ""
	}
	return fmt.Sprintf(" in %s", strings.Trim(fmt.Sprint(langs), "[]"))
}

// check finds what no item may have.
func check(file string, list []placed) ([]evals.Item, error) {
	if len(list) == 0 {
		return nil, fault.Invalid.Errorf("%s has no items", file)
	}
	var items []evals.Item
	first := map[string]string{}
	for _, i := range list {
		switch at := first[i.ID]; {
		case i.ID == "":
			return nil, fault.Invalid.Errorf("%s: there is no id", i.at)
		case at != "":
			return nil, fault.Invalid.Errorf("%s: the id %q was there before, at %s", i.at, i.ID, at)
		case blank(i.Text):
			return nil, fault.Invalid.Errorf("%s: there is no text", i.at)
		case slices.ContainsFunc(i.Choices, blank):
			return nil, fault.Invalid.Errorf("%s: a choice is empty", i.at)
		case slices.ContainsFunc(i.Gold, blank), len(i.Gold) == 0 && len(i.Relevant) == 0 && !i.Refuse:
			return nil, fault.Invalid.Errorf("%s: there is no answer", i.at)
		}
		first[i.ID] = i.at
		items = append(items, i.Item)
	}
	return items, nil
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

// sorted puts parts in the order of their languages and names.
func sorted(parts []part) []part {
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Or(cmp.Compare(a.Lang, b.Lang), cmp.Compare(a.Name, b.Name)) })
	return parts
}

func labels(names ...string) []evals.Label {
	var list []evals.Label
	for _, n := range names {
		list = append(list, evals.Label{Name: n})
	}
	return list
}

// known refuses a label that is not in the list.
func known(at, name string, list []evals.Label) error {
	if !slices.ContainsFunc(list, func(l evals.Label) bool { return l.Name == name }) {
		return fault.Invalid.Errorf("%s: the label %q is none of the data set's", at, name)
	}
	return nil
}

// letter is that of the right choice, counted from 0.
func letter(at string, i, choices int) (string, error) {
	if i < 0 || i >= min(choices, len(evals.Letters)) {
		return "", fault.Invalid.Errorf("%s: the right choice is not among the %d", at, choices)
	}
	return evals.Letters[i : i+1], nil
}
