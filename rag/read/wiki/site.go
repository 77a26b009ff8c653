package wiki

import (
	"strconv"
	"strings"

	"tilgate/internal/lang"
)

// A site is what a dump says about the wiki that it is of.
type site struct {
	base       string // of the pages' URLs, to put a title after
	name       string // that the wiki's database has: kywiki
	lang       lang.Tag
	variants   []string       // forms of words that are taken first, see variant.go
	namespaces map[string]int // by namespaceKey
}

// Numbers of namespaces.
const (
	nsMedia    = -2
	nsFile     = 6
	nsCategory = 14
)

// maxNamespaces is how many names of namespaces are kept. Wikis have some
// fifty.
const maxNamespaces = 1000

// newSite returns a site with the names that every wiki understands.
func newSite() *site {
	return &site{namespaces: map[string]int{"media": nsMedia, "file": nsFile, "image": nsFile, "category": nsCategory}}
}

func (s *site) setLang(tag string) {
	parsed, err := lang.ParseTag(tag)
	if err != nil {
		return
	}
	s.lang = parsed
	s.variants = variants[string(parsed.Base())]
}

// setBase takes the URL of the main page.
func (s *site) setBase(url string) {
	if !isWeb(url) {
		return
	}
	for _, mark := range []string{"?title=", "/wiki/", "/"} {
		if i := strings.LastIndex(url, mark); i >= 0 {
			s.base = url[:i+len(mark)]
			return
		}
	}
}

func (s *site) addNamespace(number, name string) {
	n, err := strconv.Atoi(number)
	if key := namespaceKey(name); err == nil && key != "" && len(s.namespaces) < maxNamespaces {
		s.namespaces[key] = n
	}
}

// id returns the id of a page's document. It is made of the page's number,
// not its title: an article that moves to another title stays one document.
// The wiki's name is there because a knowledge base can hold several wikis.
func (s *site) id(page string) string {
	if s.name == "" {
		return page
	}
	return s.name + ":" + page
}
