package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	markdownLink    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	markdownHeading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInAnchor     = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// docPages are the pages that people read.
func docPages(t *testing.T) (pages []string) {
	t.Helper()
	root := filepath.Join("..", "..")
	for _, dir := range []string{"README.md", "docs", "deploy", "bench"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && filepath.Ext(path) == ".md" {
				pages = append(pages, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return pages
}

// What the pages link to is there.
func TestDocsLinks(t *testing.T) {
	for _, page := range docPages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range markdownLink.FindAllStringSubmatch(string(text), -1) {
			checkLink(t, page, m[1])
		}
	}
}

func checkLink(t *testing.T, page, link string) {
	t.Helper()
	if strings.Contains(link, "://") {
		return
	}
	to, anchor, _ := strings.Cut(link, "#")
	path := page
	if to != "" {
		path = filepath.Join(filepath.Dir(page), to)
	}
	text, err := os.ReadFile(path)
	if _, missing := os.Stat(path); missing != nil {
		t.Errorf("%s links to %s, which is not there", page, link)
		return
	}
	if anchor == "" || err != nil {
		return
	}
	for _, h := range markdownHeading.FindAllStringSubmatch(string(text), -1) {
		name := strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")
		if name == anchor {
			return
		}
	}
	t.Errorf("%s links to %s, which is no heading there", page, link)
}
