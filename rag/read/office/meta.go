package office

import (
	"regexp"
	"strings"
	"time"

	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// meta takes what a document says about itself. Both formats say it in the
// words of Dublin Core.
func (s *stream) meta(item *read.Item, e element) error {
	switch e.tag {
	case "meta:user-defined":
		return s.property(item, e.attr("name"))
	case "dc:title", "dc:language", "dc:date", "dcterms:modified", "cp:version":
	default:
		return nil
	}
	text, err := s.all()
	if err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	switch e.tag {
	case "dc:title":
		if isTitle(text) {
			item.Title = text
		}
	case "cp:version":
		item.SetEdition(text)
	case "dc:language":
		if tag, err := lang.ParseTag(text); err == nil {
			item.Hint = tag
		}
	default:
		if day, ok := dayOf(text); ok {
			item.Date = day
		}
	}
	return nil
}

// custom reads the properties that authors of Office Open XML make up.
func (d *docx) custom(element) error {
	return d.each(func(e element) error { return d.property(d.paper.item, e.attr("name")) })
}

// property takes one of those that authors make up: Edition, Replaces and
// Replaced by, which no program asks for.
func (s *stream) property(item *read.Item, name string) error {
	text, err := s.all()
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.NewReplacer(" ", "", "_", "", "-", "").Replace(name)) {
	case "edition":
		item.SetEdition(text)
	case "replaces":
		item.AddReplaced(strings.Split(text, ";")...)
	case "replacedby", "supersededby":
		item.SetReplacedBy(text)
	}
	return nil
}

// pythonDay stands in every document that python-docx makes, unless it is told
// another.
const pythonDay = "2013-12-23"

// dayOf returns the day of a date in RFC 3339, with or without a time and a
// zone. Programs write dates from before their own time where they know none.
func dayOf(text string) (string, bool) {
	if len(text) < len(time.DateOnly) {
		return "", false
	}
	day, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)])
	out := day.Format(time.DateOnly)
	return out, err == nil && day.Year() >= 1985 && day.Year() < 2200 && out != pythonDay
}

// noTitle matches what programs write where nobody has given a title: their
// own name, the word for a document in many languages with a number, or the
// name of a file.
var noTitle = regexp.MustCompile(`(?i)^(microsoft word\b.*|word document|document|untitled|title|no title|без названия|без имени|аталышы жок|new document|новый документ|` +
	`(document|документ|dokument|belge|documento|hujjat|құжат|مستند|دستاویز|文档|เอกสาร) ?\d+|.*\.(docx?|dotx?|odt|rtf|pdf|wpd|html?|txt))$`)

func isTitle(text string) bool {
	return len(text) <= 500 && hasLetter(text) && !noTitle.MatchString(text)
}
