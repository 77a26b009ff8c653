package wiki

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"tilgate/internal/fault"
	"tilgate/internal/lang"
)

// An entry is one of the directory of a ZIM file.
type entry struct {
	mime          uint16
	namespace     byte
	cluster, blob uint32
	path, title   string
}

const (
	entryHead = 16
	// maxEntry is how long an entry's path and title may be together.
	maxEntry = 8 << 10
	// firstOdd and all MIME types after it are redirects and other entries
	// that have nothing of their own.
	firstOdd = 0xfffd
	// maxArticles is how many pages a file may have: they are held in memory,
	// in twelve bytes each. English Wikipedia has seven million.
	maxArticles = 16 << 20
)

// entry reads an entry of the directory.
func (z *zim) entry(n uint32) (entry, error) {
	pointer, err := z.pointers.bytes(z.entryAt+int64(n)*8, 8)
	if err != nil || len(pointer) < 8 {
		return entry{}, err
	}
	at := binary.LittleEndian.Uint64(pointer)
	data, err := z.window.bytes(int64(at), entryHead+maxEntry)
	if err != nil {
		return entry{}, err
	}
	if len(data) < entryHead {
		return entry{}, fault.Invalid.Errorf("it stands at byte %d, outside the file", at)
	}
	e := entry{mime: binary.LittleEndian.Uint16(data), namespace: data[3]}
	if e.mime >= firstOdd {
		return e, nil
	}
	e.cluster, e.blob = binary.LittleEndian.Uint32(data[8:]), binary.LittleEndian.Uint32(data[12:])
	path, rest, ok := bytes.Cut(data[entryHead:], []byte{0})
	title, _, ok2 := bytes.Cut(rest, []byte{0})
	if !ok || !ok2 {
		return e, fault.Invalid.Errorf("its path and title have no end in %d KB", maxEntry>>10)
	}
	if !utf8.Valid(path) || !utf8.Valid(title) || len(path) == 0 {
		return e, fault.Invalid.Errorf("its path %q is no UTF-8 text", clip(path))
	}
	e.path, e.title = string(path), string(title)
	return e, nil
}

// An article is a page of a ZIM file, and where it is packed.
type article struct{ cluster, blob, entry uint32 }

func (a article) compare(b article) int {
	return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.blob, b.blob), cmp.Compare(a.entry, b.entry))
}

// A named is a thing that a file says about itself, and its name.
type named struct {
	article
	name string
}

// A listing is what the directory of a ZIM file has.
type listing struct {
	articles []article // by cluster and blob
	metadata []named   // the same
	damaged  int
	first    error // what is wrong with the first that is damaged
}

// damage returns an error about entries that could not be read.
func (l *listing) damage() error {
	if l.damaged == 0 {
		return nil
	}
	return fmt.Errorf("%d entries of its directory are damaged: %w", l.damaged, l.first)
}

// list reads the directory. Redirects are not followed: the page that they
// lead to is listed itself.
func (z *zim) list(ctx context.Context) (*listing, error) {
	l := &listing{}
	for n := range z.entries {
		if n%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		e, err := z.entry(n)
		if err != nil {
			if l.damaged++; l.first == nil {
				l.first = fmt.Errorf("entry %d: %w", n, err)
			}
			continue
		}
		if e.mime >= firstOdd {
			continue
		}
		a := article{e.cluster, e.blob, n}
		switch {
		case e.namespace == 'M' && slices.Contains(aboutNames, e.path) && len(l.metadata) < maxNames:
			l.metadata = append(l.metadata, named{a, e.path})
		case e.namespace == z.pages && z.isHTML(e.mime):
			if len(l.articles) == maxArticles {
				return nil, fault.TooLarge.Errorf("it has more than %d pages", maxArticles)
			}
			l.articles = append(l.articles, a)
		}
	}
	slices.SortFunc(l.articles, article.compare)
	slices.SortFunc(l.metadata, func(a, b named) int { return a.compare(b.article) })
	// Two entries of one blob are two names of one page.
	l.articles = slices.CompactFunc(l.articles, func(a, b article) bool { return a.cluster == b.cluster && a.blob == b.blob })
	return l, nil
}

func (z *zim) isHTML(mime uint16) bool {
	if int(mime) >= len(z.mimes) {
		return false
	}
	name := z.mimes[mime]
	return strings.HasPrefix(name, "text/html") || strings.HasPrefix(name, "application/xhtml")
}

// An about is what a ZIM file says about itself.
type about struct {
	lang    lang.Tag
	date    string
	name    string // the same in files of every month: wikipedia_ky_all
	source  string // URL of the site, without a slash at its end
	scraper string // program that fetched it
}

var aboutNames = []string{"Language", "Date", "Name", "Source", "Scraper"}

// maxNames is how many things a file may say about itself; a sound one says
// each once.
const maxNames = 100

// maxAbout is how long one thing that a file says about itself may be.
const maxAbout = 4 << 10

// readAbout reads what a file says about itself. Whatever cannot be read is
// left out, but what is packed in a way that nobody unpacks.
func readAbout(u *unpacker, metadata []named) (a about, err error) {
	var c *cluster
	for i, m := range metadata {
		if i == 0 || m.cluster != metadata[i-1].cluster {
			if c, err = u.open(m.cluster); fault.Unsupported.Is(err) {
				return a, err
			}
		}
		if err != nil {
			continue // nor can the others of this cluster
		}
		if data, err := c.blob(m.blob, maxAbout); err == nil && utf8.Valid(data) {
			a.set(m.name, strings.TrimSpace(string(data)))
		}
	}
	return a, nil
}

func (a *about) set(name, value string) {
	switch name {
	case "Language": // several, apart by commas, say nothing of a page
		if tag, err := lang.ParseTag(value); err == nil {
			a.lang = tag
		}
	case "Date":
		a.date = day(value)
	case "Name":
		a.name = value
	case "Source":
		if value != "" && !strings.Contains(value, "://") {
			value = "https://" + value
		}
		if value = strings.TrimRight(value, "/"); isWeb(value) {
			a.source = value
		}
	case "Scraper":
		a.scraper = strings.ToLower(value)
	}
}

// url returns where people can read a page, as far as the file tells.
func (a *about) url(path, file string) string {
	if a.source == "" {
		return file + "/" + path
	}
	protocol, site, _ := strings.Cut(a.source, "://")
	host, folder, _ := strings.Cut(site, "/")
	switch {
	case strings.HasPrefix(path, host+"/"): // zimit keeps all of a URL in paths
		return protocol + "://" + strings.Replace(inURL(path), "%3F", "?", 1)
	case folder == "" && strings.HasPrefix(a.scraper, "mwoffliner"): // MediaWiki's pages stand there
		return a.source + "/wiki/" + inURL(path)
	}
	return a.source + "/" + inURL(path)
}
