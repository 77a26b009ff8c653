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
//	edition: 3rd edition
//	replaces: [registering-2019, https://…]
//	---
//
// Between lines of +++ it is key = value. A list may also follow its key, a
// line each that begins with "- ".
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
	listed := ""
	for line := range strings.Lines(head) {
		line = strings.TrimRight(line, " \t\n")
		if one, ok := strings.CutPrefix(strings.TrimLeft(line, " \t"), "- "); ok && listed != "" {
			if err := set(item, listed, unquoted(one)); err != nil {
				return "", err
			}
			continue
		}
		if line == "" || strings.ContainsAny(line[:1], " \t-#[]") {
			continue // a part of another value, a comment, or a table of TOML
		}
		key, value, ok := strings.Cut(line, sign)
		if !ok {
			return "", fault.Invalid.Errorf("its front matter has the line %q, want key%s value", line, sign)
		}
		key, listed = strings.ToLower(strings.TrimSpace(key)), ""
		if err := set(item, key, unquoted(value)); err != nil {
			return "", err
		}
		if key == "replaces" && strings.TrimSpace(value) == "" {
			listed = key
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

// listOf takes [one, "two"] apart. What is no list is one.
func listOf(value string) (list []string) {
	inner, ok := strings.CutPrefix(value, "[")
	if inner, closed := strings.CutSuffix(inner, "]"); ok && closed {
		for one := range strings.SplitSeq(inner, ",") {
			list = append(list, unquoted(one))
		}
		return list
	}
	return []string{value}
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
	case "edition", "version":
		item.SetEdition(value)
	case "replaces":
		item.AddReplaced(listOf(value)...)
	case "replaced_by", "superseded_by":
		item.SetReplacedBy(value)
	case "lang":
		item.Lang, err = Tag(value)
	}
	return err
}
