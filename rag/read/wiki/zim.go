package wiki

import (
	"context"
	"fmt"
	"iter"
	"path"
	"strings"

	"tilgate/internal/fault"
	"tilgate/rag"
	"tilgate/rag/read"
)

// ZIM reads ZIM files: their pages of HTML, each of which is a document,
// through Options.HTML. Redirects, and other names of a page, are none.
//
// Documents come in the order of the clusters that they are packed in, so that
// each cluster is unpacked once.
func ZIM(o Options) read.Reader { return zimReader{o} }

type zimReader struct{ o Options }

func (r zimReader) Read(ctx context.Context, f read.File) iter.Seq2[read.Item, error] {
	return func(yield func(read.Item, error) bool) {
		if err := r.read(ctx, f, yield); err != nil {
			yield(f.Item(), f.Fault(err))
		}
	}
}

// read gives the documents. What it returns is wrong with the file.
func (r zimReader) read(ctx context.Context, f read.File, yield func(read.Item, error) bool) error {
	if r.o.HTML == nil {
		return fault.Internal.Errorf("nothing was given that reads the HTML of ZIM files")
	}
	if ending := strings.ToLower(path.Ext(f.Name)); len(ending) == len(".zimaa") && strings.HasPrefix(ending, ".zim") {
		return fault.Unsupported.Errorf("it is one part of a split ZIM file; put the parts together in one file first")
	}
	c, err := f.Open()
	if err != nil {
		return err
	}
	defer c.Close()
	z, err := openZIM(c, c.Size)
	if err != nil {
		return err
	}
	list, err := z.list(ctx)
	if err != nil {
		return err
	}
	if len(list.articles) == 0 && list.damaged == 0 {
		return fault.Invalid.Errorf("it has no pages of HTML")
	}
	u := &unpacker{z: z}
	defer u.close()
	z.about, err = readAbout(u, list.metadata)
	if err != nil {
		return err
	}
	for pages := range byCluster(list.articles) {
		if err := ctx.Err(); err != nil {
			return err
		}
		d := zimPages{ctx: ctx, z: z, file: f, html: r.o.HTML, yield: yield}
		more, err := d.read(u, pages)
		if !more || fault.Unsupported.Is(err) {
			return err
		}
		if err != nil {
			err = fmt.Errorf("cluster %d with %d pages: %w", pages[0].cluster, len(pages), err)
			if !yield(f.Item(), f.Fault(err)) {
				return nil
			}
		}
	}
	return list.damage()
}

// byCluster gives the articles of each cluster, in the order of their blobs.
func byCluster(articles []article) iter.Seq[[]article] {
	return func(yield func([]article) bool) {
		for len(articles) > 0 {
			n := 1
			for n < len(articles) && articles[n].cluster == articles[0].cluster {
				n++
			}
			if !yield(articles[:n:n]) {
				return
			}
			articles = articles[n:]
		}
	}
}

// zimPages are the pages of one cluster on their way out.
type zimPages struct {
	ctx   context.Context
	z     *zim
	file  read.File
	html  func(context.Context, []byte, *rag.Builder) (string, error)
	yield func(read.Item, error) bool
}

// read gives the pages. more is false if nobody wants others; an error is the
// cluster's.
func (d zimPages) read(u *unpacker, pages []article) (more bool, err error) {
	c, err := u.open(pages[0].cluster)
	if err != nil {
		return true, err
	}
	for _, p := range pages {
		if err := d.ctx.Err(); err != nil {
			return false, err
		}
		data, err := c.blob(p.blob, read.MaxText)
		if err != nil && !fault.TooLarge.Is(err) {
			return true, err
		}
		item, err := d.item(p, data, err)
		item.Read = c.end
		if !d.yield(item, d.file.Fault(err)) {
			return false, nil
		}
	}
	return true, nil
}

// item makes a document of a page.
func (d zimPages) item(p article, data []byte, err error) (read.Item, error) {
	item := d.file.Item()
	e, entryErr := d.z.entry(p.entry)
	if entryErr != nil {
		return item, entryErr // it could be read a moment ago: the file changes
	}
	about := &d.z.about
	item.ID, item.Title, item.Date, item.Hint = e.path, e.title, about.date, about.lang
	if about.name != "" {
		item.ID = about.name + "/" + e.path
	}
	item.Source = about.url(e.path, item.Source)
	item.Where = d.file.Name + ": " + e.path
	var b rag.Builder
	title := ""
	if err == nil {
		title, err = d.html(d.ctx, data, &b)
	}
	if item.Title == "" {
		item.Title = title
	}
	b.Put(&item.Document)
	if err == nil && len(item.Text) > read.MaxText {
		err = read.TooLarge(int64(len(item.Text)), read.MaxText)
	}
	if err != nil {
		return item, fmt.Errorf("page %s: %w", e.path, err)
	}
	return item, nil
}
