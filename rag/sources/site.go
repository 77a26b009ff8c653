package sources

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/rag/crawl"
	"tilgate/rag/read"
)

// site yields the documents of a web site. Its pages' origins are their URLs.
func (s *Set) site(ctx context.Context, source Source, yield func(read.Item, error) bool) {
	v := visit{ctx: ctx, set: s, source: source, config: s.config(source), readers: s.o.Reader(source), said: map[string]bool{}}
	for page, err := range crawl.Site(ctx, v.options()) {
		if !v.answer(ctx, page, err, yield) {
			return
		}
	}
}

type visit struct {
	ctx     context.Context // of the crawl, for what it calls back
	set     *Set
	source  Source
	config  string
	readers read.Readers
	read    int64           // bytes
	said    map[string]bool // canonical addresses of pages that were read

	url  string // of the page that was read last, when its links were asked for
	page Page
	err  error
}

func (v *visit) options() crawl.Options {
	o := crawl.Options{Start: v.source.Site, Private: v.source.Private, Contact: v.set.o.Contact, Language: string(v.source.Lang),
		MaxDepth: v.source.Depth, MaxPages: v.source.Pages, Links: v.links, Known: v.known, Before: v.before()}
	if v.source.Rate > 0 {
		o.Every = time.Duration(float64(time.Second) / v.source.Rate)
	}
	return o
}

// before lists the pages of the site that the index holds.
func (v *visit) before() []string {
	var pages []string
	u, err := url.Parse(v.source.Site)
	if err != nil {
		return nil
	}
	for origin := range v.set.stored {
		if p, err := url.Parse(origin); err == nil && strings.TrimPrefix(p.Host, "www.") == strings.TrimPrefix(u.Host, "www.") && p.Host != "" {
			pages = append(pages, origin)
		}
	}
	return pages
}

func (v *visit) known(page string) (etag, modified string, ok bool) {
	e, ok := v.remembered(page)
	return e.ETag, e.Modified, ok && (e.ETag != "" || e.Modified != "")
}

// remembered returns what is known of a page, if that is what is stored.
func (v *visit) remembered(page string) (seen, bool) {
	e, ok := v.set.o.State.get(page)
	return e, ok && v.set.same(page, v.config, e)
}

func (v *visit) links(p crawl.Page) (links []string, follow bool) {
	if p.State == crawl.Unchanged {
		e, _ := v.set.o.State.get(p.URL)
		return e.Links, e.Follow
	}
	if v.set.o.Page == nil || !isHTML(p.ContentType) {
		return nil, false
	}
	if v.url != p.URL {
		v.url = p.URL
		v.page, v.err = v.set.o.Page(v.ctx, p)
	}
	return v.page.Links, v.page.Follow
}

func isHTML(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "text/html" || media == "application/xhtml+xml")
}

// answer yields the documents of a page, and reports whether to go on.
func (v *visit) answer(ctx context.Context, p crawl.Page, err error, yield func(read.Item, error) bool) bool {
	switch p.State {
	case crawl.Gone:
		return true // what is stored of it is removed
	case crawl.Stopped:
		return v.stopped(err, yield)
	case crawl.Unchanged:
		return yield(v.item(p, true), nil)
	case crawl.LeftOut:
		if _, stored := v.set.stored[p.URL]; !stored {
			return true // it never was one of ours
		}
	}
	if err != nil {
		return yield(v.item(p, false), err)
	}
	return v.documents(ctx, p, yield)
}

