package read

import "strings"

// How much a document may say of its edition. It is shown beside the title, and
// stored with each passage.
const (
	mostEdition  = 100 // bytes
	mostName     = 1024
	mostReplaced = 20 // documents; a text that takes the place of more is told so in the manifest
)

// SetEdition notes what a document says that it is: "3rd edition". What is too
// long for that is none.
func (i *Item) SetEdition(text string) {
	if text = strings.Join(strings.Fields(text), " "); text != "" && len(text) <= mostEdition {
		i.Edition = text
	}
}

// AddReplaced notes documents whose place it takes, as it names them.
func (i *Item) AddReplaced(names ...string) {
	for _, name := range names {
		if name = nameOf(name); name != "" && len(i.Replaces) < mostReplaced {
			i.Replaces = append(i.Replaces, name)
		}
	}
}

// SetReplacedBy notes what took its place, as it names that.
func (i *Item) SetReplacedBy(name string) {
	if name = nameOf(name); name != "" {
		i.ReplacedBy = name
	}
}

// nameOf is a name on one line; one that is too long is none.
func nameOf(text string) string {
	if text = strings.Join(strings.Fields(text), " "); len(text) > mostName {
		return ""
	}
	return text
}
