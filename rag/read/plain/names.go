package plain

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"tilgate/internal/lang"
	"tilgate/rag/read"
)

// Tag returns the language of a tag or a name: "ky", "kir", "kk_Cyrl",
// "Kazakh", "кыргызча". The error is of kind fault.Invalid.
func Tag(s string) (lang.Tag, error) {
	tag, err := lang.ParseTag(s)
	if err == nil {
		return tag, nil
	}
	if named, ok := byName()[strings.ToLower(strings.TrimSpace(s))]; ok && named != "" {
		return named, nil
	}
	return lang.Und, err
}

// byName has languages by their names in English and in themselves, in small
// letters. A name of two languages stands for none.
var byName = sync.OnceValue(func() map[string]lang.Tag {
	names := map[string]lang.Tag{}
	add := func(name string, tag lang.Tag) {
		name = strings.ToLower(name)
		if before, ok := names[name]; ok && before.Base() != tag.Base() {
			tag = ""
		} else if ok && len(before) < len(tag) {
			tag = before
		}
		names[name] = tag
	}
	english := display.English.Languages()
	for _, t := range display.Supported.Tags() {
		base, _ := t.Base()
		tag, err := lang.ParseTag(base.String())
		if err != nil {
			continue
		}
		bare := language.Make(base.String())
		add(english.Name(bare), tag)
		add(display.Self.Name(bare), tag)
	}
	delete(names, "")
	return names
})

// days are the ways of writing a date that mean one thing.
var days = []string{time.DateOnly, time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006/01/02", "02.01.2006", "20060102"}

// SetDate gives a document its date, or notes that it is none.
func SetDate(item *read.Item, date string) {
	if item.Date = Day(date); item.Date == "" && date != "" {
		item.Notes = append(item.Notes, read.Note{Kind: read.LeftOut, Text: fmt.Sprintf("its date %.40q was left out: a date looks like 2026-02-10", date)})
	}
}

// Day returns the day of a date as a document has it, or "" of what is none.
func Day(s string) string {
	s = strings.TrimSpace(s)
	for _, layout := range days {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.DateOnly)
		}
	}
	return ""
}