// stopped says of the whole site that it was not read to its end. It may have
// been read with "www." or over http before.
func (v *visit) stopped(err error, yield func(read.Item, error) bool) bool {
	roots := []string{siteRoot(v.source.Site)}
	for _, page := range v.before() {
		if root := siteRoot(page); !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	for _, root := range roots {
		if !yield(read.Item{Document: rag.Document{Origin: root}, Where: v.source.Site}, err) {
			return false
		}
	}
	return true
}

func (v *visit) item(p crawl.Page, same bool) read.Item {
	return read.Item{Document: rag.Document{ID: p.URL, Source: p.URL, Origin: p.URL}, Where: p.URL, Read: v.read, Same: same}
}

// siteRoot is what the origins of all pages of a site begin with.
func siteRoot(site string) string {
	u, err := url.Parse(site)
	if err != nil {
		return site
	}
	return u.Scheme + "://" + u.Host
}

func (v *visit) documents(ctx context.Context, p crawl.Page, yield func(read.Item, error) bool) bool {
	v.read += int64(len(p.Body))
	sum := xxh3.Hash128(p.Body).Bytes()
	now := seen{Size: int64(len(p.Body)), Sum: hex.EncodeToString(sum[:]), Config: v.config, ETag: p.ETag, Modified: p.LastModified}
	now.Links, now.Follow = v.links(p)
	v.set.begin(p.URL)
	if known, ok := v.remembered(p.URL); ok && known.Sum == now.Sum {
		now.Docs, now.Digest = known.Docs, known.Digest
		more := yield(v.item(p, true), nil)
		v.set.end(&now)
		return more
	}
	u, err := url.Parse(p.URL)
	if err != nil || !v.source.wanted(strings.TrimPrefix(u.Path, "/")) {
		v.set.end(&now)
		return true
	}
	if v.set.o.Page != nil && isHTML(p.ContentType) {
		return v.document(p, &now, yield)
	}
	name := "page" + p.Ending()
	reader, _ := v.readers.For(name)
	if reader == nil {
		return yield(v.item(p, false), fault.Invalid.Errorf("%s: nothing here reads %s", p.URL, p.ContentType))
	}
	f := read.File{FS: body{name, p.Body}, Path: name, Name: p.URL, ID: p.URL, Source: p.URL, Size: now.Size}
	if at, err := time.Parse(time.RFC1123, p.LastModified); err == nil {
		f.ModTime = at
	}
	for item, err := range reader.Read(ctx, f) {
		item.Origin, item.Read = p.URL, v.read
		v.set.now.failed = v.set.now.failed || err != nil
		if !yield(item, err) {
			return false
		}
	}
	v.set.end(&now)
	return true
}

// document yields the document of an HTML page, whose links were asked for
// before. One that stands at several addresses comes once.
func (v *visit) document(p crawl.Page, now *seen, yield func(read.Item, error) bool) bool {
	item := v.page.Item
	address := p.URL
	if v.page.Canonical != "" {
		address = v.page.Canonical
	}
	if v.err == nil && (v.page.Hidden || v.said[address]) {
		v.set.end(now)
		return true
	}
	v.said[address] = true
	item.ID, item.Source, item.Origin, item.Where, item.Read = address, address, p.URL, p.URL, v.read
	if v.err != nil {
		v.set.now.failed = true
		return yield(item, fmt.Errorf("%s: %w", p.URL, v.err))
	}
	more := yield(item, nil)
	v.set.end(now)
	return more
}

// A body is a folder with one file, which is in memory.
type body struct {
	name string
	data []byte
}

func (b body) Open(name string) (fs.File, error) {
	if name != b.name {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return &openBody{bytes.NewReader(b.data), b}, nil
}

type openBody struct {
	*bytes.Reader
	of body
}

func (o *openBody) Stat() (fs.FileInfo, error) { return bodyInfo{o.of}, nil }
func (o *openBody) Close() error               { return nil }

type bodyInfo struct{ of body }

func (i bodyInfo) Name() string     { return i.of.name }
func (i bodyInfo) Size() int64      { return int64(len(i.of.data)) }
func (bodyInfo) Mode() fs.FileMode  { return 0o444 }
func (bodyInfo) ModTime() time.Time { return time.Time{} }
func (bodyInfo) IsDir() bool        { return false }
func (bodyInfo) Sys() any           { return nil }

var (
	_ io.ReaderAt = (*openBody)(nil)
	_ fs.FS       = body{}
)
