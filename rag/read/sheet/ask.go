package sheet

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/zeebo/xxh3"

	"tilgate/rag"
	"tilgate/rag/read/plain"
)

// ask makes a document of a row with a question and its answer.
func (t *table) ask(r row) {
	h := t.asked
	q, a := h.of(r.cells, question), h.of(r.cells, answer)
	if q == "" || a == "" {
		if q != "" {
			t.silent++
		}
		return
	}
	item := t.item()
	item.Where += fmt.Sprintf(":%d", r.n)
	item.ID += t.suffix() + "#" + keyOf(h.of(r.cells, id), q)
	item.Title = strings.Join(strings.Fields(q), " ")
	var text rag.Builder
	if name := h.of(r.cells, title); name != "" {
		item.Title = strings.Join(strings.Fields(name), " ")
		paragraphs(&text, q)
	}
	paragraphs(&text, a)
	text.Put(&item.Document)
	item.Sector = h.of(r.cells, sector)
	plain.SetDate(&item, h.of(r.cells, date))
	item.SetEdition(h.of(r.cells, edition))
	item.AddReplaced(strings.Split(h.of(r.cells, replaces), "\n")...)
	item.SetReplacedBy(h.of(r.cells, replacedBy))
	var err error
	if tag := h.of(r.cells, language); tag != "" {
		item.Lang, err = plain.Tag(tag)
	}
	t.out(item, err)
}

// keyOf names a row by its id, or else by its question: its number would
// change when a row is inserted.
func keyOf(id, question string) string {
	if id != "" && len(id) <= 200 {
		return id
	}
	sum := xxh3.HashString128(id + "\x00" + strings.Join(strings.Fields(question), " ")).Bytes()
	return hex.EncodeToString(sum[:])
}

// paragraphs adds the paragraphs of a cell, which empty lines separate.
func paragraphs(b *rag.Builder, cell string) {
	for part := range strings.SplitSeq(strings.ReplaceAll(cell, "\r\n", "\n"), "\n\n") {
		b.Paragraph(part)
	}
}
