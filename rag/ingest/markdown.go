package ingest

import (
	"regexp"
	"strings"

	"tilgate/internal/fault"
	"tilgate/rag"
)

// markdown reads the front matter of a page and takes the marks out of its
// text, so that it can be quoted as a sentence:
//
//	---
//	title: Registering a birth
//	source: https://…
//	date: 2026-02-10
//	---
func markdown(d *rag.Document) error {
	if err := frontMatter(d); err != nil {
		return err
	}
	if title, rest, ok := firstHeading(d.Text); ok && d.Title == "" {
		d.Title, d.Text = title, rest
	}
	d.Text = plain(d.Text)
	return nil
}

func frontMatter(d *rag.Document) error {
	body, ok := strings.CutPrefix(d.Text, "---\n")
	if !ok {
		return nil
	}
	head, text, ok := strings.Cut("\n"+body, "\n---\n")
	if !ok {
		return fault.Invalid.Errorf("its front matter, opened by --- in the first line, is not closed by another ---")
	}
	for _, line := range strings.Split(head, "\n") {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			if strings.TrimSpace(line) != "" {
				return fault.Invalid.Errorf("its front matter has the line %q, want key: value", line)
			}
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"`)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "id":
			d.ID = value
		case "title":
			d.Title = value
		case "source":
			d.Source = value
		case "date":
			d.Date = value
		case "sector":
			d.Sector = value
		case "lang":
			if err := setLang(d, value); err != nil {
				return err
			}
		}
	}
	d.Text = text
	return nil
}

// firstHeading takes a heading at the very top for the title.
func firstHeading(text string) (title, rest string, ok bool) {
	trimmed := strings.TrimLeft(text, "\n ")
	line, rest, _ := strings.Cut(trimmed, "\n")
	title, ok = strings.CutPrefix(line, "# ")
	return strings.TrimSpace(title), rest, ok
}

var (
	mdImage  = regexp.MustCompile(`!\[([^\]]*)\]\([^)]*\)`)
	mdLink   = regexp.MustCompile(`\[([^\]]+)\]\([^)]*\)`)
	mdStrong = regexp.MustCompile(`(\*\*|__)(\S|\S.*?\S)(\*\*|__)`)
	mdHead   = regexp.MustCompile(`(?m)^#{1,6} +(.*?)[ #]*$`)
	mdCode   = regexp.MustCompile("`([^`]+)`")
	mdQuote  = regexp.MustCompile(`(?m)^> ?`)
)

// plain removes the marks of Markdown and keeps its words and lines.
func plain(text string) string {
	text = mdImage.ReplaceAllString(text, "$1")
	text = mdLink.ReplaceAllString(text, "$1")
	text = mdStrong.ReplaceAllString(text, "$2")
	text = mdHead.ReplaceAllString(text, "$1\n")
	text = mdCode.ReplaceAllString(text, "$1")
	return strings.TrimSpace(mdQuote.ReplaceAllString(text, ""))
}
