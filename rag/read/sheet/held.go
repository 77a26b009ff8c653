package sheet

import "tilgate/rag/read"

// held is a document that waits for the notes that may still come.
type held struct {
	yield func(read.Item, error) bool
	item  read.Item
	err   error
	any   bool
}

// put takes a document, and gives the one before.
func (h *held) put(item read.Item, err error) bool {
	more := !h.any || h.yield(h.item, h.err)
	h.item, h.err, h.any = item, err, more
	return more
}

// end gives the last document, with notes that came after it, when size bytes
// are read. Where there was none, it is none, which says why. It reports
// whether more is wanted.
func (h *held) end(none read.Item, size int64, notes []read.Note) bool {
	if !h.any {
		h.item = none
	}
	h.item.Notes = append(h.item.Notes, notes...)
	h.item.Read = size
	return h.yield(h.item, h.err)
}
