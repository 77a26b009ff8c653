package plain

import (
	"strings"

	"tilgate/internal/fault"
	"tilgate/rag/read"
)

// frontMatter reads what stands before a page of Markdown, and returns the
// page. Keys that it does not know say nothing:
//
//	---
//	title: Registering a birth
//	source: https://…
//	date: 2026-02-10
//	---
//
// Between lines of +++ it is key = value.
func frontMatter(item *read.Item, text string) (page string, err error) {
	fence, sign := "---", ":"
	if strings.HasPrefix(text, "+++\n") {
		fence, sign = "+++", "="
	}
	body, ok := strings.CutPrefix(text, fence+"\n")
	if !ok {
		return text, nil
	}
	head, page, ok := strings.Cut("\n"+body+"\n", "\n"+fence+"\n")
	if !ok {
		return "", fault.Invalid.Errorf("its front matter, opened by %s in the first line, is not closed by another %s", fence, fence)
	}
	for line := range strings.Lines(head) {
		line = strings.TrimRight(line, " \t\n")
		if line == "" || strings.ContainsAny(line[:1], " \t-#[]") {
			continue // a part of another value, a comment, or a table of TOML
		}
		key, value, ok := strings.Cut(line, sign)
		if !ok {
			return "", fault.Invalid.Errorf("its front matter has the line %q, want key%s value", line, sign)
		}
		if err := set(item, strings.ToLower(strings.TrimSpace(key)), unquoted(value)); err != nil {
			return "", err
		}
	}
	return strings.TrimSuffix(page, "\n"), nil
}

func unquoted(value string) string {
	value = strings.TrimSpace(value)
	if n := len(value); n >= 2 && value[0] == value[n-1] && (value[0] == '"' || value[0] == '\'') {
		return strings.TrimSpace(value[1 : n-1])
	}
	return value
}

// set gives an item what a key of its front matter says.
func set(item *read.Item, key, value string) (err error) {
	if value == "" {
		return nil
	}
	switch key {
	case "id":
		item.ID = value
	case "title":
		item.Title = value
	case "source":
		item.Source = value
	case "date":
		SetDate(item, value)
	case "sector":
		item.Sector = value
	case "lang":
		item.Lang, err = Tag(value)
	}
	return err
}
